package rules

import (
	"strconv"
	"strings"

	"github.com/sakerhq/saker/internal/field"
)

// predicate is one test of one value. Equal tests of a set are one predicate.
type predicate struct {
	text  string
	left  *expr
	test  tester // unless right is set
	right *expr
	op    opCode
}

// answer tests the event that r reads.
func (p *predicate) answer(r *reader) Truth {
	v := r.read(p.left)
	if v.Kind() <= field.Unknown {
		return Truth(v.Kind()) // Missing is False, Unknown is Unknown
	}
	if p.right == nil {
		return truth(p.test.test(r, v))
	}
	w := r.read(p.right)
	if w.Kind() <= field.Unknown {
		return Truth(w.Kind())
	}
	return truth(p.compare(*v, *w))
}

// compare compares two fields of one type.
func (p *predicate) compare(v, w field.Value) bool {
	if v.Kind() != field.List {
		return compareValues(p.op, p.left.typ, v, w)
	}
	switch {
	case p.left.many == field.EitherEnd && p.op == opNE:
		for i := range v.Len() {
			if !compareValues(p.op, p.left.typ, v.At(i), w) {
				return false
			}
		}
		return v.Len() > 0
	case p.left.many != field.One:
		for i := range v.Len() {
			if compareValues(p.op, p.left.typ, v.At(i), w) {
				return true
			}
		}
		return false
	}
	for i := range v.Len() {
		in := contains(p.left.typ, w, v.At(i))
		if in != (p.op == opIn) {
			return in
		}
	}
	return p.op == opIn
}

func contains(t field.Type, list, v field.Value) bool {
	for i := range list.Len() {
		if compareValues(opEq, t, v, list.At(i)) {
			return true
		}
	}
	return false
}

func compareValues(op opCode, t field.Type, v, w field.Value) bool {
	switch classOf(t) {
	case stringClass, bytesClass:
		return compareText(op, v.Text(), w.Text())
	case addressClass:
		return (v.Addr() == w.Addr()) == (op != opNE)
	}
	if t == field.Double {
		return compareFloats(op, v.Float(), w.Float())
	}
	_, signed := numberWidth(t)
	return compareNumbers(op, signed, v.Uint(), w.Uint())
}

func (p *predicate) dump(i int) string {
	text := "p" + itoa(i) + "\tslot " + itoa(p.left.slot)
	if p.right != nil {
		text += ", slot " + itoa(p.right.slot)
	}
	return text + "\t" + p.text + "\n"
}

func itoa(n int) string { return strconv.Itoa(n) }

// cost is how dear an answer is: what is computed or searched for is dearer
// than what is there.
func (p *predicate) cost() int {
	n := p.left.cost()
	if p.right != nil {
		n += p.right.cost()
	}
	return n + opCost[p.op]
}

var opCost = [...]int{
	opContains: 4, opIContains: 8, opBContains: 4, opGlob: 8, opIGlob: 8, opRegex: 40, opPMatch: 12, opIn: 2, opIntersects: 2, opEndsWith: 1,
}

func (e *expr) cost() int {
	if e.kind != exprCall {
		return 1
	}
	n := 4
	for _, a := range e.args {
		n += a.cost()
	}
	return n
}

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
	p := &predicate{text: text, left: left, op: k.op.code}
	if k.right != nil {
		if p.right, err = c.resolve(k.right); err == nil {
			err = legalRight(k, left, p.right)
		}
	} else {
		p.test, err = newTest(k, left)
	}
	if err != nil {
		c.fail(err)
		return nil
	}
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
			e.unknown = true
			e.hint = c.similar(v.text, func(yield func(string) bool) {
				for _, name := range c.schema.Events {
					if !yield(name) {
						return
					}
				}
			})
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

// doubt warns of what is legal but hardly meant.
func (c *compiler) doubt(k *check) {
	c.doubtList(k)
	for _, v := range k.values {
		if trivial(k.op.code, v.text) {
			c.warn(Lint, v.at, "'%s %s' holds for every value that is there", k.op.name, quoteAlways(v.text))
		}
		if k.op.code == opRegex && plainRegex(v.text) {
			c.warn(SuspiciousCondition, v.at,
				"regex check with '%s' may be optimized with simpler operators such as '=', 'contains', 'startswith', 'endswith'", v.text)
		}
		if kind, other := c.looksLike(v.text); other {
			c.warn(SuspiciousCondition, v.at, "'%s' may be a valid %s misused as a const string value", v.text, kind)
		}
		if v.text == "<NA>" && (strings.HasPrefix(k.left.name, "ka.") || strings.HasPrefix(k.left.name, "jevt.")) {
			c.warn(UnsafeNACheck, v.at, "comparing a field value with <NA> is unsafe and can lead to unpredictable behavior of the rule condition, use 'exists' instead")
		}
	}
	if k.left.name == "evt.dir" && k.left.kind == isField {
		c.warn(DeprecatedItem, k.at, "due to the drop of enter events, 'evt.dir = <' always evaluates to true, "+
			"and 'evt.dir = >' always evaluates to false. The rule expression can be simplified by removing the condition on 'evt.dir'")
	}
}

// trivial reports whether every value satisfies an operator and constant.
func trivial(op opCode, text string) bool {
	switch op {
	case opContains, opIContains, opStartsWith, opEndsWith:
		return text == ""
	case opGlob, opIGlob:
		return text != "" && strings.Trim(text, "*") == ""
	case opPMatch:
		return strings.Trim(text, "/") == ""
	case opRegex:
		return text == ".*"
	}
	return false
}

// doubtList warns of names of lists that are none: they became words.
func (c *compiler) doubtList(k *check) {
	if k.right != nil || !k.op.list && k.mod == noModifier {
		return
	}
	for _, v := range k.values {
		hint := ""
		if strings.Contains(v.text, "_") || !k.list {
			hint = c.similarList(v.text)
		}
		if k.list && hint == "" {
			continue
		}
		c.warnf(Lint, item{"condition expression", "", c.pos.place(v.at)},
			"there is no list '%s': it is compared as a word", v.text).Hint = hint
	}
}

func (c *compiler) similarList(name string) string {
	return c.similar(name, func(yield func(string) bool) {
		for _, def := range c.lists.order {
			if !yield(def.item.name) {
				return
			}
		}
	})
}

// looksLike says which other thing than a text a constant could be.
func (c *compiler) looksLike(text string) (kind string, other bool) {
	for _, name := range transformerNames {
		if strings.HasPrefix(text, name+"(") && strings.HasSuffix(text, ")") {
			return "field transformer", true
		}
	}
	if o, err := parseOperand(text); err == nil && o.kind == isField {
		_, err := c.table.Resolve(o.name, o.arg, o.has)
		return "field", err == nil
	}
	return "", false
}
