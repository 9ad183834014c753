package bpf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

const (
	shortestSleep = time.Millisecond
	longestSleep  = 20 * time.Millisecond
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
	sleep time.Duration // the last one; 0: records came since

	closed  atomic.Bool
	reading sync.Mutex // held while memory or a descriptor is in use
}

func openReader(calls, processes *ebpf.Map) (_ *reader, err error) {
	r := &reader{epoll: -1, wake: -1}
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

// read calls fn for every record that waits; if there is none it sleeps
// first. close ends the sleep.
func (r *reader) read(fn func(Raw)) (int, error) {
	r.reading.Lock()
	defer r.reading.Unlock()
	if r.closed.Load() {
		return 0, os.ErrClosed
	}
	if n := r.drain(fn); n > 0 {
		return n, nil
	}
	if err := r.wait(); err != nil {
		return 0, err
	}
	if r.closed.Load() {
		return 0, os.ErrClosed
	}
	return r.drain(fn), nil
}

// wait sleeps, the longer the more often it was called since records came; from
// the second time on it ends with the next record.
func (r *reader) wait() error {
	if again := r.sleep > 0; again && r.calls.arm() && r.processes.arm() {
		r.sleep = min(2*r.sleep, longestSleep)
	} else {
		r.sleep = shortestSleep
	}
	var events [3]unix.EpollEvent
	if _, err := unix.EpollWait(r.epoll, events[:], int(r.sleep.Milliseconds())); err != nil && !errors.Is(err, unix.EINTR) {
		return fmt.Errorf("wait for records: %w", err)
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
	if n > 0 {
		r.sleep = 0
	}
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
