package bpf

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cilium/ebpf/btf"
	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/internal/syscalls"
)

// perCall is a sensor on the tracepoints of single calls, or skips where there are none.
func perCall(t *testing.T, names ...string) *Sensor {
	t.Helper()
	s := sensorOn(t, sharing{hooks: HooksPerCall}, names...)
	if kind, _, why := s.Hooks(); kind != HooksPerCall {
		t.Skip("no hooks on single calls here: ", why)
	}
	return s
}

func TestPerCall(t *testing.T) {
	t.Run("open", func(t *testing.T) { testOpen(t, perCall(t, "openat")) })
	t.Run("open indirect", func(t *testing.T) {
		testOpen(t, sensorOn(t, sharing{hooks: HooksPerCall, indirect: true}, "openat"))
	})
	t.Run("process", func(t *testing.T) { testProcess(t, perCall(t)) })
	t.Run("io_uring", func(t *testing.T) { testUringOpen(t, perCall(t, "openat", "openat2")) })
}

// Calls that are asked for later are told, those that are not any more are
// not, and the hooks are those that this needs.
func TestWatchAnew(t *testing.T) {
	for _, c := range []struct {
		rows []string
		kind Hooks
	}{
		{[]string{"openat"}, HooksPerCall},
		{[]string{"openat", "connect"}, HooksPerCall},
		{[]string{"connect"}, HooksPerCall},
	} {
		s := perCall(t, "bind")
		_, before, _ := s.Hooks()
		if err := s.Watch(rowsOf(c.rows), nil); err != nil {
			t.Fatal(err)
		}
		kind, n, why := s.Hooks()
		if kind != c.kind || n != before-1+len(c.rows) {
			t.Errorf("%v: %d hooks %s (%s), before %d", c.rows, n, kind, why, before)
		}
		_, records := perform(t, s, "open", fixture(t))
		if opened := len(calls(records, "openat")) > 0; opened != (c.rows[0] == "openat") {
			t.Errorf("%v: openat reported: %t", c.rows, opened)
		}
	}
}

// While other calls come and go, each open is told exactly once.
func TestWatchWithoutGap(t *testing.T) {
	const opens = 20000
	s := perCall(t, "openat")
	before := lostCalls(t, s)
	var ended atomic.Bool
	var changes sync.WaitGroup
	stop := func() {
		ended.Store(true)
		changes.Wait()
	}
	defer stop()
	changes.Go(func() {
		for more := true; !ended.Load(); more = !more {
			rows := []string{"openat"}
			if more {
				rows = append(rows, "connect", "bind", "listen")
			}
			if err := s.Watch(rowsOf(rows), nil); err != nil {
				t.Error(err)
				return
			}
			time.Sleep(time.Millisecond)
		}
	})
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{"SAKER_TEST_ACT=flood"}
	found := calls(follow(t, s, cmd), "openat")
	stop()
	told := 0
	for _, r := range found {
		if b := r.block(BlockString); b != nil && string(b.data) == "/nowhere" {
			told++
		}
	}
	if lost := lostCalls(t, s) - before; told > opens || told+lost < opens {
		t.Errorf("%d opens: %d told, %d lost", opens, told, lost)
	}
}

// lostCalls is how many records of calls the sensor has lost.
func lostCalls(t *testing.T, s *Sensor) int {
	t.Helper()
	counts, err := s.Counts()
	if err != nil {
		t.Fatal(err)
	}
	return int(counts.Calls.Lost())
}

// A call without a tracepoint is one that the kernel hasn't; those whose
// tracepoint has another name are in the table.
func TestTracepointNames(t *testing.T) {
	const points = "/sys/kernel/tracing/events/syscalls/"
	if _, err := os.Stat(points); err != nil {
		t.Skip("tracefs is not mounted here: ", err)
	}
	has := functions(t)
	prefix := map[string]string{"amd64": "__x64_sys_", "arm64": "__arm64_sys_"}[runtime.GOARCH]
	for _, row := range syscalls.Rows() {
		for _, name := range syscalls.CallNames(runtime.GOARCH, row) {
			// The latter two are for 32-bit programs only.
			if !has[prefix+name] || strings.HasSuffix(name, "et_thread_area") {
				continue
			}
			_, err := os.Stat(points + "sys_exit_" + name)
			_, otherErr := os.Stat(points + "sys_exit_" + tracepointOf[name])
			if err != nil && otherErr != nil && takes(row) {
				t.Errorf("the kernel has %s, but no tracepoint of it", name)
			}
		}
	}
}

// takes says that the kernel takes a row's call from programs like this one. It
// may have the function for others only, as that of uselib.
func takes(row *syscalls.Row) bool {
	return slices.ContainsFunc(syscalls.Number(runtime.GOARCH, row), func(number int) bool {
		return ourselves("refused call", strconv.Itoa(number)).Run() != nil
	})
}

func init() {
	acts["refused call"] = func(number string) error {
		n, err := strconv.Atoi(number)
		if err != nil {
			return err
		}
		const no = ^uintptr(0)
		if _, _, errno := unix.RawSyscall6(uintptr(n), no, no, no, no, no, no); errno != unix.ENOSYS {
			return fmt.Errorf("call %d: %w", n, errno)
		}
		return nil
	}
}

// functions are the kernel's functions; a weak one only stands for one that it
// was built without.
func functions(t *testing.T) map[string]bool {
	t.Helper()
	text, err := os.ReadFile("/proc/kallsyms")
	if err != nil {
		t.Skip("the kernel's functions can't be listed: ", err)
	}
	has := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); len(words) == 3 {
			has[words[2]] = words[1] == "T"
		}
	}
	return has
}

// Where 32-bit programs have an entry of their own, all calls pass one hook;
// so they do on request, and where most calls are watched.
func TestHooksChoice(t *testing.T) {
	for _, c := range []struct {
		hooks Hooks
		rows  []string
		has   string // a function of the kernel's
		why   string
	}{
		{HooksAuto, []string{"openat"}, "", ""},
		{HooksAuto, []string{"openat"}, otherEntries[0], "32-bit"},
		{"", []string{"openat"}, otherEntries[0], "32-bit"},
		{HooksAuto, []string{"read"}, "", "most calls"},
		{HooksAuto, []string{"openat"}, preemptible, "lose some"},
		{HooksPerCall, []string{"read"}, otherEntries[0], ""},
		{HooksPerCall, []string{"read"}, preemptible, ""},
		{HooksAllCalls, []string{"openat"}, "", "asked"},
	} {
		types := []btf.Type{&btf.Int{Name: "int", Size: 4}}
		if c.has != "" {
			types = append(types, &btf.Func{Name: c.has, Type: &btf.FuncProto{Return: &btf.Void{}}})
		}
		h := newCallHooks(Options{Hooks: c.hooks}, kernelWith(t, types))
		h.watch(rowsOf(c.rows), true)
		if got := h.reason(); (got == "") != (c.why == "") || !strings.Contains(got, c.why) {
			t.Errorf("%+v: %q", c, got)
		}
	}
}
