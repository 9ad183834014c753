package syscallreceiver

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/syscalls"
)

// A recording is a file of kernel records:
//
//	8 bytes  recordingMagic
//	8 bytes  fingerprint of the table of events that the records refer to
//	then for each record: 8 bytes length, then the record
//
// Integers are in the order of the machine that made it, as in the records.
// An empty file is a recording of nothing.
const (
	recordingMagic = "saker\x00r1"
	// recordMax is the most that one record can have.
	recordMax = 1 << 20
	// burst is how many records one Read gives: about what a ring holds
	// after a short sleep.
	burst = 256
	// idle is how long a Read at the end of the file waits.
	idle = 20 * time.Millisecond
)

var (
	errNoRecording  = errors.New("this is no recording")
	errOtherTable   = errors.New("the recording was made by another version: its events have other numbers here")
	errLongRecord   = fmt.Errorf("a record is longer than %d bytes", recordMax)
	errRecordingEnd = errors.New("the recording ends within a record")
)

// recording is a source that replays a file, as fast as it is read. At its
// end it gives no more records but stays open, like a machine where nothing
// happens.
type recording struct {
	file   *os.File
	in     *bufio.Reader
	buf    []byte
	given  atomic.Uint64 // records
	once   sync.Once
	closed chan struct{}
}

func openRecording(name string) (*recording, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open the recording: %w", err)
	}
	r := &recording{file: file, in: bufio.NewReaderSize(file, 256<<10), closed: make(chan struct{})}
	if err := r.header(); err != nil {
		return nil, errors.Join(fmt.Errorf("recording %s: %w", name, err), file.Close())
	}
	return r, nil
}

func (r *recording) header() error {
	var head [16]byte
	switch _, err := io.ReadFull(r.in, head[:]); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil || string(head[:8]) != recordingMagic:
		return errNoRecording
	case binary.NativeEndian.Uint64(head[8:]) != fingerprint():
		return errOtherTable
	}
	return nil
}

// fingerprint changes with everything in the table that says how a record is read.
func fingerprint() uint64 {
	h := fnv.New64a()
	for _, row := range syscalls.Rows() {
		fmt.Fprintln(h, row.Name, row.Kind, row.FD, bpf.Captures(row))
		for _, p := range row.Params {
			fmt.Fprintln(h, p.Name, p.Type, p.From, p.Dir, p.Len, p.Offset, p.Size)
		}
	}
	return h.Sum64()
}

// Attach gives nothing: processes that ran before are in the recording itself.
func (r *recording) Attach(func(bpf.Raw)) error { return nil }

// Scan gives nothing either.
func (r *recording) Scan(func(bpf.Raw)) error { return nil }

func (r *recording) Read(handle func(bpf.Raw)) (n int, err error) {
	select {
	case <-r.closed:
		return 0, os.ErrClosed
	default:
	}
	for ; n < burst; n++ {
		raw, err := r.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return n, fmt.Errorf("recording %s: %w", r.file.Name(), err)
		}
		r.given.Add(1)
		handle(raw)
	}
	if n == 0 {
		r.wait()
	}
	return n, nil
}

func (r *recording) next() (bpf.Raw, error) {
	var length [8]byte
	if _, err := io.ReadFull(r.in, length[:]); err != nil {
		return nil, inRecord(err)
	}
	size := binary.NativeEndian.Uint64(length[:])
	if size > recordMax {
		return nil, errLongRecord
	}
	if uint64(cap(r.buf)) < size {
		r.buf = make([]byte, size)
	}
	r.buf = r.buf[:size]
	if _, err := io.ReadFull(r.in, r.buf); errors.Is(err, io.EOF) {
		return nil, errRecordingEnd
	} else if err != nil {
		return nil, inRecord(err)
	}
	return r.buf, nil
}

// inRecord says it plainly when the file ends where it must not.
func inRecord(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return errRecordingEnd
	}
	return err
}

func (r *recording) wait() {
	timer := time.NewTimer(idle)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.closed:
	}
}

// Judge changes nothing: what was captured was captured.
func (r *recording) Judge(bpf.WireCgroup, bool) error { return nil }

// SetMounts has nothing to do: what is recorded is recorded.
func (r *recording) SetMounts(map[uint32]string) error { return nil }

// Counts says that all was sent, as calls: nothing gets lost on the way from
// a file.
func (r *recording) Counts() (bpf.Counts, error) {
	return bpf.Counts{Calls: bpf.Count{Sent: r.given.Load()}}, nil
}

// Stop leaves what has not been read.
func (r *recording) Stop() error {
	r.once.Do(func() { close(r.closed) })
	return nil
}

func (r *recording) Close() error {
	_ = r.Stop()
	if err := r.file.Close(); !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}
