package rules

import (
	"slices"

	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/rules/internal/syntax"
)

// compile turns an expanded condition into a program; nil after an error. It
// goes on after one, to find them all.
func (c *compiler) compile(n syntax.Node) *cond {
	switch n := n.(type) {
	case *syntax.Group:
		kids, ok := make([]*cond, len(n.Kids)), true
		for i, kid := range n.Kids {
			kids[i] = c.compile(kid)
			ok = ok && kids[i] != nil
		}
		switch {
		case !ok:
			return nil
		case n.Or:
			return c.set.conds.group(condOr, kids)
		}
		return c.set.conds.group(condAnd, kids)
	case *syntax.Not:
		if kid := c.compile(n.Kid); kid != nil {
			return c.set.conds.not(kid)
		}
	case *syntax.Check:
		if p := c.check(n); p != nil {
			return c.set.conds.predicate(p)
		}
	}
	return nil
}

func (c *compiler) check(k *syntax.Check) *predicate {
	left, err := c.resolve(k.Left)
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
	text := c.scope + syntax.Dump(k)
	if p := c.preds[text]; p != nil {
		return p
	}
	c.doubt(k)
	p := &predicate{text: text, left: left, op: k.Op, mod: k.Mod, types: typeNames(k)}
	for _, v := range k.Values {
		p.values = append(p.values, v.Text)
	}
	if k.Right != nil {
		if p.right, err = c.resolve(k.Right); err == nil {
			err = legalRight(k, left, p.right)
			p.test = wrap(&fieldTest{k.Op.Code, left.typ, p.right}, left, k.Op)
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
func (c *compiler) typeField(k *syntax.Check) *checkError {
	if readsType(k.Left) && k.Left.Kind != syntax.Field {
		return wrongf(k.Left.At, "event code search does not support `evt.type` checks with transformers")
	}
	if !isTypeField(k.Left) {
		return nil
	}
	if k.Right != nil {
		return wrongf(k.Right.At, "event code search does not support `evt.type` checks with a right-hand side field")
	}
	if c.schema.Event == nil || partial.has(k.Op.Code) {
		return nil
	}
	for _, v := range k.Values {
		if !c.schema.Event(v.Text) {
			e := wrongf(v.At, "unknown event type %s", v.Text)
			e.unknown = v.Text
			e.hint = c.similar(v.Text, slices.Values(c.schema.Events))
			return e
		}
	}
	return nil
}

// partial are the operators whose constant need not be a whole name.
var partial = ops(syntax.OpContains, syntax.OpIContains, syntax.OpStartsWith, syntax.OpEndsWith, syntax.OpRegex)

func readsType(o *syntax.Operand) bool {
	if isTypeField(o) {
		return true
	}
	for _, a := range o.Args {
		if readsType(a) {
			return true
		}
	}
	return false
}

// newTest makes the test of a check against constants.
func newTest(k *syntax.Check, left *expr) (tester, *checkError) {
	if k.Op.Unary {
		return present{}, nil
	}
	ends := left.many == field.EitherEnd
	if k.Op.Code == syntax.OpPMatch {
		return wrap(newPathTest(k.Values), left, k.Op), nil
	}
	if k.Op.Code == syntax.OpIn || k.Op.Code == syntax.OpIntersects ||
		k.Op.Code == syntax.OpEq && k.Mod == syntax.AnyOf {
		t, bad, err := newSet(left.typ, k.Values)
		if err != nil {
			return nil, wrongf(k.Values[bad].At, "%s", err)
		}
		return wrap(t, left, k.Op), nil
	}
	tests := make([]tester, len(k.Values))
	for i, v := range k.Values {
		t, err := newTester(left.typ, k.Op.Code, v.Text)
		if err != nil {
			return nil, wrongf(v.At, "%s", err)
		}
		if ends {
			t = wrap(t, left, k.Op)
		}
		tests[i] = t
	}
	t := tester(&countTest{k.Mod, tests})
	if k.Mod == syntax.NoModifier {
		t = tests[0]
	}
	if !ends {
		t = wrap(t, left, k.Op)
	}
	return t, nil
}

func newPathTest(values []syntax.Constant) tester {
	t := &pathTest{}
	for _, v := range values {
		t.tree.Add(v.Text)
	}
	return t
}

// wrap makes a test of one value a test of a field with several.
func wrap(t tester, left *expr, op *syntax.Operator) tester {
	if left.dynamic {
		t = kindTest{isText(left.typ) || left.typ == field.ByteBuf, t}
	}
	switch {
	case left.many == field.SomeAncestor:
		return someTest{t}
	case left.many == field.EitherEnd && op.Code == syntax.OpNE:
		return everyTest{t, false}
	case left.many == field.EitherEnd:
		return someTest{t}
	case left.list && op.Code == syntax.OpIn:
		return everyTest{t, true}
	case left.list:
		return someTest{t}
	}
	return t
}
