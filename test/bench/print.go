package main

import (
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
)

// print writes the tables. A column of Falco's is empty where there was none.
func (r *report) print(out io.Writer) {
	fmt.Fprintf(out, "%s; load average %.1f\nrules: %s\n", r.Machine, r.Busy, r.Rules)
	for _, missing := range r.Missing {
		fmt.Fprintf(out, "not measured: %s\n", missing)
	}
	if len(r.Added) > 0 {
		r.printAdded(out)
	}
	if len(r.Macro) > 0 {
		r.printMacro(out)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Floods)) {
		r.printFlood(out, name)
	}
	r.printLosses(out)
	r.printRings(out)
	if len(r.Engine) > 0 {
		r.printEngine(out)
	}
}

func table(out io.Writer, title string, columns ...string) *tabwriter.Writer {
	fmt.Fprintln(out, title)
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, strings.Join(columns, "\t"))
	return t
}

func (r *report) printAdded(out io.Writer) {
	t := table(out, "\nCost added to an act (ns of CPU time of who acts; median [quartiles] of the rounds; control: nothing beside nothing, ± three of four rounds)",
		"act", "without", "control", "", "saker", "", "", emptyAll, emptyCall, "saker/empty", falco, "saker/falco")
	for _, row := range r.Added {
		s := row.With[saker]
		fmt.Fprintf(t, "%s\t%.0f\t%+.0f\t±%.0f\t%+.0f\t[%.0f %.0f]\t%s\t%+.0f\t%+.0f\t%s\t%s\t%s\n",
			row.Act, row.Without, row.Error, row.Noise, s.Median, s.Low, s.High, doubt(s, row.Noise),
			row.With[emptyAll].Median, row.With[emptyCall].Median,
			ratio(s.Median, row.With[emptyAll].Median), amount(row.With, falco), ratio(s.Median, row.With[falco].Median))
	}
	t.Flush()
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
		return fmt.Sprintf("%+.0f", s.Median)
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

func (r *report) printFlood(out io.Writer, name string) {
	t := table(out, "\nOpens, with "+name, "opens/s", "told", "CPU", "CPU ns/open", "lost")
	for _, f := range r.Floods[name] {
		fmt.Fprintf(t, "%.0f\t%.2f\t%.1f %%\t%.0f\t%.3f %%\n", f.Pace, f.Told, 100*f.Load, f.CPU, 100*f.Loss)
	}
	t.Flush()
	best := lossless(r.Floods[name])
	fmt.Fprintf(out, "%s: %.0f opens/s without a loss, at %.1f %% of a core; %.0f MiB resident; %.2f s to the first alert\n",
		name, best.Pace, 100*best.Load, r.Memory[name], median(r.Started[name]))
}

func (r *report) printRings(out io.Writer) {
	if len(r.Rings) == 0 {
		return
	}
	names := slices.Sorted(maps.Keys(r.Rings))
	columns := []string{"act"}
	for _, name := range names {
		columns = append(columns, name+": records", "bytes")
	}
	t := table(out, "\nWhat an act sends through the rings", columns...)
	for _, l := range loads {
		fmt.Fprint(t, l.name)
		for _, name := range names {
			c := r.Rings[name][l.name]
			fmt.Fprintf(t, "\t%.2f\t%.0f", c.Records, c.Bytes)
		}
		fmt.Fprintln(t)
	}
	t.Flush()
}

func (r *report) printMacro(out io.Writer) {
	t := table(out, "\nWhole programs (CPU time more than without; median [quartiles]; control: nothing beside nothing, ± three of four rounds; collector: its own CPU time meanwhile)",
		"load", "ms without", "control", "", "saker", "", "", "collector", falco, "", "collector", "saker/falco")
	for _, row := range r.Macro {
		s := row.With[saker]
		fmt.Fprintf(t, "%s\t%.0f\t%s\t±%.1f %%\t%s\t[%s %s]\t%s\t%s", row.Load, row.Without, percent(row.Error), 100*row.Noise,
			percent(s.Slower.Median), percent(s.Slower.Low), percent(s.Slower.High), doubt(s.Slower, row.Noise), percent(s.Watcher))
		if f, there := row.With[falco]; there {
			fmt.Fprintf(t, "\t%s\t%s\t%s\t%s", percent(f.Slower.Median), doubt(f.Slower, row.Noise),
				percent(f.Watcher), ratio(s.Slower.Median, f.Slower.Median))
		}
		fmt.Fprintln(t)
	}
	t.Flush()
	for name, cost := range r.Macro[0].With {
		fmt.Fprintf(out, "%s lost %.3f %% of its events meanwhile\n", name, 100*cost.Loss)
	}
}

func percent(share float64) string { return fmt.Sprintf("%+.1f %%", 100*share) }

func (r *report) printLosses(out io.Writer) {
	for _, name := range slices.Sorted(maps.Keys(r.Losses)) {
		t := table(out, "\nOpens that are all told, with "+name+" (median [quartiles])",
			"of each second", "opens/s", "of the lossless rate", "told", "CPU", "lost", "")
		for _, l := range r.Losses[name] {
			times := "none found"
			if l.Times > 0 {
				times = fmt.Sprintf("%.1f x", l.Times)
			}
			fmt.Fprintf(t, "%.1f %%\t%.0f\t%s\t%.2f\t%.1f %%\t%.2f %%\t[%.2f %.2f]\n",
				100*l.Given, l.Rate, times, l.Told, 100*l.Load, 100*l.Loss.Median, 100*l.Loss.Low, 100*l.Loss.High)
		}
		t.Flush()
	}
}

func (r *report) printEngine(out io.Writer) {
	t := table(out, "\nUser space (go test -bench; ns of CPU time)", "benchmark", "ns", "allocations", "its yardstick takes")
	for _, b := range r.Engine {
		fmt.Fprintf(t, "%s\t%.1f\t%.0f\t%s\n", b.Name, b.Time, b.Allocs, r.beside(b))
	}
	t.Flush()
}

// yardsticks are what benchmarks are compared with, by how their names end.
var yardsticks = [...]struct{ of, is string }{{"/words", "/closures"}, {"Record/again", "Record/pdata"}, {"Record/new", "Record/pdata"}}

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
