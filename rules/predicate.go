package rules

import (
	"cmp"
	"strconv"

	"github.com/sakerhq/saker/internal/field"
)

// predicate is one test of one value. Equal tests of a set are one predicate.
type predicate struct {
	text  string
	left  *expr
	test  tester // unless right is set
	right *expr
	op    opCode
	types []string // as typeNames gives them
}

// answer tests the event that r reads.
func (p *predicate) answer(r *reader) Truth {
	v := r.read(p.left)
	if v.Kind() <= field.Unknown {
		return Truth(v.Kind()) // Missing is False, Unknown is Unknown
	}
	if p.right == nil {
		holds := p.test.test(r, v)
		if v.Part() != field.Whole && !sure(p.test, r, v, holds) {
			return Unknown
		}
		return truth(holds)
	}
	w := r.read(p.right)
	if w.Kind() <= field.Unknown {
		return Truth(w.Kind())
	}
	if v.Part() != field.Whole || w.Part() != field.Whole {
		return Unknown
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
		return ordered(op, cmp.Compare(v.Float(), w.Float()))
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
