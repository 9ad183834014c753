package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/pushdown"
	"github.com/sakerhq/saker/internal/syscalls"
	"github.com/sakerhq/saker/rules"
	"github.com/sakerhq/saker/rules/library"
)

// growth is how cost grows with rules, processes and CPUs. How it grows with events the
// flood says.
type growth struct {
	Taken     string       `json:"taken"`
	Rules     []grownRules `json:"rules"`
	Processes []herded     `json:"processes"`
	CPUs      []grownCPUs  `json:"cpus"`
}

// grownRules is what so many rules cost.
type grownRules struct {
	Rules    int     `json:"rules"`
	Load     float64 `json:"load_cpu_ms"`
	Filter   float64 `json:"filter_cpu_ms"` // to find what the kernel leaves out
	Memory   float64 `json:"compiled_kib"`
	Match    float64 `json:"match_ns"`
	NewFile  float64 `json:"match_new_file_ns"`
	Started  float64 `json:"seconds_to_first_alert,omitempty"` // 0: not started with so many
	Told     float64 `json:"told_share"`                       // of everyday opens by a process that is known
	Resident float64 `json:"resident_mib,omitempty"`
}

// manyRules are how many variants of the largest set are measured behind the sets.
var manyRules = []int{1000, 10000}

// measureGrowth measures what more rules, processes and CPUs cost.
func measureGrowth(c *config, r *report) error {
	r.Growth = &growth{Taken: taken()}
	for _, step := range []func(*config, *report) error{growRules, growProcesses, growCPUs} {
		if err := step(c, r); err != nil {
			return err
		}
	}
	return nil
}

// officialFiles are Falco's own rule files, the most mature first.
var officialFiles = []string{"falco_rules.yaml", "falco-incubating_rules.yaml", "falco-sandbox_rules.yaml"}

// grown are the sets of rules that are measured: Falco's stable ones and all of its own
// where they are there, else Saker's; and variants of these.
func grown(r *report) (sets [][]rules.File, err error) {
	dir := os.Getenv("SAKER_CONFORMANCE")
	if dir == "" {
		dir = filepath.Join("..", "shared", "conformance")
	}
	var files []rules.File
	for _, name := range officialFiles {
		if text, err := os.ReadFile(filepath.Join(dir, "..", "rules-official", name)); err == nil {
			files = append(files, rules.File{Name: name, Content: text})
		}
	}
	official := len(files) == len(officialFiles)
	if !official {
		r.Missing = append(r.Missing, "growth with the official rules: they are absent, the library's grow instead")
		if files, err = library.Files("stable"); err != nil {
			return nil, err
		}
	}
	all, err := enabledOf(files)
	if err != nil {
		return nil, err
	}
	if official {
		stable, err := enabledOf(files[:1])
		if err != nil {
			return nil, err
		}
		sets = append(sets, variants(stable, len(stable.Rules())))
	}
	sets = append(sets, variants(all, len(all.Rules())))
	for _, n := range manyRules {
		sets = append(sets, variants(all, n))
	}
	return sets, nil
}

// enabledOf has all rules of some files enabled.
func enabledOf(files []rules.File) (*rules.Set, error) {
	set, findings := rules.Load(rules.FalcoSchema(), files, rules.Options{Select: []rules.Selection{{Enable: true, Rule: "*"}}})
	if set == nil {
		return nil, findings.Err()
	}
	return set, nil
}

func growRules(c *config, r *report) error {
	sets, err := grown(r)
	if err != nil {
		return err
	}
	for _, files := range sets {
		g, err := inProcess(files)
		if err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "growth: %d rules\n", g.Rules)
		if g.Rules <= manyRules[0] { // with more a start takes long, and says no more
			if err := g.inCollector(c, files); err != nil {
				return err
			}
		}
		r.Growth.Rules = append(r.Growth.Rules, g)
	}
	return nil
}

// inProcess measures what a set costs by itself.
func inProcess(files []rules.File) (g grownRules, err error) {
	before, began := heap(), cpuTime()
	set, err := enabledOf(files)
	if err != nil {
		return g, err
	}
	g.Load = float64(cpuTime()-began) / 1e6
	g.Rules, g.Memory = len(set.Rules()), float64(heap()-before)/1024
	began = cpuTime()
	filter := pushdown.Filter(set)
	g.Filter = float64(cpuTime()-began) / 1e6
	g.Match, g.NewFile = matchTimes(set)
	g.Told, err = toldShare(set, filter)
	return g, err
}

// inCollector starts a collector with these rules.
func (g *grownRules) inCollector(c *config, files []rules.File) (err error) {
	with := *c
	if with.rules, err = os.MkdirTemp("", "saker-bench-rules-"); err != nil {
		return err
	}
	defer os.RemoveAll(with.rules)
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(with.rules, f.Name), f.Content, 0o644); err != nil {
			return err
		}
	}
	p, err := startSaker(&with)
	if err != nil {
		return err
	}
	g.Started = p.started.Seconds()
	time.Sleep(settle)
	g.Resident = p.memory()
	return p.stop()
}

// toldShare is how many of everyday opens the kernel tells, by a process that has become
// known before.
func toldShare(set *rules.Set, filter *bpf.Filter) (float64, error) {
	r := newReport(&config{})
	opts := bpf.Options{Rows: []*syscalls.Row{syscalls.ByName("openat")}, Filter: filter}
	if err := r.cross("everyday", opts, pushdown.NewProcesses(set), everydayOpens, everydayOpens); err != nil {
		return 0, err
	}
	return r.Rings["everyday"][everydayOpens.name].Records / float64(len(everydayFiles)), nil
}

// heap is what is in use behind a collection of garbage.
func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// matchTime is how long matching is measured in each way.
const matchTime = 100 * time.Millisecond

// matchTimes are the ns that matching an everyday open takes, and one of a file that was
// never seen.
func matchTimes(set *rules.Set) (again, newFile float64) {
	matcher, events := set.NewMatcher(), everydayEvents()
	each := func(match func(i int)) float64 {
		for i := range 4 * len(events) {
			match(i)
		}
		n, began := 0, cpuTime()
		for cpuTime()-began < matchTime.Nanoseconds() {
			for range 100 {
				match(n)
				n++
			}
		}
		return float64(cpuTime()-began) / float64(n)
	}
	again = each(func(i int) { matcher.Match(events[i%len(events)], rules.SyscallSource, "openat") })
	novel := events[0]
	newFile = each(func(i int) {
		novel.FD.Name = fmt.Sprintf("/var/cache/build/%d/object.o", i)
		matcher.Match(novel, rules.SyscallSource, "openat")
	})
	return again, newFile
}
