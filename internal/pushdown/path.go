package pushdown

import (
	"cmp"
	"slices"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/rules"
)

// Paths is what rules ask of the paths of files that calls open.
type Paths struct {
	anywhere []*rules.Rule // for files that have nothing in common with what rules name
	all      *automaton
}

// States are how many states of paths the kernel tells apart.
func (p *Paths) States() int { return len(p.all.next) }

// Generic are a call's rules for files that have nothing in common with what
// rules name.
func (p *Paths) Generic(c *Call) []*rules.Rule {
	return slices.DeleteFunc(slices.Clone(c.Asked), func(r *rules.Rule) bool { return !slices.Contains(p.anywhere, r) })
}

// maxStates is how many states an automaton may have before it is reduced: what
// a few hundredths of a second find.
const maxStates = 1 << 13

// paths judges the rules of calls that open by the paths of files: each rule by
// an automaton of its own, which is small since it tells no more than whether
// this rule can be true. All of them together are one. It is nil if rules can't
// tell paths apart.
func (f *facts) paths(calls []Call, n Numbers) *Paths {
	p := &Paths{}
	calls = slices.DeleteFunc(slices.Clone(calls), func(c Call) bool { return !c.Opens })
	var of []*automaton
	var anyPath ends // of rules that have no automaton
	for _, r := range f.rulesOf(calls) {
		a, generic := f.pathsOf(r, calls, n)
		if a == nil {
			anyPath = anyPath.or(generic)
		} else {
			of = append(of, a)
		}
		if generic[ownName] != (bpf.Candidates{}) {
			p.anywhere = append(p.anywhere, r)
		}
	}
	if p.all = mergeAll(of); p.all == nil {
		return nil
	}
	p.all.with(anyPath)
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

// mergeAll makes one automaton of all, small ones first; nil of none. What would
// not fit into the kernel is left out: then all rules there can be true.
func mergeAll(of []*automaton) *automaton {
	for len(of) > 1 {
		slices.SortStableFunc(of, func(a, b *automaton) int { return cmp.Compare(len(a.next), len(b.next)) })
		merged, err := merge(of[0], of[1], maxStates)
		if err != nil || !merged.fits() {
			merged = of[0].with(of[1].rules())
		}
		of = append(of[2:], merged)
	}
	if len(of) == 0 || !of[0].fits() {
		return nil
	}
	return of[0]
}

// pathsOf is the automaton of a rule, nil if it needs none, and whether the rule
// can be true for paths that have nothing in common with what rules name.
func (f *facts) pathsOf(r *rules.Rule, calls []Call, n Numbers) (a *automaton, generic ends) {
	trusted, patterns := map[rules.Test]bool{}, []string(nil)
	for _, c := range calls {
		r.Tests(c.Row.Name, func(t rules.Test) {
			if of := patternsOf(t); of != nil {
				trusted[t], patterns = true, append(patterns, of...)
			}
		})
	}
	file := append(slices.Clone(ended), "evt.failed", "fd.type")
	set := n.Set([]*rules.Rule{r})
	may := [2]func(string) bool{
		anyFile: f.mayBe(r, calls, trusted, reads(file...)),
		ownName: f.mayBe(r, calls, trusted, reads(append(file, "fd.origin")...)),
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
	d, err := determine(slices.Compact(patterns), maxStates)
	if err != nil {
		return nil, ends{set, set}
	}
	d.judge(judge)
	return &d.automaton, generic
}

// mayBe says of a path whether a rule can be true for files of that name that
// calls open, by some tests.
func (f *facts) mayBe(r *rules.Rule, calls []Call, trusted map[rules.Test]bool, also func(rules.Test) bool) func(string) bool {
	j := f.judge(func(t rules.Test) bool { return trusted[t] || also(t) })
	return func(path string) bool {
		return slices.ContainsFunc(calls, func(c Call) bool {
			return j.MayBe(r, source{&event.Event{Row: c.Row, FD: &event.FD{Type: event.FDFile, Name: path}}}, c.Row.Name)
		})
	}
}

// other is a byte that hardly any rule names.
const other = 1

// judge says of each state which rules can be true for paths that end there, and
// makes those one that say the same.
func (d *determiner) judge(of func(path string) ends) {
	d.ends = make([]ends, len(d.next))
	for s := range d.next {
		if d.phases[s] == inName {
			d.ends[s] = of(d.samples[s])
		}
	}
	for s := range d.next {
		if d.phases[s] != inName { // no path ends there
			d.ends[s] = d.ends[d.next[s][d.classes[other]]]
		}
	}
	d.reduce()
}
