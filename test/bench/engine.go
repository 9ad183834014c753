package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
)

// engineBenchmarks are benchmarks that stay beside what they measure, and what
// the table calls them.
var engineBenchmarks = []struct{ pkg, pattern string }{
	{"./rules", "^BenchmarkMatch$"},
	{"./internal/state", "^BenchmarkVerdict$"},
	{"./internal/state", "^BenchmarkApply$/^(open|open_failed|connect)$"},
	{"./internal/record", "^Benchmark(Record|Reader)$"},
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
			"-benchmem", "-v", "-count", strconv.Itoa(engineRuns), b.pkg).Output()
		if err != nil {
			var failed *exec.ExitError
			if errors.As(err, &failed) {
				err = fmt.Errorf("%w: %s%s", err, out, failed.Stderr)
			}
			return fmt.Errorf("go test -bench %s: %w", b.pkg, err)
		}
		r.Engine = append(r.Engine, parseBenchmarks(string(out))...)
		r.Missing = append(r.Missing, skippedBenchmarks(string(out))...)
	}
	return nil
}

// skippedBenchmarks names those that were left out, and why.
func skippedBenchmarks(out string) (list []string) {
	why := ""
	for line := range strings.Lines(out) {
		if name, skipped := strings.CutPrefix(line, "--- SKIP: Benchmark"); skipped {
			if said := strings.TrimSpace(name) + ": " + why; !slices.Contains(list, said) {
				list = append(list, said)
			}
		}
		_, why, _ = strings.Cut(strings.TrimSpace(line), ": ") // behind its place in the source
	}
	return list
}

// ofWay ends the unit of what a benchmark says of one of several ways that it
// gives turns.
const ofWay = ":cpu-ns/op"

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
		for i := 2; i+1 < len(words); i += 2 {
			n, err := strconv.ParseFloat(words[i], 64)
			way, several := strings.CutSuffix(words[i+1], ofWay)
			switch {
			case err != nil:
				continue
			case several:
				way = name + "/" + way
			case words[i+1] == "cpu-ns/op":
				way = name
			case words[i+1] == "allocs/op":
				allocs[name] = n
				continue
			default:
				continue
			}
			if times[way] == nil {
				names = append(names, way)
			}
			times[way] = append(times[way], n)
		}
	}
	for _, name := range names {
		list = append(list, benchmark{name, median(times[name]), allocs[name]})
	}
	return list
}
