package main

import (
	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
)

// subject is something whose cost is measured; start sets it up.
type subject struct {
	name  string
	start func() (running, error)
}

// running is a subject that is there.
type running interface{ stop() error }

// stopped is a running subject of which only how it ends is known.
type stopped func() error

func (s stopped) stop() error { return s() }

func nothing() (running, error) { return stopped(func() error { return nil }), nil }

// empty is the least that a hook can cost: a program that does nothing.
func empty(kind ebpf.ProgramType, hook ebpf.AttachType, to string, attach func(*ebpf.Program) (link.Link, error)) func() (running, error) {
	return func() (running, error) {
		program, err := ebpf.NewProgram(&ebpf.ProgramSpec{
			Type: kind, AttachType: hook, AttachTo: to, License: "GPL",
			Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 0), asm.Return()},
		})
		if err != nil {
			return nil, err
		}
		defer program.Close()
		l, err := attach(program)
		if err != nil {
			return nil, err
		}
		return stopped(l.Close), nil
	}
}

// Peers of each load: an empty program at the end of every call, and one at
// the end of a single call that the loads don't make.
const (
	emptyAll  = "empty sys_exit"
	emptyCall = "empty sys_exit_openat"
)

func emptySubjects() []subject {
	all := empty(ebpf.Tracing, ebpf.AttachTraceRawTp, "sys_exit", func(p *ebpf.Program) (link.Link, error) {
		return link.AttachTracing(link.TracingOptions{Program: p})
	})
	call := empty(ebpf.TracePoint, ebpf.AttachNone, "", func(p *ebpf.Program) (link.Link, error) {
		return link.Tracepoint("syscalls", "sys_exit_openat", p, nil)
	})
	return []subject{{emptyAll, all}, {emptyCall, call}}
}
