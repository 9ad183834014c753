package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// report prints what failed and what was skipped, and why, then the table.
func report(w io.Writer, results []result) {
	for _, r := range results {
		for _, v := range []verdict{failed, skipped} {
			for _, g := range grouped(r.outcomes, v) {
				fmt.Fprintf(w, "%s %s: %s\n%s\n", r.target.name(), v, g.who(), indent(g.why))
			}
		}
	}
	fmt.Fprintln(w)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "kernel\trelease\tpassed\tfailed\tskipped\tbooted\ttook\t")
	for _, r := range results {
		fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%d\t%s\t%s\t%s\n", r.target.name(), r.release,
			r.count(passed), r.count(failed), r.count(skipped), seconds(r.booted), seconds(r.took), r.word())
	}
	table.Flush()
	fmt.Fprintln(w)
	table = tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range featureTable(results) {
		fmt.Fprintln(table, strings.Join(row, "\t"))
	}
	table.Flush()
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

// word is the verdict of a kernel, with why it has none of its tests.
func (r result) word() string {
	word := string(r.verdict)
	if r.reason != "" {
		word += ": " + r.reason
	}
	if r.first != nil {
		word += "; at the first try: " + few(r.first)
	}
	return word
}

// group are tests that say the same.
type group struct {
	job   string
	tests []string
	why   string
}

// namedTests is how many tests of a group are named.
const namedTests = 5

func (g group) who() string { return strings.TrimSpace(g.job + " " + few(g.tests)) }

// few names the first of many.
func few(names []string) string {
	more := ""
	if n := len(names); n > namedTests {
		names, more = names[:namedTests], fmt.Sprintf(" and %d more", n-namedTests)
	}
	return strings.Join(names, ", ") + more
}

// grouped puts together the tests of a job that say the same.
func grouped(outcomes []outcome, v verdict) (groups []*group) {
	byWhy := map[[2]string]*group{}
	for _, o := range outcomes {
		if o.verdict != v {
			continue
		}
		why := essence(o.said)
		g := byWhy[[2]string{o.job, why}]
		if g == nil {
			g = &group{job: o.job, why: why}
			byWhy[[2]string{o.job, why}] = g
			groups = append(groups, g)
		}
		g.tests = append(g.tests, o.test)
	}
	return groups
}

// What is shown of what a test said: its last lines, each to a width.
const (
	shownLines = 16
	shownWidth = 240
)

// essence is the end of what a test said, without the test tool's own lines
// and without places in files, which differ between tests of one cause.
func essence(said string) string {
	var lines []string
	for line := range strings.Lines(said) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "=== ") || strings.HasPrefix(line, "--- ") {
			continue
		}
		if place, rest, ok := strings.Cut(line, ": "); ok && strings.Contains(place, "_test.go:") {
			line = rest
		}
		if len(line) > shownWidth {
			line = line[:shownWidth] + "…"
		}
		lines = append(lines, line)
	}
	if n := len(lines); n > shownLines {
		lines = lines[n-shownLines:]
	}
	return strings.Join(lines, "\n")
}

func indent(s string) string { return "    " + strings.ReplaceAll(s, "\n", "\n    ") }
