package bpf

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// Count is what happened to records of one class in the kernel, since Load.
// What was emitted is Sent and all that was lost.
type Count struct {
	Sent        uint64 // reached the ring
	LostRing    uint64 // the ring was full
	LostScratch uint64 // the CPU's buffer was in use
	LostSize    uint64 // larger than a record can be
	LostMissed  uint64 // at most: the kernel did not run the program, as another one ran on that CPU
	Faults      uint64 // of Sent: user memory that could not be read
	Unseen      uint64 // of Sent: paths of calls that the hooks of paths should have seen
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

// counters are what the programs count, in memory of ours too: to read it is no
// call, of which one of bpf(2) could cost a record (record.h says how).
type counters struct {
	mu     sync.Mutex
	mapped []byte // of sensorWireCounters, by CPU; nil after unmap
}

func mapCounters(m *ebpf.Map) (*counters, error) {
	mapped, err := unix.Mmap(m.FD(), 0, int(m.MaxEntries()*m.ValueSize()), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map the counters: %w", err)
	}
	return &counters{mapped: mapped}, nil
}

func (c *counters) unmap() (err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mapped != nil {
		err = unix.Munmap(c.mapped)
		c.mapped = nil
	}
	return err
}

// sum adds up what all CPUs counted; os.ErrClosed after unmap.
func (c *counters) sum() (all sensorWireCounters, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mapped == nil {
		return all, os.ErrClosed
	}
	for at := uintptr(0); at < uintptr(len(c.mapped)); at += unsafe.Sizeof(all) {
		cpu := (*sensorWireCounters)(unsafe.Pointer(&c.mapped[at]))
		add(all.Calls[:], cpu.Calls[:])
		add(all.Processes[:], cpu.Processes[:])
		add(all.LeftOut[:], cpu.LeftOut[:])
	}
	return all, nil
}

func add(sums, counts []uint64) {
	for i := range sums {
		sums[i] += atomic.LoadUint64(&counts[i])
	}
}

// countOf is a class's account.
func countOf(counts []uint64) Count {
	return Count{
		Sent:        counts[sensorWireCountCOUNT_SENT],
		LostRing:    counts[sensorWireCountLOST_RING],
		LostScratch: counts[sensorWireCountLOST_SCRATCH],
		LostSize:    counts[sensorWireCountLOST_SIZE],
		Faults:      counts[sensorWireCountFAULT_USER],
		Unseen:      counts[sensorWireCountFAULT_PATH],
	}
}

// Counts reads the counters of all CPUs; os.ErrClosed after Close.
func (s *Sensor) Counts() (Counts, error) {
	all, err := s.counters.sum()
	if err != nil {
		return Counts{}, err
	}
	c := Counts{Calls: countOf(all.Calls[:]), Processes: countOf(all.Processes[:])}
	copy(c.LeftOut[:], all.LeftOut[:])
	err = errors.Join(s.missed(callPrograms, &c.Calls), s.missed(processPrograms, &c.Processes))
	return c, err
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
// program was preempted on that CPU, or for perf's tracepoints a call of bpf(2)
// that reads or changes a map. To ask for it is another one, and keeps none from
// running.
func (s *Sensor) missed(names []string, c *Count) error {
	programs := s.programs()
	for _, name := range names {
		p := *programs[name]
		if behind := s.behind[name]; behind != nil {
			p = behind[len(behind)-1] // nothing is lost but what the last one was left out for
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
