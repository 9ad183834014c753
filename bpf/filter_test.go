package bpf

import (
	"fmt"
	"slices"
	"testing"

	"github.com/sakerhq/saker/internal/syscalls"
)

func of(rules ...int) (c Candidates) {
	for _, r := range rules {
		c.Add(r)
	}
	return c
}

// set is what a number of a filter stands for.
func (f *Filter) set(n uint16) Candidates { return Candidates(f.wire.Sets[n]) }

func (f *Filter) row(name string) *sensorWireFacts {
	return &f.wire.Rows[slices.Index(syscalls.Rows(), syscalls.ByName(name))]
}

func TestFilterErrors(t *testing.T) {
	f := NewFilter(map[*syscalls.Row]*Facts{
		syscalls.ByName("openat"): {Asked: of(1, 2), Error: of(2), Failed: map[int]Candidates{2: of(1), 13: of(1, 2)}},
		syscalls.ByName("mkdir"):  {Asked: of(3), Failed: map[int]Candidates{17: of(3)}},
	}, nil, nil, nil)
	for _, test := range []struct {
		row   string
		errno int
		want  Candidates
	}{
		{"openat", 1, of(2)},
		{"openat", 2, of(1)},
		{"openat", 13, of(1, 2)},
		{"openat", 17, of(2)},
		{"openat", MaxErrno, of(2)},
		{"mkdir", 2, of()},
		{"mkdir", 17, of(3)},
		{"rmdir", 17, AllCandidates()}, // nobody says anything of it
	} {
		if got := f.set(f.row(test.row).Ended[f.wire.Errors[test.errno]]); got != test.want {
			t.Errorf("%s, error %d: %v, want %v", test.row, test.errno, got, test.want)
		}
	}
}

// More errors than there are kinds share the last one, which has the rules of
// all of them.
func TestFilterManyErrors(t *testing.T) {
	facts := Facts{Asked: AllCandidates(), Failed: map[int]Candidates{}}
	for errno := 1; errno <= 40; errno++ {
		facts.Failed[errno] = of(errno)
	}
	f := NewFilter(map[*syscalls.Row]*Facts{syscalls.ByName("mkdir"): &facts}, nil, nil, nil)
	for errno := 1; errno <= MaxErrno; errno++ {
		got := f.set(f.row("mkdir").Ended[f.wire.Errors[errno]])
		switch want := facts.Failed[errno]; {
		case errno < 10 && got != want, errno > 40 && got != want, got.And(want) != want:
			t.Errorf("error %d: %v, want %v", errno, got, want)
		}
	}
}

func TestFilterNumbers(t *testing.T) {
	flags := NumberFacts{Source: 2, Width: 32, Bits: []int{0, 9}, Of: []Candidates{of(0), of(1), of(2), of(3)}}
	member := NumberFacts{Source: Member, Offset: 8, Size: 4, Width: 16, Signed: true, From: []int64{-1 << 63, 5}, Of: []Candidates{of(4), of(5)}}
	f := NewFilter(map[*syscalls.Row]*Facts{syscalls.ByName("openat"): {Numbers: []NumberFacts{flags, member}}, syscalls.ByName("mkdir"): {}}, nil, nil, nil)
	if source := f.row("rmdir").Numbers[0].Source; Source(source) != noSource {
		t.Errorf("a call of which nothing is said is judged by a number of %d", source)
	}
	w := f.row("openat")
	n := &w.Numbers[0]
	if n.Source != 2 || n.High != 32 || n.IsSigned != 0 || n.Ranges != 0 || n.Bits != [MaxFlagBits]uint8{0, 9, unusedBit, unusedBit, unusedBit, unusedBit} {
		t.Errorf("flags: %+v", n)
	}
	m := &w.Numbers[1]
	if m.Source != uint8(Member) || m.Offset != 8 || m.Size != 4 || m.High != 48 || m.IsSigned != 1 || m.Ranges != 2 || w.Members != 1 {
		t.Errorf("member: %+v", m)
	}
	for i, want := range []Candidates{of(0), of(1), of(2), of(3), of(4), of(5)} {
		if got := f.set(f.wire.Numbers.Sets[int(n.First)+i]); got != want {
			t.Errorf("place %d: %v, want %v", i, got, want)
		}
	}
	if w.Ends != 0 || w.Message != 0 {
		t.Errorf("numbers of ends: %d, of a message: %d", w.Ends, w.Message)
	}
	if from := f.wire.Numbers.From[m.First:][:2]; from[0] != -1<<63 || from[1] != 5 {
		t.Errorf("ranges from %v", from)
	}
	if w := f.row("mkdir"); w.Numbers[0].Source < uint8(noSource) || w.Opens != 0 || w.Members != 0 {
		t.Errorf("without numbers: %+v", w)
	}
}

