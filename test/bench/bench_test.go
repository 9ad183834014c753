package main

import (
	"encoding/xml"
	"errors"
	"fmt"
	"math"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if part := os.Getenv(asWorker); part != "" {
		if err := play(part, os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if os.Getenv(standIn) != "" {
		if err := playFalco(os.Args[1:], os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// Every load can be done, and takes time.
func TestLoads(t *testing.T) {
	a, err := startActor(0)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range loads {
		for _, pace := range []int{0, 1_000_000} {
			if cpu, wall, err := a.do(l.name, 100, pace); err != nil || cpu <= 0 || wall <= 0 {
				t.Fatalf("%s: %v ns of CPU, %v ns, %v", l.name, cpu, wall, err)
			}
		}
	}
	if err := a.stop(); err != nil {
		t.Error(err)
	}
}

func TestQuantile(t *testing.T) {
	for _, c := range []struct {
		list    []float64
		q, want float64
	}{
		{nil, 0.5, 0},
		{[]float64{3}, 0.25, 3},
		{[]float64{4, 1, 3, 2}, 0.5, 2.5},
		{[]float64{5, 1, 3, 2, 4}, 0.25, 2},
		{[]float64{2, 1}, 1, 2},
	} {
		if got := quantile(c.list, c.q); got != c.want {
			t.Errorf("%v of %v: %v, want %v", c.q, c.list, got, c.want)
		}
	}
}

func TestParseBenchmarks(t *testing.T) {
	out := "goos: linux\nBenchmarkVerdict-2\t 10\t 99.0 ns/op\t 30.0 cpu-ns/op\t 0 B/op\t 0 allocs/op\n" +
		"BenchmarkVerdict-2\t 10\t 99.0 ns/op\t 10.0 cpu-ns/op\t 0 B/op\t 0 allocs/op\n" +
		"BenchmarkApply/open-2\t 10\t 99.5 ns/op\t 20.5 cpu-ns/op\t 16 B/op\t 2 allocs/op\n" +
		"BenchmarkRecord-2\t 10\t 99.0 ns/op\t 50.0 again:cpu-ns/op\t 24.0 again:allocs/op\t 40.0 pdata:cpu-ns/op\n" +
		"BenchmarkMatch\n    bench_test.go:25: the rules are absent: open x: no such file\n--- SKIP: BenchmarkMatch\nPASS\n"
	want := []benchmark{{"Verdict", 20, 0}, {"Apply/open", 20.5, 2}, {"Record/again", 50, 24}, {"Record/pdata", 40, 0}}
	if got := parseBenchmarks(out); !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := skippedBenchmarks(out); !slices.Equal(got, []string{"Match: the rules are absent: open x: no such file"}) {
		t.Errorf("skipped: %q", got)
	}
}

// needsRoot says what some loads need root for.
var needsRoot = map[string]string{"PostgreSQL": "to become another user", "unpack": "as dpkg wants it"}

// TestMacros: what this host has of the shorter loads can be run, and takes time.
func TestMacros(t *testing.T) {
	dir, err := os.MkdirTemp("", "saker-bench-") // PostgreSQL's user gets to it
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for _, m := range macros {
		if m.name == "compile" || m.name == "bbolt" {
			continue // these build
		}
		t.Run(m.name, func(t *testing.T) {
			if reason := needsRoot[m.name]; reason != "" && os.Geteuid() != 0 {
				t.Skip("needs root, ", reason)
			}
			if err := m.prepare(dir); errors.Is(err, errAbsent) {
				t.Skip(err)
			} else if err != nil {
				t.Fatal(err)
			}
			if took, err := m.run(dir, 1); err != nil || took <= 0 {
				t.Errorf("%v, %v", took, err)
			}
		})
	}
}

// sampleReport is of figures that are easy to reckon with.
func sampleReport(withFalco bool) *report {
	m, turns := measured{}, newMacroTurns(macros)
	turns.loss = map[string][]float64{saker: {0}, falco: {0.25}}
	for _, l := range loads {
		m[l.name] = map[string][]float64{control: {100, 110}, control2: {101, 109}, saker: {150, 170}, emptyAll: {120, 130}, emptyCall: {110, 120}}
	}
	for _, load := range macros {
		turns.took[load.name] = map[string][]turned{control: {{1.99e9, 0}}, control2: {{2.01e9, 0}}, saker: {{2.1e9, 4e7}}}
	}
	r := newReport(&config{})
	r.Floods[saker] = []flooded{{Pace: 10, Load: 0.1}, {Pace: 30, Loss: 0.5}, {Pace: 20, Load: 0.2}}
	r.Losses[saker] = []lost{{Times: 2, Rate: 4000, Loss: spread{0.125, 0.1, 0.2}}, {Times: 1, Rate: 2000}}
	r.Quotas[saker] = []lost{{Given: 0.25, Rate: 5000, Load: 0.1}, {Given: 0.125, Rate: 5000, Load: 0.5}, {Given: 0.1, Rate: 5000, Loss: spread{0, 0, 0.1}}}
	r.Engine = []benchmark{{"Match/93_rules/words", 100, 0}, {"Match/93_rules/closures", 1500, 0}}
	if withFalco {
		for _, l := range loads {
			m[l.name][falco] = []float64{200, 210}
		}
		for _, load := range macros {
			turns.took[load.name][falco] = []turned{{2.4e9, 3e8}}
		}
	}
	r.addAdded(m, withFalco)
	r.addMacro(macros, turns)
	return r
}

// TestReport: what was measured is in the tables and in the picture; what was not
// leaves a column empty, and nothing is divided by it.
func TestReport(t *testing.T) {
	both := []string{
		"+55", "2.75", "20 opens/s without a loss, at 20.0 %", "+5.0 %", "+2.0 %", "+1.0 %", "saker lost 0.000 %",
		"2.0 x", "12.50 %", "[10.00 20.00]", "15.00", "20,000", "10,000",
	}
	withFalco := []string{"0.55", "+20.0 %", "+15.0 %", "0.25", "falco lost 25.000 %"}
	for _, has := range []bool{false, true} {
		r := sampleReport(has)
		var out strings.Builder
		r.print(&out)
		for _, want := range both {
			if !strings.Contains(out.String(), want) {
				t.Errorf("with Falco: %v: no %q in:\n%s", has, want, out.String())
			}
		}
		for _, want := range withFalco {
			if strings.Contains(out.String(), want) != has {
				t.Errorf("with Falco: %v: %q in:\n%s", has, want, out.String())
			}
		}
		picture := string(r.picture())
		for _, never := range []string{"NaN", "Inf"} {
			if strings.Contains(out.String()+picture, never) {
				t.Errorf("%s in %s\n%s", never, out.String(), picture)
			}
		}
		if !strings.Contains(picture, "fork+exec") || !strings.Contains(picture, "PostgreSQL") || strings.Contains(picture, "Falco") != has {
			t.Error(picture)
		}
		if err := xml.Unmarshal([]byte(picture), new(any)); err != nil {
			t.Error(err)
		}
	}
}

// TestDoubt: what is no more than nothing beside nothing is said to be so, and a
// load is compared with what came before and after it.
func TestDoubt(t *testing.T) {
	turns := newMacroTurns(macros[:1])
	name := macros[0].name
	turns.took[name] = map[string][]turned{
		control:  {{100, 0}, {200, 0}, {400, 0}},
		control2: {{110, 0}, {180, 0}, {400, 0}}, // 10 % more, 10 % less, the same
		saker:    {{105, 0}, {199.5, 0}, {420, 0}},
		falco:    {{126, 0}, {228, 0}, {480, 0}},
	}
	r := newReport(&config{})
	r.addMacro(macros[:1], turns)
	row := r.Macro[0]
	if got := row.With[saker].Slower.Median; math.Abs(got-0.05) > 1e-9 {
		t.Errorf("Saker makes it %v slower", got)
	}
	if saker, falco := doubt(row.With[saker].Slower, row.Noise), doubt(row.With[falco].Slower, row.Noise); saker != "< control" || falco != "" {
		t.Errorf("noise %v: %q, %q", row.Noise, saker, falco)
	}
	var out strings.Builder
	if r.print(&out); !strings.Contains(out.String(), "< control") {
		t.Error(out.String())
	}
}

// TestLeast: of the runs of a turn the one that took the least counts.
func TestLeast(t *testing.T) {
	took := []time.Duration{30, 20, 10}
	turns := newMacroTurns(nil)
	got, err := turns.least(macro{run: func(_ string, n int) (time.Duration, error) { return took[n], nil }}, nil, "")
	if want := float64(slices.Min(took[1 : macroRepeats+1])); err != nil || got.load != want || turns.runs != macroRepeats {
		t.Errorf("%v of %d runs, want %v: %v", got.load, turns.runs, want, err)
	}
}

// TestPerCore: a share that was exceeded counts as it was used, and a rate at which
// anything was lost is none.
func TestPerCore(t *testing.T) {
	for want, list := range map[float64][]lost{
		0:      {{Given: 0.1, Rate: 5000, Loss: spread{0, 0, 0.1}}},
		10_000: {{Given: 0.125, Rate: 5000, Load: 0.5}},
		20_000: sampleReport(false).Quotas[saker],
	} {
		if got := mostPerCore(list); got != want {
			t.Errorf("%v of %+v, want %v", got, list, want)
		}
	}
}

// TestGroup: a process that computes gets no more than its share, as its group says.
func TestGroup(t *testing.T) {
	a, err := startActor(actCPU)
	if err != nil {
		t.Fatal(err)
	}
	g, err := newGroup(a.cmd.Process.Pid)
	if errors.Is(err, errAbsent) {
		t.Skip(errors.Join(err, a.stop()))
	}
	lift, errLimit := g.limit(1. / 4)
	if err := errors.Join(err, errLimit); err != nil {
		t.Error(err)
	}
	cpu, wall, err := a.do("null call", 3_000_000, 0)
	if err != nil || cpu > wall/2 {
		t.Errorf("%v ns of CPU in %v ns, of which a quarter was given: %v", cpu, wall, err)
	}
	if err := errors.Join(lift(), a.stop(), g.remove()); err != nil {
		t.Error(err)
	}
}

func TestLossSince(t *testing.T) {
	for _, c := range []struct {
		before, after account
		want          float64
	}{
		{account{}, account{}, 0},
		{account{5, 100}, account{5, 100}, 0},
		{account{5, 100}, account{30, 200}, 0.25},
	} {
		if got := c.after.lossSince(c.before); got != c.want {
			t.Errorf("%+v since %+v: %v, want %v", c.after, c.before, got, c.want)
		}
	}
}
