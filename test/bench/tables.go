package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// grid is a table of what was measured, for a terminal and for the page alike.
type grid struct {
	name    string // what the page calls it
	title   string
	columns []string
	rows    [][]string
	notes   []string // below it
}

// grids are the tables of all that was measured, the answer first.
func (r *report) grids() (list []grid) {
	all := []grid{
		r.answer(), r.addedGrid(), r.macroGrid(), r.floodGrid(), r.lossGrid(), r.quotaGrid(), r.ringGrid(), r.engineGrid(),
	}
	for _, g := range append(all, r.growthGrids()...) {
		if len(g.rows) > 0 {
			list = append(list, g)
		}
	}
	return list
}

func (r *report) addedGrid() grid {
	g := grid{
		name: "added",
		title: "Cost added to an act (ns of CPU time of who acts; median [quartiles] of the rounds; " +
			"control: nothing beside nothing, ± three of four rounds)",
		columns: []string{
			"act", "without", "control", saker, "quartiles", "", sakerTold, sakerEach, emptyAll, emptyCall, "saker/empty", falco, "saker/falco",
		},
	}
	for _, row := range r.Added {
		s := row.With[saker]
		g.rows = append(g.rows, []string{
			row.What, grouped(row.Without), fmt.Sprintf("%s ± %s", signed(row.Error), grouped(row.Noise)),
			signed(s.Median), fmt.Sprintf("[%s %s]", signed(s.Low), signed(s.High)), doubt(s, row.Noise), amount(row.With, sakerTold), amount(row.With, sakerEach),
			amount(row.With, emptyAll), amount(row.With, emptyCall),
			row.ratio(emptyAll), amount(row.With, falco), row.ratio(falco),
		})
	}
	return g
}

// ratio is what Saker adds, in times of a peer; none if the peer's is lost in the noise.
func (row *addedRow) ratio(to string) string {
	if doubt(row.With[to], row.Noise) != "" {
		return ""
	}
	return ratio(row.With[saker].Median, row.With[to].Median)
}

func (r *report) macroGrid() grid {
	g := grid{
		name: "macro",
		title: "Whole programs (CPU time more than without; median [quartiles]; control: nothing beside nothing, " +
			"± three of four rounds; collector: its own CPU time meanwhile)",
		columns: []string{
			"load", "ms without", "control", saker, "quartiles", "", "collector", falco, "", "collector", "saker/falco",
		},
	}
	for _, row := range r.Macro {
		s := row.With[saker]
		cells := []string{
			row.Load + ": " + row.What, grouped(row.Without), fmt.Sprintf("%s ± %.1f %%", percent(row.Error), 100*row.Noise),
			percent(s.Slower.Median), fmt.Sprintf("[%s %s]", percent(s.Slower.Low), percent(s.Slower.High)),
			doubt(s.Slower, row.Noise), percent(s.Watcher), "", "", "", "",
		}
		if f, there := row.With[falco]; there {
			copy(cells[7:], []string{
				percent(f.Slower.Median), doubt(f.Slower, row.Noise), percent(f.Watcher), ratio(s.Slower.Median, f.Slower.Median),
			})
		}
		g.rows = append(g.rows, cells)
	}
	if len(r.Macro) > 0 {
		with := r.Macro[0].With
		for _, name := range slices.Sorted(maps.Keys(with)) {
			g.notes = append(g.notes, fmt.Sprintf("%s lost %.3f %% of its events meanwhile", name, 100*with[name].Loss))
		}
	}
	return g
}