// Rules beyond the bits share them; what is to be learned has one of its own.
func TestCandidates(t *testing.T) {
	if a, b := of(1), of(1+MaxCandidates); a != b {
		t.Errorf("%v and %v", a, b)
	}
	learned := Candidates{}
	learned.Learn()
	for n := range 2 * MaxCandidates {
		if rest := of(n).And(learned); !rest.IsEmpty() {
			t.Fatalf("rule %d has the bit of what is learned", n)
		}
	}
	if c := of(3, 200); c.And(of(200, 4)) != of(200) || of(3).Or(of(200)) != c {
		t.Error("sets are not added or intersected")
	}
}

// Beyond the number of sets, and of places, that there can be, calls are told.
func TestFilterManySets(t *testing.T) {
	facts := NumberFacts{Width: 32, Bits: []int{0, 1, 2, 3, 4, 5}}
	all := map[*syscalls.Row]*Facts{}
	n := 0
	for _, row := range syscalls.Rows() {
		if row.Kind != syscalls.Call {
			continue
		}
		flags := facts
		for range 1 << MaxFlagBits {
			n++
			flags.Of = append(flags.Of, Candidates{Words: [4]uint64{uint64(n)}})
		}
		all[row] = &Facts{Numbers: []NumberFacts{flags}}
	}
	f := NewFilter(all, nil, nil, nil)
	if n <= len(f.wire.Sets) {
		t.Fatalf("only %d sets", n)
	}
	if n <= len(f.wire.Numbers.Sets) {
		t.Fatalf("only %d places", n)
	}
	placed := 0
	for row, facts := range all {
		w := &f.row(row.Name).Numbers[0]
		if w.Source >= uint8(noSource) {
			continue
		}
		placed++
		for place, want := range facts.Numbers[0].Of {
			if got := f.set(f.wire.Numbers.Sets[int(w.First)+place]); got.And(want) != want {
				t.Fatalf("%s, place %d: %v, want %v", row.Name, place, got, want)
			}
		}
	}
	if placed != len(f.wire.Numbers.Sets)>>MaxFlagBits {
		t.Errorf("%d numbers have places", placed)
	}
}

// read goes through the filter's states as the programs do.
func (f *Filter) read(path string) (set Candidates) {
	w := &f.wire.Paths
	state := w.Start
	for i := range len(path) {
		if state >= w.Settled {
			break
		}
		state = w.Next[int(state)<<w.Shift|int(w.Classes[path[i]])]
	}
	return f.set(w.Ends[state][0])
}

func TestFilterPaths(t *testing.T) {
	p := &Paths{Next: [][]int{{2, 1}, {1, 1}, {0, 2}}, Ends: [][2]Candidates{{of(0)}, {of(1)}, {of(2)}}}
	p.Classes['b'] = 1
	f := NewFilter(nil, p, nil, nil)
	for path, want := range map[string]Candidates{"": of(0), "a": of(2), "b": of(1), "ba": of(1), "aa": of(0), "ab": of(2), "aab": of(1)} {
		if got := f.read(path); got != want {
			t.Errorf("%q: %v, want %v", path, got, want)
		}
	}
	w := &f.wire.Paths
	if w.Start == 0 || int(w.Settled) != 3 {
		t.Errorf("start %d, settled from %d on", w.Start, w.Settled)
	}
	for class := range 2 {
		if to := w.Next[class]; to != 0 || f.set(w.Ends[0][0]) != AllCandidates() {
			t.Error("state 0 can be left, or something is left out there")
		}
	}
	if !p.Fits() || (&Paths{Next: make([][]int, len(w.Ends))}).Fits() {
		t.Error("what fits does not, or what doesn't does")
	}
}

