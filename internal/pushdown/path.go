package pushdown

import (
	"slices"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/syscalls"
	"github.com/sakerhq/saker/rules"
)

// Paths are what rules ask of where calls lead to.
type Paths struct {
	Opened    Texts         // the files that were opened
	Given     Texts         // the same as they were given, whatever they are of
	Addresses bpf.Addresses // where ranges of these begin, of sockets' ends
}

// Texts is what rules ask of some texts. The zero Texts tells none apart.
type Texts struct {
	generic []*rules.Rule // for texts that have nothing in common with what rules name
	all     *automaton    // nil: nothing is told apart
}

// States are how many states of texts the kernel tells apart.
func (p *Texts) States() int {
	if p.all == nil {
		return 0
	}
	return len(p.all.next)
}

// Generic are a call's rules for texts that have nothing in common with what rules
// name.
func (p *Texts) Generic(c *Call) []*rules.Rule {
	return slices.DeleteFunc(slices.Clone(c.Asked), func(r *rules.Rule) bool { return p.all != nil && !slices.Contains(p.generic, r) })
}

func (p *Texts) wire() *bpf.Paths { return p.all.wire() }

// view is a kind of texts.
type view struct {
	parts map[string]part // that fields show
	clean bool            // they begin with a slash, and no name is empty
	of    func(*Call) bool
	event func(*syscalls.Row, string) *event.Event
	known [2][]string // further fields that the event stands for: of any file, and of one with its own name
}

var opened = view{
	parts: parts, clean: true,
	of: func(c *Call) bool { return c.Opens },
	event: func(row *syscalls.Row, path string) *event.Event {
		return &event.Event{Row: row, FD: &event.FD{Type: event.FDFile, Name: path}}
	},
	known: [2][]string{
		anyFile: {"evt.type", "evt.res", "saker.error.type", "evt.failed", "fd.type"},
		ownName: {"evt.type", "evt.res", "saker.error.type", "evt.failed", "fd.type", "fd.origin"},
	},
}

var given = view{
	parts: map[string]part{"fd.nameraw": {any: anyByte}},
	of:    (*Call).OpensPath,
	event: func(row *syscalls.Row, path string) *event.Event {
		e := &event.Event{Row: row, Args: make([]event.Arg, len(row.Params))}
		e.Args[slices.IndexFunc(row.Params, isPath)] = event.Arg{Valid: true, Text: path}
		return e
	},
	known: [2][]string{{"evt.type"}, {"evt.type"}},
}

// maxStates is how many states an automaton may have before it is reduced: what
// a few hundredths of a second find.
const maxStates = 1 << 13

// paths judges the rules of calls that open by paths: each rule by an automaton of
// its own, which is small since it tells no more than whether this rule can be
// true. All of them together are one.
func (f *facts) paths(v view, calls []Call, n Numbers) (p Texts) {
	calls = slices.DeleteFunc(slices.Clone(calls), func(c Call) bool { return !v.of(&c) })
	var all []pathed
	var always ends // rules that have no automaton
	kinds := alike(calls)
	for _, r := range f.rulesOf(calls) {
		a, generic := f.pathsOf(v, r, calls, n)
		if a == nil {
			always = always.or(generic)
		} else {
			all = append(all, pathed{a, generic, kinds[r]})
		}
		if generic[ownName] != (bpf.Candidates{}) {
			p.generic = append(p.generic, r)
		}
	}
	if p.all = mergeRules(all); p.all != nil {
		p.all.with(always)
	}
	return p
}

// rulesOf are the rules that ask for some calls.
func (f *facts) rulesOf(calls []Call) (all []*rules.Rule) {
	for _, c := range calls {
		for _, r := range c.Asked {
			if !slices.Contains(all, r) {
				all = append(all, r)
			}
		}
	}
	return all
}

// pathsOf is the automaton of a rule, nil if it needs none, and whether the rule
// can be true for paths that have nothing in common with what rules name.
func (f *facts) pathsOf(v view, r *rules.Rule, calls []Call, n Numbers) (a *automaton, generic ends) {
	trusted, patterns := map[rules.Test]bool{}, []string(nil)
	for _, c := range calls {
		r.Tests(c.Row.Name, func(t rules.Test) {
			if of := v.patternsOf(t); of != nil {
				trusted[t], patterns = true, append(patterns, of...)
			}
		})
	}
	set := n.Set([]*rules.Rule{r})
	var may [2]func(string) bool
	for which, known := range v.known {
		may[which] = f.mayBe(v, r, calls, trusted, reads(known...))
	}
	judge := func(path string) (of ends) {
		for which, may := range may {
			if may(path) {
				of[which] = set
			}
		}
		return of
	}
	generic = judge(string([]byte{'/', other}))
	if patterns == nil {
		return nil, generic
	}
	slices.Sort(patterns)
	d, err := determine(slices.Compact(patterns), v.clean, maxStates)
	if err != nil {
		return nil, ends{set, set}
	}
	d.judge(judge)
	return &d.automaton, generic
}

// mayBe says of a path whether a rule can be true for calls that open it, by some
// tests.
func (f *facts) mayBe(v view, r *rules.Rule, calls []Call, trusted map[rules.Test]bool, also func(rules.Test) bool) func(string) bool {
	j := r.NewJudge(always(func(t rules.Test) bool { return trusted[t] || also(t) }))
	return func(path string) bool {
		return slices.ContainsFunc(calls, func(c Call) bool {
			return len(f.possible(j, v.event(c.Row, path))) != 0
		})
	}
}

// other is a byte that hardly any rule names.
const other = 1

// judge says of each state which rules can be true for paths that end there, and
// makes those one that say the same. Paths that fit the same patterns are alike, but
// for none at all, which has no value.
func (d *determiner) judge(of func(path string) ends) {
	d.ends = make([]ends, len(d.next))
	known := map[string]ends{}
	for s := range d.next {
		if !d.ended(s) {
			continue
		}
		if d.samples[s] == "" {
			d.ends[s] = of("")
			continue
		}
		patterns := d.fits(s)
		if _, judged := known[patterns]; !judged {
			known[patterns] = of(d.samples[s])
		}
		d.ends[s] = known[patterns]
	}
	for s := range d.next {
		if !d.ended(s) { // no path ends there
			d.ends[s] = d.ends[d.next[s][d.classes[other]]]
		}
	}
	d.reduce()
}
