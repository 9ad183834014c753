package rules

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sakerhq/saker/internal/event/eventtest"
	"github.com/sakerhq/saker/internal/field"
)

// textSource answers every field with the same text.
type textSource string

func (s textSource) Value(*field.Ref) field.Value { return field.Str(string(s)) }

// TestLimits loads what is made to take for ever: it must end soon, with an
// error or with a set, and must not exhaust the stack.
func TestLimits(t *testing.T) {
	rule := func(cond string) string {
		return "- rule: r\n  desc: d\n  output: o\n  priority: info\n  condition: " + cond + "\n"
	}
	var lists, macros, deep strings.Builder
	lists.WriteString("- list: l0\n  items: [aaaaaaaa, bbbbbbbb]\n")
	macros.WriteString("- macro: m0\n  condition: proc.name = a\n")
	deep.WriteString("- macro: d0\n  condition: proc.name = a\n")
	for i := 1; i <= 60; i++ {
		fmt.Fprintf(&lists, "- list: l%d\n  items: [l%d, l%d]\n", i, i-1, i-1)
		fmt.Fprintf(&macros, "- macro: m%d\n  condition: m%d and m%d\n", i, i-1, i-1)
	}
	for i := 1; i <= 2000; i++ {
		fmt.Fprintf(&deep, "- macro: d%d\n  condition: %sd%d%s\n", i, strings.Repeat("not(", 900), i-1, strings.Repeat(")", 900))
	}
	tests := map[string]struct {
		content string
		wrong   string // part of an error; empty: it loads
	}{
		"deep condition":       {rule(strings.Repeat("(", 10000) + "proc.name = a" + strings.Repeat(")", 10000)), "nested deeper"},
		"deep transformers":    {rule(strings.Repeat("tolower(", 10000) + "proc.name" + strings.Repeat(")", 10000) + " = a"), "nested deeper"},
		"many nots":            {rule(strings.Repeat("not ", 100000) + "proc.name = a"), ""},
		"too long":             {strings.Repeat("#", maxFile+1), "too long"},
		"long comment":         {strings.Repeat("#", maxFile-1), ""},
		"deep YAML":            {strings.Repeat("[", 1<<20), "exceeded max depth"},
		"doubling lists":       {lists.String() + rule("proc.name in (l60)"), "longer than"},
		"doubling macros":      {macros.String() + rule("m60"), "too large"},
		"deep macros":          {deep.String() + rule("d2000"), "too large"},
		"many terms":           {rule("evt.type = a" + strings.Repeat(" or evt.type = b", 100000)), ""},
		"many errors in one":   {"[" + strings.Repeat("1,", 1<<20) + "1]", "more findings"},
		"many rules in a line": {"[" + strings.Repeat("{rule: r, desc: d, output: o, priority: x, condition: a.b = 1},", 20000) + "]", "more findings"},
		"many constants":       {rule("proc.name in (a" + strings.Repeat(", b", 1<<20) + ")"), ""},
		"many empty lists":     {"- list: e\n  items: []\n" + rule("proc.name in (a"+strings.Repeat(", e", 1<<19)+")"), ""},
		"self reference":       {"- macro: a\n  condition: proc.name = x\n- macro: b\n  condition: a\n- macro: a\n  condition: b\n" + rule("a"), "reference loop"},
		"list in itself":       {"- list: a\n  items: [b]\n- list: b\n  items: [a]\n" + rule("proc.name in (a)"), ""},
		"alias bomb":           {"- &a [x, x]\n- &b [*a, *a]\n- &c [*b, *b]\n- rule: *c\n", "not a scalar"},
	}
	schema := &Schema{Fields: testTable(t)}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			start := eventtest.CPUTime() // the machine may be busy
			set, fs := Load(schema, []File{{"f.yaml", []byte(test.content)}}, Options{})
			if took := eventtest.CPUTime() - start; took > 10*time.Second {
				t.Errorf("took %v", took)
			} else {
				t.Log(took)
			}
			switch err := fs.Err(); {
			case test.wrong == "" && set == nil:
				t.Errorf("does not load: %.300v", err)
			case test.wrong != "" && (err == nil || !strings.Contains(err.Error(), test.wrong)):
				t.Errorf("error %.300v, want %q", err, test.wrong)
			}
			if set != nil {
				for _, r := range set.Rules() {
					set.NewMatcher().Eval(r, textSource("x"))
				}
			}
		})
	}
}
