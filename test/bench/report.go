package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
)

// report is all that was measured.
type report struct {
	Machine string                         `json:"machine"`
	Rules   string                         `json:"rules"`
	Added   []addedRow                     `json:"added_cost"`
	Floods  map[string][]flooded           `json:"floods"`
	Memory  map[string]float64             `json:"memory_mib"`
	Started map[string][]float64           `json:"seconds_to_first_alert"`
	Rings   map[string]map[string]crossing `json:"ring"`
	Engine  []benchmark                    `json:"engine"`
}

// addedRow is what one act costs more with each subject, in ns.
type addedRow struct {
	Act     string            `json:"act"`
	What    string            `json:"what"`
	Without float64           `json:"ns_without"`
	Error   float64           `json:"control_ns"` // what nothing differs from nothing
	With    map[string]spread `json:"added_ns"`
}

// spread is the median of the rounds with its quartiles.
type spread struct {
	Median float64 `json:"median"`
	Low    float64 `json:"p25"`
	High   float64 `json:"p75"`
}

func spreadOf(list []float64) spread {
	return spread{median(list), quantile(list, 0.25), quantile(list, 0.75)}
}

func median(list []float64) float64 { return quantile(list, 0.5) }

func quantile(list []float64, q float64) float64 {
	if len(list) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(list))
	at := q * float64(len(sorted)-1)
	low := int(at)
	high := min(low+1, len(sorted)-1)
	return sorted[low] + (at-float64(low))*(sorted[high]-sorted[low])
}

func newReport(c *config) *report {
	r := &report{
		Machine: machine(), Rules: c.rules, Floods: map[string][]flooded{}, Memory: map[string]float64{},
		Started: map[string][]float64{}, Rings: map[string]map[string]crossing{},
	}
	if r.Rules == "" {
		r.Rules = "Saker's stable library"
	}
	return r
}

func machine() string {
	info, _ := os.ReadFile("/proc/cpuinfo")
	_, rest, _ := strings.Cut(string(info), "model name")
	name, _, _ := strings.Cut(rest, "\n")
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	return fmt.Sprintf("%s, %d CPUs, Linux %s, %s", strings.TrimLeft(name, "\t: "), runtime.NumCPU(), strings.TrimSpace(string(kernel)), runtime.GOARCH)
}

// started starts a product as a subject, and keeps how long that took.
func (r *report) started(name string, start func(*config) (*product, error), c *config) (func() error, error) {
	p, err := start(c)
	if err != nil {
		return nil, err
	}
	r.Started[name] = append(r.Started[name], p.started.Seconds())
	return p.stop, nil
}

func (r *report) addAdded(m measured, withFalco bool) {
	names := []string{saker, emptyAll, emptyCall}
	if withFalco {
		names = append(names, falco)
	}
	for _, l := range loads {
		row := addedRow{
			Act: l.name, What: l.what, Without: median(m[l.name][control]),
			Error: median(m.added(l.name, control2)), With: map[string]spread{},
		}
		for _, name := range names {
			row.With[name] = spreadOf(m.added(l.name, name))
		}
		r.Added = append(r.Added, row)
	}
}

// print writes the tables. A column of Falco's is empty where there was none.
func (r *report) print(out io.Writer) {
	fmt.Fprintf(out, "%s\nrules: %s\n", r.Machine, r.Rules)
	if len(r.Added) > 0 {
		r.printAdded(out)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Floods)) {
		r.printFlood(out, name)
	}
	r.printRings(out)
	if len(r.Engine) > 0 {
		t := table(out, "\nUser space (go test -bench)", "benchmark", "ns", "allocations")
		for _, b := range r.Engine {
			fmt.Fprintf(t, "%s\t%.1f\t%.0f\n", b.Name, b.Time, b.Allocs)
		}
		t.Flush()
	}
}

func table(out io.Writer, title string, columns ...string) *tabwriter.Writer {
	fmt.Fprintln(out, title)
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, strings.Join(columns, "\t"))
	return t
}

func (r *report) printAdded(out io.Writer) {
	t := table(out, "\nCost added to an act (ns of CPU time of who acts; median [quartiles] of the rounds)",
		"act", "without", "control", "saker", "", emptyAll, emptyCall, "saker/empty", falco, "saker/falco")
	for _, row := range r.Added {
		s := row.With[saker]
		fmt.Fprintf(t, "%s\t%.0f\t%+.0f\t%+.0f\t[%.0f %.0f]\t%+.0f\t%+.0f\t%s\t%s\t%s\n",
			row.Act, row.Without, row.Error, s.Median, s.Low, s.High, row.With[emptyAll].Median, row.With[emptyCall].Median,
			ratio(s.Median, row.With[emptyAll].Median), amount(row.With, falco), ratio(s.Median, row.With[falco].Median))
	}
	t.Flush()
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
	t := table(out, "\nOpens, with "+name, "opens/s", "CPU", "CPU ns/open", "lost")
	for _, f := range r.Floods[name] {
		fmt.Fprintf(t, "%.0f\t%.1f %%\t%.0f\t%.3f %%\n", f.Pace, 100*f.Load, f.CPU, 100*f.Loss)
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
