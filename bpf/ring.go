package bpf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// The kernel's ring buffer, as <linux/bpf.h> lays it out: a page with the
// consumer's position, a page with the producer's, then the data, mapped twice
// in a row so that a record never wraps.
const (
	ringBusy      = 1 << 31 // BPF_RINGBUF_BUSY_BIT in a record's length
	ringDiscard   = 1 << 30 // BPF_RINGBUF_DISCARD_BIT
	ringHeader    = 8       // BPF_RINGBUF_HDR_SZ
	ringPublish   = 64 << 10
	shortestSleep = time.Millisecond
	longestSleep  = 20 * time.Millisecond
)

// ring reads records in place. The kernel wakes nobody for a record, since
// that would cost the traced program microseconds; so the reader sleeps
// between looks, the longer the less it finds, and is woken only when the ring
// is a quarter full, or closed.
type ring struct {
	consumer []byte
	producer []byte
	data     []byte
	mask     uint64

	epoll int
	wake  int // eventfd that ends a sleep
	sleep time.Duration

	closed  atomic.Bool
	reading sync.Mutex // held while the memory or a descriptor is in use
}

func openRing(m *ebpf.Map) (_ *ring, err error) {
	r := &ring{epoll: -1, wake: -1, sleep: shortestSleep, mask: uint64(m.MaxEntries()) - 1}
	defer func() {
		if err != nil {
			r.close()
		}
	}()
	page := os.Getpagesize()
	size := page + 2*int(m.MaxEntries())
	if r.consumer, err = unix.Mmap(m.FD(), 0, page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err != nil {
		return nil, fmt.Errorf("consumer page: %w", err)
	}
	if r.producer, err = unix.Mmap(m.FD(), int64(page), size, unix.PROT_READ, unix.MAP_SHARED); err != nil {
		return nil, fmt.Errorf("data pages: %w", err)
	}
	r.data = r.producer[page:]
	if r.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	if r.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return nil, fmt.Errorf("eventfd: %w", err)
	}
	// Edge-triggered: records that nobody was woken for must not end a sleep.
	for fd, events := range map[int]uint32{m.FD(): unix.EPOLLIN | unix.EPOLLET, r.wake: unix.EPOLLIN} {
		ev := unix.EpollEvent{Events: events, Fd: int32(fd)}
		if err = unix.EpollCtl(r.epoll, unix.EPOLL_CTL_ADD, fd, &ev); err != nil {
			return nil, fmt.Errorf("epoll add: %w", err)
		}
	}
	return r, nil
}

// read calls fn for every record in the ring; if there is none it sleeps
// first. close ends the sleep.
func (r *ring) read(fn func(Raw)) (int, error) {
	r.reading.Lock()
	defer r.reading.Unlock()
	if r.closed.Load() {
		return 0, os.ErrClosed
	}
	if n := r.drain(fn); n > 0 {
		r.sleep = shortestSleep
		return n, nil
	}
	var events [2]unix.EpollEvent
	if _, err := unix.EpollWait(r.epoll, events[:], int(r.sleep.Milliseconds())); err != nil && !errors.Is(err, unix.EINTR) {
		return 0, fmt.Errorf("wait for records: %w", err)
	}
	if r.closed.Load() {
		return 0, os.ErrClosed
	}
	r.sleep = min(2*r.sleep, longestSleep)
	return r.drain(fn), nil
}

func (r *ring) drain(fn func(Raw)) (n int) {
	head := (*uint64)(unsafe.Pointer(&r.consumer[0]))
	end := atomic.LoadUint64((*uint64)(unsafe.Pointer(&r.producer[0])))
	at := atomic.LoadUint64(head)
	published := at
	for at < end {
		record := r.data[at&r.mask:]
		size := atomic.LoadUint32((*uint32)(unsafe.Pointer(&record[0])))
		if size&ringBusy != 0 {
			break // reserved, still being written
		}
		length := uint64(size &^ ringDiscard)
		if size&ringDiscard == 0 {
			fn(Raw(record[ringHeader : ringHeader+length]))
			n++
		}
		at += (length + ringHeader + 7) &^ 7
		if at-published >= ringPublish {
			atomic.StoreUint64(head, at)
			published = at
		}
	}
	atomic.StoreUint64(head, at)
	return n
}

// waiting is how many bytes of the ring hold records that were not read yet.
func (r *ring) waiting() uint64 {
	r.reading.Lock()
	defer r.reading.Unlock()
	if r.closed.Load() {
		return 0
	}
	return atomic.LoadUint64((*uint64)(unsafe.Pointer(&r.producer[0]))) -
		atomic.LoadUint64((*uint64)(unsafe.Pointer(&r.consumer[0])))
}

// close ends a read under way and unmaps the ring.
func (r *ring) close() error {
	if r.closed.Swap(true) {
		return nil
	}
	if r.wake >= 0 {
		_, _ = unix.Write(r.wake, binary.NativeEndian.AppendUint64(nil, 1))
	}
	r.reading.Lock()
	defer r.reading.Unlock()
	var errs []error
	for _, memory := range [][]byte{r.consumer, r.producer} {
		if memory != nil {
			errs = append(errs, unix.Munmap(memory))
		}
	}
	for _, fd := range []int{r.epoll, r.wake} {
		if fd >= 0 {
			errs = append(errs, unix.Close(fd))
		}
	}
	return errors.Join(errs...)
}
