package rules

import (
	"strings"

	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/rules/internal/syntax"
)

// surer is a tester that can say more of a part of a value than "unknown".
type surer interface {
	// sure reports whether the answer holds, given of the part v, is that of all
	// of which v is a part.
	sure(r *reader, v *field.Value, holds bool) bool
}

func sure(t tester, r *reader, v *field.Value, holds bool) bool {
	s, ok := t.(surer)
	return ok && s.sure(r, v, holds)
}

func (present) sure(*reader, *field.Value, bool) bool { return true }

func (never) sure(*reader, *field.Value, bool) bool { return true }

func (t *textTest) sure(_ *reader, v *field.Value, holds bool) bool {
	isFront := v.Part() == field.Front
	switch t.op {
	case syntax.OpContains, syntax.OpIContains, syntax.OpBContains:
		return holds
	case syntax.OpStartsWith, syntax.OpBStartsWith:
		return isFront && (holds || !strings.HasPrefix(t.text, v.Text()))
	case syntax.OpEndsWith:
		return !isFront && holds
	case syntax.OpEq, syntax.OpNE, syntax.OpIn, syntax.OpIntersects:
		return isFront && !strings.HasPrefix(t.text, v.Text())
	case syntax.OpGlob, syntax.OpIGlob:
		return isFront && holds && strings.HasSuffix(t.text, "*") && !strings.HasSuffix(t.text, `\*`)
	}
	return false
}

func (t textSet) sure(_ *reader, v *field.Value, _ bool) bool {
	if v.Part() != field.Front {
		return false
	}
	for text := range t {
		if strings.HasPrefix(text, v.Text()) {
			return false
		}
	}
	return true
}

func (t kindTest) sure(r *reader, v *field.Value, holds bool) bool {
	return sure(t.inner, r, v, holds)
}

func (t *countTest) sure(r *reader, v *field.Value, _ bool) bool {
	for _, k := range t.tests {
		if !sure(k, r, v, k.test(r, v)) {
			return false
		}
	}
	return true
}

func (t someTest) sure(r *reader, v *field.Value, holds bool) bool {
	if v.Kind() != field.List {
		return sure(t.inner, r, v, holds)
	}
	return holds
}

func (t everyTest) sure(r *reader, v *field.Value, holds bool) bool {
	if v.Kind() != field.List {
		return sure(t.inner, r, v, holds)
	}
	return !holds
}
