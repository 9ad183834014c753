// Package pushdown derives from rules what the kernel need not tell.
//
// It takes a compiled set and gives for each call the rules that each fact
// leaves, and a filter of these for the kernel. It owns the facts that the
// kernel can know. It never takes a rule away that could be true.
package pushdown

import (
	"slices"
	"strings"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/syscalls"
	"github.com/sakerhq/saker/rules"
)

// Numbers are the places of a set's enabled rules in bpf.Candidates.
type Numbers map[*rules.Rule]int

// NumbersOf numbers the enabled rules of a set about system calls. Where there are more
// than places, those share one that ask for the same fields of the same calls, so that
// what leaves out one of them mostly does all.
func NumbersOf(set *rules.Set) Numbers {
	n, families, asked := Numbers{}, map[string][]*rules.Rule{}, []string(nil)
	for _, r := range set.Rules() {
		if r.Enabled && r.Source == rules.SyscallSource {
			n[r] = len(n)
		}
	}
	if len(n) <= bpf.MaxCandidates {
		return n
	}
	for _, r := range set.Rules() {
		if _, numbered := n[r]; numbered {
			by := askedBy(r)
			if families[by] == nil {
				asked = append(asked, by)
			}
			families[by] = append(families[by], r)
		}
	}
	slices.Sort(asked)
	first, spare := 0, max(0, bpf.MaxCandidates-len(families))
	for _, by := range asked {
		family := families[by]
		places := 1 + len(family)*spare/len(n)
		for i, r := range family {
			n[r] = first + i*places/len(family)
		}
		first += places
	}
	return n
}

// askedBy is what a rule asks for: calls, and fields of these.
func askedBy(r *rules.Rule) string {
	types, _ := r.EventTypes()
	var fields []string
	for _, typ := range types {
		r.Tests(typ, func(t rules.Test) {
			if ref := t.Field(); ref != nil {
				fields = append(fields, ref.String()+t.Operator())
			}
		})
	}
	slices.Sort(fields)
	return strings.Join(types, " ") + ":" + strings.Join(slices.Compact(fields), " ")
}

// Set is the candidates that some rules are, and what is to be learned: unlike
// for a rule, whether a call is told for that depends on the call alone.
func (n Numbers) Set(some []*rules.Rule) bpf.Candidates {
	c := n.only(some)
	c.Learn()
	return c
}

func (n Numbers) only(some []*rules.Rule) (c bpf.Candidates) {
	for _, r := range some {
		c.Add(n[r])
	}
	return c
}

// Filter is what the kernel may leave out.
func Filter(set *rules.Set) *bpf.Filter {
	numbers, facts := NumbersOf(set), map[*syscalls.Row]*bpf.Facts{}
	calls, paths := Judge(set)
	for _, c := range calls {
		facts[c.Row] = c.facts(numbers)
	}
	return bpf.NewFilter(facts, paths.Opened.wire(), paths.Given.wire(), paths.Addresses)
}

// Call is what is known of one call that rules ask for: for each fact the
// rules that may be true for a call of which it holds.
type Call struct {
	Row   *syscalls.Row
	Asked []*rules.Rule
	// Zero and Positive: it succeeded.
	Zero, Positive []*rules.Rule
	Errors         Errors
	// Learned: calls that succeed are told whatever the rules are, if no fact but their
	// socket's kind says otherwise, as they say what later ones are about: a socket's
	// peer, and which end it is.
	Learned bool
	Numbers []Number // that rules tell apart
	// Unmarked are the rules when all memory could be read that the call names, and
	// its descriptor stayed the same.
	Unmarked []*rules.Rule
	// Directories are the rules for calls that opened one. Only if Opens.
	Directories []*rules.Rule
	// Opens: the call's result is a descriptor.
	Opens bool
	// Sockets are the rules for each kind of the call's socket, nil if it can't have
	// one that the kernel reads.
	Sockets map[bpf.Socket][]*rules.Rule
	// Recalled are the kinds of sockets of which what is learned from the call can be
	// asked for later.
	Recalled map[bpf.Socket]bool
}

