package syntax

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestDump: conditions and their canonical texts, which parse to themselves.
func TestDump(t *testing.T) {
	for _, c := range []struct{ text, dump string }{
		{"a", "a"},
		{"not not not a", "not a"},
		{"not not a", "a"},
		{"a and b or c", "((a and b) or c)"},
		{"a and (b or c)", "(a and (b or c))"},
		{"a or(b) or not(c)", "(a or b or not c)"},
		{"p.x exists", "p.x exists"},
		{"p.x=y", "p.x = y"},
		{"p.x == 'a b'", `p.x == "a b"`},
		{`p.x = "it\"s"`, `p.x = "it\"s"`},
		{"p.x[1] >= -2.5", "p.x[1] >= -2.5"},
		{`p.x["a b"] != ''`, `p.x["a b"] != ""`},
		{"p.x in (a,'b c', d)", `p.x in (a, "b c", d)`},
		{"p.x in ()", "p.x in ()"},
		{"p.x intersects names", "p.x intersects names"},
		{"p.x startswith anyof (/a, /b)", "p.x startswith anyof (/a, /b)"},
		{"p.x = anyof", "p.x = anyof"},
		{"p.x = val( p.y )", "p.x = val(p.y)"},
		{`join( "-", (p.x, 1) ) = a`, `join("-",(p.x,1)) = a`},
		{`join("1", (p.x, "2")) = a`, `join("1",(p.x,"2")) = a`},
		{`p.x = "a\\b"`, `p.x = "a\\b"`},
		{`p.x = 'a\ '`, `p.x = "a\ "`},
		{`p.x = \\ or p.x = a\`, `(p.x = "\\\ " or p.x = "a\ ")`},
		{`p.x in ("\ ", 'a\ ', '"\ ')`, `p.x in ("\ ", "a\ ", "\"\ ")`},
		{`p.x['a\ '] = "\\\""`, `p.x["a\ "] = "\\\""`},
		{`p.x in ("a,b", '(c)', "")`, `p.x in ("a,b", "(c)", "")`},
		{`p.x = "val(p.y)"`, `p.x = "val(p.y)"`},
		{`p.x["[0]"] = a`, `p.x["[0]"] = a`},
		{"not(not a)", "not (not a)"},
		{"(not) and a", "((not) and a)"},
		{"tolower(toupper(p.x))[k] contains a", "tolower(toupper(p.x))[k] contains a"},
	} {
		n, err := Parse(c.text, 0)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
		} else if got := Dump(n); got != c.dump {
			t.Errorf("%s is %s, want %s", c.text, got, c.dump)
		} else {
			sameAgain(t, n)
		}
	}
}

// sameAgain holds that the canonical text of a condition parses to it.
func sameAgain(t *testing.T, n Node) {
	t.Helper()
	again, err := Parse(Dump(n), 0)
	if err != nil {
		t.Fatalf("%s: %v", Dump(n), err)
	}
	if diff := cmp.Diff(n, again, wherever); diff != "" {
		t.Fatalf("%s parses to something else (-want +got):\n%s", Dump(n), diff)
	}
}

// wherever compares nodes but for their places.
var wherever = cmp.Options{
	cmpopts.IgnoreFields(Check{}, "At", "OpAt"),
	cmpopts.IgnoreFields(MacroRef{}, "At"),
	cmpopts.IgnoreFields(Constant{}, "At"),
	cmpopts.IgnoreFields(Operand{}, "At"),
	cmp.Comparer(func(a, b *Operator) bool { return a == b }),
}

// TestErrors: what does not parse, and where that shows.
func TestErrors(t *testing.T) {
	for _, c := range []struct {
		text    string
		at      int
		message string
	}{
		{"", 0, "expected a '(' token, a field check, or an identifier"},
		{"(a", 2, "expected a ')' token"},
		{"a b", 2, "unexpected token after 'a', expecting 'or', 'and'"},
		{"a andb", 5, "expected blank or '(' after 'and'"},
		{"p.x = (", 6, "expected a string value or a field with a valid transformer: " + transformerHint},
		{"p.x[", 4, "expected a valid field argument: a quoted string or a bare string"},
		{"p.x[a", 5, "expected a ']' token"},
		{"p.x < a", 6, "expected a number value or a field with a valid transformer: " + transformerHint},
		{`p.x = "\q"`, 10, `unsupported string escape sequence: \q`},
		{"tolower(p.x = a", 12, "expected a ')' token closing the transformer"},
	} {
		_, err := Parse(c.text, 100)
		e, ok := err.(*Error)
		if !ok || e.At != c.at || e.Message != c.message {
			t.Errorf("%s: %+v, want %q at %d", c.text, err, c.message, c.at)
			if ok {
				t.Errorf("it is at %d", e.At)
			}
		}
	}
}

// TestOffsets: nodes know where they begin, counted from the base.
func TestOffsets(t *testing.T) {
	n, err := Parse("m and  p.x  in (a, bc)", 100)
	if err != nil {
		t.Fatal(err)
	}
	g := n.(*Group)
	m, c := g.Kids[0].(*MacroRef), g.Kids[1].(*Check)
	got := [...]int{m.At, c.At, c.Left.At, c.OpAt, c.Values[0].At, c.Values[1].At}
	if want := [...]int{100, 107, 107, 112, 116, 119}; got != want {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestParsePrefix(t *testing.T) {
	for _, c := range []struct {
		text, operand string
		size          int
	}{
		{"p.x[1] and more", "p.x[1]", 6},
		{"toupper(p.x)|", "toupper(p.x)", 12},
		{"plain", "<nil>", 0},
	} {
		o, size, err := ParsePrefix(c.text)
		got := "<nil>"
		if o != nil {
			got = o.String()
		}
		if err != nil || got != c.operand || size != c.size {
			t.Errorf("%s: %s of %d, %v", c.text, got, size, err)
		}
	}
}

func TestComparison(t *testing.T) {
	for words, want := range map[string]struct {
		name     string
		modified bool
	}{
		"in": {"in", false}, " startswith  oneof": {"startswith", true}, "in oneof": {"", false},
		"like": {"", false}, "= of": {"", false}, "": {"", false}, "= anyof x": {"", false},
	} {
		o, modified := Comparison(words)
		name := ""
		if o != nil {
			name = o.Name
		}
		if name != want.name || modified != want.modified {
			t.Errorf("%q: %q, %v", words, name, modified)
		}
	}
}

// FuzzParse: no text may crash the parser. What is wrong is within the text, and
// the canonical text of a condition is its own.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"proc.name = cat and not (fd.num >= 0x1F or evt.type in (open, 'a b'))", `tolower(proc.name)[x] startswith anyof ("\"", '\n')`,
		`join("-", (proc.name, 1)) = val(proc.pname)`, "not not(not a)", "a or(b)", "t.ip = ::1", "proc.name regex a{1000}", `x.y["`, "a.b glob [!",
		`a.b["\ "] = '\ ' or not(not(a.b in ("", \, '(\', 1)))`, `concat("1", a.b[=,]) != "val(a.b)"`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := Parse(s, 0)
		if err != nil {
			if e, ok := err.(*Error); !ok || e.At < 0 || e.At > len(s) {
				t.Fatalf("error at %v", err)
			}
			return
		}
		if len(s) < maxDepth { // the canonical text may nest deeper
			sameAgain(t, n)
		}
	})
}
