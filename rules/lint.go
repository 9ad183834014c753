package rules

import "github.com/sakerhq/saker/rules/internal/syntax"

// lint warns of rules that load but hardly do what was meant: what Falco does
// not look at.
func (l *loader) lint(s *Set) {
	def := func(r *Rule) item {
		d, _ := l.rules.get(r.Name)
		return d.item
	}
	for i, r := range s.rules {
		switch {
		case r.types.empty():
			l.warnf(Lint, def(r), "rule can never match: no event type satisfies its condition")
		case r.cond.contradicts():
			l.warnf(Lint, def(r), "rule can never match: parts of its condition or exceptions exclude each other")
		case r.cond.isTrue():
			l.warnf(Lint, def(r), "rule matches every event")
		}
		if by := s.shadow(i); by != nil && !s.all {
			l.warnf(Lint, def(r), "rule never fires: '%s' before it matches whenever it does, and only the first rule that matches fires", by.Name)
		}
		l.lintAppend(r)
	}
}

// lintAppend warns of an appended "or" that lets a rule see all event types.
func (l *loader) lintAppend(r *Rule) {
	d, _ := l.rules.get(r.Name)
	if d.joined != nil && r.types.except && r.Source == SyscallSource {
		l.warnf(Lint, item{"condition expression", "", d.joined.Place(0)},
			"the appended 'or' joins the whole condition before it, its event types too: the rule now sees every event")
	}
}

// assume answers conditions as they are meant to be, but for negations: what is
// negated tells.
func assume(cs []*cond, t Truth) func(*cond) (Truth, bool) {
	assumed := map[*cond]bool{}
	for _, c := range cs {
		assumed[c] = c.kind != condNot
	}
	return func(c *cond) (Truth, bool) { return t, assumed[c] }
}

// contradicts reports whether c needs a condition and its contrary, or one
// field to equal two constants.
func (c *cond) contradicts() bool {
	needed, equals := c.conjuncts(nil), map[*expr]string{}
	for _, k := range needed {
		if k.kind != condPred || k.pred.op.Code != syntax.OpEq || k.pred.right != nil || k.pred.left.many != 0 {
			continue
		}
		if t, ok := k.pred.test.(*textTest); ok {
			if old, there := equals[k.pred.left]; there && old != t.text {
				return true
			}
			equals[k.pred.left] = t.text
		}
	}
	return c.kind == condFalse || c.kind == condAnd && c.under(assume(needed, True)) == False
}

// isTrue reports whether c holds for whatever event: it holds though all that
// is enough for it does not.
func (c *cond) isTrue() bool {
	return c.kind == condTrue || c.kind == condOr && c.under(assume(c.kids, False)) == True
}

// maxShadow is how many rules are looked at for shadows: it takes a square of time.
const maxShadow = 2000

// shadow is an enabled rule before rule i that holds whenever i does, nil if
// there is none.
func (s *Set) shadow(i int) *Rule {
	r := s.rules[i]
	if !r.Enabled || i > maxShadow {
		return nil
	}
	has := map[*cond]bool{}
	for _, k := range r.cond.conjuncts(nil) {
		has[k] = true
	}
	holds := func(c *cond) (Truth, bool) { return True, has[c] }
	for _, before := range s.rules[:i] {
		if before.Enabled && before.Source == r.Source && before.cond.under(holds) == True {
			return before
		}
	}
	return nil
}