// Judge judges the calls that rules ask for, in the order of the table, and the
// places that they lead to.
func Judge(set *rules.Set) (calls []Call, paths Paths) {
	asked := map[string]bool{}
	for _, name := range set.EventTypes() {
		asked[name] = true
	}
	f := newFacts(set)
	for _, row := range syscalls.Rows() {
		if row.Kind != syscalls.Call || !asked[row.Name] {
			continue
		}
		c := Call{Row: row, Asked: f.possible(f.nothing, &event.Event{Row: row}), Opens: opens(row)}
		c.Zero, c.Positive = f.succeeded(row)
		c.Errors = f.errors(row)
		c.Numbers = f.numbers(row)
		c.Unmarked = f.unmarked(row)
		c.Sockets = f.ofSockets(row)
		if c.Opens {
			c.Directories = f.directories(row)
		}
		calls = append(calls, c)
	}
	recall(calls)
	numbers := NumbersOf(set)
	return calls, Paths{f.paths(opened, calls, numbers), f.paths(given, calls, numbers), wire(f.addresses)}
}

// opens reports whether a row's result is a descriptor.
func opens(row *syscalls.Row) bool {
	return row.Flags&syscalls.CreatesFD != 0 && row.FD == syscalls.Result && row.FDSize == 0
}

// recall finds which calls must be told for what they teach.
func recall(calls []Call) {
	for i := range calls {
		calls[i].Recalled = map[bpf.Socket]bool{}
	}
	for kind := range kinds {
		asked := askedOf(calls, kind)
		for i := range calls {
			calls[i].Recalled[kind] = kind != bpf.SocketUnix && teaches(calls[i].Row) && asked.isAsked(calls[i].Row, kind)
		}
	}
	for i := range calls {
		c := &calls[i]
		c.Learned = c.Recalled[bpf.SocketOther] || c.Sockets == nil && teaches(c.Row)
		if !c.Learned {
			c.Errors.Learned = 0
		}
	}
}

// teaches reports whether calls of a row say more of a socket than the kernel
// can tell of it later.
func teaches(row *syscalls.Row) bool {
	return saysRole(row) || row.Flags&(syscalls.ReadsFD|syscalls.WritesFD) != 0
}

func accepts(row *syscalls.Row) bool { return row.Name == "accept" || row.Name == "accept4" }

// OpensPath reports whether the call opens what a path names.
func (c *Call) OpensPath() bool {
	return c.Opens && slices.ContainsFunc(c.Row.Params, isPath)
}

func isPath(p syscalls.Param) bool { return p.Type == syscalls.FSPath || p.Type == syscalls.FSRelPath }

// facts are a call's facts as the kernel wants them.
func (c *Call) facts(n Numbers) *bpf.Facts {
	f := &bpf.Facts{
		Asked: n.only(c.Asked), Zero: n.only(c.Zero), Positive: n.only(c.Positive),
		Error: n.only(c.Errors.Other), Failed: map[int]bpf.Candidates{}, Unmarked: n.Set(c.Unmarked), Named: c.OpensPath(),
	}
	for errno, some := range c.Errors.Of {
		f.Failed[errno] = n.only(some)
	}
	if c.Learned {
		f.Zero.Learn()
		f.Positive.Learn()
		f.Asked.Learn()
	}
	if errno := c.Errors.Learned; errno != 0 {
		inProgress, named := f.Failed[errno]
		if !named {
			inProgress = f.Error
		}
		inProgress.Learn()
		f.Failed[errno] = inProgress
		f.Asked.Learn()
	}
	for i := range c.Numbers {
		f.Numbers = append(f.Numbers, c.Numbers[i].facts(n))
	}
	if c.Opens {
		f.Opened = map[bpf.Opened]bpf.Candidates{bpf.OpenedOther: bpf.AllCandidates(), bpf.OpenedDirectory: n.Set(c.Directories)}
	}
	f.Sockets = c.ofSockets(n)
	return f
}

// ofSockets are the candidates for each kind of the call's socket.
func (c *Call) ofSockets(n Numbers) map[bpf.Socket]bpf.Candidates {
	all := map[bpf.Socket]bpf.Candidates{}
	for kind, some := range c.Sockets {
		if kind == bpf.SocketOther {
			continue // that of the internet, or another one
		}
		set := n.only(some)
		if c.Recalled[kind] {
			set.Learn()
		}
		all[kind] = set
	}
	return all
}
