package pushdown

import (
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/internal/syscalls"
	"github.com/sakerhq/saker/rules"
)

// A fact is judged by an event that stands for all of which the fact holds, and
// by the tests that all of them answer alike; what others answer is unknown.

// facts judges a set by facts.
type facts struct {
	set           *rules.Set
	nothing       *rules.Judge // knows the type alone
	results, made *rules.Judge
	opened, whole *rules.Judge
	sockets       map[string]*rules.Judge // by the fields that they know, besides a socket's kind
	addresses     []netip.Addr            // where ranges begin that tests of some end tell apart
}

func newFacts(set *rules.Set) *facts {
	f := &facts{set: set, sockets: map[string]*rules.Judge{}}
	f.nothing = f.judge(reads("evt.type"))
	f.results = f.judge(reads(result...))
	// Where there is a descriptor, its number is the result.
	f.made = f.judge(reads(append(slices.Clone(result), "fd.num")...))
	f.opened = f.judge(reads(append(slices.Clone(ended), "fd.type")...))
	f.addresses = f.rangesOfAddresses()
	f.whole = f.judge(reads("evt.type", "evt.unreadable", "fd.replaced"))
	return f
}

// ended are the fields that are the same for all calls that succeeded, result
// those that a result tells.
var (
	ended  = []string{"evt.type", "evt.res", "saker.error.type"}
	result = append(slices.Clone(ended), "evt.rawres")
)

// reads trusts the tests of some fields alone, and of what is made of these.
func reads(names ...string) func(rules.Test) bool {
	return func(t rules.Test) bool {
		return t.Reads(func(r *field.Ref) bool { return slices.Contains(names, r.Name) })
	}
}

func (f *facts) judge(trust func(rules.Test) bool) *rules.Judge { return f.judgeBy(always(trust)) }

func (f *facts) judgeBy(trust func(rules.Test) rules.Trust) *rules.Judge {
	return f.set.NewJudge(rules.SyscallSource, trust)
}

// always trusts whatever some tests answer, and nothing of others.
func always(some func(rules.Test) bool) func(rules.Test) rules.Trust {
	return func(t rules.Test) rules.Trust {
		if some(t) {
			return rules.Always
		}
		return rules.Never
	}
}

// possible are the rules that may be true for what an event stands for.
func (f *facts) possible(j *rules.Judge, e *event.Event) []*rules.Rule {
	return j.Possible(source{e}, e.Row.Name)
}

// source is an event of which a judge trusts some tests only.
type source struct{ *event.Event }

// Value implements field.Source.
func (s source) Value(r *field.Ref) field.Value { return r.Get(s.Event, r.Arg) }

// succeeded are the rules for calls that returned 0, and more than that.
func (f *facts) succeeded(row *syscalls.Row) (zero, positive []*rules.Rule) {
	alike, ok := reads(append(slices.Clone(ended), "evt.failed")...), opens(row)
	positives := f.judge(func(t rules.Test) bool { return alike(t) || sameOfPositives(t, ok) })
	zero = f.possible(f.ofResult(row), &event.Event{Row: row})
	return zero, f.possible(positives, &event.Event{Row: row, Result: 1, FDNum: 1})
}

func (f *facts) ofResult(row *syscalls.Row) *rules.Judge {
	if opens(row) {
		return f.made
	}
	return f.results
}

// sameOfPositives reports whether a test of the result, or of the
// descriptor that it is, answers the same for all numbers above 0.
func sameOfPositives(t rules.Test, opens bool) bool {
	ref := t.Field()
	if ref == nil || ref.Name != "evt.rawres" && (!opens || ref.Name != "fd.num") {
		return false
	}
	texts, any := t.Constants()
	switch t.Operator() {
	case "=", "==", "!=", "in", "<", "<=", ">", ">=":
	default:
		return false
	}
	return any && !slices.ContainsFunc(texts, func(text string) bool { return text != "0" && text[:1] != "-" })
}

// Errors are the rules for calls that failed.
type Errors struct {
	Other []*rules.Rule         // with an error that isn't named
	Of    map[int][]*rules.Rule // with those errors whose rules are others
	// Learned is the error with which calls are told whatever the rules are, as
	// it says something about later ones; 0: none.
	Learned int
}

// Any is the rules for some error, of all there are, that has any.
func (e *Errors) Any() []*rules.Rule {
	if len(e.Other) != 0 {
		return e.Other
	}
	for errno := 1; errno <= bpf.MaxErrno; errno++ {
		if some := e.Of[errno]; len(some) != 0 {
			return some
		}
	}
	return nil
}

// fail reports whether a rule can be true for a call that fails, and has begun
// nothing.
func (e *Errors) fail(r *rules.Rule) bool {
	if slices.Contains(e.Other, r) {
		return true
	}
	for errno, some := range e.Of {
		if unix.Errno(errno) != unix.EINPROGRESS && slices.Contains(some, r) {
			return true
		}
	}
	return false
}

// learned are the errors that can be a beginning: of a connection that is in
// progress.
var learned = map[string]unix.Errno{"connect": unix.EINPROGRESS}

func (f *facts) errors(row *syscalls.Row) Errors {
	errs := Errors{Of: map[int][]*rules.Rule{}, Learned: int(learned[row.Name])}
	j := f.ofResult(row)
	of := func(errno int) []*rules.Rule {
		return f.possible(j, &event.Event{Row: row, Result: -int64(errno), FDNum: -1})
	}
	errs.Other = of(bpf.MaxErrno) // has no name
	for errno := 1; errno <= bpf.MaxErrno; errno++ {
		if some := of(errno); !slices.Equal(some, errs.Other) {
			errs.Of[errno] = some
		}
	}
	return errs
}

// directories are the rules for calls that opened a directory.
func (f *facts) directories(row *syscalls.Row) []*rules.Rule {
	return f.possible(f.opened, &event.Event{Row: row, FD: &event.FD{Type: event.FDDirectory}})
}

// unmarked are the rules for calls of which nothing is hidden.
func (f *facts) unmarked(row *syscalls.Row) []*rules.Rule {
	without := f.possible(f.whole, &event.Event{Row: row})
	for _, r := range f.possible(f.whole, &event.Event{Row: row, FD: &event.FD{}}) {
		if !slices.Contains(without, r) {
			without = append(without, r)
		}
	}
	return without
}
