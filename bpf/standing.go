package bpf

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// Standing is what had been told of a process at some time: that is how the
// kernel knows whether what is found out about the process is about what it
// still is. See standing.h.
type Standing struct {
	pid   uint32
	begun uint32 // records about it
	end   uint64 // of the ring, in which they are
}

// standings is where the programs find what was found out about processes.
type standings struct {
	places []byte // of sensorWireStanding, mapped
	sets   []byte // of Candidates, mapped
	mask   uint32

	mu      sync.Mutex
	current *Filter // that the sets are for; nil: none are taken
	era     uint8
	numbers map[Candidates]uint64
}

func mapStandings(places, sets *ebpf.Map) (*standings, error) {
	s := &standings{mask: places.MaxEntries() - 1}
	for to, m := range map[*[]byte]*ebpf.Map{&s.places: places, &s.sets: sets} {
		memory, err := unix.Mmap(m.FD(), 0, int(m.MaxEntries()*m.ValueSize()), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("map what is known of processes: %w", err), s.unmap())
		}
		*to = memory
	}
	return s, nil
}

func (s *standings) unmap() (err error) {
	s.begin(nil)
	for _, memory := range []*[]byte{&s.places, &s.sets} {
		if *memory != nil {
			err = errors.Join(err, unix.Munmap(*memory))
			*memory = nil
		}
	}
	return err
}

func (s *standings) of(pid uint32) *sensorWireStanding {
	var place sensorWireStanding
	return (*sensorWireStanding)(unsafe.Pointer(&s.places[uintptr(pid&s.mask)*unsafe.Sizeof(place)]))
}

// next begins the era of a filter to come, for which no set was made yet.
func (s *standings) next() uint8 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.era++; s.era == 0 {
		s.era = 1
		for pid := range s.mask + 1 { // no set may outlive a round of eras
			atomic.StoreUint64(&s.of(pid).Set, 0)
		}
	}
	s.current = nil
	return s.era
}

// begin takes the sets of the era's filter in place of all before, when no
// program looks at another filter any more.
func (s *standings) begin(f *Filter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current, s.numbers = f, map[Candidates]uint64{}
}

// number is that of a set, false: there is no room for another one.
func (s *standings) number(c Candidates) (uint64, bool) {
	n, known := s.numbers[c]
	if known {
		return n, true
	}
	n = uint64(len(s.numbers))
	at := uintptr(n) * unsafe.Sizeof(c)
	if at >= uintptr(len(s.sets)) {
		return 0, false
	}
	*(*Candidates)(unsafe.Pointer(&s.sets[at])) = c
	s.numbers[c] = n
	return n, true
}

// Vouches reports whether this kernel tells of all that may revoke a process.
func (s *Sensor) Vouches() bool { return s.objs.ProcessRename != nil }

// Voucher shows the programs what rules can be true for whatever a process
// does, so that its calls are left out where the filter then leaves none. It is
// for the goroutine that reads.
type Voucher struct {
	*standings
	ring   *memory // of the records about processes
	filter *Filter
}

// Voucher makes a voucher in terms of a filter.
func (s *Sensor) Voucher(f *Filter) *Voucher {
	return &Voucher{s.standings, s.reader.processes, f}
}

// Stand notes what has been told of a process until now; false: something is
// just being told.
func (s *Voucher) Stand(pid uint32) (Standing, bool) {
	place := s.of(pid)
	ended := atomic.LoadUint32(&place.Ended) // before the other: if they agree, nothing is under way
	st := Standing{pid: pid, begun: atomic.LoadUint32(&place.Begun)}
	st.end = s.ring.produced()
	return st, st.begun == ended
}

// Told reports whether all that had been told then has been read.
func (s *Voucher) Told(st Standing) bool { return s.ring.at >= st.end }

// Vouch says which rules can be true for what a process does. That must be
// found out from what was told until st, or more. It holds until something else
// is told of the process, until another filter is watched with, or until
// Revoke. False: that has come already, or there is no room.
func (s *Voucher) Vouch(st Standing, can Candidates) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	place := s.of(st.pid)
	if s.current == nil || s.current != s.filter || atomic.LoadUint32(&place.Begun) != st.begun {
		return false
	}
	n, ok := s.number(can)
	if !ok {
		return false
	}
	atomic.StoreUint64(&place.Set, n|uint64(s.era)<<sensorWireStandingShiftSTANDING_ERA|
		uint64(st.pid)<<sensorWireStandingShiftSTANDING_PID|uint64(st.begun)<<sensorWireStandingShiftSTANDING_BEGUN)
	return true
}

// Revoke ends what Vouch said of a process.
func (s *Voucher) Revoke(pid uint32) { atomic.StoreUint64(&s.of(pid).Set, 0) }
