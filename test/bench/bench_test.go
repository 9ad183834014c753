package main

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

func TestMain(m *testing.M) {
	if os.Getenv(asWorker) != "" {
		os.Exit(work(os.Stdin, os.Stdout))
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
	out := "goos: linux\nBenchmarkTake-2\t 10\t 30.0 ns/op\t 0 B/op\t 0 allocs/op\nBenchmarkTake-2\t 10\t 10.0 ns/op\t 0 B/op\t 0 allocs/op\n" +
		"BenchmarkApply/open-2\t 10\t 20.5 ns/op\t 16 B/op\t 2 allocs/op\nPASS\n"
	want := []benchmark{{"Take", 20, 0}, {"Apply/open", 20.5, 2}}
	if got := parseBenchmarks(out); !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// What was not measured leaves a column empty; nothing is divided by it.
func TestReportWithoutFalco(t *testing.T) {
	m := measured{}
	for _, l := range loads {
		m[l.name] = map[string][]float64{control: {100, 110}, control2: {101, 109}, saker: {150, 170}, emptyAll: {120, 130}, emptyCall: {110, 120}}
	}
	r := newReport(&config{})
	r.addAdded(m, false)
	r.Floods[saker] = []flooded{{Pace: 10, Load: 0.1}, {Pace: 30, Loss: 0.5}, {Pace: 20, Load: 0.2}}
	var out strings.Builder
	r.print(&out)
	for _, want := range []string{"+55", "2.75", "20 opens/s without a loss, at 20.0 %"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "NaN") || strings.Contains(out.String(), "Inf") {
		t.Error(out.String())
	}
	if picture := string(r.picture()); !strings.Contains(picture, "fork+exec") || strings.Contains(picture, falco) {
		t.Error(picture)
	}
}
