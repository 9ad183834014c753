package rules

import "github.com/sakerhq/saker/internal/field"

// collectRefs lists the fields that a rule and its additions read, each once.
func (r *Rule) collectRefs() (refs []*field.Ref) {
	seen := map[*field.Ref]bool{nil: true}
	see := func(e *expr) bool {
		if !seen[e.ref] {
			refs = append(refs, e.ref)
		}
		seen[e.ref] = true
		return false
	}
	r.cond.under(func(c *cond) (Truth, bool) {
		if c.kind == condPred {
			c.pred.left.find(see)
			c.pred.right.find(see)
		}
		return Unknown, false
	})
	for _, p := range r.format.parts {
		p.value.find(see)
	}
	for _, x := range r.extras {
		for _, p := range x.format.parts {
			p.value.find(see)
		}
	}
	return refs
}
