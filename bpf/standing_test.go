package bpf

import (
	"fmt"
	"os"
	"testing"
	"time"
	"unsafe"

	"github.com/sakerhq/saker/internal/syscalls"
)

// some is the set of a few rules, by number.
func some(numbers ...int) (c Candidates) {
	for _, n := range numbers {
		c.Add(n)
	}
	return c
}

// filterOf leaves the rules with these numbers for whatever calls open files.
func filterOf(row *syscalls.Row, numbers ...int) *Filter {
	asked := some(numbers...)
	return NewFilter(map[*syscalls.Row]*Facts{row: {Asked: asked, Zero: asked, Positive: asked, Error: asked, Unmarked: asked}}, nil, nil, nil)
}

// stand notes what has been told of a process, when nothing is being told.
func stand(t *testing.T, v *Voucher, pid uint32) Standing {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		if st, quiet := v.Stand(pid); quiet {
			return st
		}
	}
	t.Fatal("the process is told of all the time")
	return Standing{}
}

// Calls are left out of processes that are vouched for with no rule that asks
// for them, of those that are no others, and in terms of no other filter.
func TestStanding(t *testing.T) {
	for _, indirect := range waysToRead() {
		t.Run(fmt.Sprintf("indirect=%t", indirect), func(t *testing.T) {
			row := syscalls.ByName("openat")
			filter := filterOf(row, 1, 2)
			spared, other := hire(t), hire(t)
			s := sensorWith(t, Options{RingBytes: 1 << 24, indirect: indirect, Filter: filter}, "openat")
			v := s.Voucher(filter)
			open := func(name string) {
				spared.do("open", own(name))
				other.do("open", own(name+" of the other"))
			}
			vouch := func(change func(*Standing), can Candidates) {
				st := stand(t, v, spared.pid)
				change(&st)
				if !v.Vouch(st, can) {
					t.Error("not taken")
				}
			}
			same := func(*Standing) {}
			open("first")
			vouch(same, some(0, 3))
			open("no rule")
			vouch(same, some(2))
			open("a rule")
			vouch(func(st *Standing) { st.pid ^= s.standings.mask + 1 }, some(0)) // another in the same place
			open("not this process")
			vouch(same, some(0))
			v.Revoke(spared.pid)
			open("revoked")
			vouch(same, some(0))
			spared.do("rename", "renamed")
			open("renamed")
			stale := stand(t, v, spared.pid)
			vouch(same, some(0))
			if err := s.Watch([]*syscalls.Row{row}, filterOf(row, 0)); err != nil {
				t.Fatal(err)
			}
			if v.Vouch(stale, some(5)) {
				t.Error("taken in terms of another filter")
			}
			open("other rules")
			got := names(t, s, "other rules of the other", func(Raw) {})
			expectNames(t, got, "first", "first of the other", "no rule of the other", "a rule", "a rule of the other",
				"not this process", "not this process of the other", "revoked", "revoked of the other", "renamed", "renamed of the other",
				"other rules", "other rules of the other")
			if counts, err := s.Counts(); err != nil || counts.LeftOut[FactProcess] == 0 {
				t.Errorf("%d calls left out by process (%v)", counts.LeftOut[FactProcess], err)
			}
		})
	}
}

// What was found out before something was told is not taken.
func TestStandingLate(t *testing.T) {
	row := syscalls.ByName("openat")
	filter, one := filterOf(row, 1), hire(t)
	s := sensorWith(t, Options{RingBytes: 1 << 24, Filter: filter}, "openat")
	v := s.Voucher(filter)
	before := stand(t, v, one.pid)
	one.do("rename", "renamed")
	after := stand(t, v, one.pid)
	if v.Told(after) {
		t.Error("told before it was read")
	}
	if v.Vouch(before, some(0)) {
		t.Error("taken after a change")
	}
	one.do("open", own("last"))
	names(t, s, "last", func(Raw) {})
	if !v.Told(after) || !v.Told(before) {
		t.Error("not told after it was read")
	}
	if !v.Vouch(after, some(0)) || s.Voucher(nil).Vouch(after, some(0)) {
		t.Error("not taken as it is, or without a filter")
	}
}

// There is room for so many sets, and eras come again.
func TestStandingBounds(t *testing.T) {
	const places, sets = 4, 3
	s := &standings{
		mask: places - 1, places: make([]byte, places*unsafe.Sizeof(sensorWireStanding{})),
		sets: make([]byte, sets*unsafe.Sizeof(Candidates{})),
	}
	v := &Voucher{standings: s, filter: &Filter{}}
	if v.Vouch(Standing{pid: 1}, some(0)) {
		t.Error("taken before there was a filter")
	}
	s.next()
	s.begin(v.filter)
	for n := range sets + 1 {
		for range 2 {
			if took := v.Vouch(Standing{pid: 1}, some(n)); took != (n < sets) {
				t.Errorf("set %d taken: %t", n, took)
			}
		}
	}
	seen := map[uint64]bool{}
	for range 1000 {
		if s.next() == 1 {
			clear(seen) // a round is over: what stood before is gone
			if s.of(1).Set != 0 {
				t.Fatal("a set outlives a round of eras")
			}
		}
		s.begin(v.filter)
		v.Vouch(Standing{pid: 1}, some(0))
		if set := s.of(1).Set; seen[set] || set == 0 {
			t.Fatalf("%x stands for two eras, or for nothing", set)
		} else {
			seen[set] = true
		}
	}
}

// renameSelf gives the process another name.
func renameSelf(name string) error {
	return os.WriteFile(fmt.Sprintf("/proc/self/task/%d/comm", os.Getpid()), []byte(name), 0)
}