func TestWireMount(t *testing.T) {
	for at, want := range map[string]string{"": "", "/proc": "proc\x00", "/sys/fs/cgroup": "cgroup\x00fs\x00sys\x00"} {
		if w := wireMount(at); string(w.At[:w.Len]) != want {
			t.Errorf("%q: %q, want %q", at, w.At[:w.Len], want)
		}
	}
	if w := wireMount("/" + fmt.Sprintf("%0100d", 1)); w.Len <= uint32(len(w.At)) {
		t.Error("a path that has no room seems to have")
	}
}

// A call is told for certain as long as a rule is left that nothing takes away which is
// looked at later.
func TestFilterSure(t *testing.T) {
	ends := func(sets ...[2]Candidates) *Paths { return &Paths{Next: make([][]int, len(sets)), Ends: sets} }
	all := of(1, 2, 3)
	for name, test := range map[string]struct {
		facts        Facts
		paths, given *Paths
		want         Candidates
	}{
		"nothing is looked at later":  {Facts{Unmarked: all}, nil, nil, all},
		"all that can be read":        {Facts{Unmarked: of(1, 2)}, nil, nil, of(1, 2)},
		"a path of another call":      {Facts{Unmarked: all}, ends([2]Candidates{}), ends([2]Candidates{}), all},
		"a path":                      {Facts{Unmarked: all, Opened: anyOpened}, ends([2]Candidates{all, all}, [2]Candidates{of(1, 2), all}), nil, of(1, 2)},
		"a file with no other name":   {Facts{Unmarked: all, Opened: anyOpened}, ends([2]Candidates{all, of(3)}), nil, of(3)},
		"a path as given":             {Facts{Unmarked: all, Named: true}, nil, ends([2]Candidates{of(2), of(2)}), of(2)},
		"what the socket is":          {Facts{Unmarked: all, Sockets: map[Socket]Candidates{SocketUnix: of(1), SocketTCP: of(1, 3)}}, nil, nil, of(1)},
		"a port":                      {Facts{Unmarked: all, Numbers: []NumberFacts{{Source: FarPort, Width: 16, From: []int64{0, 80}, Of: []Candidates{of(1), of(1, 2)}}}}, nil, nil, of(1)},
		"an argument, looked at then": {Facts{Unmarked: all, Numbers: []NumberFacts{{Source: 2, Width: 32, Bits: []int{0}, Of: []Candidates{of(1), of(2)}}}}, nil, nil, all},
	} {
		f := NewFilter(map[*syscalls.Row]*Facts{syscalls.ByName("openat"): &test.facts}, test.paths, test.given, nil)
		if got := f.set(f.row("openat").Sure); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

var anyOpened = map[Opened]Candidates{OpenedOther: AllCandidates()}

// Where there is no room for a set, no rule is sure.
func TestFilterSureWithoutRoom(t *testing.T) {
	sets := make([]Candidates, 5000)
	for i := range sets {
		sets[i] = of(10+i%240, 5+i/240)
	}
	facts := Facts{
		Unmarked: of(1, 2, 3), Named: true,
		Numbers: []NumberFacts{{Source: 2, Width: 32, From: make([]int64, len(sets)), Of: sets}},
	}
	given := &Paths{Next: make([][]int, 1), Ends: [][2]Candidates{{of(1, 2, 4), of(1, 2, 4)}}}
	f := NewFilter(map[*syscalls.Row]*Facts{syscalls.ByName("openat"): &facts}, nil, given, nil)
	if got := f.set(f.row("openat").Sure); !got.IsEmpty() {
		t.Errorf("sure of %v", got)
	}
}
