package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/test/kernels/console"
)

// lab is all that is needed to run guests.
type lab struct {
	apt      *apt
	fetching sync.Mutex // held while apt works
	cache    string
	logs     string
	limit    time.Duration // of one guest
	once     bool          // no second try
	source   string        // the commit that is run
	choice   choice
	work     string // temporary
	lock     *os.File
	payloads map[string]payload // by architecture
}

// errNotToBeHad is that this machine can't get what every guest needs: an
// emulator, an archive of packages.
var errNotToBeHad = errors.New("not to be had here")

// prepare installs, fetches and builds what the chosen kernels need in common.
func (l *lab) prepare(ctx context.Context, chosen []target) error {
	var archs []string
	for _, t := range chosen {
		archs = append(archs, t.arch)
	}
	slices.Sort(archs)
	archs = slices.Compact(archs)
	if err := setup(ctx, archs); err != nil {
		return fmt.Errorf("%w: %w", errNotToBeHad, err)
	}
	user, err := os.UserCacheDir()
	if err != nil {
		return err
	}
	l.cache = filepath.Join(user, "saker", "kernels")
	if err := errors.Join(os.MkdirAll(l.logs, 0o755), os.MkdirAll(l.cache, 0o755)); err != nil {
		return err
	}
	if l.lock, err = alone(ctx, filepath.Join(l.cache, "lock")); err != nil {
		return err
	}
	if l.work, err = os.MkdirTemp("", "saker-kernels-"); err != nil {
		return err
	}
	if l.apt, err = newAPT(ctx, l.cache, archs); err != nil {
		return fmt.Errorf("%w: %w", errNotToBeHad, err)
	}
	if err := l.apt.update(ctx); err != nil {
		fmt.Println("kernels: going on with what is here:", err)
	}
	return l.build(ctx, archs)
}

// alone waits until no other run uses the cache: so only one run's guests are there at a time.
func alone(ctx context.Context, name string) (*os.File, error) {
	lock, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	for told := false; ; told = true {
		err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return lock, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, errors.Join(fmt.Errorf("lock %s: %w", name, err), lock.Close())
		}
		if !told {
			fmt.Println("kernels: waiting for another run to end")
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), lock.Close())
		case <-time.After(time.Second):
		}
	}
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
	l.source = commit(ctx)
	for _, arch := range archs {
		p := payload{root: strings.TrimSpace(root), jobs: l.choice.of(arch != runtime.GOARCH)}
		dir := filepath.Join(l.work, arch)
		if p.built, err = build(ctx, p.root, dir, arch, p.jobs); err != nil {
			return err
		}
		if p.shell, err = l.shell(ctx, dir, arch); err != nil {
			return fmt.Errorf("%w: get a shell for %s: %w", errNotToBeHad, arch, err)
		}
		l.payloads[arch] = p
	}
	return nil
}

// commit names what is built, for what follows it; nothing where there is no
// repository to ask.
func commit(ctx context.Context) string {
	at, err := output(exec.CommandContext(ctx, "git", "rev-parse", "--short=10", "HEAD"))
	if err != nil {
		return ""
	}
	changed, err := output(exec.CommandContext(ctx, "git", "status", "--porcelain"))
	if err != nil || changed != "" {
		return strings.TrimSpace(at) + " with changes, "
	}
	return strings.TrimSpace(at) + ", "
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

// try runs one kernel, twice if it does not pass: emulation may be what fails.
// The error is of the host; what is wrong with the kernel is in the result.
func (l *lab) try(ctx context.Context, t target) (result, error) {
	r := result{target: t, verdict: missing}
	k, boot, err := l.kernel(ctx, t)
	if ctx.Err() != nil {
		return r, ctx.Err()
	}
	if err != nil {
		r.reason = err.Error()
		return r, os.WriteFile(l.log(t), []byte(console.Missing+r.reason+"\n"), 0o644)
	}
	r.release = k.release
	root, err := l.pack(t, boot)
	if err != nil {
		return r, err
	}
	defer func() { _ = os.Remove(root) }() // else its directory goes
	first, err := l.boot(ctx, r, boot.image, root)
	if err != nil || first.verdict == passed || l.once {
		return first, err
	}
	if err := os.Rename(l.log(t), l.log(t)+".first"); err != nil {
		return first, err
	}
	fmt.Printf("kernels: %s %s: once more\n", t.name(), first.word())
	second, err := l.boot(ctx, r, boot.image, root)
	second.first = first.failures()
	return second, err
}

// log is the name of a guest's log.
func (l *lab) log(t target) string { return logIn(l.logs, t) }

func logIn(dir string, t target) string { return filepath.Join(dir, t.arch+"-"+t.series+".log") }

// boot runs a guest.
func (l *lab) boot(ctx context.Context, r result, image, root string) (result, error) {
	t := r.target
	log, err := os.Create(l.log(t))
	if err != nil {
		return r, err
	}
	console.Source(log, l.source+time.Now().UTC().Format("2006-01-02 15:04"))
	fault := machines[t.arch].emulate(ctx, l.limit, image, root, log)
	if err := errors.Join(ctx.Err(), log.Close()); err != nil {
		return r, err
	}
	said, err := os.ReadFile(log.Name())
	if err != nil {
		return r, err
	}
	return judge(r, l.payloads[t.arch].jobs, console.Parse(string(said)), fault), nil
}

// attempts is how many packages of a series are tried: an index may list some
// that are gone.
const attempts = 4

// kernel gets the newest kernel of a target that can be had.
func (l *lab) kernel(ctx context.Context, t target) (kernel, bootable, error) {
	l.fetching.Lock()
	defer l.fetching.Unlock()
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
		b, err := unpack(ctx, filepath.Join(l.cache, "unpacked", k.release+"_"+k.image.version+"_"+strings.Join(modules, "_")), image, rest)
		return k, b, err
	}
	return kernel{}, bootable{}, errors.Join(errs...)
}

// pack gives the file of a guest's root.
func (l *lab) pack(t target, boot bootable) (name string, err error) {
	f, err := os.Create(filepath.Join(l.work, t.arch+"-"+t.series+".cpio"))
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return f.Name(), l.payloads[t.arch].pack(f, boot.modules)
}