func (r *report) floodGrid() grid {
	g := grid{
		name: "flood", title: "Opens at growing rates, all told",
		columns: []string{"with", "opens/s", "told", "CPU", "CPU ns/open", "lost"},
	}
	for _, name := range slices.Sorted(maps.Keys(r.Floods)) {
		for _, f := range r.Floods[name] {
			g.rows = append(g.rows, []string{
				name, grouped(f.Pace), fmt.Sprintf("%.2f", f.Told), fmt.Sprintf("%.1f %%", 100*f.Load),
				grouped(f.CPU), fmt.Sprintf("%.3f %%", 100*f.Loss),
			})
		}
		best := lossless(r.Floods[name])
		g.notes = append(g.notes, fmt.Sprintf("%s: %s opens/s without a loss, at %.1f %% of a core; %.0f MiB resident; %.2f s to the first alert",
			name, grouped(best.Pace), 100*best.Load, r.Memory[name], median(r.Started[name])))
	}
	return g
}

func (r *report) lossGrid() grid {
	g := grid{
		name: "loss", title: "Opens that are all told, with less of a CPU (median [quartiles])",
		columns: []string{"with", "of each second", "opens/s", "of the lossless rate", "told", "CPU", "lost", "quartiles"},
	}
	for _, name := range slices.Sorted(maps.Keys(r.Losses)) {
		for _, l := range r.Losses[name] {
			times := "none found"
			if l.Times > 0 {
				times = fmt.Sprintf("%.1f x", l.Times)
			}
			g.rows = append(g.rows, []string{
				name, fmt.Sprintf("%.1f %%", 100*l.Given), grouped(l.Rate), times, fmt.Sprintf("%.2f", l.Told),
				fmt.Sprintf("%.1f %%", 100*l.Load), fmt.Sprintf("%.2f %%", 100*l.Loss.Median),
				fmt.Sprintf("[%.2f %.2f]", 100*l.Loss.Low, 100*l.Loss.High),
			})
		}
	}
	return g
}

func (r *report) quotaGrid() grid {
	g := grid{
		name: "quota", title: fmt.Sprintf("Opens that are all told, as fast as they can be made, with a share of each %v (median [quartiles])", quotaPeriod),
		columns: []string{"with", "of a core", "opens/s", "told", "CPU", "lost", "quartiles", "opens/s and core"},
	}
	for _, name := range slices.Sorted(maps.Keys(r.Quotas)) {
		for _, l := range r.Quotas[name] {
			g.rows = append(g.rows, []string{
				name, fmt.Sprintf("%.1f %%", 100*l.Given), grouped(l.Rate), fmt.Sprintf("%.2f", l.Told),
				fmt.Sprintf("%.1f %%", 100*l.Load), fmt.Sprintf("%.2f %%", 100*l.Loss.Median),
				fmt.Sprintf("[%.2f %.2f]", 100*l.Loss.Low, 100*l.Loss.High), grouped(l.perCore()),
			})
		}
	}
	return g
}

func (r *report) ringGrid() grid {
	g := grid{name: "ring", title: "What an act sends through the rings", columns: []string{"act"}}
	names := slices.Sorted(maps.Keys(r.Rings))
	for _, name := range names {
		g.columns = append(g.columns, name+": records", "bytes")
	}
	for _, l := range loads {
		row := []string{l.what}
		for _, name := range names {
			c := r.Rings[name][l.name]
			row = append(row, fmt.Sprintf("%.2f", c.Records), grouped(c.Bytes))
		}
		if len(names) > 0 {
			g.rows = append(g.rows, row)
		}
	}
	return g
}

func (r *report) engineGrid() grid {
	g := grid{
		name: "engine", title: "User space (go test -bench; ns of CPU time)",
		columns: []string{"benchmark", "ns", "allocations", "its yardstick takes"},
	}
	for _, b := range r.Engine {
		g.rows = append(g.rows, []string{b.Name, fmt.Sprintf("%.1f", b.Time), fmt.Sprintf("%.0f", b.Allocs), r.beside(b)})
	}
	return g
}

// grouped is a whole number as people read it.
func grouped(n float64) string {
	digits := strconv.FormatInt(int64(max(n, -n)+0.5), 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	if n <= -0.5 {
		return "-" + digits
	}
	return digits
}

// signed is a whole number of which the sign says something.
func signed(n float64) string {
	if text := grouped(n); strings.HasPrefix(text, "-") {
		return text
	}
	return "+" + grouped(n)
}
