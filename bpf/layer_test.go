package bpf

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
)

// What the kernel lacks costs the programs for io_uring and nothing else.
func TestUringFit(t *testing.T) {
	request := &btf.Struct{Name: "io_kiocb", Size: 8}
	known := []btf.Type{request}
	for _, name := range uringNeeds {
		known = append(known, &btf.Struct{Name: name, Size: 8})
	}
	for _, c := range []struct {
		name    string
		kernel  []btf.Type
		uring   bool
		missing string
	}{
		{"all", known, true, ""},
		{"no io_uring", []btf.Type{&btf.Int{Name: "int", Size: 4}}, false, ""},
		{"another io_uring", known[:1], false, "no btf_trace_io_uring_submit_req"},
		{"older requests", slices.Delete(slices.Clone(known), len(known)-1, len(known)), false, "no io_cmd_data"},
	} {
		t.Run(c.name, func(t *testing.T) {
			spec, err := loadSensor()
			if err != nil {
				t.Fatal(err)
			}
			onlyUring := func(l layer) error {
				if l.prefix != uringPrefix {
					return errors.New("not asked for")
				}
				return nil
			}
			missing := strings.Join(dropLayers(spec, kernelWith(t, c.kernel), onlyUring), "; ")
			missing, _, _ = strings.Cut(missing, "the hooks of sockets")
			if !strings.Contains(missing, c.missing) || (missing == "") != (c.missing == "") {
				t.Errorf("missing %q, want %q", missing, c.missing)
			}
			for name := range spec.Programs {
				if strings.HasPrefix(name, uringPrefix) && !c.uring || slices.Contains(uringReplaced, name) && c.uring {
					t.Errorf("has program %s", name)
				}
			}
			if want := map[bool]string{true: "uring_sys_exit", false: "sys_exit"}[c.uring]; spec.Programs[want] == nil {
				t.Errorf("has no program %s", want)
			}
		})
	}
}

// If the kernel refuses the programs for io_uring, the others report still.
func TestUringRefused(t *testing.T) {
	s := sensorWith(t, Options{RingBytes: 1 << 20, adjust: func(spec *ebpf.CollectionSpec) {
		if p := spec.Programs["uring_submit"]; p != nil {
			p.Instructions = asm.Instructions{asm.Return()} // of nothing
		}
	}}, "openat")
	if missing := s.Missing(); lacking(s, "io_uring") == "" {
		t.Errorf("missing %q, want a word of io_uring", missing)
	}
	testOpen(t, s)
}

// The same of the programs that see addresses.
func TestAddressesRefused(t *testing.T) {
	s := sensorWith(t, Options{RingBytes: 1 << 20, adjust: func(spec *ebpf.CollectionSpec) {
		if p := spec.Programs["address_connect4"]; p != nil {
			p.Instructions = asm.Instructions{asm.Return()} // of nothing
		}
	}}, "openat")
	if missing := s.Missing(); lacking(s, "hooks of sockets") == "" {
		t.Errorf("missing %q, want a word of addresses", missing)
	}
	testOpen(t, s)
}

func kernelWith(t *testing.T, types []btf.Type) *btf.Spec {
	t.Helper()
	b, err := btf.NewBuilder(types, nil)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := b.Marshal(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	spec, err := btf.LoadSpecFromReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return spec
}
