package bpf

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

// Read calls fn for every record that waits, in the order of their times, and
// gives their number. With none it sleeps first: 1 ms after activity, up to
// 20 ms on a quiet machine. After Close it returns os.ErrClosed.
func (s *Sensor) Read(fn func(Raw)) (int, error) { return s.reader.read(fn) }

// scanMax is the most that one record of the scan can have: the kernel's
// buffer for an iterator's output.
const scanMax = 1 << 20

// Scan calls fn for a process record (CauseScan) of every process that runs
// now. Attach first: what changes during the scan is then in the ring, behind.
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

// Count is what happened to records of one class in the kernel, since Load.
// What was emitted is Sent and all that was lost.
type Count struct {
	Sent        uint64 // reached the ring
	LostRing    uint64 // the ring was full
	LostScratch uint64 // the CPU's buffer was in use
	LostSize    uint64 // larger than a record can be
	LostMissed  uint64 // at most: the kernel did not run the program, as another one ran on that CPU
	Faults      uint64 // of Sent: user memory that could not be read
}

// Lost is the number of records that did not reach the ring.
func (c Count) Lost() uint64 { return c.LostRing + c.LostScratch + c.LostSize + c.LostMissed }

// Counts are the counters by class.
type Counts struct {
	Calls     Count
	Processes Count
	// LeftOut are calls that were asked for and not reported, as no rule could
	// be true for them, by the fact that left none. They were never emitted.
	LeftOut [facts]uint64
}

// Counts reads the counters of all CPUs.
func (s *Sensor) Counts() (Counts, error) {
	var c Counts
	for class, count := range map[sensorWireClass]*Count{
		sensorWireClassCLASS_CALL: &c.Calls, sensorWireClassCLASS_PROCESS: &c.Processes,
	} {
		for what, n := range map[sensorWireCount]*uint64{
			sensorWireCountCOUNT_SENT:   &count.Sent,
			sensorWireCountLOST_RING:    &count.LostRing,
			sensorWireCountLOST_SCRATCH: &count.LostScratch,
			sensorWireCountLOST_SIZE:    &count.LostSize,
			sensorWireCountFAULT_USER:   &count.Faults,
		} {
			key := uint32(class)*uint32(sensorWireCountCOUNTS) + uint32(what)
			if err := sum(s.objs.Counts, key, n); err != nil {
				return Counts{}, err
			}
		}
	}
	if err := errors.Join(s.missed(callPrograms, &c.Calls), s.missed(processPrograms, &c.Processes)); err != nil {
		return Counts{}, err
	}
	for fact := range c.LeftOut {
		if err := sum(s.objs.LeftOut, uint32(fact), &c.LeftOut[fact]); err != nil {
			return Counts{}, err
		}
	}
	return c, nil
}

// The programs that emit records, by class.
var (
	callPrograms = []string{
		"sys_exit", "call_exit", "uring_sys_exit", "uring_call_exit", "signal_sent",
		"uring_submit", "uring_complete", "uring_work",
	}
	processPrograms = []string{
		"process_exec", "process_fork", "process_exit", "uring_process_exit", "process_rename", "process_cgroup",
	}
)

// missed counts how often the kernel did not run programs. It does so where the
// program was preempted on that CPU, or for perf's tracepoints a change of a map.
func (s *Sensor) missed(names []string, c *Count) error {
	programs := s.programs()
	for _, name := range names {
		p := *programs[name]
		if second := s.seconds[name]; second != nil {
			p = second // nothing is lost but what it was left out for
		}
		if p == nil {
			continue
		}
		stats, err := p.Stats()
		if err != nil {
			return fmt.Errorf("read how often %s was missed: %w", name, err)
		}
		c.LostMissed += stats.RecursionMisses
	}
	return nil
}

// sum adds what all CPUs counted to n.
func sum(counters *ebpf.Map, key uint32, n *uint64) error {
	var perCPU []uint64
	if err := counters.Lookup(key, &perCPU); err != nil {
		return fmt.Errorf("read the counters: %w", err)
	}
	for _, v := range perCPU {
		*n += v
	}
	return nil
}
