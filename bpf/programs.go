package bpf

import (
	"fmt"
	"maps"
	"slices"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
)

// Chosen names the programs that Load has the kernel of these types take.
func Chosen(kernel *btf.Spec, opts Options) ([]string, error) {
	spec, err := loadSensor()
	if err != nil {
		return nil, fmt.Errorf("read the embedded programs: %w", err)
	}
	hooks := newCallHooks(opts, kernel)
	hooks.choose(spec, kernel, nil)
	return slices.Collect(maps.Keys(spec.Programs)), nil
}

// Programs are all programs with the constants and maps that Load gives them on
// the kernel of these types, those that it can't take among them: for who looks
// at them one by one.
func Programs(kernel *btf.Spec, opts Options) (*ebpf.CollectionSpec, error) {
	spec, err := loadSensor()
	if err != nil {
		return nil, fmt.Errorf("read the embedded programs: %w", err)
	}
	return spec, configure(spec, kernel, opts)
}
