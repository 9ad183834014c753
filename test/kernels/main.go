// Command kernels runs the tests that need a kernel in the kernels that Debian
// packages, emulated.
//
// It takes names of kernels, fetches the newest package of each, boots it with
// the repository's test binaries, and gives a table; the exit code is 0 if all
// passed. It owns a cache below the user's. It never touches the machine's own
// package sources, and never runs two guests at once.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/test/kernels/console"
)

func main() {
	limit := flag.Duration("limit", 15*time.Minute, "the most that one guest may take")
	logs := flag.String("logs", "build/kernels", "where the log of each guest goes")
	pattern := flag.String("jobs", "", "run only the jobs whose name matches")
	flag.Usage = func() {
		fmt.Fprintf(os.Stderr, "usage: kernels [flags] [kernel, architecture or series]...\nkernels: %s\n", strings.Join(names(), ", "))
		flag.PrintDefaults()
	}
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, unix.SIGTERM)
	results, err := run(ctx, flag.Args(), options{*limit, *logs, *pattern})
	stop()
	if len(results) > 0 {
		report(os.Stdout, results) // also of a run that was stopped
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "kernels:", err)
		os.Exit(2)
	}
	if slices.ContainsFunc(results, func(r result) bool { return r.verdict != passed }) {
		os.Exit(1)
	}
}

type options struct {
	limit time.Duration
	logs  string
	jobs  string
}

func run(ctx context.Context, words []string, o options) (results []result, err error) {
	chosen, err := choose(words)
	if err != nil {
		return nil, err
	}
	pattern, err := regexp.Compile(o.jobs)
	if err != nil {
		return nil, fmt.Errorf("-jobs: %w", err)
	}
	l, err := prepare(ctx, chosen, &lab{logs: o.logs, limit: o.limit, jobs: jobsLike(pattern)})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	for _, t := range chosen {
		began := time.Now()
		r, err := l.try(ctx, t)
		if err != nil {
			return results, fmt.Errorf("%s: %w", t.name(), err)
		}
		r.took = time.Since(began)
		fmt.Printf("kernels: %s %s in %s\n", t.name(), r.word(), seconds(r.took))
		results = append(results, r)
	}
	return results, ctx.Err()
}

// lab is all that is needed to run guests.
type lab struct {
	apt      *apt
	cache    string
	logs     string
	limit    time.Duration // of one guest
	jobs     []job
	work     string // temporary
	lock     *os.File
	payloads map[string]payload // by architecture
}

// prepare installs, fetches and builds what the chosen kernels need in common.
func prepare(ctx context.Context, chosen []target, l *lab) (_ *lab, err error) {
	var archs []string
	for _, t := range chosen {
		archs = append(archs, t.arch)
	}
	slices.Sort(archs)
	archs = slices.Compact(archs)
	if err := setup(ctx, archs); err != nil {
		return nil, err
	}
	user, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	l.cache, l.payloads = filepath.Join(user, "saker", "kernels"), map[string]payload{}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.close())
		}
	}()
	if err := errors.Join(os.MkdirAll(l.logs, 0o755), os.MkdirAll(l.cache, 0o755)); err != nil {
		return nil, err
	}
	if l.lock, err = alone(filepath.Join(l.cache, "lock")); err != nil {
		return nil, err
	}
	if l.work, err = os.MkdirTemp("", "saker-kernels-"); err != nil {
		return nil, err
	}
	if l.apt, err = newAPT(ctx, l.cache, archs); err != nil {
		return nil, err
	}
	if err := l.apt.update(ctx); err != nil {
		fmt.Println("kernels: going on with what is here:", err)
	}
	return l, l.build(ctx, archs)
}

// alone waits until no other run uses the cache: only one guest runs at a time.
func alone(name string) (*os.File, error) {
	lock, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil {
		return lock, nil
	}
	fmt.Println("kernels: waiting for another run to end")
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", name, err), lock.Close())
	}
	return lock, nil
}

