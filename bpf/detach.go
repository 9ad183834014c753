package bpf

import (
	"errors"

	"github.com/cilium/ebpf/link"
)

// Detach ends the capture, and waits until no program runs any more. What was
// captured can still be read and counted: from then on the counters stand
// still. It may be called more than once.
func (s *Sensor) Detach() error {
	s.mu.Lock()
	links := append(s.links, s.hooks.take()...)
	s.links, s.attached = nil, false
	s.mu.Unlock()
	return errors.Join(parallel(links, link.Link.Close)...)
}
