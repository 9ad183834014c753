package state

import (
	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
)

// Voucher takes what rules can be true for whatever a process does, so that it
// need not be told of the rest (bpf.Voucher).
type Voucher interface {
	Stand(pid uint32) (bpf.Standing, bool)
	Told(bpf.Standing) bool
	Vouch(bpf.Standing, bpf.Candidates) bool
	Revoke(pid uint32)
}

// vainFirst is how many events of a process must come to nothing before it pays
// to find out what can come of any. After each vainAgain more it is done again:
// the kernel may have let go of it for another process.
const (
	vainFirst = 8
	vainAgain = 1024
)

// vouching is of a process that shall be vouched, in two steps: first it is
// noted what was told of it, then, when all that is known here, the rest.
type vouching struct {
	identity
	noted    bool
	standing bpf.Standing
}

// Vain notes that no rule could be true for an event. After a few of those the
// event's process is vouched for by Vouch.
func (s *State) Vain(ev *event.Event) {
	if s.opts.Voucher == nil || ev.Apart {
		return
	}
	p := s.processes.find(ev.Process.PID, ev.Process.Start)
	if p == nil || p.unknown {
		return
	}
	if p.vain++; p.vain == vainFirst || p.vain%vainAgain == 0 {
		s.vouching = append(s.vouching, vouching{identity: p.identity()})
	}
}

// Vouch tells Options.Voucher what rules can be true for processes, by what is
// known of each alone, and gives the number of processes. It comes after each
// time that what the sensor has was read. What it told ends when such a process
// is no longer what it was: the kernel ends it before it tells of a change, and
// Revoke where something else has changed what is known.
func (s *State) Vouch(possible func(*event.Process) bpf.Candidates) (vouched uint64) {
	left := s.vouching[:0]
	for _, w := range s.vouching {
		switch to := s.opts.Voucher; {
		case !w.noted:
			w.standing, w.noted = to.Stand(w.pid)
			left = append(left, w)
		case !to.Told(w.standing):
			left = append(left, w)
		default:
			p := s.processes.known[w.identity]
			if p != nil && !p.unknown && !p.Exited && to.Vouch(w.standing, possible(&p.Process)) {
				p.vouched = true
				vouched++
			}
		}
	}
	s.vouching = left
	return vouched
}

// revoke ends what was found out about p.
func (s *State) revoke(p *process) {
	p.vain = 0
	if p.vouched {
		p.vouched = false
		s.opts.Voucher.Revoke(p.PID)
	}
}
