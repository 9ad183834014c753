package rules

import (
	"maps"
	"math/bits"
	"slices"
)

// plan is how up to 64 rules of one source are matched with events of one
// type, so that a set of them is a word. Where there are more rules for a type,
// there are more plans.
type plan struct {
	typ   string // "": any that no rule names
	rules []*Rule
	conds []*cond // of each rule, for events of the type
	gates []gate
}

// gate is a condition that several rules need. When it is false, none of them
// has to be looked at.
type gate struct {
	cond *cond
	need uint64
}

// all is the set of all rules of the plan.
func (p *plan) all() uint64 { return ^uint64(0) >> (64 - len(p.rules)) }

// newPlans plans the rules that can match a type; the type is "" where it is
// none that a rule names.
func newPlans(cs *conds, rules []*Rule, typ string) (plans []*plan) {
	memo := map[*cond]*cond{}
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
			p = &plan{typ: typ}
			plans = append(plans, p)
		}
		p.rules = append(p.rules, r)
		p.conds = append(p.conds, c)
	}
	for _, p := range plans {
		p.findGates()
	}
	return plans
}

// findGates picks the conditions that more than one rule needs: first those
// that many need, of equals the cheaper ones. Negations are no gates: they
// seldom exclude anything.
func (p *plan) findGates() {
	needs := map[*cond]uint64{}
	for i, c := range p.conds {
		for _, k := range c.conjuncts(nil) {
			needs[k] |= 1 << i
		}
	}
	for _, c := range slices.SortedFunc(maps.Keys(needs), func(a, b *cond) int { return a.id - b.id }) {
		if c.kind != condTrue && c.kind != condNot && bits.OnesCount64(needs[c]) > 1 {
			p.gates = append(p.gates, gate{c, needs[c]})
		}
	}
	slices.SortStableFunc(p.gates, func(a, b gate) int {
		if a, b := bits.OnesCount64(a.need), bits.OnesCount64(b.need); a != b {
			return b - a
		}
		return a.cond.cost - b.cond.cost
	})
}
