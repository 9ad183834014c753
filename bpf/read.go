package bpf

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/cilium/ebpf/link"
)

// Read calls fn for every record that waits, in the order of their times, and
// gives their number. First it sleeps: for 1 ms after a Read that found some, else
// until the next record, up to 20 ms. After Close it returns os.ErrClosed.
func (s *Sensor) Read(fn func(Raw)) (int, error) { return s.reader.read(fn) }

// scanMax is the most that one record of the scan can have: the kernel's
// buffer for an iterator's output.
const scanMax = 1 << 20

// Scan calls fn for a process record (CauseScan) of every process that runs
// now. What changes during the scan is in the ring, behind, once all is attached.
// It also tells the programs which process is ours, so that its own calls
// are not reported.
func (s *Sensor) Scan(fn func(Raw)) error {
	iter, err := link.AttachIter(link.IterOptions{Program: s.objs.Processes})
	if err != nil {
		return explain(fmt.Errorf("attach the process iterator: %w", err))
	}
	defer iter.Close()
	stream, err := iter.Open()
	if err != nil {
		return fmt.Errorf("open the process iterator: %w", err)
	}
	defer stream.Close()
	return frames(bufio.NewReaderSize(stream, 64<<10), fn)
}

// frames reads records, each behind its length, until the end.
func frames(r io.Reader, fn func(Raw)) error {
	var head [8]byte
	var buf []byte
	for {
		if _, err := io.ReadFull(r, head[:]); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("read a process's length: %w", err)
		}
		size := binary.NativeEndian.Uint64(head[:])
		if size > scanMax {
			return fmt.Errorf("process record of %d bytes, %d at most", size, scanMax)
		}
		if uint64(cap(buf)) < size {
			buf = make([]byte, size)
		}
		buf = buf[:size]
		if _, err := io.ReadFull(r, buf); err != nil {
			return fmt.Errorf("read a process: %w", err)
		}
		fn(Raw(buf))
	}
}
