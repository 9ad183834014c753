// Package pushdown derives from rules what the kernel need not tell.
//
// It takes a compiled set and gives for each call what may be left out, and
// which rules need the rest. It owns the classes of events that the kernel can
// tell apart. It never leaves out what some rule could be true for.
package pushdown

import (
	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/internal/syscalls"
	"github.com/sakerhq/saker/rules"
)

// Call is what is known of one call that rules ask for.
type Call struct {
	Row *syscalls.Row
	// Failed are rules that may be true for the call when it failed, at least
	// the first; none: failed calls are left out.
	Failed []*rules.Rule
	// Learned: failed calls are told although no rule can be true for them,
	// since they say something about later ones.
	Learned bool
}

// Calls judges the calls that rules ask for, in the order of the table.
func Calls(set *rules.Set) (calls []Call) {
	asked := map[string]bool{}
	for _, name := range set.EventTypes() {
		asked[name] = true
	}
	m := set.NewMatcher()
	for _, row := range syscalls.Rows() {
		if row.Kind != syscalls.Call || !asked[row.Name] {
			continue
		}
		c := Call{Row: row, Failed: needFailed(m, row)}
		c.Learned = len(c.Failed) == 0 && row.Name == learned
		calls = append(calls, c)
	}
	return calls
}

// learned is the call whose failure can be a beginning: of a connection that is
// in progress.
const learned = "connect"

// Filters are what the kernel may leave out.
func Filters(set *rules.Set) bpf.Filters {
	filters := bpf.Filters{}
	for _, c := range Calls(set) {
		if len(c.Failed) == 0 && !c.Learned {
			filters[c.Row] = bpf.Filter{Succeeded: true}
		}
	}
	return filters
}

// needFailed are the rules that may be true for a call with the first error,
// of all there are, for which any may.
func needFailed(m *rules.Matcher, row *syscalls.Row) (need []*rules.Rule) {
	f := failure{known: row.Flags&syscalls.CreatesFD != 0 && row.FD == syscalls.Result && row.FDSize == 0}
	for errno := int64(1); errno <= bpf.MaxErrno; errno++ {
		f.event = event.Event{Row: row, Result: -errno, FDNum: -1}
		for _, match := range m.Match(&f, rules.SyscallSource, row.Name) {
			need = append(need, match.Rule)
		}
		if need != nil {
			return need
		}
	}
	return nil
}

// failure is all calls of a row that gave the event's error: what these have
// in common is known, all else is not.
type failure struct {
	event event.Event
	known bool // the descriptor's number, as there is none
}

// Value implements field.Source.
func (f *failure) Value(r *field.Ref) field.Value {
	switch r.Name {
	case "evt.type", "evt.rawres", "evt.res", "saker.error.type":
		return r.Get(&f.event, r.Arg)
	case "fd.num":
		if f.known {
			return r.Get(&f.event, r.Arg)
		}
	}
	return field.UnknownValue
}
