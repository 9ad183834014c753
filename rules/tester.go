package rules

import (
	"cmp"
	"net/netip"
	"regexp"
	"strings"

	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/rules/internal/pattern"
	"github.com/sakerhq/saker/rules/internal/syntax"
)

// tester tests a known value against constants. Testers never change; what
// they need room for is the reader's.
type tester interface {
	test(r *reader, v *field.Value) bool
}

// present accepts every value.
type present struct{}

func (present) test(*reader, *field.Value) bool { return true }

// never accepts none.
type never struct{}

func (never) test(*reader, *field.Value) bool { return false }

// textTest compares a text or bytes with one constant.
type textTest struct {
	op   syntax.OpCode
	text string // in lower case for icontains
}

func (t *textTest) test(_ *reader, v *field.Value) bool { return compareText(t.op, v.Text(), t.text) }

// compareText applies an operator to two texts; right is in lower case for
// icontains.
func compareText(op syntax.OpCode, left, right string) bool {
	switch op {
	case syntax.OpEq, syntax.OpIn, syntax.OpIntersects:
		return left == right
	case syntax.OpNE:
		return left != right
	case syntax.OpContains, syntax.OpBContains:
		return strings.Contains(left, right)
	case syntax.OpIContains:
		return pattern.ContainsFold(left, right)
	case syntax.OpStartsWith, syntax.OpBStartsWith:
		return strings.HasPrefix(left, right)
	case syntax.OpEndsWith:
		return strings.HasSuffix(left, right)
	case syntax.OpGlob:
		return pattern.Glob(right, left, false)
	case syntax.OpIGlob:
		return pattern.Glob(right, left, true)
	}
	return ordered(op, strings.Compare(left, right))
}

// ordered reports whether an operator holds for two values of which the left
// one is less (below 0), equal (0) or greater.
func ordered(op syntax.OpCode, compared int) bool {
	switch op {
	case syntax.OpEq, syntax.OpIn, syntax.OpIntersects:
		return compared == 0
	case syntax.OpNE:
		return compared != 0
	case syntax.OpLT:
		return compared < 0
	case syntax.OpLE:
		return compared <= 0
	case syntax.OpGT:
		return compared > 0
	case syntax.OpGE:
		return compared >= 0
	}
	return false
}

// textSet is "in" for texts.
type textSet map[string]struct{}

func (t textSet) test(_ *reader, v *field.Value) bool {
	_, in := t[v.Text()]
	return in
}

// pathTest is pmatch.
type pathTest struct{ tree pattern.Paths }

func (t *pathTest) test(_ *reader, v *field.Value) bool { return t.tree.Match(v.Text()) }

type regexTest struct{ re *regexp.Regexp }

func (t *regexTest) test(_ *reader, v *field.Value) bool { return t.re.MatchString(v.Text()) }

// numberTest compares a number with one constant, both as 64 bits.
type numberTest struct {
	op     syntax.OpCode
	signed bool
	n      uint64
}

func (t *numberTest) test(_ *reader, v *field.Value) bool {
	return compareNumbers(t.op, t.signed, v.Uint(), t.n)
}

func compareNumbers(op syntax.OpCode, signed bool, a, b uint64) bool {
	if signed {
		return ordered(op, cmp.Compare(int64(a), int64(b)))
	}
	return ordered(op, cmp.Compare(a, b))
}

// floatTest compares a double with one constant.
type floatTest struct {
	op syntax.OpCode
	n  float64
}

func (t *floatTest) test(_ *reader, v *field.Value) bool {
	return ordered(t.op, cmp.Compare(v.Float(), t.n))
}

// numberSet is "in" for numbers.
type numberSet map[uint64]struct{}

func (t numberSet) test(_ *reader, v *field.Value) bool {
	_, in := t[v.Uint()]
	return in
}

// addressTest compares an address with one constant.
type addressTest struct {
	equal   bool
	address netip.Addr
}

func (t *addressTest) test(_ *reader, v *field.Value) bool { return (v.Addr() == t.address) == t.equal }

// networkTest asks whether an address lies in one of several networks.
type networkTest struct {
	inside   bool
	networks []netip.Prefix
}

func (t *networkTest) test(_ *reader, v *field.Value) bool {
	a := v.Addr()
	for _, n := range t.networks {
		if n.Contains(a) {
			return t.inside
		}
	}
	return !t.inside
}

// kindTest guards a test of a field whose type was guessed.
type kindTest struct {
	text  bool
	inner tester
}

func (t kindTest) test(r *reader, v *field.Value) bool {
	isText := v.Kind() == field.String || v.Kind() == field.Bytes
	return isText == t.text && t.inner.test(r, v)
}

// countTest is a modifier over one tester for each constant.
type countTest struct {
	mod   syntax.Modifier
	tests []tester
}

func (t *countTest) test(r *reader, v *field.Value) bool {
	n := 0
	for _, k := range t.tests {
		if k.test(r, v) {
			n++
		}
	}
	switch t.mod {
	case syntax.OneOf:
		return n == 1
	case syntax.AnyOf:
		return n > 0
	default:
		return n == len(t.tests) && n > 0
	}
}

// someTest holds if a value, or one of its elements, satisfies the inner test.
type someTest struct{ inner tester }

func (t someTest) test(r *reader, v *field.Value) bool {
	if v.Kind() != field.List {
		return t.inner.test(r, v)
	}
	for _, r.elem = range v.All() {
		if r.elem.Known() && t.inner.test(r, &r.elem) {
			return true
		}
	}
	return false
}

// everyTest holds if a value, or each of its elements, satisfies the inner
// test. Nothing at all satisfies it if empty says so.
type everyTest struct {
	inner tester
	empty bool
}

func (t everyTest) test(r *reader, v *field.Value) bool {
	if v.Kind() != field.List {
		return t.inner.test(r, v)
	}
	for _, r.elem = range v.All() {
		if !r.elem.Known() || !t.inner.test(r, &r.elem) {
			return false
		}
	}
	return t.empty || v.Len() > 0
}
