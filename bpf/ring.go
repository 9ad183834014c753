package bpf

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"unsafe"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// The kernel's ring buffer, as <linux/bpf.h> lays it out: a page with the
// consumer's position, a page with the producer's, then the data. The kernel
// offers the data twice in a row, so that no record wraps; but pages that are
// mapped twice count as memory twice.
const (
	ringBusy    = 1 << 31 // BPF_RINGBUF_BUSY_BIT in a record's length
	ringDiscard = 1 << 30 // BPF_RINGBUF_DISCARD_BIT
	ringHeader  = 8       // BPF_RINGBUF_HDR_SZ
	ringPublish = 64 << 10
	ringStep    = 8 // records begin at multiples of it
)

// memory is one ring, mapped.
type memory struct {
	consumer []byte
	producer []byte
	data     []byte
	wrapped  []byte // copy of the last record that wrapped
	end      uint64 // producer's position when last looked at
	at       uint64 // the next record
	told     uint64 // consumer's position as the kernel knows it
}

func mapRing(m *ebpf.Map) (r *memory, err error) {
	page := os.Getpagesize()
	r = &memory{}
	if r.consumer, err = unix.Mmap(m.FD(), 0, page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err != nil {
		return nil, fmt.Errorf("consumer page: %w", err)
	}
	size := page + int(m.MaxEntries())
	if r.producer, err = unix.Mmap(m.FD(), int64(page), size, unix.PROT_READ, unix.MAP_SHARED); err != nil {
		return nil, errors.Join(fmt.Errorf("data pages: %w", err), unix.Munmap(r.consumer))
	}
	r.data = r.producer[page:]
	return r, nil
}

func (r *memory) unmap() error {
	return errors.Join(unix.Munmap(r.consumer), unix.Munmap(r.producer))
}

// look takes the producer's position: until the next look nothing behind it is read.
func (r *memory) look() { r.end = r.produced() }

// produced is where the ring ends now.
func (r *memory) produced() uint64 {
	return atomic.LoadUint64((*uint64)(unsafe.Pointer(&r.producer[0])))
}

// waiting is the share of the ring that has not been read.
func (r *memory) waiting() float64 { return float64(r.produced()-r.at) / float64(len(r.data)) }

// tell gives the room of what was read back to the kernel, but for the last step:
// no record begins there, so the kernel wakes nobody.
func (r *memory) tell() {
	r.put(max(r.at, ringStep) - ringStep)
}

// arm has the kernel wake the reader for the next record, and reports whether
// none has begun by now. It lasts until tell.
func (r *memory) arm() bool {
	r.put(r.at)
	r.look()
	return r.end == r.at
}

func (r *memory) put(position uint64) {
	atomic.StoreUint64((*uint64)(unsafe.Pointer(&r.consumer[0])), position)
	r.told = position
}

// peek gives the next record, nil if there is none or if it is still being
// written. It is valid until what is behind it is peeked at.
func (r *memory) peek() Raw {
	for r.at < r.end {
		header := int(r.at) & (len(r.data) - 1)
		size := atomic.LoadUint32((*uint32)(unsafe.Pointer(&r.data[header])))
		switch {
		case size&ringBusy != 0:
			return nil
		case size&ringDiscard == 0:
			return r.record(header+ringHeader, int(size))
		}
		r.skip(int(size &^ ringDiscard))
	}
	return nil
}

// busy reports whether peek gave nil for a record that is still being written.
func (r *memory) busy() bool { return r.at < r.end }

// record is size bytes of the ring, in one piece.
func (r *memory) record(from, size int) Raw {
	if beyond := from + size - len(r.data); beyond > 0 {
		r.wrapped = append(append(r.wrapped[:0], r.data[from:]...), r.data[:beyond]...)
		return r.wrapped
	}
	return Raw(r.data[from : from+size])
}

// skip goes behind a record of a length.
func (r *memory) skip(length int) {
	r.at += (uint64(length) + ringHeader + 7) &^ 7
	if r.at-r.told >= ringPublish {
		r.tell()
	}
}
