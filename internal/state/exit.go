package state

import (
	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
)

// applyExit takes the end of a process: its children go to the reaper. Where several of its
// threads ended at once, each may tell it: it is one event.
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
	p.heir = w.Reaper
	if !p.Exited {
		s.processes.exit(p, w.Header.Time)
		s.containers.exited(p.container)
	}
	again := p.ended
	p.ended = true
	if again || w.Header.Row == bpf.RowOutside {
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
		child.VPPID = child.numberOf(child.parent)
		s.touch(child)
	}
}

// numberOf is what another process is called in p's namespace, 0 if it is in
// another one or none.
func (p *process) numberOf(other *process) uint32 {
	if other == nil || other.PIDNS != p.PIDNS {
		return 0
	}
	return other.VPID
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
	if p := s.meet(identity{h.Start, h.Pid}, h.Time); p != nil {
		s.counts.Found++
		return p
	}
	p := s.stranger(identity{h.Start, h.Pid})
	s.touch(p)
	s.add(p, h.Time)
	return p
}

// stranger is a process of which nothing is known but who it is.
func (s *State) stranger(who identity) *process {
	p := &process{unknown: true}
	p.PID, p.Start, p.Born = who.pid, who.start, s.clock.wall(who.start)
	p.PIDNSStart = s.clock.wall(0)
	p.Name, p.Exe = notKnown, notKnown
	p.UID, p.GID, p.LoginUID = event.NoID, event.NoID, event.NoID
	return p
}

// meet makes a process known of which no record told, as /proc has it; nil if
// that has no such process, or may not be asked.
func (s *State) meet(who identity, now uint64) *process {
	if who.pid == 0 || !s.mayLookUp(now) {
		return nil
	}
	p := s.stranger(who)
	parent, ok := s.proc.whole(p)
	if !ok {
		return nil
	}
	p.unknown, p.scan = false, s.scan
	s.touch(p)
	if up := s.processes.running(parent); up != nil {
		p.setParent(up)
		p.VPPID = p.numberOf(up)
	}
	p.GroupLeader, p.Session = s.leader(p, p.PGID), s.leader(p, p.SID)
	s.enter(p, bpf.CauseScan)
	p.told = p.credentials()
	s.add(p, now)
	return p
}
