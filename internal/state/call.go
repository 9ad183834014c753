package state

import (
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/syscalls"
)

// call is the call at hand: its event, and what the registers held. A program
// that was started is a call without them.
type call struct {
	ev       *event.Event
	p        *process
	args     []uint64
	executed bool
	cause    uint16 // row of what changed the credentials
	before   credentials
	peer     netip.AddrPort // that the caller passed
	peerPath string
}

// value is what an argument held, or the result.
func (c *call) value(from syscalls.From) (uint64, bool) {
	if from == syscalls.Result {
		return uint64(c.ev.Result), true
	}
	i := int(from) - int(syscalls.Arg0)
	if i < 0 || i >= len(c.args) {
		return 0, false
	}
	return c.args[i], true
}

// applyCall takes a call that returned.
func (s *State) applyCall(raw bpf.Raw, ev *event.Event) (bool, error) {
	w := fixed[bpf.WireCall](raw)
	if w == nil {
		return false, ErrShort
	}
	if int(w.Header.Row) >= len(s.plans) {
		return false, ErrRow
	}
	plan := &s.plans[w.Header.Row]
	rest := raw[unsafe.Sizeof(*w):]
	size := 8 * int(w.Header.Nargs)
	if size > len(rest) {
		return false, ErrShort
	}
	if err := s.blocks.parse(rest[size:]); err != nil {
		return false, err
	}
	apart := s.blocks.takeThread()
	if !plan.holds(&s.blocks) {
		return false, ErrBlock
	}
	s.settle()
	p := s.actor(&w.Header)
	if apart != nil {
		p = s.asThread(p, apart)
	}
	s.begin(ev, &w.Header, syscalls.Rows()[w.Header.Row], p)
	ev.Apart = apart != nil
	s.returned(ev, w)
	s.call = call{ev: ev, p: p}
	if size > 0 {
		s.call.args = unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(rest))), w.Header.Nargs)
	}
	s.decode(plan)
	if ev.Row.Effect == syscalls.ChangesEither && ev.Result >= 0 && len(s.call.args) > 1 {
		s.regroup(p, uint32(s.call.args[0]), uint32(s.call.args[1]))
	}
	s.learnNames(ev, w.Header.Time)
	s.nameEnds(ev, w.Header.Time)
	return true, nil
}

// returned fills in what a call's record says of how it ended and by whom.
func (s *State) returned(ev *event.Event, w *bpf.WireCall) {
	ev.Result = w.Ret
	if w.Header.Via == bpf.ViaCompat {
		ev.Result = int64(int32(w.Ret))
	}
	name, comm := ev.Process.Name, w.Comm[:]
	if n := len(name); n >= len(comm) || string(comm[:n]) != name || comm[n] != 0 {
		ev.Comm = s.text.keep(cString(comm))
	}
}

// applyAnswer takes a call that is no event, for what can be learnt from it.
func (s *State) applyAnswer(raw bpf.Raw, ev *event.Event) error {
	num, first, last := s.num, s.first, s.last
	_, err := s.applyCall(raw, ev)
	s.num, s.first, s.last = num, first, last
	return err
}

// execEvent makes ev the event of a program that p now runs.
func (s *State) execEvent(ev *event.Event, h *bpf.WireHeader, p *process) {
	row := s.rows.execve
	if rows := syscalls.Rows(); int(h.Row) < len(rows) && rows[h.Row] == s.rows.execveat {
		row = s.rows.execveat
	}
	s.begin(ev, h, row, p)
	s.call = call{ev: ev, p: p, executed: true}
	s.decodeArgs(&s.plans[s.numbers[row]])
}

// decode fills the event from the record's blocks and arguments.
func (s *State) decode(plan *plan) {
	c := &s.call
	ev := c.ev
	s.eventFD(plan)
	if b := s.blocks.at(plan.peer); b != nil && b.ok() {
		c.peer, c.peerPath, _ = s.sockaddr(b.data)
	}
	if ev.FD != nil {
		s.applyPeer(ev, c.peer, c.peerPath)
	}
	s.decodeArgs(plan)
	if plan.path == absent {
		return
	}
	name := ev.Args[plan.path].Path
	switch made := !ev.Failed() && ev.Row.Flags&syscalls.CreatesFD != 0 && ev.Row.FD == syscalls.Result; {
	// What was opened may be closed, or replaced by another file, before it is told.
	case ev.FD == nil && (ev.Failed() || ev.Via == event.IOUring || made):
		if ev.FD = s.newFD(); ev.FD != nil {
			ev.FD.Type, ev.FD.Name, ev.FD.NameFault = event.FDFile, name, ev.Args[plan.path].Fault
			ev.FD.Replaced = made
		}
		if made {
			ev.FDNum = ev.Result
		}
	case ev.FD != nil && ev.FD.Name == "":
		ev.FD.Name = name
	}
}

// decodeArgs makes the arguments anew, in order: none is looked at before it is made.
func (s *State) decodeArgs(plan *plan) {
	for i := range plan.steps {
		st := &plan.steps[i]
		a := &s.call.ev.Args[i]
		*a = event.Arg{}
		st.read(s, &s.call, st, a)
		if s.blocks.flags&bpf.BlockFault != 0 {
			s.missed(st, a)
		}
	}
}

// missed marks a parameter that could not be read, or not all of it. What the
// kernel could not read either was nothing.
func (s *State) missed(st *step, a *event.Arg) {
	b := s.blocks.at(st.block)
	if b == nil || b.flags&bpf.BlockFault == 0 || s.used(st) != nil || s.call.executed || s.call.ev.Result == -int64(unix.EFAULT) {
		return
	}
	a.Cut = a.Cut || a.Valid && a.Text != ""
	a.Fault = !a.Valid
}

// eventFD finds the event's own descriptor. Of one that the call closed there
// is only the number.
func (s *State) eventFD(plan *plan) {
	ev := s.call.ev
	fd := s.fdAt(plan.fd)
	if fd == nil && ev.Row.Flags&syscalls.DestroysFD == 0 {
		return
	}
	n, _ := s.call.value(ev.Row.FD)
	if b := s.blocks.at(plan.fdNum); b != nil {
		at := int(ev.Row.FDOffset)
		if !b.ok() || len(b.data) < at+int(ev.Row.FDSize) {
			return
		}
		n = integer(b.data[at : at+int(ev.Row.FDSize)])
	}
	ev.FD, ev.FDNum = fd, int64(int32(n))
}

// fdAt is the descriptor that a block tells of, nil if it tells of none.
func (s *State) fdAt(at int) *event.FD {
	b := s.blocks.at(at)
	if b == nil || b.kind == bpf.BlockNone {
		return nil
	}
	fd := s.newFD()
	switch {
	case fd == nil:
		return nil
	case b.kind == bpf.BlockSock:
		s.sockFD(fd, b)
	default:
		s.fileFD(fd, b)
	}
	// The result of bpf is a descriptor only for some of its commands.
	if s.call.ev.Row == s.rows.bpf && fd.Type != event.FDBPF {
		return nil
	}
	return fd
}
