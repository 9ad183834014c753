package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// engineBenchmarks are benchmarks that stay beside what they measure, and what
// the table calls them.
var engineBenchmarks = []struct{ pkg, pattern string }{
	{"./rules", "^BenchmarkMatch$"},
	{"./internal/state", "^BenchmarkVerdict$"},
	{"./internal/state", "^BenchmarkApply$/^(open|open_failed|connect)$"},
	{"./internal/record", "^Benchmark(Writer|Reader)$"},
}

// benchmark is one result of go test -bench.
type benchmark struct {
	Name   string  `json:"name"`
	Time   float64 `json:"cpu_ns"`
	Allocs float64 `json:"allocations"`
}

// engineRuns is how often each benchmark runs; the median counts.
const engineRuns = 3

// measureEngine runs the benchmarks of user space.
func measureEngine(_ *config, r *report) error {
	for _, b := range engineBenchmarks {
		fmt.Fprintf(os.Stderr, "engine: %s\n", b.pkg)
		out, err := exec.Command("go", "test", "-run", "^$", "-bench", b.pattern, "-benchtime", "200ms",
			"-benchmem", "-count", strconv.Itoa(engineRuns), b.pkg).Output()
		if err != nil {
			var failed *exec.ExitError
			if errors.As(err, &failed) {
				err = fmt.Errorf("%w: %s%s", err, out, failed.Stderr)
			}
			return fmt.Errorf("go test -bench %s: %w", b.pkg, err)
		}
		r.Engine = append(r.Engine, parseBenchmarks(string(out))...)
	}
	return nil
}

// parseBenchmarks reads the lines of results, and joins those of one benchmark.
func parseBenchmarks(out string) (list []benchmark) {
	times, allocs := map[string][]float64{}, map[string]float64{}
	var names []string
	for line := range strings.Lines(out) {
		words := strings.Fields(line)
		if len(words) < 4 || !strings.HasPrefix(words[0], "Benchmark") {
			continue
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(words[0], "Benchmark"), "-")
		if times[name] == nil {
			names = append(names, name)
		}
		for i := 2; i+1 < len(words); i += 2 {
			n, err := strconv.ParseFloat(words[i], 64)
			switch {
			case err != nil:
			case words[i+1] == "cpu-ns/op":
				times[name] = append(times[name], n)
			case words[i+1] == "allocs/op":
				allocs[name] = n
			}
		}
	}
	for _, name := range names {
		list = append(list, benchmark{name, median(times[name]), allocs[name]})
	}
	return list
}
