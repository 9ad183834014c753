// Package pushdown derives from rules what the kernel need not tell.
//
// It takes a compiled set and gives for each call what may be left out, and
// which rules need the rest. It owns the classes of events that the kernel can
// tell apart. It never leaves out what some rule could be true for.
package pushdown

import (
	"slices"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/internal/syscalls"
	"github.com/sakerhq/saker/rules"
)

// Call is what is known of one call that rules ask for. A list of rules holds
// at least the first; where it is empty the kernel leaves the calls out.
type Call struct {
	Row *syscalls.Row
	// Failed are rules that may be true for the call when it failed.
	Failed []*rules.Rule
	// Learned: failed calls are told although no rule can be true for them,
	// since they say something about later ones.
	Learned bool
	// Directories are rules that may be true for the call when it opened a
	// directory. Only if Opens.
	Directories []*rules.Rule
	// Opens: the call's result is a descriptor.
	Opens bool
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
		c := Call{Row: row, Failed: needFailed(m, row), Opens: opens(row)}
		c.Learned = len(c.Failed) == 0 && row.Name == learned
		if c.Opens {
			c.Directories = need(m, directory(row))
		}
		calls = append(calls, c)
	}
	return calls
}

// learned is the call whose failure can be a beginning: of a connection that is
// in progress.
const learned = "connect"

// opens reports whether a row's result is a descriptor.
func opens(row *syscalls.Row) bool {
	return row.Flags&syscalls.CreatesFD != 0 && row.FD == syscalls.Result && row.FDSize == 0
}

// Filters are what the kernel may leave out.
func Filters(set *rules.Set) bpf.Filters {
	filters := bpf.Filters{}
	for _, c := range Calls(set) {
		filters[c.Row] = bpf.Filter{
			Failed:      len(c.Failed) == 0 && !c.Learned,
			Directories: len(c.Directories) == 0 && c.Opens,
		}
	}
	return filters
}

// class is all events of a row that have in common what the event says in the
// fields that are known; all else is not known.
type class struct {
	event event.Event
	known []string
}

// Value implements field.Source.
func (c *class) Value(r *field.Ref) field.Value {
	if slices.Contains(c.known, r.Name) {
		return r.Get(&c.event, r.Arg)
	}
	return field.UnknownValue
}

// need are the rules that may be true for an event of a class.
func need(m *rules.Matcher, c *class) (need []*rules.Rule) {
	for _, match := range m.Match(c, rules.SyscallSource, c.event.Row.Name) {
		need = append(need, match.Rule)
	}
	return need
}

// ended are the fields that a result tells of, beside the result itself.
var ended = []string{"evt.type", "evt.res", "saker.error.type"}

// needFailed are the rules that may be true for a call with the first error,
// of all there are, for which any may.
func needFailed(m *rules.Matcher, row *syscalls.Row) []*rules.Rule {
	known := append(slices.Clone(ended), "evt.rawres")
	if opens(row) {
		known = append(known, "fd.num") // there is none
	}
	for errno := int64(1); errno <= bpf.MaxErrno; errno++ {
		c := class{event.Event{Row: row, Result: -errno, FDNum: -1}, known}
		if rules := need(m, &c); rules != nil {
			return rules
		}
	}
	return nil
}

// directory is the calls of a row that opened a directory.
func directory(row *syscalls.Row) *class {
	return &class{
		event.Event{Row: row, FD: &event.FD{Type: event.FDDirectory}},
		append(slices.Clone(ended), "fd.type"),
	}
}
