package main

import (
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sakerhq/saker/test/kernels/console"
)

// verdict is what became of a test or of a kernel.
type verdict string

const (
	passed  verdict = "passed"
	failed  verdict = "failed"
	skipped verdict = "skipped"
	missing verdict = "missing" // a kernel that could not be had
)

// outcome is what became of one test, or of a program that is no test.
type outcome struct {
	job, test string
	verdict   verdict
	said      string
}

// result is what became of a kernel.
type result struct {
	target   target
	release  string
	source   string // what was run, and when
	verdict  verdict
	reason   string // of a kernel that did not come to its end
	outcomes []outcome
	first    []string // what failed at a first try, if this is the second
	booted   time.Duration
	took     time.Duration
}

func (r result) count(v verdict) (n int) {
	for _, o := range r.outcomes {
		if o.verdict == v {
			n++
		}
	}
	return n
}

// failures names what failed, and why the guest ended before its time.
func (r result) failures() (all []string) {
	if r.reason != "" {
		all = append(all, r.reason)
	}
	for _, o := range r.outcomes {
		if o.verdict == failed {
			all = append(all, strings.TrimSpace(o.job+" "+o.test))
		}
	}
	return all
}

// readLogs gives what became of kernels in the last runs of all jobs.
func readLogs(dir string, chosen []target) (results []result, err error) {
	for _, t := range chosen {
		said, err := os.ReadFile(logIn(dir, t))
		if errors.Is(err, os.ErrNotExist) {
			said = []byte(console.Missing + "not run yet\n")
		} else if err != nil {
			return nil, err
		}
		run := console.Parse(string(said))
		r := result{target: t, release: run.Kernel, verdict: missing, reason: run.Absent}
		if run.Absent == "" {
			r = judge(r, told(run), run, nil)
		}
		results = append(results, r)
	}
	return results, nil
}

// told are the jobs that a guest ran.
func told(run console.Run) []job {
	return slices.DeleteFunc(slices.Clone(all), func(j job) bool {
		return !slices.ContainsFunc(run.Jobs, func(t console.Told) bool { return t.Job == j.Name })
	})
}

// judge makes a result of what a guest said. fault is why it ended, if not by
// itself.
func judge(r result, jobs []job, run console.Run, fault error) result {
	r.source, r.booted, r.verdict, r.outcomes = run.Source, run.Booted, passed, nil
	switch {
	case fault != nil:
		r.reason = fault.Error()
	case run.Fault != "":
		r.reason = run.Fault
	case run.Kernel == "":
		r.reason = "the guest did not start"
	case !run.Done:
		r.reason = "the guest ended before its work"
	case run.Kernel != r.release:
		r.reason = "another kernel than asked for: " + run.Kernel
	}
	for _, job := range jobs {
		told := console.Told{Job: job.Name, Code: -1}
		if i := slices.IndexFunc(run.Jobs, func(t console.Told) bool { return t.Job == job.Name }); i >= 0 {
			told = run.Jobs[i]
		}
		r.outcomes = append(r.outcomes, outcomesOf(job.Job, told)...)
	}
	if r.reason != "" || r.count(failed) > 0 || r.count(passed) == 0 {
		r.verdict = failed
	}
	return r
}

// outcomesOf are the tests of a job, and the job itself where these don't say
// why it failed.
func outcomesOf(job console.Job, told console.Told) (all []outcome) {
	if job.Test {
		all = outcomesIn(job.Name, told.Output)
	}
	whole := outcome{job: job.Name, verdict: passed, said: told.Output}
	switch {
	case !told.Began:
		whole.verdict, whole.said = failed, "not run: what comes before it failed"
	case !told.Ended:
		whole.verdict, whole.said = failed, told.Output+"\nit did not run to its end"
	case told.Code != 0:
		whole.verdict = failed
	}
	explained := slices.ContainsFunc(all, func(o outcome) bool { return o.verdict == failed })
	if !job.Test || !told.Ended || (told.Code != 0 && !explained) {
		all = append(all, whole)
	}
	return all
}

// frame begins each line that is the test tool's own.
const frame = "\x16"

var (
	aboutTest = regexp.MustCompile(`^=== (?:RUN|NAME|CONT|PAUSE) +(\S*)`)
	testEnds  = regexp.MustCompile(`^--- (PASS|FAIL|SKIP): (\S+) `)
	verdicts  = map[string]verdict{"PASS": passed, "FAIL": failed, "SKIP": skipped}
)

// outcomesIn reads what a test binary says with -test.v=test2json. A test that
// did not end has failed. A test that only has the verdict of its parts is
// none of its own.
func outcomesIn(job, text string) (all []outcome) {
	tests := map[string]*outcome{}
	var order []string
	current := ""
	for line := range strings.Lines(text) {
		words, own, framed := strings.Cut(line, frame)
		if about := aboutTest.FindStringSubmatch(own); framed && about != nil {
			current = about[1]
		}
		if tests[current] == nil {
			tests[current] = &outcome{job, current, failed, ""}
			order = append(order, current)
		}
		tests[current].said += words
		if end := testEnds.FindStringSubmatch(own); framed && end != nil && tests[end[2]] != nil {
			tests[end[2]].verdict = verdicts[end[1]]
		}
	}
	for _, name := range order {
		if o := *tests[name]; name != "" && ownVerdict(o, tests) {
			all = append(all, o)
		}
	}
	return all
}

// ownVerdict says that a test has no parts, or fails though none of them does.
func ownVerdict(o outcome, tests map[string]*outcome) bool {
	parts := false
	for name, part := range tests {
		if strings.HasPrefix(name, o.test+"/") {
			parts = true
			if part.verdict == failed {
				return false
			}
		}
	}
	return !parts || o.verdict == failed
}
