package rules

import "github.com/sakerhq/saker/internal/field"

// refsOf lists the fields that a condition reads, and the rule's output and
// additions, each once.
func (r *Rule) refsOf(condition *cond) (refs []*field.Ref) {
	seen := map[*field.Ref]bool{nil: true}
	see := func(e *expr) bool {
		if !seen[e.ref] {
			refs = append(refs, e.ref)
		}
		seen[e.ref] = true
		return false
	}
	condition.eachTest(map[*cond]bool{}, func(c *cond) {
		c.pred.left.find(see)
		c.pred.right.find(see)
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
