package syscallreceiver

import (
	"fmt"
	"os"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Priority says how the thread that reads the events competes for a CPU: what
// happens while it waits for one must find room in the rings.
type Priority string

const (
	// PriorityRaised: before what else computes in the collector's group, with a
	// short slice: it gets a CPU soon, and gives it back soon.
	PriorityRaised Priority = "raised"
	// PriorityRealtime: before all that is not, on the whole machine
	// (SCHED_FIFO). In a storm of events little else may run on its CPU.
	PriorityRealtime Priority = "realtime"
	// PriorityNormal: as all threads.
	PriorityNormal Priority = "normal"
)

const (
	raisedNice  = -10
	raisedSlice = 100 * time.Microsecond // the least that Linux takes, from 6.12 on
	// realtimePriority is the lowest of them: kernel threads must come first.
	realtimePriority = 1
)

// threadName is what /proc, ps and top show the thread of the events as.
const threadName = "saker-events"

// ownThread gives the goroutine a thread to itself, with a name: so it can be
// seen what it takes and does. The thread ends with it. The error says why it
// has not the priority; it works without.
func ownThread(p Priority) error {
	runtime.LockOSThread()
	name := append([]byte(threadName), 0)
	_ = unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(&name[0])), 0, 0, 0) // nothing depends on it
	// The thread keeps one of Go's processors while it polls; others need one, too.
	if os.Getenv("GOMAXPROCS") == "" && runtime.GOMAXPROCS(0) == 1 {
		runtime.GOMAXPROCS(2)
	}
	return prioritize(p)
}

// prioritize gives the thread that calls it a priority. What somebody gave the
// process already is not lowered.
func prioritize(p Priority) error {
	if p == PriorityNormal {
		return nil
	}
	now, err := unix.SchedGetAttr(0, 0)
	if err != nil {
		return fmt.Errorf("priority of the thread: %w", err)
	}
	if now.Policy != unix.SCHED_NORMAL {
		return nil
	}
	wanted := *now
	wanted.Flags = unix.SCHED_FLAG_RESET_ON_FORK
	wanted.Runtime = uint64(raisedSlice)
	slice := wanted
	wanted.Nice = min(now.Nice, raisedNice)
	if p == PriorityRealtime {
		wanted = unix.SchedAttr{
			Size: now.Size, Policy: unix.SCHED_FIFO, Priority: realtimePriority, Flags: unix.SCHED_FLAG_RESET_ON_FORK,
		}
	}
	if err := unix.SchedSetAttr(0, &wanted, 0); err != nil {
		_ = unix.SchedSetAttr(0, &slice, 0) // this much needs no privilege
		return fmt.Errorf("priority %s of the thread: %w", p, err)
	}
	return nil
}
