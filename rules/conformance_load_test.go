package rules

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// falcoRow is one row of the golden loads.
type falcoRow struct {
	Files  []File
	Expect struct {
		Success *bool
		Files   []struct {
			Name             string
			Errors, Warnings []falcoFinding
		}
		Rules []falcoRule
	}
}

type falcoFinding struct {
	Code, Message string
	ItemType      string `json:"item_type"`
	ItemName      string `json:"item_name"`
	Pos           struct{ Line, Column int }
}

type falcoRule struct {
	Name, Priority, Source, Condition, Output string
	Enabled, Capture                          bool
	Tags, Events, Exceptions                  []string
	Compiled                                  string   `json:"condition_compiled"`
	OutputCompiled                            string   `json:"output_compiled"`
	Fields                                    []string `json:"condition_fields"`
}

// UnmarshalJSON reads a file whose content is text.
func (f *File) UnmarshalJSON(b []byte) error {
	var raw struct{ Name, Content string }
	err := json.Unmarshal(b, &raw)
	*f = File{raw.Name, []byte(raw.Content)}
	return err
}

func TestConformanceLoad(t *testing.T) {
	for _, name := range []string{"load.jsonl", "upstream/load.jsonl", "upstream/released_rulesets.jsonl.gz"} {
		t.Run(name, func(t *testing.T) {
			g := openGolden(t, name)
			g.each(func(line []byte) (bool, string) {
				var row falcoRow
				if err := json.Unmarshal(line, &row); err != nil {
					t.Fatal(err)
				}
				set, fs := Load(FalcoSchema(), row.Files, Options{})
				diff := row.compare(set, fs)
				return len(diff) == 0, strings.Join(diff, "\n\t\t")
			})
		})
	}
}

// compare says where a load differs from Falco's.
func (row *falcoRow) compare(set *Set, fs Findings) (diff []string) {
	if row.Expect.Success == nil { // Falco crashed: a clear answer is asked for, whichever
		if set == nil && fs.Err() == nil {
			return []string{"neither a set nor an error"}
		}
		return nil
	}
	if (set != nil) != *row.Expect.Success {
		diff = append(diff, fmt.Sprintf("success is %v: %v", set != nil, fs.Err()))
	}
	var errors, warnings []falcoFinding
	for _, f := range row.Expect.Files {
		errors = append(errors, f.Errors...)
		warnings = append(warnings, f.Warnings...)
	}
	diff = append(diff, missing(errors, fs, false)...)
	diff = append(diff, missing(warnings, fs, true)...)
	if set != nil && row.Expect.Rules != nil {
		diff = append(diff, extra(warnings, fs)...)
		diff = append(diff, row.compareRules(set)...)
	}
	return diff
}

// missing lists Falco's findings that are not among ours.
func missing(want []falcoFinding, fs Findings, warning bool) (diff []string) {
	for _, w := range want {
		if !slices.ContainsFunc(fs, func(f Finding) bool { return f.Warning == warning && w.is(&f) }) {
			diff = append(diff, fmt.Sprintf("no %s at %d:%d: %s", w.Code, w.Pos.Line+1, w.Pos.Column+1, w.Message))
			for i := range fs {
				diff = append(diff, "   have "+fs[i].String())
			}
		}
	}
	return diff
}

// is reports whether f is the same finding. Falco often gives the place of the
// whole item, or of the condition, where ours is more exact.
func (w *falcoFinding) is(f *Finding) bool {
	if string(f.Code) != w.Code {
		return false
	}
	line, column := w.Pos.Line+1, w.Pos.Column+1
	switch {
	case f.Line == line && f.Column == column:
		return true
	case w.ItemType == "condition expression", w.ItemType == "rule output", f.Code == ErrYAMLParse:
		return true // Falco's place is off by one, or of an unfolded text
	}
	return f.Line > line || f.Line == line && f.Column > column
}

// extra lists our warnings of codes that Falco does not give at all.
func extra(want []falcoFinding, fs Findings) (diff []string) {
	codes := map[string]int{}
	for _, w := range want {
		codes[w.Code]++
	}
	for i := range fs {
		if code := fs[i].Code; code != Lint && codes[string(code)] == 0 {
			diff = append(diff, "unexpected "+fs[i].String())
		}
	}
	return diff
}

func (row *falcoRow) compareRules(set *Set) (diff []string) {
	ours := map[string]*Rule{}
	for _, r := range set.Rules() {
		ours[r.Name] = r
	}
	for _, w := range row.Expect.Rules {
		r := ours[w.Name]
		if r == nil {
			diff = append(diff, "no rule "+w.Name)
			continue
		}
		delete(ours, w.Name)
		diff = append(diff, w.compare(r)...)
	}
	for name := range maps.Keys(ours) {
		diff = append(diff, "unexpected rule "+name)
	}
	return diff
}

func (w *falcoRule) compare(r *Rule) (diff []string) {
	check := func(what string, got, want any) {
		if fmt.Sprint(got) != fmt.Sprint(want) {
			diff = append(diff, fmt.Sprintf("%s: %s\n\t\t   got  %v\n\t\t   want %v", w.Name, what, got, want))
		}
	}
	check("priority", r.Priority, w.Priority)
	check("source", r.Source, w.Source)
	check("enabled", r.Enabled, w.Enabled)
	check("capture", r.Capture, w.Capture)
	check("tags", sorted(r.Tags), sorted(w.Tags))
	check("condition", r.Condition, w.Condition)
	check("compiled", asFalco(r.Compiled()), w.Compiled)
	check("output", r.Output, w.Output)
	check("output compiled", r.format.text, w.OutputCompiled)
	check("exceptions", sorted(r.exceptions), sorted(w.Exceptions))
	check("fields", r.condFields(), sorted(w.Fields))
	if types, any := r.EventTypes(); !any {
		check("events", types, sorted(w.Events))
	} else if len(w.Events) < 100 {
		check("events", "many", w.Events)
	}
	return diff
}

func sorted(ss []string) []string {
	ss = slices.Clone(ss)
	slices.Sort(ss)
	return slices.Compact(ss)
}

// condFields are the names of the fields in the condition, without arguments.
func (r *Rule) condFields() []string {
	var names []string
	var visit func(e *expr)
	visit = func(e *expr) {
		if e == nil {
			return
		}
		if e.ref != nil {
			names = append(names, e.ref.String())
			return
		}
		for _, a := range e.args {
			visit(a)
		}
	}
	var walk func(c *cond)
	walk = func(c *cond) {
		if c.kind == condPred {
			visit(c.pred.left)
			visit(c.pred.right)
		}
		for _, k := range c.kids {
			walk(k)
		}
	}
	walk(r.cond)
	return sorted(names)
}
