package state

// Healed is what a second scan found to be otherwise than it was known.
type Healed struct {
	Found uint64 // processes that ran unknown, or with little known of them
	Ended uint64 // processes that were known, but no longer ran
}

// Empty reports whether all was as it was known.
func (h Healed) Empty() bool { return h == Healed{} }

// BeginScan says that the next records are of a scan of all processes, up to
// EndScan.
func (s *State) BeginScan() {
	s.scan++
	s.scanFrom, s.scanned, s.healed = s.now, 0, Healed{}
}

// EndScan sets right what the scan showed to be wrong: records were lost. A
// process that a whole scan did not find has ended.
func (s *State) EndScan(whole bool) Healed {
	s.settle()
	if !whole || s.scanned == 0 {
		return s.healed
	}
	for _, p := range s.processes.known {
		if p.Exited || p.scan == s.scan || p.Start > s.scanFrom {
			continue
		}
		s.orphan(p, 0)
		s.processes.exit(p, s.now)
		s.healed.Ended++
	}
	return s.healed
}

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
