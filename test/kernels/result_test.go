package main

import (
	"errors"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sakerhq/saker/test/kernels/console"
)

var update = flag.Bool("update", false, "write the golden files")

func testOutput(lines ...string) string {
	text := ""
	for _, line := range lines {
		if strings.HasPrefix(line, "=== ") || strings.HasPrefix(line, "--- ") {
			line = frame + line
		}
		text += line + "\n"
	}
	return text
}

func TestOutcomes(t *testing.T) {
	job := console.Job{Name: "bpf", Test: true}
	for name, c := range map[string]struct {
		told console.Told
		want map[string]verdict
	}{
		"parts stand for the whole": {
			console.Told{Began: true, Ended: true, Code: 1, Output: testOutput(
				"=== RUN   TestA", "=== RUN   TestA/one/direct", "--- PASS: TestA/one/direct (0.00s)", "=== NAME  TestA",
				"=== RUN   TestA/two", "    a_test.go:1: no", "--- FAIL: TestA/two (0.10s)", "=== NAME  TestA",
				"--- FAIL: TestA (0.10s)", "=== NAME  ", "=== RUN   TestB", "    b_test.go:1: not here", "--- SKIP: TestB (0.00s)", "FAIL",
			)},
			map[string]verdict{"TestA/one/direct": passed, "TestA/two": failed, "TestB": skipped},
		},
		"a test that fails behind its parts": {
			console.Told{Began: true, Ended: true, Code: 1, Output: testOutput(
				"=== RUN   TestA", "=== RUN   TestA/one", "--- PASS: TestA/one (0.00s)", "=== NAME  TestA", "--- FAIL: TestA (0.10s)", "FAIL",
			)},
			map[string]verdict{"TestA": failed, "TestA/one": passed},
		},
		"an exit code that no test explains": {
			console.Told{Began: true, Ended: true, Code: 2, Output: testOutput("=== RUN   TestA", "--- PASS: TestA (0.00s)")},
			map[string]verdict{"TestA": passed, "": failed},
		},
		"a panic": {
			console.Told{Began: true, Ended: true, Code: 2, Output: testOutput("=== RUN   TestA", "=== RUN   TestA/one", "panic: oh")},
			map[string]verdict{"TestA/one": failed},
		},
		"a frame behind what a test printed": {
			console.Told{Began: true, Ended: true, Output: testOutput("=== RUN   TestA", "printed"+frame+"--- PASS: TestA (0.00s)", "PASS")},
			map[string]verdict{"TestA": passed},
		},
		"a test that prints what the tool would": {
			console.Told{Began: true, Ended: true, Code: 1, Output: testOutput("=== RUN   TestA") + "--- PASS: TestA (0.00s)\n"},
			map[string]verdict{"TestA": failed},
		},
		"the guest died": {
			console.Told{Began: true, Code: -1, Output: testOutput("=== RUN   TestA", "--- PASS: TestA (0.00s)")},
			map[string]verdict{"TestA": passed, "": failed},
		},
		"it never began": {console.Told{Code: -1}, map[string]verdict{"": failed}},
	} {
		t.Run(name, func(t *testing.T) {
			got := map[string]verdict{}
			for _, o := range outcomesOf(job, c.told) {
				got[o.test] = o.verdict
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOutcomeOfProgram(t *testing.T) {
	for code, want := range map[int]verdict{0: passed, 1: failed, -1: failed} {
		outcomes := outcomesOf(console.Job{Name: "saker doctor"}, console.Told{Began: true, Ended: true, Code: code})
		if len(outcomes) != 1 || outcomes[0].verdict != want {
			t.Errorf("exit code %d: %+v", code, outcomes)
		}
	}
}

// whole is a run in which each job did what it should.
func whole() console.Run {
	run := console.Run{Kernel: "6.1", Booted: time.Second, Done: true}
	for _, job := range all {
		run.Jobs = append(run.Jobs, console.Told{
			Job: job.Name, Began: true, Ended: true, Output: testOutput("=== RUN   TestA", "--- PASS: TestA (0.00s)", "PASS"),
		})
	}
	return run
}

// A kernel passes only if all went as it should.
func TestJudge(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*console.Run)
		fault  error
		want   verdict
		reason string
	}{
		"whole":              {func(*console.Run) {}, nil, passed, ""},
		"another kernel":     {func(r *console.Run) { r.Kernel = "6.2" }, nil, failed, "another kernel"},
		"no start":           {func(r *console.Run) { *r = console.Run{} }, nil, failed, "did not start"},
		"no end":             {func(r *console.Run) { r.Done = false }, nil, failed, "before its work"},
		"fault in the guest": {func(r *console.Run) { r.Fault = "mount /proc" }, nil, failed, "mount /proc"},
		"too long":           {func(*console.Run) {}, errTooLong, failed, errTooLong.Error()},
		"a job fails":        {func(r *console.Run) { r.Jobs[0].Code = 1 }, nil, failed, ""},
		"a job is not there": {func(r *console.Run) { r.Jobs = r.Jobs[1:] }, nil, failed, ""},
	} {
		t.Run(name, func(t *testing.T) {
			run := whole()
			c.change(&run)
			r := judge(result{release: "6.1"}, all, run, c.fault)
			if r.verdict != c.want || !strings.Contains(r.reason, c.reason) || (r.reason == "") != (c.reason == "") {
				t.Errorf("%s: %s, want %s: %s", r.verdict, r.reason, c.want, c.reason)
			}
		})
	}
}

func TestReport(t *testing.T) {
	same := "=== RUN   TestOpen\n    live_test.go:99: load the programs: unknown func bpf_loop#181\n"
	other := strings.ReplaceAll(same, "live_test.go:99", "evade_test.go:7")
	results := []result{
		{
			target: targets[0], release: "5.10.0-50-cloud-amd64", verdict: failed, booted: 2 * time.Second, took: 30 * time.Second,
			outcomes: []outcome{
				{"bpf", "TestOpen", failed, same},
				{"bpf", "TestConnect", failed, other},
				{"bpf", "TestLoad", passed, ""},
				{"bpf", "TestOverlay", skipped, "    x_test.go:1: this machine can't mount an overlay\n--- SKIP: TestOverlay (0.00s)\n"},
				{"saker doctor", "", failed, strings.Repeat("a line of many\n", 50) + strings.Repeat("wide", 100)},
			},
		},
		{target: targets[1], verdict: missing, reason: errors.New("no such kernel in bookworm-security").Error()},
		{
			target: targets[2], release: "6.12.117", verdict: passed, booted: time.Second, took: 20 * time.Second,
			outcomes: []outcome{{"bpf", "TestOpen", passed, ""}},
		},
	}
	var got strings.Builder
	report(&got, results)
	const golden = "testdata/report.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Error(diff)
	}
}

// A guest may say anything. What failed must not be lost by it.
func FuzzOutcomes(f *testing.F) {
	f.Add(testOutput("=== RUN   TestA", "--- FAIL: TestA (0.00s)"), 1)
	f.Add(testOutput("=== RUN   TestA/b", "=== RUN   TestA"), 0)
	f.Fuzz(func(t *testing.T, text string, code int) {
		all := outcomesOf(console.Job{Test: true}, console.Told{Began: true, Ended: true, Code: code, Output: text})
		if code != 0 && !slices.ContainsFunc(all, func(o outcome) bool { return o.verdict == failed }) {
			t.Error("a job failed, and none of its tests")
		}
	})
}