func (l *lab) close() (err error) {
	if l.work != "" {
		err = os.RemoveAll(l.work)
	}
	if l.lock != nil {
		err = errors.Join(err, l.lock.Close())
	}
	return err
}

// build makes the payload of each architecture.
func (l *lab) build(ctx context.Context, archs []string) error {
	root, err := output(exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}"))
	if err != nil {
		return err
	}
	for _, arch := range archs {
		p := payload{root: strings.TrimSpace(root), jobs: l.jobs}
		dir := filepath.Join(l.work, arch)
		if p.built, err = build(ctx, p.root, dir, arch, p.jobs); err != nil {
			return err
		}
		if p.shell, err = l.shell(ctx, dir, arch); err != nil {
			return fmt.Errorf("get a shell for %s: %w", arch, err)
		}
		l.payloads[arch] = p
	}
	return nil
}

// shell gives a busybox for guests of arch.
func (l *lab) shell(ctx context.Context, dir, arch string) (string, error) {
	index, err := l.apt.index(ctx, shellSuite, arch)
	if err != nil {
		return "", err
	}
	d, ok := newest(index, "busybox-static")
	if !ok {
		return "", errors.New("no package busybox-static in " + shellSuite)
	}
	pkg, err := l.apt.fetch(ctx, d)
	if err != nil {
		return "", err
	}
	content, err := find(ctx, pkg, func(name string) bool { return filepath.Base(name) == "busybox" })
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "busybox")
	return file, os.WriteFile(file, content, 0o755)
}

// try runs one kernel. The error is of the host; what is wrong with the kernel
// is in the result.
func (l *lab) try(ctx context.Context, t target) (result, error) {
	r := result{target: t, verdict: missing}
	k, boot, err := l.kernel(ctx, t)
	if ctx.Err() != nil {
		return r, ctx.Err()
	}
	if err != nil {
		r.reason = err.Error()
		return r, nil //nolint:nilerr // a kernel that can't be had is a result
	}
	r.release = k.release
	root, err := l.pack(t.arch, boot)
	if err != nil {
		return r, err
	}
	log, err := os.Create(filepath.Join(l.logs, t.arch+"-"+t.series+".log"))
	if err != nil {
		return r, err
	}
	fault := machines[t.arch].emulate(ctx, l.limit, boot.image, root, log)
	if err := errors.Join(ctx.Err(), log.Close()); err != nil {
		return r, err
	}
	said, err := os.ReadFile(log.Name())
	if err != nil {
		return r, err
	}
	return judge(r, l.jobs, console.Parse(string(said)), fault), nil
}

// attempts is how many packages of a series are tried: an index may list some
// that are gone.
const attempts = 4

// kernel gets the newest kernel of a target that can be had.
func (l *lab) kernel(ctx context.Context, t target) (kernel, bootable, error) {
	index, err := l.apt.index(ctx, t.suite, t.arch)
	if err != nil {
		return kernel{}, bootable{}, err
	}
	all := kernelsOf(index, t.series)
	if len(all) == 0 {
		return kernel{}, bootable{}, errors.New("no such kernel in " + t.suite)
	}
	var errs []error
	for _, k := range all[:min(len(all), attempts)] {
		image, err := l.apt.fetch(ctx, k.image)
		rest, err2 := l.apt.fetch(ctx, k.modules)
		if err := errors.Join(err, err2); err != nil {
			errs = append(errs, err)
			continue
		}
		b, err := unpack(ctx, filepath.Join(l.cache, "unpacked", k.release+"_"+k.image.version), image, rest)
		return k, b, err
	}
	return kernel{}, bootable{}, errors.Join(errs...)
}

// pack gives the file of a guest's root.
func (l *lab) pack(arch string, boot bootable) (name string, err error) {
	f, err := os.Create(filepath.Join(l.work, "root.cpio"))
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return f.Name(), l.payloads[arch].pack(f, boot.modules)
}
