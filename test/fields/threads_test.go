package fields

import (
	"errors"
	"fmt"
	"math/bits"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/internal/syscalls"
)

const (
	threadVariable = "SAKER_TEST_THREAD"
	anyone         = 65534
)

// threads have each act on its own: the first one and another as the process
// is, one with other capabilities, one as another user, each asking for a file.
func (t *told) threads() error {
	t.Tags = map[string]int{}
	ask := func(tag string, become func() error) error {
		t.Tags[tag] = unix.Gettid()
		err := become()
		if _, opened := unix.Openat(unix.AT_FDCWD, tag, unix.O_RDONLY, 0); opened == nil {
			return errors.New(tag + " is there")
		}
		return err
	}
	for tag, become := range map[string]func() error{"capless": dropRights, "anyone": becomeAnyone} {
		done := make(chan error)
		go func() {
			runtime.LockOSThread() // and never back: the thread is no other's any more
			done <- ask(tag, become)
			select {}
		}()
		if err := <-done; err != nil {
			return fmt.Errorf("%s: %w", tag, err)
		}
	}
	done := make(chan error)
	first <- func() { done <- ask("first", func() error { return nil }) }
	return errors.Join(<-done, ask("last", func() error { return nil }))
}

// dropRights drops the right to set the clock of this thread alone, that to set priorities
// for good, and lets programs that it executes have that to trace.
func dropRights() error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return err
	}
	data[0].Effective &^= 1<<unix.CAP_SYS_TIME | 1<<unix.CAP_SYS_NICE
	data[0].Permitted &^= 1 << unix.CAP_SYS_NICE
	data[0].Inheritable |= 1 << unix.CAP_SYS_PTRACE & data[0].Permitted
	return unix.Capset(&header, &data[0])
}

// becomeAnyone does so by the call itself, which knows no other threads.
func becomeAnyone() error {
	group, user := [3]uintptr{anyone, anyone, anyone}, [3]uintptr{^uintptr(0), anyone, ^uintptr(0)}
	if _, _, e := unix.RawSyscall(unix.SYS_SETRESGID, group[0], group[1], group[2]); e != 0 {
		return e
	}
	if _, _, e := unix.RawSyscall(unix.SYS_SETRESUID, user[0], user[1], user[2]); e != 0 {
		return e
	}
	return nil
}

// exec logs in as somebody, where that is allowed, and executes itself on a
// thread that isn't the first.
func (t *told) exec() error {
	_ = os.WriteFile("/proc/self/loginuid", []byte("1"), 0)
	env := []string{actVariable + "=executed", threadVariable + "=" + strconv.Itoa(t.TID)}
	return unix.Exec("/proc/self/exe", []string{"again"}, env)
}

// executed is what comes after exec.
func (t *told) executed() error {
	if os.Getenv(threadVariable) == strconv.Itoa(unix.Getpid()) {
		return errors.New("the first thread executed")
	}
	t.Tags = map[string]int{"execve": unix.Getpid(), "last": t.TID}
	if _, err := unix.Openat(unix.AT_FDCWD, "last", unix.O_RDONLY, 0); err == nil {
		return errors.New("last is there")
	}
	return nil
}

// ofThread are what fields of the acting thread must say; status is that of
// the thread.
var ofThread = map[string]func(f *facts, tid int) string{
	"thread.tid":    func(_ *facts, tid int) string { return itoa(tid) },
	"thread.vtid":   func(f *facts, tid int) string { w := f.status(tid, "NSpid"); return w[len(w)-1] },
	"thread.ismain": func(f *facts, tid int) string { return strconv.FormatBool(tid == f.pid) },
	"proc.pid":      func(f *facts, _ int) string { return itoa(f.pid) },
	"proc.name":     func(f *facts, tid int) string { return f.comm(tid) },
	"user.uid":      func(f *facts, tid int) string { return f.status(tid, "Uid")[1] },
	"group.gid":     func(f *facts, tid int) string { return f.status(tid, "Gid")[1] },
	"user.name": func(f *facts, tid int) string {
		return f.account("/etc/passwd", atoi(f.status(tid, "Uid")[1]), 0, "<NA>")
	},
	"group.name": func(f *facts, tid int) string {
		return f.account("/etc/group", atoi(f.status(tid, "Gid")[1]), 0, "<NA>")
	},
	"user.loginuid": func(f *facts, _ int) string { return itoa(f.loginUID()) },
	"user.loginname": func(f *facts, _ int) string {
		return f.account("/etc/passwd", f.loginUID(), 0, "<NA>")
	},
	"thread.cap_effective":   rights("CapEff"),
	"thread.cap_permitted":   rights("CapPrm"),
	"thread.cap_inheritable": rights("CapInh"),
}

// dropped are rights that threads differ in.
var dropped = map[string]int{"CAP_SYS_TIME": unix.CAP_SYS_TIME, "CAP_SYS_NICE": unix.CAP_SYS_NICE, "CAP_SYS_PTRACE": unix.CAP_SYS_PTRACE}

// rights are how many there are in a line of status, and which of the dropped.
func rights(key string) func(*facts, int) string {
	return func(f *facts, tid int) string {
		mask, err := strconv.ParseUint(f.status(tid, key)[0], 16, 64)
		if err != nil {
			f.t.Fatal(err)
		}
		has := map[string]bool{}
		for name, bit := range dropped {
			has[name] = mask>>bit&1 != 0
		}
		return fmt.Sprint(bits.OnesCount64(mask), has)
	}
}

// rightsNamed are the same, of the names in a field.
func rightsNamed(said string) string {
	names, has := strings.Fields(said), map[string]bool{}
	for name := range dropped {
		has[name] = slices.Contains(names, name)
	}
	return fmt.Sprint(len(names), has)
}

// ofEvent is what the fields say of an event, and which file was asked for, or
// the call where it was none.
func ofEvent(t *testing.T, ev *event.Event) (tag string, said map[string]string) {
	said = map[string]string{}
	for name := range ofThread {
		said[name] = text(field.Eval(field.OfEvent{Event: ev}, refOf(t, name)))
		if strings.HasPrefix(name, "thread.cap_") {
			said[name] = rightsNamed(said[name])
		}
	}
	if ev.Row.Name == "openat" {
		return filepath.Base(text(field.Eval(field.OfEvent{Event: ev}, refOf(t, "evt.arg.name")))), said
	}
	return ev.Row.Name, said
}

// TestThreads: fields say of a thread that acts what /proc says of it, be it
// another user than its process, or in its process's place.
func TestThreads(t *testing.T) {
	for _, act := range []string{"threads", "exec"} {
		t.Run(act, func(t *testing.T) {
			f := &facts{t: t, dir: prepare(t)}
			seen := map[string]map[string]string{}
			follow(t, []*syscalls.Row{syscalls.ByName("openat"), syscalls.ByName("execve")}, func() int {
				f.start(act)
				return f.pid
			}, func(ev *event.Event) bool {
				tag, said := ofEvent(t, ev)
				seen[tag] = said
				return tag == "last"
			})
			for tag, tid := range f.said.Tags {
				for name, want := range ofThread {
					if got, want := seen[tag][name], want(f, tid); got != want {
						t.Errorf("%s: %s says %q, the machine says %q", tag, name, got, want)
					}
				}
			}
		})
	}
}
