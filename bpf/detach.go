package bpf

import (
	"errors"

	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// Detach ends the capture, and waits until no program runs any more. What was
// captured can still be read and counted: from then on the counters stand
// still. It may be called more than once.
func (s *Sensor) Detach() error {
	s.mu.Lock()
	links := append(s.links, s.hooks.take()...)
	s.links, s.attached = nil, false
	s.mu.Unlock()
	err := errors.Join(parallel(links, link.Link.Close)...)
	settle()
	return err
}

// settle waits until programs that were running have ended. To close a link
// only keeps others from starting; but a program runs within a section of RCU,
// and this call waits for the end of all of them.
func settle() {
	const global = 1 // MEMBARRIER_CMD_GLOBAL
	_, _, _ = unix.Syscall(unix.SYS_MEMBARRIER, global, 0, 0)
}
