package bpf

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
	"unsafe"
)

const fakeRingBytes = 4096

// fakeRing is a ring in plain memory, with what the kernel does.
type fakeRing struct {
	memory
	written uint64
}

func newFakeRing() *fakeRing {
	f := &fakeRing{}
	f.consumer, f.producer, f.data = make([]byte, 8), make([]byte, 8), make([]byte, fakeRingBytes)
	return f
}

// write appends a record with some flags in its length.
func (f *fakeRing) write(record []byte, flags uint32) {
	size := uint64(len(f.data))
	header := binary.NativeEndian.AppendUint32(nil, uint32(len(record))|flags)
	for i, b := range append(append(header, 0, 0, 0, 0), record...) {
		f.data[(f.written+uint64(i))%size] = b
	}
	f.written += (uint64(len(record)) + ringHeader + 7) &^ 7
	binary.NativeEndian.PutUint64(f.producer, f.written)
}

// TestRing: records come back whole wherever in the ring they lie, discarded
// ones don't, and their room is told.
func TestRing(t *testing.T) {
	f, random := newFakeRing(), rand.New(rand.NewPCG(1, 2))
	wrapped := 0
	for i := range 20_000 {
		record := bytes.Repeat([]byte{byte(i)}, 1+random.IntN(600))
		f.write([]byte("not to be seen"), ringDiscard)
		f.write(record, 0)
		f.look()
		got := f.peek()
		if !bytes.Equal(got, record) {
			t.Fatalf("record %d at %d: %d bytes, want %d: % x", i, f.at%fakeRingBytes, len(got), len(record), got)
		}
		if f.at%fakeRingBytes+ringHeader+uint64(len(record)) > fakeRingBytes {
			wrapped++
		}
		f.skip(len(got))
		if next := f.peek(); next != nil {
			t.Fatalf("behind the last record is another: % x", next)
		}
		f.tell()
		if told := binary.NativeEndian.Uint64(f.consumer); told != f.written-ringStep {
			t.Fatalf("%d is told as read, %d was", told, f.written)
		}
	}
	if wrapped < 1000 {
		t.Errorf("only %d records wrapped", wrapped)
	}
}

// TestRingArm: the kernel wakes for a record that lies where the reader is told
// to be. That it is nowhere before arm, nor when a record has begun already.
func TestRingArm(t *testing.T) {
	f := newFakeRing()
	wakes := func() bool { return binary.NativeEndian.Uint64(f.consumer) == f.written }
	f.write([]byte("one"), 0)
	f.look()
	f.skip(len(f.peek()))
	if f.tell(); wakes() {
		t.Error("the reader would be woken while it polls")
	}
	if !f.arm() || !wakes() {
		t.Error("the reader would not be woken")
	}
	f.write([]byte("two"), ringBusy)
	if f.arm() {
		t.Error("the reader would sleep over a record")
	}
}

// TestRingBusy: who still writes holds up what comes behind.
func TestRingBusy(t *testing.T) {
	f := newFakeRing()
	f.write([]byte("written to"), ringBusy)
	f.write([]byte("done"), 0)
	f.look()
	if got := f.peek(); got != nil {
		t.Errorf("%q", got)
	}
	binary.NativeEndian.PutUint32(f.data, uint32(len("written to")))
	if got := f.peek(); string(got) != "written to" {
		t.Errorf("%q", got)
	}
}

// TestDrainWaits: no call is read before the records of processes that began
// before it, be it that one of these is still being written, nor the end of a
// process before its calls.
func TestDrainWaits(t *testing.T) {
	calls, processes := newFakeRing(), newFakeRing()
	r := &reader{calls: &calls.memory, processes: &processes.memory}
	record := func(time uint64) []byte {
		h := WireHeader{Time: time}
		return append([]byte(nil), unsafe.Slice((*byte)(unsafe.Pointer(&h)), unsafe.Sizeof(h))...)
	}
	var times []uint64
	drain := func() []uint64 {
		times = nil
		r.drain(func(raw Raw) { times = append(times, raw.Header().Time) })
		return times
	}
	processes.write(record(1), 0)
	processes.write(record(2), ringBusy)
	processes.write(record(3), 0)
	calls.write(record(4), 0)
	if got := drain(); !slices.Equal(got, []uint64{1}) {
		t.Errorf("read %v, want the first alone", got)
	}
	size := uint32(unsafe.Sizeof(WireHeader{}))
	binary.NativeEndian.PutUint32(processes.data[size+ringHeader:], size)
	if got := drain(); !slices.Equal(got, []uint64{2, 3, 4}) {
		t.Errorf("then read %v, want all", got)
	}
	calls.write(record(5), ringBusy)
	processes.write(record(6), 0)
	if got := drain(); len(got) != 0 {
		t.Errorf("read %v, want nothing before the call", got)
	}
	binary.NativeEndian.PutUint32(calls.data[size+ringHeader:], size)
	if got := drain(); !slices.Equal(got, []uint64{5, 6}) {
		t.Errorf("then read %v, want both", got)
	}
}

// TestWait: the reader polls after a look that found records, asks to be woken
// after one that found none, and does not sleep while much waits.
func TestWait(t *testing.T) {
	for _, c := range []struct {
		name         string
		found        bool
		write        int
		flags        uint32
		sleeps, arms bool
		sleep        time.Duration
	}{
		{"found some", true, 0, 0, true, false, pollSleep},
		{"found some, some wait", true, 100, 0, true, false, pollSleep},
		{"found some, much waits", true, fakeRingBytes * behind, 0, false, false, pollSleep},
		{"found none", false, 0, 0, true, true, 2 * pollSleep},
		{"found none, one waits", false, 100, 0, true, false, pollSleep},
		{"found none, one is being written", false, fakeRingBytes * behind, ringBusy, true, false, pollSleep},
	} {
		t.Run(c.name, func(t *testing.T) {
			calls, processes := newFakeRing(), newFakeRing()
			r := &reader{calls: &calls.memory, processes: &processes.memory, epoll: -1, sleep: pollSleep}
			calls.write(make([]byte, 8), ringDiscard)
			r.drain(func(Raw) {})
			r.found = c.found
			if c.write > 0 {
				calls.write(make([]byte, c.write), c.flags)
			}
			// Without a descriptor to wait for, who would sleep fails.
			if err := r.wait(); (err != nil) != c.sleeps {
				t.Errorf("%v, sleeps: want %t", err, c.sleeps)
			}
			woken := binary.NativeEndian.Uint64(calls.consumer) == r.calls.at && c.write == 0
			if woken != c.arms || r.sleep != c.sleep {
				t.Errorf("asks to be woken: %t, want %t; sleeps for %v, want %v", woken, c.arms, r.sleep, c.sleep)
			}
		})
	}
}
