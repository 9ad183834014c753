package rules

import "github.com/sakerhq/saker/internal/field"

// collectRefs lists the fields that a rule reads, each once.
func (r *Rule) collectRefs() []*field.Ref {
	seen := map[*expr]bool{}
	var refs []*field.Ref
	var visit func(e *expr)
	visit = func(e *expr) {
		if e == nil || seen[e] {
			return
		}
		seen[e] = true
		if e.ref != nil {
			refs = append(refs, e.ref)
		}
		for _, a := range e.args {
			visit(a)
		}
	}
	var walk func(c *cond)
	walk = func(c *cond) {
		if c.kind == condPred {
			visit(c.pred.left)
			visit(c.pred.right)
		}
		for _, k := range c.kids {
			walk(k)
		}
	}
	walk(r.cond)
	for i := range r.format.parts {
		visit(r.format.parts[i].value)
	}
	return refs
}
