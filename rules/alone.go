package rules

import "github.com/sakerhq/saker/internal/field"

// FalseByProcess reports whether the rule can be false for whatever some process
// does, by what is known of the process alone.
func (r *Rule) FalseByProcess() bool {
	canFalse, _ := r.cond.alone(field.OfImage)
	return canFalse
}

// alone reports which answers c may give when only some parts of an event are
// known, whatever they are.
func (c *cond) alone(known field.Parts) (canFalse, canTrue bool) {
	switch c.kind {
	case condPred:
		decided := c.pred.parts()&^known == 0
		return decided, decided
	case condNot:
		canFalse, canTrue = c.kids[0].alone(known)
		return canTrue, canFalse
	case condAnd, condOr:
		canFalse, canTrue = c.kind == condOr, c.kind == condAnd
		for _, k := range c.kids {
			f, t := k.alone(known)
			if c.kind == condAnd {
				canFalse, canTrue = canFalse || f, canTrue && t
			} else {
				canFalse, canTrue = canFalse && f, canTrue || t
			}
		}
		return canFalse, canTrue
	}
	return c.kind == condFalse, c.kind == condTrue
}
