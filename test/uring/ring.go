// Package uring is a client of io_uring, as small as the tests need.
//
// It takes requests and gives their completions, by a ring that it maps. It
// owns the ring, and what requests point at. It never frees what it mapped: a
// process that acts ends soon.
package uring

import (
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Operations, and flags of requests, of rings and of what is entered:
// <linux/io_uring.h>.
const (
	OpWritev    = 2
	OpSendmsg   = 9
	OpRecvmsg   = 10
	OpAccept    = 13
	OpConnect   = 16
	OpOpenat    = 18
	OpClose     = 19
	OpStatx     = 21
	OpRead      = 22
	OpWrite     = 23
	OpSend      = 26
	OpRecv      = 27
	OpOpenat2   = 28
	OpSplice    = 30
	OpShutdown  = 34
	OpRenameat  = 35
	OpUnlinkat  = 36
	OpMkdirat   = 37
	OpSymlinkat = 38
	OpLinkat    = 39
	OpSetxattr  = 42
	OpSocket    = 45
	OpInstall   = 54 // FIXED_FD_INSTALL
	OpFtruncate = 55
	OpBind      = 56
	OpListen    = 57

	FixedFile = 1 << 0 // IOSQE_FIXED_FILE
	Drain     = 1 << 1 // IOSQE_IO_DRAIN
	Link      = 1 << 2 // IOSQE_IO_LINK
	Async     = 1 << 4 // IOSQE_ASYNC
	Skip      = 1 << 6 // IOSQE_CQE_SKIP_SUCCESS

	SetupSQPoll       = 1 << 1 // IORING_SETUP_SQPOLL
	SetupSingleIssuer = 1 << 12
	SetupDeferTaskrun = 1 << 13

	GetEvents   = 1 << 0
	enterWakeup = 1 << 1

	AllocSlot     = 1<<32 - 1 // IORING_FILE_INDEX_ALLOC
	registerFiles = 2         // IORING_REGISTER_FILES
	ringOffCQ     = 0x8000000
	ringOffSQEs   = 0x10000000
	needWakeup    = 1 << 0
)

// Entries is how many requests can be queued.
const Entries = 8

// Request is what is to be done (struct io_uring_sqe).
type Request struct {
	Opcode, Flags uint8
	Priority      uint16 // and flags of some operations
	FD            int32
	Off           uint64
	Addr          uint64
	Len           uint32
	OpFlags       uint32
	data          uint64
	_             [4]byte
	Slot          uint32
	Addr3         uint64
	_             [8]byte
}

// Completion is what came of a request (struct io_uring_cqe).
type Completion struct {
	data  uint64
	Res   int32
	flags uint32
}

// ringParams is struct io_uring_params.
type ringParams struct {
	sqEntries, cqEntries, flags, cpu, idle, features, wq uint32
	_                                                    [3]uint32
	sq                                                   struct {
		head, tail, mask, entries, flags, dropped, array, _ uint32
		_                                                   uint64
	}
	cq struct {
		head, tail, mask, entries, overflow, cqes, flags, _ uint32
		_                                                   uint64
	}
}

// Ring is one ring, for one thread.
type Ring struct {
	fd     int
	params ringParams
	sq, cq []byte
	sqes   []Request
	pins   runtime.Pinner // what requests point at
}

// ErrRefused is the error of a machine that has no io_uring, or not for this process.
var ErrRefused = errors.New("io_uring_setup is refused here")

// New makes a ring of Entries requests.
func New(flags uint32) (*Ring, error) {
	r := &Ring{params: ringParams{flags: flags, idle: 1000}}
	fd, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, Entries, uintptr(unsafe.Pointer(&r.params)), 0)
	if errno == unix.ENOSYS || errno == unix.EPERM {
		return nil, fmt.Errorf("%w: %w", ErrRefused, errno)
	}
	if errno != 0 {
		return nil, fmt.Errorf("io_uring_setup with flags %#x: %w", flags, errno)
	}
	r.fd = int(fd)
	const access, share = unix.PROT_READ | unix.PROT_WRITE, unix.MAP_SHARED | unix.MAP_POPULATE
	var err error
	if r.sq, err = unix.Mmap(r.fd, 0, int(r.params.sq.array+4*r.params.sqEntries), access, share); err != nil {
		return nil, err
	}
	if r.cq, err = unix.Mmap(r.fd, ringOffCQ, int(r.params.cq.cqes+16*r.params.cqEntries), access, share); err != nil {
		return nil, err
	}
	b, err := unix.Mmap(r.fd, ringOffSQEs, 64*int(r.params.sqEntries), access, share)
	if err != nil {
		return nil, err
	}
	r.sqes = unsafe.Slice((*Request)(unsafe.Pointer(&b[0])), r.params.sqEntries)
	return r, nil
}

