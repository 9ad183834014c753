package bpf

import (
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

const (
	rivals     = 4    // processes that share a CPU
	rivalOpens = 4000 // of each
)

// What the rivals do: each opens its own names, on the first CPU that it may run
// on. The last one only wakes up, ahead of all others, so that these are preempted
// wherever the kernel allows it; when nothing lets it be so, it is one more who
// sleeps.
func init() {
	acts["rival"] = func(string) error {
		if err := stayOnOne(); err != nil {
			return err
		}
		for i := range rivalOpens {
			if _, err := unix.Open("/nowhere/"+strconv.Itoa(i), unix.O_RDONLY, 0); err != unix.ENOENT {
				return fmt.Errorf("open: %w", err)
			}
		}
		return nil
	}
	acts["interrupt rivals"] = func(string) error {
		if err := stayOnOne(); err != nil {
			return err
		}
		priority := int32(1)
		_, _, _ = unix.Syscall(unix.SYS_SCHED_SETSCHEDULER, 0, unix.SCHED_FIFO, uintptr(unsafe.Pointer(&priority)))
		for pause := (unix.Timespec{Nsec: 50_000}); ; {
			_ = unix.Nanosleep(&pause, nil)
			_, _ = unix.Open("/nowhere/other", unix.O_RDONLY, 0)
		}
	}
}

// stayOnOne keeps this process to one CPU.
func stayOnOne() error {
	runtime.LockOSThread()
	var may, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &may); err != nil {
		return err
	}
	for cpu := range len(may) * 64 {
		if may.IsSet(cpu) {
			one.Set(cpu)
			return unix.SchedSetaffinity(0, &one)
		}
	}
	return nil
}

// Each call of processes that preempt each other is told once, or counted as
// lost, which hardly any is; so are the processes.
func TestPreempted(t *testing.T) {
	t.Run("as they are", func(t *testing.T) { testPreempted(t, 0) })
	t.Run("in turns", func(t *testing.T) { testPreempted(t, several) })
}

// needTurns skips where a program on a tracepoint can't have a cookie (before 6.10).
func needTurns(t *testing.T) {
	t.Helper()
	kernel, err := btf.LoadKernelSpec()
	if err != nil {
		t.Skip("this kernel does not describe its types: ", err)
	}
	var attached *btf.Struct
	if kernel.TypeByName("bpf_raw_tp_link", &attached) != nil ||
		!slices.ContainsFunc(attached.Members, func(m btf.Member) bool { return m.Name == "cookie" }) {
		t.Skip("no cookies on tracepoints here")
	}
}

func testPreempted(t *testing.T, turns int) {
	if turns > 0 {
		needTurns(t)
	}
	s := sensorWith(t, Options{RingBytes: 1 << 24, Hooks: HooksAllCalls, turns: turns}, "openat")
	waker := ourselves("interrupt rivals", "")
	if err := waker.Start(); err != nil {
		t.Fatal(err)
	}
	told := map[uint32]map[string]int{}
	all := make([]*exec.Cmd, rivals)
	for i := range all {
		all[i] = ourselves("rival", "")
		if err := all[i].Start(); err != nil {
			t.Fatal(err)
		}
		told[uint32(all[i].Process.Pid)] = map[string]int{}
	}
	done := make(chan struct{})
	var counting sync.WaitGroup
	counting.Go(func() { keepCounting(t, s, done) })
	for _, rival := range all {
		if err := rival.Wait(); err != nil {
			t.Error(err)
		}
	}
	_ = waker.Process.Kill()
	_ = waker.Wait()
	close(done)
	counting.Wait()
	drain(t, s, func(raw Raw) {
		if names := told[raw.Header().Pid]; names != nil {
			names[actOf(takeApart(raw))]++
		}
	})
	judgeRivals(t, s, told)
}

// keepCounting reads the accounts again and again: that costs nobody a call.
func keepCounting(t *testing.T, s *Sensor, done chan struct{}) {
	for {
		select {
		case <-done:
			return
		case <-time.After(100 * time.Microsecond):
			if _, err := s.Counts(); err != nil {
				t.Error(err)
				return
			}
		}
	}
}

