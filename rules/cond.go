package rules

import (
	"slices"
	"strings"

	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/rules/internal/syntax"
)

// cond is a compiled condition: a predicate, or an operator over conditions.
// Equal conditions of a set are the same cond, so that an event answers each
// of them once, whichever rules ask.
type cond struct {
	kind condKind
	id   int
	pred *predicate
	kids []*cond
	cost int // how dear an answer is, roughly
	// parts of an event that the answer depends on.
	parts field.Parts
}

type condKind uint8

const (
	condPred condKind = iota
	condNot
	condAnd
	condOr
	condTrue
	condFalse
)

// conds makes conditions.
type conds struct {
	all   []*cond
	byKey map[string]*cond
}

func (cs *conds) intern(key string, c *cond) *cond {
	if old := cs.byKey[key]; old != nil {
		return old
	}
	if cs.byKey == nil {
		cs.byKey = map[string]*cond{}
	}
	c.id = len(cs.all)
	for _, k := range c.kids {
		c.parts |= k.parts
	}
	cs.all = append(cs.all, c)
	cs.byKey[key] = c
	return c
}

func (cs *conds) constant(truth bool) *cond {
	if truth {
		return cs.intern("true", &cond{kind: condTrue})
	}
	return cs.intern("false", &cond{kind: condFalse})
}

func (cs *conds) predicate(p *predicate) *cond {
	return cs.intern("p"+p.text, &cond{kind: condPred, pred: p, cost: p.cost(), parts: p.parts()})
}

func (cs *conds) not(kid *cond) *cond {
	switch kid.kind {
	case condNot:
		return kid.kids[0]
	case condTrue, condFalse:
		return cs.constant(kid.kind == condFalse)
	}
	return cs.intern("!"+itoa(kid.id), &cond{kind: condNot, kids: []*cond{kid}, cost: kid.cost})
}

// group joins conditions. Their order does not matter to the answer: those
// that will likely decide it come first, and of these the cheap ones. What a
// rule excludes by "not" is rare.
func (cs *conds) group(kind condKind, kids []*cond) *cond {
	decides, neutral := condFalse, condTrue
	if kind == condOr {
		decides, neutral = condTrue, condFalse
	}
	var kept []*cond
	for _, k := range kids {
		switch {
		case k.kind == decides:
			return k
		case k.kind != neutral && !slices.Contains(kept[:min(len(kept), 64)], k):
			kept = append(kept, k)
		}
	}
	switch len(kept) {
	case 0:
		return cs.constant(neutral == condTrue)
	case 1:
		return kept[0]
	}
	slices.SortStableFunc(kept, func(a, b *cond) int {
		return a.rank(kind) - b.rank(kind)
	})
	return cs.join(kind, kept)
}

// join is a group of conditions in their order.
func (cs *conds) join(kind condKind, kids []*cond) *cond {
	key, cost := []byte{"__&|"[kind]}, 0
	for _, k := range kids {
		key = append(append(key, itoa(k.id)...), ' ')
		cost += k.cost
	}
	return cs.intern(string(key), &cond{kind: kind, kids: kids, cost: cost})
}

// actFirst is c with all that must hold in one group: first what depends on the
// event itself. The rest is true of most events that are asked about: where it
// isn't, the words of process and file have ruled the event out.
func (cs *conds) actFirst(c *cond) *cond {
	if c.kind != condAnd {
		return c
	}
	kids := c.conjuncts(nil)
	slices.SortStableFunc(kids, func(a, b *cond) int { return a.late() - b.late() })
	return cs.join(condAnd, kids)
}

// late is how late an event should be asked for c, which must hold.
func (c *cond) late() int {
	late := c.rank(condAnd)
	if c.kind == condPred && wide.has(c.pred.op.Code) {
		late += 1 << 21
	}
	if c.parts&field.OfAct == 0 {
		late += 1 << 22
	}
	return late
}

// wide are the operators that are true of most values.
var wide = orderOps | ops(syntax.OpExists, syntax.OpNE)

// rank orders the parts of a group.
func (c *cond) rank(kind condKind) int {
	if (c.kind == condNot) == (kind == condAnd) {
		return c.cost + 1<<20
	}
	return c.cost
}

// forType is c for events of one type only: tests of the type are answered.
func (cs *conds) forType(c *cond, typ string, memo map[*cond]*cond) *cond {
	if done := memo[c]; done != nil {
		return done
	}
	out := c
	switch c.kind {
	case condPred:
		if e := c.pred.left; e.ref != nil && e.ref.Name == "evt.type" && c.pred.right == nil {
			v := field.Str(typ)
			out = cs.constant(c.pred.test.test(&reader{}, &v))
		}
	case condNot:
		out = cs.not(cs.forType(c.kids[0], typ, memo))
	case condAnd, condOr:
		kids := make([]*cond, len(c.kids))
		for i, k := range c.kids {
			kids[i] = cs.forType(k, typ, memo)
		}
		out = cs.group(c.kind, kids)
	}
	memo[c] = out
	return out
}

// under is c's answer where know answers some conditions, and the other tests
// are unknown.
func (c *cond) under(know func(*cond) (t Truth, known bool)) Truth {
	if t, known := know(c); known {
		return t
	}
	t := Unknown
	switch c.kind {
	case condTrue, condFalse:
		return truth(c.kind == condTrue)
	case condNot:
		return True - c.kids[0].under(know)
	case condAnd:
		t = True
		for _, k := range c.kids {
			t = min(t, k.under(know))
		}
	case condOr:
		t = False
		for _, k := range c.kids {
			t = max(t, k.under(know))
		}
	}
	return t
}

// may reports whether c can answer so, False or True, when only some parts of
// the event are known.
func (c *cond) may(answer Truth, known field.Parts) bool {
	is := func(k *cond) bool { return k.may(answer, known) }
	isNot := func(k *cond) bool { return !is(k) }
	switch c.kind {
	case condPred: // a value that is missing may decide against one that isn't known
		return c.parts&^known == 0 || c.pred.right != nil
	case condNot:
		return c.kids[0].may(True-answer, known)
	case condAnd, condOr:
		if (c.kind == condAnd) == (answer == False) {
			return slices.ContainsFunc(c.kids, is)
		}
		return !slices.ContainsFunc(c.kids, isNot)
	}
	return (c.kind == condTrue) == (answer == True)
}

// conjuncts adds those conditions that must all hold for c to hold.
func (c *cond) conjuncts(to []*cond) []*cond {
	if c.kind != condAnd {
		return append(to, c)
	}
	for _, k := range c.kids {
		to = k.conjuncts(to)
	}
	return to
}

func (c *cond) dump(b *strings.Builder) {
	switch c.kind {
	case condPred:
		b.WriteString("p" + itoa(c.id))
	case condTrue:
		b.WriteString("true")
	case condFalse:
		b.WriteString("false")
	default:
		b.WriteString([...]string{condNot: "!(", condAnd: "&(", condOr: "|("}[c.kind])
		for i, k := range c.kids {
			if i > 0 {
				b.WriteByte(' ')
			}
			k.dump(b)
		}
		b.WriteByte(')')
	}
}
