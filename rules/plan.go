package rules

import (
	"maps"
	"math/bits"
	"slices"
)

// plan is how the rules of one source are matched with events of one type.
type plan struct {
	rules []*Rule
	conds []*cond // of each rule, for events of the type
	gates []gate
}

// gate is a condition that several rules need. When it is false, none of them
// has to be looked at.
type gate struct {
	cond *cond
	need mask
}

// mask is a set of a plan's rules by their index.
type mask []uint64

func newMask(n int) mask { return make(mask, (n+63)/64) }

func (m mask) set(i int) { m[i/64] |= 1 << (i % 64) }

func (m mask) count() (n int) {
	for _, word := range m {
		n += bits.OnesCount64(word)
	}
	return n
}

// meets reports whether m and o have a rule in common.
func (m mask) meets(o mask) bool {
	for i, word := range o {
		if m[i]&word != 0 {
			return true
		}
	}
	return false
}

func (m mask) remove(o mask) {
	for i, word := range o {
		m[i] &^= word
	}
}

// newPlan plans the rules that can match a type; the type is "" where it is
// none that a rule names.
func newPlan(cs *conds, rules []*Rule, typ string) *plan {
	p := &plan{}
	memo := map[*cond]*cond{}
	for _, r := range rules {
		c := r.cond
		if typ != "" {
			c = cs.forType(c, typ, memo)
		}
		if c.kind != condFalse {
			p.rules = append(p.rules, r)
			p.conds = append(p.conds, c)
		}
	}
	p.findGates()
	return p
}

// findGates picks the conditions that more than one rule needs: first those
// that many need, of equals the cheaper ones. Negations are no gates: they
// seldom exclude anything.
func (p *plan) findGates() {
	needs := map[*cond]mask{}
	for i, c := range p.conds {
		for _, k := range c.conjuncts(nil) {
			if needs[k] == nil {
				needs[k] = newMask(len(p.rules))
			}
			needs[k].set(i)
		}
	}
	for _, c := range slices.SortedFunc(maps.Keys(needs), func(a, b *cond) int { return a.id - b.id }) {
		if c.kind != condTrue && c.kind != condNot && needs[c].count() > 1 {
			p.gates = append(p.gates, gate{c, needs[c]})
		}
	}
	slices.SortStableFunc(p.gates, func(a, b gate) int {
		if a, b := a.need.count(), b.need.count(); a != b {
			return b - a
		}
		return a.cond.cost - b.cond.cost
	})
}
