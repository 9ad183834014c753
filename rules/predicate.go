package rules

import (
	"cmp"
	"strconv"

	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/rules/internal/syntax"
)

// predicate is one test of one value. Equal tests of a set are one predicate.
type predicate struct {
	text   string
	left   *expr
	test   tester
	right  *expr // nil: the test is with constants
	op     *syntax.Operator
	mod    syntax.Modifier
	values []string // the constants
	types  []string // as typeNames gives them
}

// answer tests the event that r reads.
func (p *predicate) answer(r *reader) Truth {
	v := r.read(p.left)
	if v.Kind() <= field.Unknown {
		return Truth(v.Kind()) // Missing is False, Unknown is Unknown
	}
	if p.right != nil {
		w := r.read(p.right)
		if w.Kind() <= field.Unknown {
			return Truth(w.Kind())
		}
		if w.Part() != field.Whole {
			return Unknown
		}
	}
	holds := p.test.test(r, v)
	if v.Part() != field.Whole && !sure(p.test, r, v, holds) {
		return Unknown
	}
	return truth(holds)
}

// fieldTest compares a value with a known one of the event; of a list, with
// its elements.
type fieldTest struct {
	op    syntax.OpCode
	typ   field.Type
	right *expr
}

func (t *fieldTest) test(r *reader, v *field.Value) bool {
	w := r.read(t.right)
	if w.Kind() != field.List {
		return compareValues(t.op, t.typ, *v, *w)
	}
	for _, element := range w.All() {
		if compareValues(syntax.OpEq, t.typ, *v, element) {
			return true
		}
	}
	return false
}

func compareValues(op syntax.OpCode, t field.Type, v, w field.Value) bool {
	switch types[t].class {
	case stringClass, bytesClass:
		return compareText(op, v.Text(), w.Text())
	case addressClass:
		return (v.Addr() == w.Addr()) == (op != syntax.OpNE)
	}
	if t == field.Double {
		return ordered(op, cmp.Compare(v.Float(), w.Float()))
	}
	return compareNumbers(op, types[t].signed, v.Uint(), w.Uint())
}

func (p *predicate) dump(i int) string {
	text := "p" + itoa(i) + "\tslot " + itoa(p.left.slot)
	if p.right != nil {
		text += ", slot " + itoa(p.right.slot)
	}
	return text + "\t" + p.text + "\n"
}

func itoa(n int) string { return strconv.Itoa(n) }

// parts of an event that the answer depends on.
func (p *predicate) parts() field.Parts {
	if p.right != nil {
		return p.left.of | p.right.of
	}
	return p.left.of
}

// cost is how dear an answer is: what is computed or searched for is dearer
// than what is there.
func (p *predicate) cost() int {
	n := p.left.cost()
	if p.right != nil {
		n += p.right.cost()
	}
	return n + costs[p.op.Code]
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
