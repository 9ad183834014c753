package bpf

import (
	"errors"
	"fmt"
	"maps"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"
)

// paired are the programs that are on their hook twice where the kernel can
// preempt them: turn.h says how.
var paired = map[string]bool{
	"sys_exit": true, "uring_sys_exit": true,
	"process_exec": true, "process_fork": true, "process_exit": true, "uring_process_exit": true,
	"process_rename": true, "uring_submit": true, "uring_complete": true,
}

// secondSuffix makes the name of a program that of its second.
const secondSuffix = "_second"

func inPairs(kernel *btf.Spec, opts Options) bool { return preempts(kernel) || opts.inPairs }

// addSeconds adds to spec the second of each program that can have one.
func addSeconds(spec *ebpf.CollectionSpec) {
	for name, program := range maps.Clone(spec.Programs) {
		if paired[name] {
			spec.Programs[name+secondSuffix] = program.Copy()
		}
	}
}

// takeSeconds takes from coll what addSeconds added.
func takeSeconds(coll *ebpf.Collection) map[string]*ebpf.Program {
	seconds := map[string]*ebpf.Program{}
	for name := range paired {
		if p := coll.DetachProgram(name + secondSuffix); p != nil {
			seconds[name] = p
		}
	}
	return seconds
}

// pair is a program and its second.
type pair struct {
	link.Link
	second link.Link
}

func (p pair) Close() error { return errors.Join(p.second.Close(), p.Link.Close()) }

// attachTracing attaches a program, and its second behind it.
func (s *Sensor) attachTracing(name string) (link.Link, error) {
	first, err := link.AttachTracing(link.TracingOptions{Program: *s.programs()[name]})
	if err != nil {
		return nil, fmt.Errorf("attach %s: %w", name, err)
	}
	if s.seconds[name] == nil {
		return first, nil
	}
	second, err := link.AttachTracing(link.TracingOptions{
		Program: s.seconds[name], AttachType: ebpf.AttachTraceRawTp, Cookie: 1,
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("attach the second %s: %w", name, err), first.Close())
	}
	return pair{first, second}, nil
}
