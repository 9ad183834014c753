package bpf

import (
	"encoding/binary"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
)

// constantsSection is where the compiler puts what is const volatile.
const constantsSection = ".rodata"

// putConstants puts the programs' constants, as they are set by now, in place of
// the loads of them.
//
// A program asks at each read of the kernel's memory whether it may load it. The
// verifier takes out the branches that are never gone, but not the two
// instructions that bring the answer. Here the first one becomes the answer, and
// the second one does nothing, so that the verifier takes it out as well. No
// instruction moves, and so no jump has to be changed.
func putConstants(spec *ebpf.CollectionSpec) {
	known := map[int64]*ebpf.VariableSpec{}
	for _, v := range spec.Variables {
		if v.SectionName == constantsSection {
			known[int64(v.Offset)] = v
		}
	}
	for _, p := range spec.Programs {
		putInPlace(p.Instructions, known)
	}
}

// putInPlace does so with constants by their offset.
func putInPlace(all asm.Instructions, known map[int64]*ebpf.VariableSpec) {
	reached := targetsOf(all)
	place := 0
	for i := range len(all) - 1 {
		address, load := &all[i], &all[i+1]
		place += wordsOf(address)
		if reached[place] || !isLoadOfConstant(address, load) {
			continue
		}
		v := known[address.Constant>>32+int64(load.Offset)]
		if v == nil || len(v.Value) != load.OpCode.Size().Sizeof() {
			continue
		}
		*address = asm.LoadImm(address.Dst, numberIn(v.Value), asm.DWord).WithSource(address.Source())
		*load = asm.Instruction{OpCode: asm.Ja.Op(asm.ImmSource)}.WithSource(load.Source())
	}
}

// isLoadOfConstant reports whether the second of two instructions replaces the
// address of a constant, which the first one brings, by what lies there.
func isLoadOfConstant(address, load *asm.Instruction) bool {
	return address.OpCode.IsDWordLoad() && address.Src == asm.PseudoMapValue &&
		address.Reference() == constantsSection && address.Symbol() == "" &&
		load.OpCode.Class() == asm.LdXClass && load.OpCode.Mode() == asm.MemMode &&
		load.Src == address.Dst && load.Dst == address.Dst
}

// numberIn is a constant as a register has it.
func numberIn(value []byte) int64 {
	var whole [8]byte
	copy(whole[:], value) // both architectures begin with the lowest byte
	return int64(binary.LittleEndian.Uint64(whole[:]))
}

// targetsOf are the places that jumps go to, in words as the kernel counts.
func targetsOf(all asm.Instructions) map[int]bool {
	targets := map[int]bool{}
	place := 0
	for i := range all {
		ins := &all[i]
		place += wordsOf(ins)
		if ins.OpCode.Class().IsJump() && ins.OpCode.JumpOp() != asm.Call && ins.OpCode.JumpOp() != asm.Exit {
			targets[place+int(ins.Offset)] = true
		}
	}
	return targets
}

func wordsOf(ins *asm.Instruction) int { return int(ins.Size() / asm.InstructionSize) }