// stages are what becomes of each rival: when it executes its program, that is
// also its name.
var stages = []string{"fork", "rename", "exec", "exit"}

// actOf says what a record tells of a rival.
func actOf(r record) string {
	switch b := r.block(BlockString); {
	case r.Type == TypeExit:
		return "exit"
	case r.Type == TypeProcess && r.process.Cause == CauseExec:
		return "exec"
	case r.Type == TypeProcess && r.process.Cause == CauseFork:
		return "fork"
	case r.Type == TypeRename:
		return "rename"
	case b != nil:
		return string(b.data)
	}
	return "other"
}

// isTwice reports whether an act is told more often than it may be. Of threads that end at
// once each is the last on kernels that don't say which one is.
func isTwice(act string, told int) bool { return told > 1 && (act != "exit" || saysLast()) }

var saysLast = sync.OnceValue(func() bool {
	kernel, err := btf.LoadKernelSpec()
	return err == nil && argumentsOf(kernel, "sched_process_exit") > 1
})

func judgeRivals(t *testing.T, s *Sensor, told map[uint32]map[string]int) {
	t.Helper()
	c, err := s.Counts()
	if err != nil {
		t.Fatal(err)
	}
	seen, processes := 0, 0
	for pid, names := range told {
		for _, act := range stages {
			processes += min(names[act], 1)
			if isTwice(act, names[act]) {
				t.Errorf("process %d: its %s is told %d times", pid, act, names[act])
			}
		}
		for i := range rivalOpens {
			n := names["/nowhere/"+strconv.Itoa(i)]
			seen += min(n, 1)
			if n > 1 {
				t.Errorf("process %d: open %d is told %d times", pid, i, n)
			}
		}
	}
	lost := int(c.Calls.Lost() + c.Calls.Faults) // what could not be read is told without its name
	all := rivals * len(stages)
	t.Logf("%d opens: %d told; of %d changes of processes %d; %+v", rivals*rivalOpens, seen, all, processes, c)
	if processes+int(c.Processes.Lost()) < all {
		t.Errorf("of %d changes of processes %d are told", all, processes)
	}
	if seen+lost < rivals*rivalOpens {
		t.Errorf("%d opens: %d told, %d lost", rivals*rivalOpens, seen, lost)
	}
	// Perf's programs are left out only while somebody changes a map.
	if s.hooks.perf && c.Calls.LostMissed > rivalOpens/100 {
		t.Errorf("the program was missed %d times", c.Calls.LostMissed)
	}
}

// Whichever of several programs are left out, the others tell all, and nothing twice.
func TestTurns(t *testing.T) {
	needTurns(t)
	for _, c := range []struct {
		name    string
		without func(row) []link.Link
	}{
		{"the first left out", func(r row) []link.Link { return []link.Link{r.Link} }},
		{"the last alone", func(r row) []link.Link { return append(r.behind[:several-2:several-2], r.Link) }},
		{"the first alone", func(r row) []link.Link { return r.behind }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := sensorWith(t, Options{RingBytes: 1 << 24, Hooks: HooksAllCalls, turns: several}, "openat", "openat2")
			for _, l := range append(s.links, s.hooks.all) {
				if r, ok := l.(row); ok {
					if err := errors.Join(parallel(c.without(r), link.Link.Close)...); err != nil {
						t.Fatal(err)
					}
				}
			}
			told := map[string]int{}
			for _, r := range follow(t, s, ourselves("rival", "")) {
				told[actOf(r)]++
			}
			lost := lostCalls(t, s)
			for _, act := range slices.Concat(stages, []string{"/nowhere/0", "/nowhere/" + strconv.Itoa(rivalOpens-1)}) {
				if n := told[act]; isTwice(act, n) || n == 0 && lost == 0 { // what is there is missed where it is preempted
					t.Errorf("%s is told %d times, %d calls lost", act, n, lost)
				}
			}
			if kernel, err := btf.LoadKernelSpec(); err == nil && !preempts(kernel) { // else the same
				testUringOpen(t, s)
			}
		})
	}
}
