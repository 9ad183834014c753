package fields

import (
	"math/bits"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// row is a field as a rule writes it, the event of the actor that it is asked
// about, and what it must say there.
type row struct {
	ref, of string
	check   func(t *testing.T, f *facts, got string)
}

// is holds a field against one value. What others run is never printed.
func is(want func(*facts) string) func(*testing.T, *facts, string) {
	return func(t *testing.T, f *facts, got string) {
		if want := want(f); got != want {
			t.Errorf("says %q, the machine says %q", got, want)
		}
	}
}

func quietly(want func(*facts) string) func(*testing.T, *facts, string) {
	return func(t *testing.T, f *facts, got string) {
		if got != want(f) {
			t.Error("says something else than the machine")
		}
	}
}

func always(want string) func(*testing.T, *facts, string) {
	return is(func(*facts) string { return want })
}

// number holds a field against two bounds.
func number(bounds func(*facts) (low, high uint64)) func(*testing.T, *facts, string) {
	return func(t *testing.T, f *facts, got string) {
		low, high := bounds(f)
		if n, err := strconv.ParseUint(got, 10, 64); err != nil || n < low || n > high {
			t.Errorf("says %s, the machine says %d to %d", got, low, high)
		}
	}
}

func itoa[T int | int64 | uint64 | uint32](n T) string { return strconv.FormatInt(int64(n), 10) }

func parent(*facts) int { return os.Getpid() }

func path(name string) func(*facts) string {
	return func(f *facts) string { return filepath.Join(f.dir, name) }
}

func port(of func(*facts) string) func(*facts) string {
	return func(f *facts) string { return of(f)[strings.LastIndexByte(of(f), ':')+1:] }
}

func client(f *facts) string { return f.client.String() }

func server(f *facts) string { return f.server.String() }

// nanoseconds is a time that stat(2) gave.
func nanoseconds(t unix.Timespec) string { return itoa(t.Nano()) }

// born is when a process was made: a clock tick is 10 ms.
func born(pid func(*facts) int) func(*facts) (uint64, uint64) {
	return func(f *facts) (uint64, uint64) {
		var wall, boot unix.Timespec
		if unix.ClockGettime(unix.CLOCK_REALTIME, &wall) != nil || unix.ClockGettime(unix.CLOCK_BOOTTIME, &boot) != nil {
			f.t.Fatal("no clock")
		}
		at := uint64(wall.Nano()-boot.Nano()) + uint64(f.stat(pid(f), 22))*1e7
		return at - 2e7, at + 3e7
	}
}

func self(f *facts) int { return f.pid }

// sized are bounds from a line of status, in KiB.
func sized(key string) func(*facts) (uint64, uint64) {
	return func(f *facts) (uint64, uint64) { return 1, uint64(atoi(f.status(f.pid, key)[0])) }
}

// upTo is what a line of status says in KiB at most: the kernel adds up late.
func upTo(key string) func(*facts) (uint64, uint64) {
	return func(f *facts) (uint64, uint64) { return 0, uint64(atoi(f.status(f.pid, key)[0])) }
}

// hardLimit is how many files the process may open at most: a Go program raises
// its own limit up to that as it starts.
func hardLimit(f *facts) string {
	for line := range strings.Lines(f.file(f.pid, "limits")) {
		if words := strings.Fields(line); strings.HasPrefix(line, "Max open files") {
			return words[4]
		}
	}
	return ""
}

// capabilities holds names against a mask of status: as many, and the first.
func capabilities(key string) func(*testing.T, *facts, string) {
	return func(t *testing.T, f *facts, got string) {
		mask, err := strconv.ParseUint(f.status(f.pid, key)[0], 16, 64)
		names := strings.Fields(got)
		if err != nil || len(names) != bits.OnesCount64(mask) || mask&1 != 0 && names[0] != "CAP_CHOWN" {
			t.Errorf("says %s, the machine says %x", got, mask)
		}
	}
}

// last is the last word of a line of status: the number in the innermost namespace.
func last(key string) func(*facts) string {
	return func(f *facts) string {
		words := f.status(f.pid, key)
		return words[len(words)-1]
	}
}

func leader(field int, of func(*facts, int) string) func(*facts) string {
	return func(f *facts) string {
		pid := f.stat(f.pid, field)
		if f.comm(pid) == "" {
			return ""
		}
		return of(f, pid)
	}
}

func exe(f *facts, pid int) string { return f.link(pid, "exe") }

func argv0(f *facts, pid int) string { return f.strings(pid, "cmdline")[0] }

func comm(f *facts, pid int) string { return f.comm(pid) }

func standard(fd string) func(*facts) string {
	return func(f *facts) string { return f.link(f.pid, "fd/"+fd) }
}

// loginShell is the eldest of the actor and its ancestors named like a shell.
func loginShell(f *facts) string {
	shell := 0
	for pid := f.pid; pid > 0; pid = f.stat(pid, 4) {
		if strings.HasSuffix(f.comm(pid), "sh") {
			shell = pid
		}
	}
	return itoa(shell)
}

// pages are page faults: at the exec there were not more than by now.
func faults(field int) func(*facts) (uint64, uint64) {
	return func(f *facts) (uint64, uint64) { return 0, uint64(f.stat(f.pid, field)) }
}

// hexID is what an entity's id looks like.
func hexID(t *testing.T, _ *facts, got string) {
	if len(got) != 32 || strings.Trim(got, "0123456789abcdef") != "" {
		t.Errorf("says %q", got)
	}
}

// overlaid reports whether the actor's program lies on an overlay.
func overlaid(f *facts, path string) bool {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		f.t.Fatal(err)
	}
	return st.Type == unix.OVERLAYFS_SUPER_MAGIC
}
