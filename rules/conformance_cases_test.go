package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sakerhq/saker/rules/internal/syntax"
)

// ruleLine is a rule in the expected results of the hand-made cases.
var ruleLine = regexp.MustCompile(`^RULE (.*) enabled=(\w+) prio="(\w+)" \| (.*) \| (.*) \| events=`)

// codeLine is a finding there.
var codeLine = regexp.MustCompile(`(errors|warnings): (LOAD_\w+) ::`)

func TestConformanceRuleCases(t *testing.T) {
	cases, wants := openGolden(t, "rule-cases.txt"), openGolden(t, "rule-cases.expected.txt")
	expected := map[string]string{}
	for _, c := range strings.Split(string(wants.data), "### ")[1:] {
		title, body, _ := strings.Cut(c, "\n")
		expected[title] = body
	}
	rows, diverge := 0, []string(nil)
	for _, c := range strings.Split(string(cases.data), "### ")[1:] {
		title, body, _ := strings.Cut(c, "\n")
		var files []File
		for i, content := range strings.Split(body, "=====\n") {
			files = append(files, File{fmt.Sprintf("f%d.yaml", i+1), []byte(content)})
		}
		set, fs := Load(FalcoSchema(), files, Options{})
		rows++
		for _, d := range compareCase(expected[title], set, fs) {
			id, _, _ := strings.Cut(title, " ")
			diverge = append(diverge, id)
			if knownCause("rule-cases.txt", []byte(c)) == "" {
				t.Errorf("%s: %s", title, d)
			}
		}
	}
	cases.report(rows, slices.Compact(diverge))
}

func compareCase(want string, set *Set, fs Findings) (diff []string) {
	if ok := !strings.Contains(want, "ok=false"); ok != (set != nil) {
		diff = append(diff, fmt.Sprintf("loads: %v, want %v: %v", set != nil, ok, fs.Err()))
	}
	for line := range strings.Lines(want) {
		line = strings.TrimSpace(line)
		if m := codeLine.FindStringSubmatch(line); m != nil {
			if !slices.ContainsFunc(fs, func(f Finding) bool { return f.Warning == (m[1] == "warnings") && string(f.Code) == m[2] }) {
				diff = append(diff, "no finding like "+line)
			}
		}
		m := ruleLine.FindStringSubmatch(line)
		if m == nil || set == nil {
			continue
		}
		i := slices.IndexFunc(set.Rules(), func(r *Rule) bool { return r.Name == m[1] })
		if i < 0 {
			diff = append(diff, "no rule "+m[1])
			continue
		}
		r := set.Rules()[i]
		got := []string{fmt.Sprint(r.Enabled), r.Priority.String(), asFalco(r.Compiled()), strings.TrimSpace(r.format.text)}
		wanted := []string{m[2], m[3], m[4], strings.TrimSpace(m[5])}
		if !slices.Equal(got, wanted) {
			diff = append(diff, fmt.Sprintf("rule %s\n\tgot  %q\n\twant %q", r.Name, got, wanted))
		}
	}
	return diff
}

func TestConformanceExpressions(t *testing.T) {
	g := openGolden(t, "expressions.tsv")
	rows, diverge := 0, []string(nil)
	for _, line := range strings.Split(strings.TrimSpace(string(g.data)), "\n")[1:] {
		col := strings.Split(line, "\t")
		rows++
		n, err := syntax.Parse(col[0], 0)
		ok, got := err == nil, fmt.Sprint(err)
		if ok {
			set, fs := loadSchema(FalcoSchema(), col[0])
			ok, got = set != nil, fmt.Sprint(fs.Err())
			if ok {
				got = asFalco(syntax.Dump(n))
			}
		}
		if ok == (col[1] == "ok") && (!ok || got == col[2]) {
			continue
		}
		diverge = append(diverge, col[0])
		if knownCause("expressions.tsv", []byte(line)) == "" {
			t.Errorf("%s: got %s, want %s %s", col[0], got, col[1], col[2])
		}
	}
	g.report(rows, diverge)
}
