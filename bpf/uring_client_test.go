package bpf

import (
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A client of io_uring, as small as the tests need: <linux/io_uring.h>.
const (
	opAccept    = 13
	opConnect   = 16
	opOpenat    = 18
	opClose     = 19
	opOpenat2   = 28
	opRenameat  = 35
	opUnlinkat  = 36
	opMkdirat   = 37
	opSymlinkat = 38
	opLinkat    = 39
	opSocket    = 45
	opBind      = 56
	opListen    = 57

	sqeDrain = 1 << 1 // IOSQE_IO_DRAIN
	sqeLink  = 1 << 2 // IOSQE_IO_LINK
	sqeAsync = 1 << 4 // IOSQE_ASYNC
	sqeSkip  = 1 << 6 // IOSQE_CQE_SKIP_SUCCESS

	setupSQPoll       = 1 << 1 // IORING_SETUP_SQPOLL
	setupSingleIssuer = 1 << 12
	setupDeferTaskrun = 1 << 13

	enterGetEvents = 1 << 0
	enterWakeup    = 1 << 1

	allocSlot     = 1<<32 - 1 // IORING_FILE_INDEX_ALLOC
	registerFiles = 2         // IORING_REGISTER_FILES
	ringOffCQ     = 0x8000000
	ringOffSQEs   = 0x10000000
	needWakeup    = 1 << 0
	ringEntries   = 8
)

type sqe struct {
	opcode, flags uint8
	ioprio        uint16
	fd            int32
	off           uint64
	addr          uint64
	len           uint32
	opFlags       uint32
	data          uint64
	_             [4]byte
	slot          uint32
	_             [16]byte
}

type cqe struct {
	data  uint64
	res   int32
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

// uring is one ring.
type uring struct {
	fd     int
	params ringParams
	sq, cq []byte
	sqes   []sqe
	pins   runtime.Pinner // what requests point at
}

var errNoUring = errors.New("io_uring_setup is refused here")

func newRing(flags uint32) (*uring, error) {
	r := &uring{params: ringParams{flags: flags, idle: 1000}}
	fd, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, ringEntries, uintptr(unsafe.Pointer(&r.params)), 0)
	if errno == unix.ENOSYS || errno == unix.EPERM {
		return nil, fmt.Errorf("%w: %w", errNoUring, errno)
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
	r.sqes = unsafe.Slice((*sqe)(unsafe.Pointer(&b[0])), r.params.sqEntries)
	return r, nil
}

// close leaves what is mapped to the end of the process.
func (r *uring) close() error { return unix.Close(r.fd) }

func word(ring []byte, offset uint32) *uint32 { return (*uint32)(unsafe.Pointer(&ring[offset])) }

// address pins a value until the process ends, and gives where it is.
func address[T any](r *uring, v *T) uint64 {
	r.pins.Pin(v)
	return uint64(uintptr(unsafe.Pointer(v)))
}

func (r *uring) path(s string) uint64 {
	b := append([]byte(s), 0)
	return address(r, &b[0])
}

// push queues requests, for the kernel to take at the next enter, or at once
// where a thread of its own polls.
func (r *uring) push(requests ...sqe) {
	tail := word(r.sq, r.params.sq.tail)
	mask := *word(r.sq, r.params.sq.mask)
	for i, request := range requests {
		at := (*tail + uint32(i)) & mask
		r.sqes[at] = request
		*word(r.sq, r.params.sq.array+4*at) = at
	}
	atomic.StoreUint32(tail, *tail+uint32(len(requests)))
}

// registerSlots gives the ring four slots for direct descriptors.
func (r *uring) registerSlots() error {
	empty := []int32{-1, -1, -1, -1}
	_, _, errno := unix.Syscall6(unix.SYS_IO_URING_REGISTER, uintptr(r.fd), registerFiles,
		uintptr(unsafe.Pointer(&empty[0])), uintptr(len(empty)), 0, 0)
	if errno != 0 {
		return fmt.Errorf("register slots: %w", errno)
	}
	return nil
}

func (r *uring) enter(submit, wait, flags int) error {
	if r.params.flags&setupSQPoll != 0 && atomic.LoadUint32(word(r.sq, r.params.sq.flags))&needWakeup != 0 {
		flags |= enterWakeup
	}
	_, _, errno := unix.Syscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), uintptr(submit), uintptr(wait), uintptr(flags), 0, 0)
	if errno != 0 {
		return fmt.Errorf("io_uring_enter: %w", errno)
	}
	return nil
}

// completions takes what has completed.
func (r *uring) completions() (done []cqe) {
	head := word(r.cq, r.params.cq.head)
	mask := *word(r.cq, r.params.cq.mask)
	for ; *head != atomic.LoadUint32(word(r.cq, r.params.cq.tail)); atomic.StoreUint32(head, *head+1) {
		done = append(done, *(*cqe)(unsafe.Pointer(&r.cq[r.params.cq.cqes+16*(*head&mask)])))
	}
	return done
}

// do has requests performed, one completion each, and gives their results in
// the order of the requests.
func (r *uring) do(requests ...sqe) ([]int32, error) {
	for i := range requests {
		requests[i].data = uint64(i)
	}
	r.push(requests...)
	if err := r.enter(len(requests), len(requests), enterGetEvents); err != nil {
		return nil, err
	}
	results := make([]int32, len(requests))
	done := r.completions()
	for _, c := range done {
		results[c.data] = c.res
	}
	if len(done) != len(requests) {
		return nil, fmt.Errorf("%d completions of %d requests", len(done), len(requests))
	}
	return results, nil
}

// succeed is do for requests that must all give a result of 0 or more.
func (r *uring) succeed(requests ...sqe) ([]int32, error) {
	results, err := r.do(requests...)
	for i, res := range results {
		if res < 0 {
			return nil, fmt.Errorf("operation %d: %w", requests[i].opcode, unix.Errno(-res))
		}
	}
	return results, err
}
