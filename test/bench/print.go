package main

import (
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"
)

// print writes the tables. A column of Falco's is empty where there was none.
func (r *report) print(out io.Writer) {
	for _, line := range r.circumstances() {
		fmt.Fprintln(out, line)
	}
	for _, g := range r.grids() {
		fmt.Fprintf(out, "\n%s\n", g.title)
		t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		for _, row := range append([][]string{g.columns}, g.rows...) {
			fmt.Fprintln(t, strings.Join(row, "\t"))
		}
		t.Flush()
		for _, note := range g.notes {
			fmt.Fprintln(out, note)
		}
	}
}

// circumstances are on what, when and with what the measuring was done, and what
// could not be measured.
func (r *report) circumstances() []string {
	lines := []string{
		fmt.Sprintf("%s; load average before and after %.1f", r.Machine, r.Busy),
		fmt.Sprintf("taken %s; rules: %s", r.Taken, r.Rules),
	}
	for _, missing := range r.Missing {
		lines = append(lines, "not measured: "+missing)
	}
	return lines
}

// doubt marks what differs by no more than nothing does from nothing.
func doubt(s spread, noise float64) string {
	if math.Abs(s.Median) <= noise {
		return "< control"
	}
	return ""
}

func amount(with map[string]spread, name string) string {
	if s, ok := with[name]; ok {
		return signed(s.Median)
	}
	return ""
}

// ratio is empty where there is nothing to divide by.
func ratio(a, b float64) string {
	if b <= 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", a/b)
}

func percent(share float64) string { return fmt.Sprintf("%+.1f %%", 100*share) }

// yardsticks are what benchmarks are compared with, by how their names end.
var yardsticks = [...]struct{ of, is string }{
	{"/words", "/closures"},
	{"Record/again", "Record/pdata"},
	{"Record/new", "Record/pdata"},
	{"Record/again+garbage", "Record/pdata+garbage"},
	{"Record/new+garbage", "Record/pdata+garbage"},
}

// beside is what the yardstick of a benchmark takes, in times of it.
func (r *report) beside(b benchmark) string {
	for _, y := range yardsticks {
		of, has := strings.CutSuffix(b.Name, y.of)
		for _, other := range r.Engine {
			if has && other.Name == of+y.is {
				return ratio(other.Time, b.Time)
			}
		}
	}
	return ""
}
