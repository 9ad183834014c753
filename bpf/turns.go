package bpf

import (
	"errors"
	"fmt"
	"maps"
	"strconv"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// takingTurns are the programs that are on their hook several times where the
// kernel can preempt them: turn.h says how.
var takingTurns = map[string]bool{
	"sys_exit": true, "uring_sys_exit": true,
	"process_exec": true, "process_fork": true, "process_exit": true, "uring_process_exit": true,
	"process_rename": true, "uring_submit": true, "uring_complete": true,
}

// several is how many of each there are then: so many processes on one CPU must
// be preempted in them at once for something to be lost.
const several = 3

// turnsOn is how many of a program there are on a kernel.
func turnsOn(kernel *btf.Spec, opts Options) int {
	switch {
	case opts.turns > 0:
		return opts.turns
	case preempts(kernel):
		return several
	}
	return 1
}

// nthName is the name of a program that is behind n of its kind.
func nthName(name string, n int) string {
	if n == 0 {
		return name
	}
	return name + "_" + strconv.Itoa(n)
}

// multiply adds to spec those behind the first.
func multiply(spec *ebpf.CollectionSpec, turns int) {
	for name, program := range maps.Clone(spec.Programs) {
		for n := 1; n < turns && takingTurns[name]; n++ {
			spec.Programs[nthName(name, n)] = program.Copy()
		}
	}
}

// noteTurns has spec's programs take turns, by notes for the threads.
func noteTurns(spec *ebpf.CollectionSpec, constants map[string]any) {
	constants["in_turns"] = true
	notes := spec.Maps["notes"]
	notes.Type, notes.Flags, notes.MaxEntries = ebpf.TaskStorage, unix.BPF_F_NO_PREALLOC, 0
}

// takeBehind takes from coll the programs that multiply added, in their order.
func takeBehind(coll *ebpf.Collection) map[string][]*ebpf.Program {
	behind := map[string][]*ebpf.Program{}
	for name := range takingTurns {
		for n := 1; coll.Programs[nthName(name, n)] != nil; n++ {
			behind[name] = append(behind[name], coll.DetachProgram(nthName(name, n)))
		}
	}
	return behind
}

// row is the links of one program and those behind it.
type row struct {
	link.Link
	behind []link.Link
}

func (r row) Close() error {
	return errors.Join(append(parallel(r.behind, link.Link.Close), r.Link.Close())...)
}

// attachTracing attaches a program, and those behind it.
func (s *Sensor) attachTracing(name string) (link.Link, error) {
	behind := s.behind[name]
	first, err := attachAhead(*s.programs()[name], len(behind))
	if err != nil {
		return nil, fmt.Errorf("attach %s: %w", name, err)
	}
	if behind == nil {
		return first, nil
	}
	r := row{Link: first}
	for i, program := range behind {
		next, err := attachAhead(program, len(behind)-1-i)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("attach %s once more: %w", name, err), r.Close())
		}
		r.behind = append(r.behind, next)
	}
	return r, nil
}

// attachAhead attaches a program that so many will be behind of.
func attachAhead(program *ebpf.Program, behind int) (link.Link, error) {
	how := link.TracingOptions{Program: program}
	if behind > 0 { // kernels that have no cookies want none
		how.AttachType, how.Cookie = ebpf.AttachTraceRawTp, uint64(behind)
	}
	return link.AttachTracing(how)
}
