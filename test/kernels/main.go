// Command kernels runs the tests that need a kernel in the kernels that Debian
// packages, emulated.
//
// It takes names of kernels, fetches the newest package of each, boots it with
// the repository's test binaries, and gives a table of what works on which; the
// exit code is 0 if all passed. It owns a cache below the user's, and
// docs/kernels.md. It never touches the machine's own package sources.
//
// That a break shows, and where, was proven so: with
//
//	if (!bpf_get_current_task_btf()) // from 5.11 on
//		return 0;
//
// in the program process_rename, after go generate ./bpf,
//
//	go run ./test/kernels -once -jobs programs amd64/5.10 amd64/6.1
//
// turns one cell red, that of 5.10 and of programs that read memory through a
// helper, and says "process_rename/indirect … helpers that this kernel lacks:
// FnGetCurrentTaskBtf"; 6.1 passes.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// options are what the flags say.
type options struct {
	limit   time.Duration
	logs    string
	jobs    string
	tests   string
	page    string
	atOnce  int
	quick   bool
	mayMiss bool
	render  bool
	once    bool
}

// isWhole reports whether all that there is runs in a guest: what a part of it shows is no row
// of the page.
func (o *options) isWhole() bool { return o.jobs == "" && o.tests == "" && !o.quick }

func flags() (o options) {
	flag.DurationVar(&o.limit, "limit", 90*time.Minute, "the most that one guest may take")
	flag.StringVar(&o.logs, "logs", "build/kernels", "where the log of each guest goes")
	flag.StringVar(&o.jobs, "jobs", "", "run only the jobs whose name matches")
	flag.StringVar(&o.tests, "tests", "", "run only the tests whose name matches")
	flag.StringVar(&o.page, "page", "docs/kernels.md", "the page that a whole run of all kernels writes")
	flag.IntVar(&o.atOnce, "at-once", 1, "how many guests run at once")
	flag.BoolVar(&o.quick, "quick", false, "leave out what takes long to build for another architecture, and what proves the same twice")
	flag.BoolVar(&o.mayMiss, "may-miss", false, "a kernel that can't be had is no failure")
	flag.BoolVar(&o.once, "once", false, "don't try a kernel that does not pass a second time")
	flag.BoolVar(&o.render, "render", false, "run nothing: write the page from the logs of the last run")
	flag.Usage = func() {
		fmt.Fprintf(os.Stderr, "usage: kernels [flags] [kernel, architecture or series]...\nkernels: %s\n", strings.Join(names(), ", "))
		flag.PrintDefaults()
	}
	flag.Parse()
	return o
}

func main() {
	o := flags()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, unix.SIGTERM)
	results, err := run(ctx, flag.Args(), o)
	stop()
	if len(results) > 0 {
		report(os.Stdout, results) // also of a run that was stopped
	}
	if err == nil && (o.render || flag.NArg() == 0 && o.isWhole()) {
		err = os.WriteFile(o.page, []byte(page(results)), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "kernels:", err)
		os.Exit(2)
	}
	if slices.ContainsFunc(results, func(r result) bool {
		return r.verdict != passed && (!o.mayMiss || r.verdict != missing)
	}) {
		os.Exit(1)
	}
}

// run gives what became of the kernels that words name. The error is of this
// machine.
func run(ctx context.Context, words []string, o options) (results []result, err error) {
	chosen, err := choose(words)
	if err != nil {
		return nil, err
	}
	if o.render {
		return readLogs(o.logs, chosen)
	}
	c := choice{quick: o.quick, tests: o.tests}
	if c.pattern, err = regexp.Compile(o.jobs); err != nil {
		return nil, fmt.Errorf("-jobs: %w", err)
	}
	l := &lab{logs: o.logs, limit: o.limit, once: o.once, choice: c, payloads: map[string]payload{}}
	defer func() { err = errors.Join(err, l.close()) }()
	switch err := l.prepare(ctx, chosen); {
	case errors.Is(err, errNotToBeHad) && ctx.Err() == nil:
		for _, t := range chosen {
			results = append(results, result{target: t, verdict: missing, reason: err.Error()})
		}
		return results, nil
	case err != nil:
		return nil, err
	}
	return l.tryAll(ctx, chosen, o.atOnce)
}

// tryAll runs kernels, some at once, the newest first: verifying takes longest
// there, so that no other place is empty at the end. What it gives has their order.
func (l *lab) tryAll(ctx context.Context, chosen []target, atOnce int) (results []result, err error) {
	places := make(chan struct{}, max(1, atOnce))
	byTarget, errs := make([]*result, len(chosen)), make([]error, len(chosen))
	var guests sync.WaitGroup
	for i, t := range slices.Backward(chosen) {
		places <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		guests.Go(func() {
			defer func() { <-places }()
			began := time.Now()
			r, err := l.try(ctx, t)
			if err != nil {
				errs[i] = fmt.Errorf("%s: %w", t.name(), err)
				return
			}
			r.took = time.Since(began)
			fmt.Printf("kernels: %s %s in %s\n", t.name(), r.word(), seconds(r.took))
			byTarget[i] = &r
		})
	}
	guests.Wait()
	for _, r := range byTarget {
		if r != nil {
			results = append(results, *r)
		}
	}
	return results, errors.Join(append(errs, ctx.Err())...)
}
