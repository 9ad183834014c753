package rules

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/sakerhq/saker/internal/field"
)

var update = flag.Bool("update", false, "write what was got to the test files")

// TestLanguage runs the files of testdata/language. Each holds rule files
// (*.yaml), events (values of fields in JSON, one event a line; "?" is an
// unknown value, null a missing one), and what is wanted of them:
//
//	findings  all findings of the load, as text
//	matches   for each event its matches and their outputs
//	compiled  the rules' conditions as compiled, and their event types
//	answers   for each line of the file "conditions" what each event answers:
//	          T, F or ? for unknown; or what is wrong with it, and where
//
// A file "append_output" holds additions to outputs, in JSON; what they add
// beside the output stands behind it. A file "all" makes every rule fire, not
// only the first. A file "source" names the source of the events, other than
// syscall, whose fields are those of log records.
func TestLanguage(t *testing.T) {
	files, err := filepath.Glob("testdata/language/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no test files: ", err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) { testLanguage(t, name) })
	}
}

// languageTest is what the files of a test say.
type languageTest struct {
	schema     *Schema
	table      *field.Table // of the events
	source     string
	options    Options
	files      []File
	events     string
	conditions string
}

func readLanguageTest(t *testing.T, a *txtar.Archive) *languageTest {
	table := testTable(t)
	l := &languageTest{
		schema: &Schema{Fields: table, Others: field.Log(), Event: knownTestEvent, Events: testEvents},
		table:  table, source: SyscallSource,
	}
	for _, f := range a.Files {
		switch {
		case strings.HasSuffix(f.Name, ".yaml"):
			l.files = append(l.files, File{f.Name, f.Data})
		case f.Name == "events":
			l.events = string(f.Data)
		case f.Name == "conditions":
			l.conditions = string(f.Data)
		case f.Name == "append_output":
			if err := json.Unmarshal(f.Data, &l.options.Append); err != nil {
				t.Fatal(err)
			}
			l.options.Static = map[string]string{"site": "north"}
		case f.Name == "all":
			l.options.All = true
		case f.Name == "source":
			l.table, l.source = l.schema.Others, strings.TrimSpace(string(f.Data))
		}
	}
	return l
}

// run gives what there is to be wanted.
func (l *languageTest) run(t *testing.T) map[string]string {
	set, fs := Load(l.schema, l.files, l.options)
	got := map[string]string{
		"findings": findingsText(fs), "matches": "", "compiled": "", "answers": answersText(t, l.schema, l.conditions, l.events),
	}
	if set != nil {
		got["matches"] = matchesText(t, l.table, set, l.source, l.events)
		got["compiled"] = compiledText(set)
	}
	return got
}

func testLanguage(t *testing.T, name string) {
	a, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	got := readLanguageTest(t, a).run(t)
	for i, f := range a.Files {
		want, ours := string(f.Data), got[f.Name]
		if _, wanted := got[f.Name]; !wanted || want == ours {
			continue
		}
		a.Files[i].Data = []byte(ours)
		if !*update {
			t.Errorf("%s:\ngot\n%s\nwant\n%s", f.Name, ours, want)
		}
	}
	if *update {
		if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

var testEvents = []string{"open", "openat", "close", "connect", "execve"}

func knownTestEvent(name string) bool {
	return slices.Contains(testEvents, name)
}

func findingsText(fs Findings) string {
	var b strings.Builder
	for i := range fs {
		b.WriteString(fs[i].String() + "\n")
	}
	return b.String()
}

func matchesText(t *testing.T, table *field.Table, set *Set, source, events string) string {
	var b strings.Builder
	m := set.NewMatcher()
	for line := range strings.Lines(events) {
		line = strings.TrimSpace(line)
		src := jsonEvent(t, table, line)
		fmt.Fprintln(&b, line)
		typ := src["evt.type"]
		for _, k := range m.Match(src, source, typ.Text()) {
			fmt.Fprintf(&b, "\t%s: %s: %s\n", k.Rule.Name, k.Verdict, k.Rule.AppendOutput(nil, src))
			for key, v := range k.Rule.Extras(src) {
				fmt.Fprintf(&b, "\t\t%s: %s\n", key, appendValue(nil, &expr{}, v))
			}
		}
	}
	return b.String()
}

// answersText is what every condition answers for every event.
func answersText(t *testing.T, schema *Schema, conditions, events string) string {
	var b strings.Builder
	var sources []field.Source
	for line := range strings.Lines(events) {
		if conditions != "" {
			sources = append(sources, jsonEvent(t, schema.Fields, line))
		}
	}
	for line := range strings.Lines(conditions) {
		line = strings.TrimSpace(line)
		fmt.Fprintln(&b, line)
		rule := "- rule: r\n  desc: d\n  output: o\n  priority: info\n  warn_evttypes: false\n  condition: |\n    " + line + "\n"
		set, fs := Load(schema, []File{{"r.yaml", []byte(rule)}}, Options{})
		for i := range fs {
			if fs[i].Line == strings.Count(rule, "\n") { // not of the rule as a whole
				fmt.Fprintf(&b, "%*s %s\n", fs[i].Column-len("    "), "^", fs[i].Message)
			} else {
				fmt.Fprintf(&b, "\t%s\n", fs[i].Message)
			}
		}
		if set == nil {
			continue
		}
		m := set.NewMatcher()
		b.WriteByte('\t')
		for _, src := range sources {
			b.WriteString(map[Truth]string{False: "F", Unknown: "?", True: "T"}[m.Eval(set.Rules()[0], src)])
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func jsonEvent(t *testing.T, table *field.Table, line string) fixed {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal([]byte(line), &raw); err != nil {
		t.Fatalf("event %s: %v", line, err)
	}
	return jsonValues(t, table, raw)
}

func compiledText(set *Set) string {
	var b strings.Builder
	for _, r := range set.Rules() {
		fmt.Fprintf(&b, "%s: %s\n\t%s\n", r.Name, r.Compiled(), r.types)
	}
	fmt.Fprintf(&b, "set: %s\n", strings.Join(set.EventTypes(), " "))
	return b.String()
}
