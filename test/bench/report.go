package main

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

// report is all that was measured.
type report struct {
	Machine string                         `json:"machine"`
	Taken   string                         `json:"taken"`        // when, and of which commit
	Busy    []float64                      `json:"load_average"` // before and after
	Rules   string                         `json:"rules"`
	Missing []string                       `json:"not_measured"`
	Added   []addedRow                     `json:"added_cost"`
	Macro   []macroRow                     `json:"macro_loads"`
	Floods  map[string][]flooded           `json:"floods"`
	Losses  map[string][]lost              `json:"losses"`
	Quotas  map[string][]lost              `json:"quotas"` // the shares are of each 10 ms
	Memory  map[string]float64             `json:"memory_mib"`
	Started map[string][]float64           `json:"seconds_to_first_alert"`
	Rings   map[string]map[string]crossing `json:"ring"`
	Engine  []benchmark                    `json:"engine"`
	Growth  *growth                        `json:"growth,omitempty"`
}

// addedRow is what one act costs more with each subject, in ns.
type addedRow struct {
	Act     string            `json:"act"`
	What    string            `json:"what"`
	Without float64           `json:"ns_without"`
	Error   float64           `json:"control_ns"`        // what nothing differs from nothing
	Noise   float64           `json:"control_spread_ns"` // and how far in three of four rounds
	With    map[string]spread `json:"added_ns"`
}

// macroRow is what a whole program takes with each subject.
type macroRow struct {
	Load    string               `json:"load"`
	What    string               `json:"what"`
	Without float64              `json:"cpu_ms_without"`
	Error   float64              `json:"control_share"`
	Noise   float64              `json:"control_spread_share"`
	With    map[string]macroCost `json:"with"`
}

// macroCost is what a product makes a load cost: shares of what it takes without.
type macroCost struct {
	Slower  spread  `json:"slower"`
	Watcher float64 `json:"collector_cpu"`
	Loss    float64 `json:"lost_share"` // of all loads of a round
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

// noiseOf is how far from each other things are that are the same: what differs by
// no more than that may differ by nothing. Three of four rounds show no more.
func noiseOf(list []float64) float64 {
	far := make([]float64, len(list))
	for i, n := range list {
		far[i] = math.Abs(n)
	}
	return quantile(far, 0.75)
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
		Machine: machine(), Taken: taken(), Busy: []float64{loadAverage()}, Rules: c.rules,
		Floods: map[string][]flooded{}, Losses: map[string][]lost{}, Quotas: map[string][]lost{}, Memory: map[string]float64{},
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
	release, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	kernel, _, _ := strings.Cut(strings.TrimSpace(string(release)), "-") // not who built it
	return fmt.Sprintf("%s, %d CPUs, Linux %s, %s", strings.TrimLeft(name, "\t: "), runtime.NumCPU(), kernel, runtime.GOARCH)
}

// taken is the time, and the commit where there is a repository to ask.
func taken() string {
	now := time.Now().UTC().Format("2006-01-02 15:04 UTC")
	commit, err := exec.Command("git", "rev-parse", "--short=10", "HEAD").Output()
	if err != nil {
		return now
	}
	return now + " of " + strings.TrimSpace(string(commit))
}

// loadAverage is how many tasks wanted a CPU in the last minute.
func loadAverage() (n float64) {
	text, _ := os.ReadFile("/proc/loadavg")
	_, _ = fmt.Sscan(string(text), &n)
	return n
}

// started starts a product as a subject, and keeps how long that took.
func (r *report) started(name string, start func(*config) (*product, error), c *config) (running, error) {
	p, err := start(c)
	if err != nil {
		return nil, err
	}
	r.Started[name] = append(r.Started[name], p.started.Seconds())
	return p, nil
}

func (r *report) addAdded(m measured, withFalco bool) {
	names := []string{saker, sakerTold, sakerEach, emptyAll, emptyCall}
	if withFalco {
		names = append(names, falco)
	}
	for _, l := range loads {
		same := m.added(l.name, control2)
		row := addedRow{
			Act: l.name, What: l.what, Without: median(m[l.name][control]),
			Error: median(same), Noise: noiseOf(same), With: map[string]spread{},
		}
		for _, name := range names {
			row.With[name] = spreadOf(m.added(l.name, name))
		}
		r.Added = append(r.Added, row)
	}
}

// addMacro compares each turn with those of nothing in the same round: one came
// before it and one after it, so that what changes slowly is the same for all.
func (r *report) addMacro(there []macro, turns *macroTurns) {
	for _, m := range there {
		took := turns.took[m.name]
		first, last := loadsOf(took[control]), loadsOf(took[control2])
		same, without := make([]float64, len(first)), make([]float64, len(first))
		for i := range first {
			same[i], without[i] = last[i]/first[i]-1, (first[i]+last[i])/2
		}
		row := macroRow{
			Load: m.name, What: m.what, Without: median(first) / 1e6,
			Error: median(same), Noise: noiseOf(same), With: map[string]macroCost{},
		}
		for name, list := range took {
			if name == control || name == control2 {
				continue
			}
			var slower, watcher []float64
			for i, t := range list {
				slower = append(slower, t.load/without[i]-1)
				watcher = append(watcher, t.watcher/without[i])
			}
			row.With[name] = macroCost{spreadOf(slower), median(watcher), median(turns.loss[name])}
		}
		r.Macro = append(r.Macro, row)
	}
}

func loadsOf(list []turned) (loads []float64) {
	for _, t := range list {
		loads = append(loads, t.load)
	}
	return loads
}
