package bpf

import (
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
)

// TestPutConstants: a load of a constant becomes the constant, but where
// something else needs the address, or gets to the load with another one.
func TestPutConstants(t *testing.T) {
	known := map[int64]*ebpf.VariableSpec{8: {Value: []byte{7, 1}}}
	address := asm.LoadMapValue(asm.R1, 0, 8).WithReference(constantsSection)
	load := asm.LoadMem(asm.R1, asm.R1, 0, asm.Half)
	nop := asm.Instruction{OpCode: asm.Ja.Op(asm.ImmSource)}
	over := asm.JEq.Imm(asm.R2, 0, "")
	over.Offset = 2 // over both words of the address
	for name, tt := range map[string]struct{ given, want asm.Instructions }{
		"put":              {asm.Instructions{address, load}, asm.Instructions{asm.LoadImm(asm.R1, 0x107, asm.DWord), nop}},
		"jumped over":      {asm.Instructions{over, address, load}, nil},
		"address is kept":  {asm.Instructions{address, asm.LoadMem(asm.R2, asm.R1, 0, asm.Half)}, nil},
		"another constant": {asm.Instructions{address, asm.LoadMem(asm.R1, asm.R1, 2, asm.Half)}, nil},
		"part of it":       {asm.Instructions{address, asm.LoadMem(asm.R1, asm.R1, 0, asm.Byte)}, nil},
		"another map":      {asm.Instructions{address.WithReference(".data"), load}, nil},
		"begins a function": {
			asm.Instructions{address.WithSymbol("f"), load}, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := append(asm.Instructions(nil), tt.given...)
			putInPlace(got, known)
			want := tt.want
			if want == nil {
				want = tt.given
			}
			for i := range want {
				if got[i].OpCode != want[i].OpCode || got[i].Constant != want[i].Constant || got[i].Dst != want[i].Dst {
					t.Errorf("%d: %v, want %v", i, got[i], want[i])
				}
			}
		})
	}
}

// TestConstantsArePut: nearly all loads of the sensor's constants are put.
func TestConstantsArePut(t *testing.T) {
	spec, err := loadSensor()
	if err != nil {
		t.Fatal(err)
	}
	before := loadsOfConstants(spec)
	putConstants(spec)
	if after := loadsOfConstants(spec); before == 0 || after > before/2 {
		t.Errorf("of %d loads of constants %d are left", before, after)
	}
}

func loadsOfConstants(spec *ebpf.CollectionSpec) (n int) {
	for _, p := range spec.Programs {
		for i := range p.Instructions {
			if p.Instructions[i].Reference() == constantsSection {
				n++
			}
		}
	}
	return n
}
