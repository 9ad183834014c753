package rules

import (
	"slices"

	"github.com/sakerhq/saker/internal/field"
)

// compile turns an expanded condition into a program; nil after an error. It
// goes on after one, to find them all.
func (c *compiler) compile(n node) *cond {
	switch n := n.(type) {
	case *group:
		kids, ok := make([]*cond, len(n.kids)), true
		for i, kid := range n.kids {
			kids[i] = c.compile(kid)
			ok = ok && kids[i] != nil
		}
		switch {
		case !ok:
			return nil
		case n.or:
			return c.set.conds.group(condOr, kids)
		}
		return c.set.conds.group(condAnd, kids)
	case *not:
		if kid := c.compile(n.kid); kid != nil {
			return c.set.conds.not(kid)
		}
	case *check:
		if p := c.check(n); p != nil {
			return c.set.conds.predicate(p)
		}
	}
	return nil
}

func (c *compiler) check(k *check) *predicate {
	left, err := c.resolve(k.left)
	if err == nil {
		err = c.typeField(k)
	}
	if err == nil {
		err = legal(k, left)
	}
	if err != nil {
		c.fail(err)
		return nil
	}
	text := c.scope + dumpNode(k)
	if p := c.preds[text]; p != nil {
		return p
	}
	c.doubt(k)
	p := &predicate{text: text, left: left, op: k.op, types: k.typeNames()}
	if k.right != nil {
		if p.right, err = c.resolve(k.right); err == nil {
			err = legalRight(k, left, p.right)
			p.test = wrap(&fieldTest{k.op.code, left.typ, p.right}, left, k.op)
		}
	} else {
		p.test, err = newTest(k, left)
	}
	if err != nil {
		c.fail(err)
		return nil
	}
	c.doubtUnserved(k, left, p.right)
	c.preds[text] = p
	return p
}

// typeField checks a test of the event's type: rules are found by it.
func (c *compiler) typeField(k *check) *checkError {
	if k.left.readsType() && k.left.kind != isField {
		return wrongf(k.left.at, "event code search does not support `evt.type` checks with transformers")
	}
	if !k.left.isTypeField() {
		return nil
	}
	if k.right != nil {
		return wrongf(k.right.at, "event code search does not support `evt.type` checks with a right-hand side field")
	}
	if c.schema.Event == nil || partial.has(k.op.code) {
		return nil
	}
	for _, v := range k.values {
		if !c.schema.Event(v.text) {
			e := wrongf(v.at, "unknown event type %s", v.text)
			e.unknown = v.text
			e.hint = c.similar(v.text, slices.Values(c.schema.Events))
			return e
		}
	}
	return nil
}

// partial are the operators whose constant need not be a whole name.
var partial = ops(opContains, opIContains, opStartsWith, opEndsWith, opRegex)

func (o *operand) readsType() bool {
	if o.isTypeField() {
		return true
	}
	for _, a := range o.args {
		if a.readsType() {
			return true
		}
	}
	return false
}

// newTest makes the test of a check against constants.
func newTest(k *check, left *expr) (tester, *checkError) {
	if k.op.unary {
		return present{}, nil
	}
	ends := left.many == field.EitherEnd
	if k.op.code == opPMatch {
		return wrap(newPathTest(k.values), left, k.op), nil
	}
	if k.op.code == opIn || k.op.code == opIntersects ||
		k.op.code == opEq && k.mod == anyOf {
		t, bad, err := newSet(left.typ, k.values)
		if err != nil {
			return nil, wrongf(k.values[bad].at, "%s", err)
		}
		return wrap(t, left, k.op), nil
	}
	tests := make([]tester, len(k.values))
	for i, v := range k.values {
		t, err := newTester(left.typ, k.op.code, v.text)
		if err != nil {
			return nil, wrongf(v.at, "%s", err)
		}
		if ends {
			t = wrap(t, left, k.op)
		}
		tests[i] = t
	}
	t := tester(&countTest{k.mod, tests})
	if k.mod == noModifier {
		t = tests[0]
	}
	if !ends {
		t = wrap(t, left, k.op)
	}
	return t, nil
}

func newPathTest(values []constant) tester {
	t := &pathTest{}
	for _, v := range values {
		t.tree.add(v.text)
	}
	return t
}

// wrap makes a test of one value a test of a field with several.
func wrap(t tester, left *expr, op *operator) tester {
	if left.dynamic {
		t = kindTest{isText(left.typ) || left.typ == field.ByteBuf, t}
	}
	switch {
	case left.many == field.SomeAncestor:
		return someTest{t}
	case left.many == field.EitherEnd && op.code == opNE:
		return everyTest{t, false}
	case left.many == field.EitherEnd:
		return someTest{t}
	case left.list && op.code == opIn:
		return everyTest{t, true}
	case left.list:
		return someTest{t}
	}
	return t
}