// CompletionEntries is how many completions the ring can hold.
func (r *Ring) CompletionEntries() uint32 { return r.params.cqEntries }

// Close leaves what is mapped to the end of the process.
func (r *Ring) Close() error { return unix.Close(r.fd) }

func word(ring []byte, offset uint32) *uint32 { return (*uint32)(unsafe.Pointer(&ring[offset])) }

// Address pins a value until Unpin, or the process's end, and gives where it is.
func Address[T any](r *Ring, v *T) uint64 {
	r.pins.Pin(v)
	return uint64(uintptr(unsafe.Pointer(v)))
}

// Unpin gives up all that requests pointed at.
func (r *Ring) Unpin() { r.pins.Unpin() }

// Path is the address of a path.
func (r *Ring) Path(s string) uint64 {
	b := append([]byte(s), 0)
	return Address(r, &b[0])
}

// Push queues requests, for the kernel to take at the next enter, or at once
// where a thread of its own polls.
func (r *Ring) Push(requests ...Request) {
	tail := word(r.sq, r.params.sq.tail)
	mask := *word(r.sq, r.params.sq.mask)
	for i, request := range requests {
		at := (*tail + uint32(i)) & mask
		r.sqes[at] = request
		*word(r.sq, r.params.sq.array+4*at) = at
	}
	atomic.StoreUint32(tail, *tail+uint32(len(requests)))
}

// RegisterSlots gives the ring four slots for direct descriptors.
func (r *Ring) RegisterSlots() error {
	empty := []int32{-1, -1, -1, -1}
	_, _, errno := unix.Syscall6(unix.SYS_IO_URING_REGISTER, uintptr(r.fd), registerFiles,
		uintptr(unsafe.Pointer(&empty[0])), uintptr(len(empty)), 0, 0)
	if errno != 0 {
		return fmt.Errorf("register slots: %w", errno)
	}
	return nil
}

// Enter has queued requests taken, and waits for completions, but no longer than to the
// next signal if it took some.
func (r *Ring) Enter(submit, wait, flags int) error {
	if r.params.flags&SetupSQPoll != 0 && atomic.LoadUint32(word(r.sq, r.params.sq.flags))&needWakeup != 0 {
		flags |= enterWakeup
	}
	errno := unix.EINTR
	for errno == unix.EINTR {
		_, _, errno = unix.Syscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), uintptr(submit), uintptr(wait), uintptr(flags), 0, 0)
	}
	if errno != 0 {
		return fmt.Errorf("io_uring_enter: %w", errno)
	}
	return nil
}

// Completions takes what has completed.
func (r *Ring) Completions() (done []Completion) {
	head := word(r.cq, r.params.cq.head)
	mask := *word(r.cq, r.params.cq.mask)
	for ; *head != atomic.LoadUint32(word(r.cq, r.params.cq.tail)); atomic.StoreUint32(head, *head+1) {
		done = append(done, *(*Completion)(unsafe.Pointer(&r.cq[r.params.cq.cqes+16*(*head&mask)])))
	}
	return done
}

// Do has requests performed, one completion each, and gives their results in
// the order of the requests.
func (r *Ring) Do(requests ...Request) ([]int32, error) {
	for i := range requests {
		requests[i].data = uint64(i)
	}
	r.Push(requests...)
	if err := r.Enter(len(requests), len(requests), GetEvents); err != nil {
		return nil, err
	}
	results := make([]int32, len(requests))
	for missing := len(requests); ; {
		for _, c := range r.Completions() {
			results[c.data] = c.Res
			missing--
		}
		if missing <= 0 {
			return results, nil
		}
		if err := r.Enter(0, missing, GetEvents); err != nil {
			return nil, err
		}
	}
}

// Succeed is Do for requests that must all give a result of 0 or more.
func (r *Ring) Succeed(requests ...Request) ([]int32, error) {
	results, err := r.Do(requests...)
	for i, res := range results {
		if res < 0 {
			return nil, fmt.Errorf("operation %d: %w", requests[i].Opcode, unix.Errno(-res))
		}
	}
	return results, err
}
