package rules

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sakerhq/saker/rules/internal/source"
)

// FuzzCondition feeds conditions: whatever they are, a rule with one must load
// and run, or be refused with an error.
func FuzzCondition(f *testing.F) {
	for _, s := range []string{
		"proc.name = cat and not (fd.num >= 0x1F or evt.type in (open, 'a b'))", `tolower(proc.name)[x] startswith anyof ("\"", '\n')`,
		`join("-", (proc.name, 1)) = val(proc.pname)`, "not not(not a)", "a or(b)", "t.ip = ::1", "proc.name regex a{1000}", `x.y["`, "a.b glob [!",
	} {
		f.Add(s)
	}
	table := testTable(f)
	f.Fuzz(func(t *testing.T, s string) {
		if set, fs := loadCondition(table, s); set != nil {
			set.NewMatcher().Eval(set.Rules()[0], fixed{})
		} else if fs.Err() == nil {
			t.Fatal("neither a set nor an error")
		}
	})
}

// FuzzLoad feeds whole files.
func FuzzLoad(f *testing.F) {
	for _, s := range []string{
		"- rule: r\n  desc: d\n  condition: evt.type = open\n  output: x %proc.name\n  priority: info\n",
		"- list: a\n  items: [b, c]\n- list: b\n  items: [a, '']\n- macro: m\n  condition: >\n    proc.name in (a,\n    b)\n",
		"- rule: r\n  desc: d\n  condition: m\n  output: x\n  priority: info\n  exceptions:\n  - name: e\n    fields: [proc.name]\n    comps: [in]\n    values: [[[a]]]\n",
		"- rule: r\n  exceptions: [{name: e1, fields: [proc.name], values: [[a]]}]\n  override: {exceptions: replace}\n",
		"- required_plugin_versions: [{name: a, version: 1.0.0, alternatives: [{name: b}]}]\n---\n- required_engine_version: 0.1.0\n",
		"&a [*a]", "- &x {macro: m, condition: *x}", "- {macro: m, condition: m}", "\xff", "- rule: ~", "? {a: b}", "- <<: {rule: x}",
	} {
		f.Add([]byte(s))
	}
	schema := &Schema{Fields: testTable(f), Event: knownTestEvent, Events: testEvents}
	f.Fuzz(func(t *testing.T, b []byte) {
		set, fs := Load(schema, []File{{"a.yaml", b}, {"b.yaml", []byte("- list: more\n  items: [x]\n")}}, Options{All: true})
		for i := range fs {
			if fs[i].Line < 0 || fs[i].String() == "" {
				t.Fatal("finding without a place")
			}
		}
		if set == nil {
			if fs.Err() == nil {
				t.Fatal("neither a set nor an error")
			}
			return
		}
		m := set.NewMatcher()
		for _, r := range set.Rules() {
			m.Eval(r, fixed{})
			if out := r.AppendOutput(nil, fixed{}); !utf8.Valid(out) {
				t.Fatalf("output is not UTF-8: %q", out)
			}
		}
		set.Dump()
	})
}

// FuzzFormat feeds outputs and the values that they print.
func FuzzFormat(f *testing.F) {
	f.Add("a %proc.name %10proc.name %*proc.name %", "x")
	f.Add("%toupper(proc.name) %proc.name[1] %basename(proc.name)|%3proc.name", "\x00\xff/é\n")
	f.Add("%len(proc.name", "")
	table := testTable(f)
	f.Fuzz(func(t *testing.T, output, value string) {
		if !utf8.ValidString(output) {
			return
		}
		c := newCompiler(&Schema{Fields: table}, &report{}, &source.Positions{})
		c.table = table
		format, err := c.parseFormat(output)
		if err != nil {
			return
		}
		r := &Rule{set: c.set, format: format}
		out := r.AppendOutput(nil, textSource(value))
		if !utf8.Valid(out) {
			t.Fatalf("output is not UTF-8: %q", out)
		}
		if strings.ContainsFunc(string(out), isControl) && !strings.ContainsFunc(output, isControl) {
			t.Fatalf("output has control characters: %q", out)
		}
	})
}
