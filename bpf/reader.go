package bpf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

const (
	pollSleep    = time.Millisecond // the most that a record waits: half of it in the median
	longestSleep = 20 * time.Millisecond
	behind       = 1. / 8 // of a ring: more may not wait while the reader sleeps
)

// reader reads the records of both rings in place, in the order of their
// times. To be woken for a record costs the traced program microseconds; so after
// a look that found some the reader sleeps a millisecond and looks again. Where
// that finds none, it is woken for the next one. It is woken too when a ring is a
// quarter full, or closed.
type reader struct {
	calls     *memory
	processes *memory

	epoll int
	wake  int           // eventfd that ends a sleep
	sleep time.Duration // the last one
	found bool          // the last look found records

	events [3]unix.EpollEvent

	closed  atomic.Bool
	reading sync.Mutex // held while memory or a descriptor is in use
}

func openReader(calls, processes *ebpf.Map) (_ *reader, err error) {
	r := &reader{epoll: -1, wake: -1, sleep: pollSleep}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.close())
		}
	}()
	if r.calls, err = mapRing(calls); err != nil {
		return nil, err
	}
	if r.processes, err = mapRing(processes); err != nil {
		return nil, err
	}
	if r.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	if r.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return nil, fmt.Errorf("eventfd: %w", err)
	}
	// Edge-triggered: records that nobody was woken for must not end a sleep.
	const quietly = unix.EPOLLIN | unix.EPOLLET
	for fd, events := range map[int]uint32{calls.FD(): quietly, processes.FD(): quietly, r.wake: unix.EPOLLIN} {
		ev := unix.EpollEvent{Events: events, Fd: int32(fd)}
		if err = unix.EpollCtl(r.epoll, unix.EPOLL_CTL_ADD, fd, &ev); err != nil {
			return nil, fmt.Errorf("epoll add: %w", err)
		}
	}
	return r, nil
}

// read sleeps if there is reason to, and calls fn for every record that waits then.
// close ends the sleep.
func (r *reader) read(fn func(Raw)) (int, error) {
	r.reading.Lock()
	defer r.reading.Unlock()
	if r.closed.Load() {
		return 0, os.ErrClosed
	}
	if err := r.wait(); err != nil && !errors.Is(err, unix.EINTR) {
		return 0, fmt.Errorf("wait for records: %w", err)
	}
	if r.closed.Load() {
		return 0, os.ErrClosed
	}
	return r.drain(fn), nil
}

// wait sleeps: after a look that found none until the next record, or the longer
// the more of them found none; else for a while, unless much waits already.
func (r *reader) wait() error {
	if !r.found && r.calls.arm() && r.processes.arm() {
		r.sleep = min(2*r.sleep, longestSleep)
		_, err := unix.EpollWait(r.epoll, r.events[:], int(r.sleep.Milliseconds()))
		return err
	}
	r.sleep = pollSleep
	if r.found && max(r.calls.waiting(), r.processes.waiting()) > behind {
		return nil
	}
	return r.poll()
}

// poll sleeps without a word to Go's scheduler. That would wake up twice to find
// out what this thread is waiting for, which costs as much as the sleep; but as long as
// it isn't told, it has one processor less, so it must have another one. A signal, by
// which it asks for this one, ends the sleep.
func (r *reader) poll() error {
	wait := unix.RawSyscall6
	if runtime.GOMAXPROCS(0) == 1 {
		wait = unix.Syscall6
	}
	events := unsafe.Pointer(&r.events) // on the heap: it stays where it is
	_, _, errno := wait(unix.SYS_EPOLL_PWAIT, uintptr(r.epoll), uintptr(events), uintptr(len(r.events)), uintptr(pollSleep.Milliseconds()), 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// drain reads what waits now. It looks at the calls first: what became of a process
// before one of them is then surely among what it sees of processes. Then it looks at
// the calls again: what a process did before its end is surely among these, and later
// ones wait for the next look. Behind a record that is still being written, of
// either ring, it reads nothing: what waits may come after what that hides.
func (r *reader) drain(fn func(Raw)) (n int) {
	r.calls.look()
	first := r.calls.end
	r.processes.look()
	r.calls.look()
	call, process := r.calls.peek(), r.processes.peek()
	for ; !r.hidden(call, process) && (process != nil || call != nil && r.calls.at < first); n++ {
		if call == nil || process != nil && process.Header().Time <= call.Header().Time {
			fn(process)
			r.processes.skip(len(process))
			process = r.processes.peek()
			continue
		}
		fn(call)
		r.calls.skip(len(call))
		call = r.calls.peek()
	}
	r.calls.tell()
	r.processes.tell()
	r.found = n > 0
	return n
}

// hidden reports whether a ring's next record, which peek did not give, is being written.
func (r *reader) hidden(call, process Raw) bool {
	return call == nil && r.calls.busy() || process == nil && r.processes.busy()
}

// close ends a read under way and unmaps the rings.
func (r *reader) close() error {
	if r.closed.Swap(true) {
		return nil
	}
	if r.wake >= 0 {
		_, _ = unix.Write(r.wake, binary.NativeEndian.AppendUint64(nil, 1))
	}
	r.reading.Lock()
	defer r.reading.Unlock()
	var errs []error
	for _, memory := range []*memory{r.calls, r.processes} {
		if memory != nil {
			errs = append(errs, memory.unmap())
		}
	}
	for _, fd := range []int{r.epoll, r.wake} {
		if fd >= 0 {
			errs = append(errs, unix.Close(fd))
		}
	}
	return errors.Join(errs...)
}
