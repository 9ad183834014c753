package rules

import "strings"

// lint warns of rules that load but hardly do what was meant: what Falco does
// not look at.
func (l *loader) lint(s *Set) {
	def := func(r *Rule) item {
		d, _ := l.rules.get(r.Name)
		return d.item
	}
	for i, r := range s.rules {
		switch {
		case !r.types.except && len(r.types.names) == 0:
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
		l.warnf(Lint, item{"condition expression", "", d.joined.place(0)},
			"the appended 'or' joins the whole condition before it, its event types too: the rule now sees every event")
	}
}

// startsWithOr reports whether an appended condition begins with "or".
func startsWithOr(s *scalar) bool {
	word := strings.TrimLeft(s.node.Value, " \t\r\n")
	return strings.HasPrefix(word, "or ") || strings.HasPrefix(word, "or(") || strings.HasPrefix(word, "or\n")
}

// contradicts reports whether c needs a condition and its contrary, or one
// field to equal two constants.
func (c *cond) contradicts() bool {
	if c.kind == condFalse {
		return true
	}
	needed, equals := map[*cond]bool{}, map[*expr]string{}
	parts := c.conjuncts(nil)
	for _, k := range parts {
		needed[k] = true
		if k.kind != condPred || k.pred.op != opEq || k.pred.left.many != 0 {
			continue
		}
		t, ok := k.pred.test.(*textTest)
		if !ok {
			continue
		}
		if old, there := equals[k.pred.left]; there && old != t.text {
			return true
		}
		equals[k.pred.left] = t.text
	}
	for _, k := range parts {
		if k.kind == condNot && impossible(k.kids[0], needed) {
			return true
		}
	}
	return false
}

// impossible reports whether c holds wherever the needed conditions do: then
// what needs its contrary can't hold.
func impossible(c *cond, needed map[*cond]bool) bool {
	switch {
	case needed[c]:
		return true
	case c.kind == condOr:
		for _, k := range c.kids {
			if impossible(k, needed) {
				return true
			}
		}
	case c.kind == condAnd:
		for _, k := range c.kids {
			if !impossible(k, needed) {
				return false
			}
		}
		return true
	}
	return false
}

// isTrue reports whether c holds for whatever event.
func (c *cond) isTrue() bool {
	if c.kind != condOr {
		return c.kind == condTrue
	}
	kids := map[*cond]bool{}
	for _, k := range c.kids {
		kids[k] = true
	}
	for _, k := range c.kids {
		if k.kind == condNot && kids[k.kids[0]] {
			return true
		}
	}
	return false
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
	for _, before := range s.rules[:i] {
		if before.Enabled && before.Source == r.Source && covers(before.cond, has) {
			return before
		}
	}
	return nil
}

// covers reports whether all that c needs is among has.
func covers(c *cond, has map[*cond]bool) bool {
	if c.kind == condAnd {
		for _, k := range c.kids {
			if !covers(k, has) {
				return false
			}
		}
		return true
	}
	return has[c]
}
