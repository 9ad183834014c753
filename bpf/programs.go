package bpf

import (
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
)

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
