// Package console is what a guest tells its host on the serial line.
//
// It takes the jobs of a guest, as the host packs them, and what the guest
// says of each. It owns the form of both. It never runs anything.
package console

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// JobsFile is where a guest finds its jobs, as JSON.
const JobsFile = "/jobs.json"

// Job is a program that a guest runs.
type Job struct {
	Name string
	Dir  string   // where it runs; empty: /
	Argv []string // the first is the program's path
	Env  []string // beside the guest's own
	User int      // whose process it is, not root's, with these capabilities
	Caps []uintptr
	V1   bool // with a hierarchy of cgroups v1 beside v2's, as older hosts have, if the kernel can
	Test bool // a test binary with -test.v=test2json, else any program
	Gate bool // where it fails, the jobs behind it can't succeed and don't run
}

// Told is what a guest said of one job.
type Told struct {
	Job    string
	Began  bool
	Ended  bool // false: the guest ended first
	Code   int  // the exit code; -1 if there is none
	Took   time.Duration
	Output string
}

// Run is a whole run of a guest.
type Run struct {
	Source string // which commit was run, and when; empty: unknown
	Kernel string // as uname -r says; empty: the guest never got so far
	Booted time.Duration
	Jobs   []Told
	Done   bool   // the guest came to its end and switched itself off
	Fault  string // what the guest could not prepare
	Absent string // why there was no kernel to run
}

// mark begins a line of the guest's own. No program in the guest says it.
const mark = "\x1esaker-guest "

// Missing begins the log of a kernel that could not be had; why follows.
const Missing = mark + "missing\t"

// Source says what is run, before the guest says anything.
func Source(w io.Writer, what string) { line(w, "source", what) }

// Start says which kernel runs, and how long it took to come here.
func Start(w io.Writer, kernel string, booted time.Duration) {
	line(w, "kernel", kernel, ms(booted))
}

// Begin says that from here on the lines are a job's.
func Begin(w io.Writer, job string) { line(w, "begin", job) }

// End says that the job has ended.
func End(w io.Writer, job string, code int, took time.Duration) {
	line(w, "end", job, strconv.Itoa(code), ms(took))
}

// Fault says why the guest can't go on.
func Fault(w io.Writer, err error) { line(w, "fault", strings.ReplaceAll(err.Error(), "\n", "; ")) }

// Done is the guest's last word.
func Done(w io.Writer) { line(w, "done") }

func ms(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// A program's last line may have no end of its own, so the mark brings one.
func line(w io.Writer, words ...string) { fmt.Fprintf(w, "\n%s%s\n", mark, strings.Join(words, "\t")) }

// Parse reads what came over the serial line. Any text gives a Run.
func Parse(text string) Run {
	var run Run
	text = strings.ReplaceAll(text, "\r", "")
	for l := range strings.Lines(text) {
		_, own, ours := strings.Cut(l, mark)
		if ours {
			run.take(strings.Split(strings.TrimSuffix(own, "\n"), "\t"))
		} else if job := run.open(); job != nil {
			job.Output += l
		}
	}
	return run
}

// open is the job that runs, or nil.
func (r *Run) open() *Told {
	if n := len(r.Jobs); n > 0 && !r.Jobs[n-1].Ended {
		return &r.Jobs[n-1]
	}
	return nil
}

// take reads the words of a line of the guest's own.
func (r *Run) take(words []string) {
	word := func(i int) string {
		if i < len(words) {
			return words[i]
		}
		return ""
	}
	took := func(i int) time.Duration {
		n, _ := strconv.ParseInt(word(i), 10, 64) // a line cut short says nothing
		return time.Duration(n) * time.Millisecond
	}
	switch word(0) {
	case "source":
		r.Source = word(1)
	case "kernel":
		r.Kernel, r.Booted = word(1), took(2)
	case "begin":
		r.Jobs = append(r.Jobs, Told{Job: word(1), Began: true, Code: -1})
	case "end":
		job := r.open()
		if job == nil || job.Job != word(1) {
			return
		}
		if code, err := strconv.Atoi(word(2)); err == nil {
			job.Code = code
		}
		job.Ended, job.Took = true, took(3)
	case "missing":
		r.Absent = word(1)
	case "fault":
		r.Fault = word(1)
	case "done":
		r.Done = true
	}
}
