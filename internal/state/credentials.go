package state

import (
	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/syscalls"
)

// credentials are the effective ids and capabilities by which a thread acts.
type credentials struct {
	known     bool
	uid, gid  uint32
	effective uint64
}

func (p *process) credentials() credentials { return credentials{true, p.UID, p.GID, p.CapEffective} }

// applyCredentials takes what a thread acts by now. It is an event if that is
// not what was last told of its process, whatever the cause.
func (s *State) applyCredentials(raw bpf.Raw, ev *event.Event) (bool, error) {
	w := fixed[bpf.WireCredentials](raw)
	if w == nil {
		return false, ErrShort
	}
	s.settle()
	p := s.actor(&w.Header)
	now, before := credentials{true, w.Uid, w.Gid, w.CapEffective}, p.told
	p.told = now
	if now == before || !before.known {
		return false, nil
	}
	p = s.actingBy(p, w)
	s.begin(ev, &w.Header, s.rows.credchange, p)
	s.call = call{ev: ev, p: p, cause: w.Header.Row, before: before}
	s.decodeArgs(&s.plans[s.numbers[s.rows.credchange]])
	return true, nil
}

// actingBy is p with the credentials of one of its threads, for one event.
func (s *State) actingBy(p *process, w *bpf.WireCredentials) *process {
	if p.credentials() == (credentials{true, w.Uid, w.Gid, w.CapEffective}) &&
		p.CapInheritable == w.CapInheritable && p.CapPermitted == w.CapPermitted {
		return p
	}
	p.CommandLine() // made once for the process, not for each of the thread's events
	s.thread = *p
	t := &s.thread
	t.UID, t.GID = w.Uid, w.Gid
	t.CapInheritable, t.CapPermitted, t.CapEffective = w.CapInheritable, w.CapPermitted, w.CapEffective
	s.NameAccounts(&t.Process)
	return t
}

// readCause reads what changed the credentials, missing where it has no row.
func readCause(_ *State, c *call, a *event.Arg) {
	rows := syscalls.Rows()
	if a.Valid = int(c.cause) < len(rows); a.Valid {
		a.Text = rows[c.cause].Name
	}
}
