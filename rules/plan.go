package rules

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/sakerhq/saker/internal/field"
)

// typed is how the rules of one source are matched with events of one type.
type typed struct {
	number uint64 // no other of the set has it
	typ    string // "": any that no rule names
	plans  []*plan
}

// plan is that of up to 64 of these rules, so that a set of them is a word. Where
// there are more rules for a type, there are more plans.
type plan struct {
	rules []*Rule
	conds []*cond // of each rule, for events of the type

	shared []gate // what several rules need
	image  []gate // what the process alone may make false
	file   []gate // what the file alone may make false
}

// gate is a condition that rules need. When it is false, none of them has to be
// looked at.
type gate struct {
	cond *cond
	need uint64
}

// all is the set of all rules of the plan.
func (p *plan) all() uint64 { return ^uint64(0) >> (64 - len(p.rules)) }

// newTyped plans the rules that can match a type; the type is "" where it is
// none that a rule names.
func newTyped(cs *conds, rules []*Rule, typ string) *typed {
	t, memo := &typed{typ: typ}, map[*cond]*cond{}
	var p *plan
	for _, r := range rules {
		c := r.cond
		if typ != "" {
			c = cs.forType(c, typ, memo)
		}
		if c.kind == condFalse {
			continue
		}
		if p == nil || len(p.rules) == 64 {
			p = &plan{}
			t.plans = append(t.plans, p)
		}
		p.rules = append(p.rules, r)
		p.conds = append(p.conds, cs.actFirst(c))
	}
	for _, p := range t.plans {
		p.findGates()
	}
	return t
}

// findGates finds what rules need, and sorts it by what it is good for: first
// what many rules need, of equals the cheaper. Negations are not shared: they
// seldom exclude anything.
func (p *plan) findGates() {
	needs := map[*cond]uint64{}
	for i, c := range p.conds {
		for _, k := range c.conjuncts(nil) {
			needs[k] |= 1 << i
		}
	}
	for c, need := range needs {
		g := gate{c, need}
		if c.kind != condTrue && c.kind != condNot && bits.OnesCount64(need) > 1 {
			p.shared = append(p.shared, g)
		}
		if c.may(False, field.OfType|ofImage) {
			p.image = append(p.image, g)
		}
		if c.parts&field.OfFile != 0 && c.may(False, field.OfType|field.OfFile) {
			p.file = append(p.file, g)
		}
	}
	for _, gates := range [][]gate{p.shared, p.image, p.file} {
		slices.SortFunc(gates, func(a, b gate) int {
			return cmp.Or(bits.OnesCount64(b.need)-bits.OnesCount64(a.need), a.cond.cost-b.cond.cost, a.cond.id-b.cond.id)
		})
	}
}
