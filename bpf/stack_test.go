package bpf

import (
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
)

// Kernels before 6.13 give a program and all that it calls stackMax bytes
// together, of which each function takes a multiple of stackStep.
const (
	stackMax  = 512
	stackStep = 32
)

// TestStack holds that other kernels than this one have stack enough, older ones
// and those of the other architecture.
func TestStack(t *testing.T) {
	for _, object := range []string{"sensor_x86_bpfel.o", "sensor_arm64_bpfel.o"} {
		spec, err := ebpf.LoadCollectionSpec(object)
		if err != nil {
			t.Fatal(err)
		}
		for name, program := range spec.Programs {
			functions, first := functionsOf(program.Instructions)
			if n := stackOf(functions, first); n > stackMax {
				t.Errorf("%s of %s takes %d bytes of stack, %d at most", name, object, n, stackMax)
			}
		}
	}
}

// function is one function of a program: how much stack it takes and what it calls.
type function struct {
	stack int
	calls map[string]bool
}

func functionsOf(instructions asm.Instructions) (all map[string]*function, first string) {
	all = map[string]*function{}
	var at *function
	var before asm.Instruction
	for _, ins := range instructions {
		if name := ins.Symbol(); name != "" && (at == nil || called(instructions, name)) {
			at = &function{calls: map[string]bool{}}
			all[name] = at
			if first == "" {
				first = name
			}
		}
		if ins.IsFunctionCall() || ins.IsLoadOfFunctionPointer() {
			at.calls[ins.Reference()] = true
		}
		at.stack = max(at.stack, reach(before, ins))
		before = ins
	}
	return all, first
}

func called(instructions asm.Instructions, name string) bool {
	for _, ins := range instructions {
		if (ins.IsFunctionCall() || ins.IsLoadOfFunctionPointer()) && ins.Reference() == name {
			return true
		}
	}
	return false
}

// reach is how far below the frame's top an instruction goes.
func reach(before, ins asm.Instruction) int {
	class := ins.OpCode.Class()
	switch {
	case class.IsLoad() && ins.Src == asm.RFP, class.IsStore() && ins.Dst == asm.RFP:
		return -int(ins.Offset)
	case ins.OpCode.ALUOp() == asm.Add && ins.OpCode.Source() == asm.ImmSource &&
		before.OpCode.ALUOp() == asm.Mov && before.Src == asm.RFP && before.Dst == ins.Dst:
		return -int(ins.Constant)
	}
	return 0
}

// stackOf is the most that a function takes with all that it calls.
func stackOf(functions map[string]*function, name string) int {
	f := functions[name]
	most := 0
	for callee := range f.calls {
		if functions[callee] != nil {
			most = max(most, stackOf(functions, callee))
		}
	}
	return (max(f.stack, 1)+stackStep-1)/stackStep*stackStep + most
}
