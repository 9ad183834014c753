package state

import "github.com/sakerhq/saker/bpf"

// Healed is what a second scan found to be otherwise than it was known.
type Healed struct {
	Found uint64 // processes that ran unknown, or another program than was known
	Ended uint64 // processes that were known, but no longer ran
}

// Empty reports whether all was as it was known.
func (h Healed) Empty() bool { return h == Healed{} }

// BeginScan says that the next records are of a scan of all processes, up to
// EndScan.
func (s *State) BeginScan() {
	s.scan++
	s.scanFrom, s.scanned, s.healed = 0, 0, Healed{}
}

// EndScan sets right what the scan showed to be wrong: records were lost. A
// process that a whole scan did not find has ended.
func (s *State) EndScan(whole bool) Healed {
	s.settle()
	if !whole || s.scanned == 0 {
		return s.healed
	}
	s.scannedAll = s.scanFrom
	for _, p := range s.processes.known {
		if p.Exited || p.scan == s.scan || p.Start >= s.scanFrom {
			continue
		}
		s.orphan(p, 0)
		s.processes.exit(p, s.now)
		s.healed.Ended++
	}
	return s.healed
}

// found takes note of a process that a scan found, and of its parent: that
// runs too, though a machine may hide it from scans.
func (s *State) found(p *process, w *bpf.WireProcess) {
	if s.scanned == 0 {
		s.scanFrom = w.Header.Time
	}
	s.scanning, p.scan = true, s.scan
	s.scanned++
	named := identity{w.ParentStart, w.ParentPid}
	if parent := s.processes.known[named]; parent != nil {
		parent.scan = s.scan
	} else if n := len(s.strangers); w.ParentPid != 0 && (n == 0 || s.strangers[n-1] != named) {
		s.strangers = append(s.strangers, named)
	}
}

// endedBefore reports whether a process that a record of some time makes known
// only now was gone when all were scanned: how it ended may be lost.
func (s *State) endedBefore(at uint64) bool { return at < s.scannedAll }

// lookupsMax is how many processes are looked for in /proc in a second of the
// records' time: a flood of unknown ones must not hold up the reading. The
// others are found by the next scan.
const lookupsMax = 100

// mayLookUp reports whether /proc may be asked about one more process.
func (s *State) mayLookUp(now uint64) bool {
	if now-s.lookupsFrom >= second {
		s.lookupsFrom, s.lookups = now, 0
	}
	if s.lookups >= lookupsMax {
		return false
	}
	s.lookups++
	s.counts.Lookups++
	return true
}
