package syscallreceiver

import (
	"fmt"
	"slices"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/internal/pushdown"
	"github.com/sakerhq/saker/internal/syscalls"
	"github.com/sakerhq/saker/rules"
)

// choice says which events go out, and with which fields. It is for one
// goroutine.
type choice interface {
	// rows are the events that must be captured.
	rows() []*syscalls.Row
	// filter is what the kernel may leave out of rows, nil: nothing.
	filter() *bpf.Filter
	// possible are the candidates of filter that are left by what is known of a
	// process alone.
	possible(*event.Process) bpf.Candidates
	// refs are the fields that the record of ev carries, some perhaps twice;
	// none: no record. The slice is valid until the next call.
	refs(ev *event.Event) []*field.Ref
	// matched names the rules that were true for the event that refs was asked
	// about last; a later stage can't find them false.
	matched() []string
	// needs are what the fields of rules and records need.
	needs() field.Needs
	// candidates says whether a later stage may find that a record is not
	// wanted after all.
	candidates() bool
	// forgotten is how much that was found out about processes and files had to
	// be forgotten so far, to be found out again.
	forgotten() uint64
}

// always are the fields of every record: who did it, and by which way.
var always = []string{
	"evt.num", "evt.type", "evt.via", "proc.pid", "proc.name", "proc.exepath", "proc.cmdline", "proc.ppid", "proc.pname",
	"user.uid", "user.name", "container.id",
}

// byRules lets out what some rule makes true or leaves open.
type byRules struct {
	set     *rules.Set
	matcher *rules.Matcher
	alone   *pushdown.Processes
	fields  map[*rules.Rule][]*field.Ref
	several []*field.Ref
	matches []rules.Match // of the last event
}

func newByRules(set *rules.Set) (*byRules, error) {
	base, err := resolve(always)
	if err != nil {
		return nil, err
	}
	c := &byRules{set: set, matcher: set.NewMatcher(), alone: pushdown.NewProcesses(set), fields: map[*rules.Rule][]*field.Ref{}}
	for _, rule := range set.Rules() {
		c.fields[rule] = slices.Concat(base, rule.Refs())
	}
	return c, nil
}

func (c *byRules) rows() (rows []*syscalls.Row) {
	for _, name := range c.set.EventTypes() {
		if row := syscalls.ByName(name); row != nil {
			rows = append(rows, row)
		}
	}
	return rows
}

func (c *byRules) filter() *bpf.Filter { return pushdown.Filter(c.set) }

func (c *byRules) possible(p *event.Process) bpf.Candidates { return c.alone.Possible(p) }

// uncaptured are the event types of enabled rules that have no row.
func (c *byRules) uncaptured() (names []string) {
	for _, name := range c.set.EventTypes() {
		if syscalls.ByName(name) == nil {
			names = append(names, name)
		}
	}
	return names
}

func (c *byRules) needs() (n field.Needs) {
	for rule, refs := range c.fields {
		if rule.Enabled {
			n |= needsOf(refs)
		}
	}
	return n
}

func needsOf(refs []*field.Ref) (n field.Needs) {
	for _, ref := range refs {
		n |= ref.AllNeeds()
	}
	return n
}

func (c *byRules) candidates() bool { return true }

func (c *byRules) forgotten() uint64 { return c.matcher.Forgotten() }

func (c *byRules) refs(ev *event.Event) []*field.Ref {
	matches := c.matcher.Match(field.OfEvent{Event: ev}, rules.SyscallSource, ev.Row.Name)
	c.matches = matches
	switch len(matches) {
	case 0:
		return nil
	case 1:
		return c.fields[matches[0].Rule]
	}
	c.several = c.several[:0]
	for _, m := range matches {
		c.several = append(c.several, c.fields[m.Rule]...)
	}
	return c.several
}

func (c *byRules) matched() (names []string) {
	for _, m := range c.matches {
		if m.Verdict == rules.True {
			names = append(names, m.Rule.Name)
		}
	}
	return names
}

// byName lets out all events of some types.
type byName map[*syscalls.Row][]*field.Ref

func newByName(names []string) (byName, error) {
	c := byName{}
	for _, name := range names {
		row := syscalls.ByName(name)
		refs, err := resolve(fieldsOf(row))
		if err != nil {
			return nil, fmt.Errorf("event %s: %w", name, err)
		}
		c[row] = refs
	}
	return c, nil
}

// fieldsOf names what tells all of an event that no rule asked for.
func fieldsOf(row *syscalls.Row) []string {
	names := slices.Clone(always)
	if row.FD != syscalls.Nowhere {
		names = append(names, "fd.num", "fd.name", "fd.type")
	}
	for _, p := range row.Params {
		names = append(names, "evt.arg."+p.Name)
	}
	return names
}

func (c byName) rows() (rows []*syscalls.Row) {
	for _, row := range syscalls.Rows() {
		if _, wanted := c[row]; wanted {
			rows = append(rows, row)
		}
	}
	return rows
}

func (c byName) needs() (n field.Needs) {
	for _, refs := range c {
		n |= needsOf(refs)
	}
	return n
}

func (c byName) possible(*event.Process) bpf.Candidates { return bpf.AllCandidates() }

func (c byName) filter() *bpf.Filter { return nil }

func (c byName) candidates() bool { return false }

func (c byName) forgotten() uint64 { return 0 }

func (c byName) matched() []string { return nil }

func (c byName) refs(ev *event.Event) []*field.Ref { return c[ev.Row] }

func resolve(names []string) ([]*field.Ref, error) {
	refs := make([]*field.Ref, len(names))
	for i, name := range names {
		ref, err := field.Falco().Ref(name)
		if err != nil {
			return nil, err
		}
		refs[i] = ref
	}
	return refs, nil
}
