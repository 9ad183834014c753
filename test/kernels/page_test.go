package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sakerhq/saker/test/kernels/console"
)

func TestCell(t *testing.T) {
	f := shown("opens", "bpf", "^TestOpen")
	for name, c := range map[string]struct {
		r    result
		want string
	}{
		"passed":          {result{outcomes: []outcome{{"bpf", "TestOpen/a", passed, ""}, {"bpf", "TestOther", failed, ""}}}, yes},
		"skipped":         {result{outcomes: []outcome{{"bpf", "TestOpen", skipped, ""}}}, no},
		"some skipped":    {result{outcomes: []outcome{{"bpf", "TestOpen/a", passed, ""}, {"bpf", "TestOpen/b", skipped, ""}}}, inPart},
		"some failed":     {result{outcomes: []outcome{{"bpf", "TestOpen/a", passed, ""}, {"bpf", "TestOpen/b", failed, ""}}}, fails},
		"of another job":  {result{outcomes: []outcome{{"state", "TestOpen", passed, ""}}}, notRun},
		"no kernel":       {result{verdict: missing}, isMissing},
		"nothing was run": {result{}, notRun},
	} {
		t.Run(name, func(t *testing.T) {
			if got := f.cell(c.r); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// Each feature is shown by a job that there is.
func TestFeaturesHaveJobs(t *testing.T) {
	names := map[string]bool{}
	for _, j := range all {
		names[j.Name] = true
	}
	for _, f := range features {
		if !names[f.job] {
			t.Errorf("%s: no job %s", f.name, f.job)
		}
	}
}

func TestPage(t *testing.T) {
	results := []result{
		{
			target: targets[0], release: "5.10.0-50-cloud-amd64", source: "abc, 2026-01-01 00:00", verdict: passed, booted: time.Second,
			outcomes: []outcome{
				{"saker doctor", "", passed, "ok       kernel    Linux\nlimited  programs  this kernel lacks  much\r\n"},
				{"test/kernels/programs", "TestPrograms/sys_exit/indirect", passed, "x_test.go:1: verified amd64/5.10 sys_exit/indirect: 99\n"},
			},
		},
		{target: targets[1], verdict: missing, reason: "no such kernel"},
		{
			target: targets[2], release: "6.12.117", verdict: passed, first: []string{"the guest did not end in time"},
			outcomes: []outcome{
				{"bpf", "TestRacedPaths", passed, "    raced paths: 12 of 12 told with the hooks, 0 of 12 without\n    cost of a call that changes a path: 150 ns in programs with the hooks, 100 ns without\n"},
				{"test/kernels/programs", "TestPrograms/sys_exit/direct", passed, "verified amd64/6.12 sys_exit/direct: 77\n"},
				{"test/kernels/programs", "TestPrograms/sys_exit/indirect", passed, "verified amd64/6.12 sys_exit/indirect: 88\n"},
			},
		},
	}
	got := page(results)
	const golden = "testdata/page.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}

func TestChoice(t *testing.T) {
	count := func(c choice, foreign bool) int { return len(c.of(foreign)) }
	if count(choice{}, true) != len(all) {
		t.Error("some jobs are left out though nothing asks for that")
	}
	native, foreign := count(choice{quick: true}, false), count(choice{quick: true}, true)
	if foreign == 0 || foreign >= native || native >= len(all) {
		t.Errorf("%d jobs, if it is to be quick %d, %d for another architecture", len(all), native, foreign)
	}
	for _, j := range (choice{quick: true, tests: "^TestThis$"}).of(false) {
		if j.Test && j.Argv[len(j.Argv)-1] != "-test.run=^TestThis$" {
			t.Errorf("%s runs %v", j.Name, j.Argv)
		}
	}
	if brief := (choice{quick: true}).of(false)[0]; !slices.Contains(brief.Argv, "-rest") || slices.Contains(all[0].Argv, "-rest") {
		t.Error("a quick run loads what others load, too, or another one does not load all")
	}
	if n := count(choice{pattern: regexp.MustCompile("^bpf$")}, false); n != 1 {
		t.Errorf("%d jobs are called bpf", n)
	}
}

func TestReadLogs(t *testing.T) {
	dir := t.TempDir()
	var whole strings.Builder
	console.Start(&whole, "6.1.0", time.Second)
	for _, j := range all {
		console.Begin(&whole, j.Name)
		if j.Test {
			whole.WriteString(testOutput("=== RUN   TestA", "--- PASS: TestA (0.00s)"))
		}
		console.End(&whole, j.Name, 0, time.Second)
	}
	console.Done(&whole)
	for i, text := range []string{whole.String(), console.Missing + "no such kernel\n", "Kernel panic"} {
		if err := os.WriteFile(logIn(dir, targets[i]), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	results, err := readLogs(dir, targets[:4])
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []verdict{passed, missing, failed, missing} {
		if results[i].verdict != want {
			t.Errorf("%s: %s, want %s", filepath.Base(logIn(dir, targets[i])), results[i].word(), want)
		}
	}
}
