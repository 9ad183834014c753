package rules

import "github.com/sakerhq/saker/internal/field"

// collectRefs lists the fields that a rule and its additions read, each once.
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
	for _, p := range r.format.parts {
		visit(p.value)
	}
	for _, x := range r.extras {
		for _, p := range x.format.parts {
			visit(p.value)
		}
	}
	return refs
}
