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
// the table calls them. A round of records takes some 25 ms, and its ways are compared by
// the medians of many.
var engineBenchmarks = []struct{ pkg, pattern, time string }{
	{"./rules", "^BenchmarkMatch$", "200ms"},
	{"./internal/state", "^BenchmarkVerdict$", "200ms"},
	{"./internal/state", "^BenchmarkApply$/^(open|open_failed|connect)$", "200ms"},
	{"./internal/record", "^BenchmarkRecord$", "2s"},
	{"./internal/record", "^BenchmarkReader$", "200ms"},
}

// benchmark is one result of go test -bench.
type benchmark struct {
	Name   string  `json:"name"`
	Time   float64 `json:"cpu_ns"`
	Allocs float64 `json:"allocations"`
}

// engineRuns is how often each benchmark runs; the median counts.
const engineRuns = 5

// measureEngine runs the benchmarks of user space.
func measureEngine(_ *config, r *report) error {
	for _, b := range engineBenchmarks {
		fmt.Fprintf(os.Stderr, "engine: %s\n", b.pkg)
		out, err := exec.Command("go", "test", "-run", "^$", "-bench", b.pattern, "-benchtime", b.time,
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

// parseBenchmarks reads the lines of results, and joins those of one benchmark. One that
// gives several ways turns says before a unit, and a colon, which way it is of.
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
			of, unit := name, words[i+1]
			if way, rest, several := strings.Cut(unit, ":"); several {
				of, unit = name+"/"+way, rest
			}
			switch {
			case err != nil:
			case unit == "allocs/op":
				allocs[of] = n
			case unit == "cpu-ns/op":
				if times[of] == nil {
					names = append(names, of)
				}
				times[of] = append(times[of], n)
			}
		}
	}
	for _, name := range names {
		list = append(list, benchmark{name, median(times[name]), allocs[name]})
	}
	return list
}
