package state

import (
	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
)

// applyExit takes the end of a process: its children go to the reaper.
func (s *State) applyExit(raw bpf.Raw, ev *event.Event) (bool, error) {
	w := fixed[bpf.WireExit](raw)
	if w == nil {
		return false, ErrShort
	}
	p := s.actor(&w.Header)
	reaper := uint32(0)
	if p.child != nil {
		reaper = w.Reaper
		s.orphan(p, w.Reaper)
	}
	if !p.Exited {
		s.processes.exit(p, w.Header.Time)
	}
	if w.Header.Row == bpf.RowOutside {
		return false, nil
	}
	s.begin(ev, &w.Header, s.rows.procexit, p)
	for i := range ev.Args {
		ev.Args[i] = exitArg(ev.Row.Params[i].Name, w.Status, reaper)
	}
	return true, nil
}

// orphan gives p's children another parent: the process of that number, none
// if it is not known.
func (s *State) orphan(p *process, pid uint32) {
	reaper := s.processes.running(pid)
	if reaper.descends(p) {
		reaper = nil
	}
	for p.child != nil {
		child := p.child
		child.setParent(reaper)
		child.PPID = pid
		child.VPPID = 0
		if up := child.parent; up != nil && up.PIDNS == child.PIDNS {
			child.VPPID = up.VPID
		}
		s.touch(child)
	}
}

// exitArg is a parameter of procexit; status is as wait(2) gives it.
func exitArg(name string, status int32, reaper uint32) event.Arg {
	const coreDumped = 0x80
	var n int64
	switch signal := status & 0x7f; name {
	case "status":
		n = int64(status)
	case "ret":
		n = int64(status >> 8 & 0xff)
	case "sig":
		n = int64(signal)
	case "core":
		n = int64(status & coreDumped >> 7)
	case "reaper_tid":
		n = int64(reaper)
	}
	return event.Arg{Valid: true, Num: n}
}

// actor is the process of a record's header. One that is not known is made
// from the header, and from /proc if that still has it.
func (s *State) actor(h *bpf.WireHeader) *process {
	if p := s.processes.find(h.Pid, h.Start); p != nil {
		return p
	}
	s.counts.Unknown++
	p := &process{unknown: true}
	p.PID, p.Start, p.Born = h.Pid, h.Start, s.clock.wall(h.Start)
	p.PIDNSStart = s.clock.wall(0)
	p.Name, p.Exe = notKnown, notKnown
	p.UID, p.GID, p.LoginUID = event.NoID, event.NoID, event.NoID
	s.touch(p)
	if !s.mayLookUp(h.Time) {
		s.add(p, h.Time)
		return p
	}
	if parent, ok := s.proc.whole(p); ok {
		s.counts.Found++
		p.unknown = false
		if up := s.processes.running(parent); up != nil {
			p.setParent(up)
		}
		p.GroupLeader, p.Session = s.leader(p, p.PGID), s.leader(p, p.SID)
		s.enter(p, bpf.CauseScan)
		p.told = p.credentials()
	}
	s.add(p, h.Time)
	return p
}
