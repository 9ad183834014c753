package bpf

import (
	"fmt"
	"os/exec"
	"runtime"
	"strconv"
	"testing"
	"unsafe"

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
// lost, which hardly any is.
func TestPreempted(t *testing.T) {
	s := sensorWith(t, Options{RingBytes: 1 << 24}, "openat")
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
	for _, rival := range all {
		if err := rival.Wait(); err != nil {
			t.Error(err)
		}
	}
	_ = waker.Process.Kill()
	_ = waker.Wait()
	drain(t, s, func(raw Raw) {
		h := raw.Header()
		if told[h.Pid] == nil || h.Type != TypeCall {
			return
		}
		if b := takeApart(raw).block(BlockString); b != nil {
			told[h.Pid][string(b.data)]++
		}
	})
	judgeRivals(t, s, told)
}

func judgeRivals(t *testing.T, s *Sensor, told map[uint32]map[string]int) {
	t.Helper()
	c, err := s.Counts()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for pid, names := range told {
		for i := range rivalOpens {
			n := names["/nowhere/"+strconv.Itoa(i)]
			seen += min(n, 1)
			if n > 1 {
				t.Errorf("process %d: open %d is told %d times", pid, i, n)
			}
		}
	}
	lost := int(c.Calls.Lost())
	t.Logf("%d opens: %d told, %+v", rivals*rivalOpens, seen, c)
	if seen+lost < rivals*rivalOpens {
		t.Errorf("%d opens: %d told, %d lost", rivals*rivalOpens, seen, lost)
	}
	// Perf's programs are left out only while somebody changes a map.
	if s.hooks.perf && c.Calls.LostMissed > rivalOpens/100 {
		t.Errorf("the program was missed %d times", c.Calls.LostMissed)
	}
}
