package bpf

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/cilium/ebpf"

	"github.com/sakerhq/saker/internal/syscalls"
)

// MaxErrno is the largest error that a call can return.
const MaxErrno = 4095

// Candidates is a set of rules that may be true, a bit for each. Rules may
// share a bit, so that a set can have too many rules, but never too few.
type Candidates sensorWireCandidates

// MaxCandidates is how many rules have a bit of their own. One more bit is for
// what is to be learned from a call, whatever the rules are.
const MaxCandidates = 64*len(Candidates{}.Words) - 1

// Add puts rule number n into c.
func (c *Candidates) Add(n int) { c.set(n % MaxCandidates) }

// Learn says that calls are told for what they say about later ones.
func (c *Candidates) Learn() { c.set(MaxCandidates) }

func (c *Candidates) set(bit int) { c.Words[bit/64] |= 1 << (bit % 64) }

// IsEmpty reports whether no rule is in c.
func (c *Candidates) IsEmpty() bool { return *c == Candidates{} }

// Or is what either set has.
func (c Candidates) Or(d Candidates) Candidates {
	for i := range c.Words {
		c.Words[i] |= d.Words[i]
	}
	return c
}

// And is what both sets have.
func (c Candidates) And(d Candidates) Candidates {
	for i := range c.Words {
		c.Words[i] &= d.Words[i]
	}
	return c
}

// AllCandidates is the set of all rules.
func AllCandidates() (c Candidates) {
	for i := range c.Words {
		c.Words[i] = ^uint64(0)
	}
	return c
}

// Opened is what a call opened, as far as the kernel tells it apart.
type Opened uint8

// What can be opened.
const (
	OpenedOther     = Opened(sensorWireOpenedOPENED_OTHER) // nothing is known of it
	OpenedDirectory = Opened(sensorWireOpenedOPENED_DIRECTORY)
)

// Fact is one thing that the kernel knows of a call before it is told.
type Fact uint8

// FactProcess is whose call it was: what Vouch said of the process. FactArgument
// is a number that it was given.
const (
	FactProcess  = Fact(sensorWireFactFACT_PROCESS)
	FactArgument = Fact(sensorWireFactFACT_ARGUMENT)
)

// facts is how many there are, and 1.
const facts = Fact(sensorWireFactFACTS)

// factNames are what the facts are called.
var factNames = [facts]string{
	sensorWireFactFACT_RESULT: "result",
	sensorWireFactFACT_FLAGS:  "flags",
	FactArgument:              "argument",
	FactProcess:               "process",
	sensorWireFactFACT_KIND:   "kind",
	sensorWireFactFACT_PATH:   "path",
	sensorWireFactFACT_GIVEN:  "given",
	sensorWireFactFACT_SOCKET: "socket",
	sensorWireFactFACT_PEER:   "peer",
	sensorWireFactFACT_MARKS:  "marks",
}

// String is the fact in a word, empty for 0, which is none.
func (f Fact) String() string { return factNames[f] }

// Facts are what can be known of a row's calls before they are told, each with
// the rules that may be true for a call of which this is known. What goes
// through io_uring is reported in any case.
type Facts struct {
	Asked Candidates // the rules that ask for the call
	// How the call ended. Errors that Failed doesn't name end as Error does.
	Zero, Positive, Error Candidates
	Failed                map[int]Candidates
	Numbers               []NumberFacts // that rules tell apart, MaxNumbers at most; those in arguments come first
	// Unmarked are the rules when all memory could be read, and no descriptor was
	// made another's meanwhile.
	Unmarked Candidates
	Named    bool                  // the first path of the row names what it opens
	Opened   map[Opened]Candidates // nil: not told apart; only of rows whose FD is the result
	Sockets  map[Socket]Candidates // empty: not told apart; only of rows whose first capture is of their FD
}

// MaxNumbers is how many numbers of a row can be told apart, MaxFlagBits how many
// bits of each, and MaxRanges how many ranges.
const (
	MaxNumbers  = len(sensorWireFacts{}.Numbers)
	MaxFlagBits = len(sensorWireNumber{}.Bits)
	MaxRanges   = int(sensorWireNumberLimitNUMBER_RANGES)
)

// Source is where a number lies: those below Member are arguments, counted from 0.
type Source uint8

// What is no argument: a member of the only structure that the record has; ports and
// addresses of the call's socket, on this end and on the other, which of a datagram is
// where it came from or goes to. An address's number is that of its range.
const (
	Member      = Source(sensorWireNumberSourceNUMBER_MEMBER)
	NearPort    = Source(sensorWireNumberSourceNUMBER_NEAR_PORT)
	NearAddress = Source(sensorWireNumberSourceNUMBER_NEAR_ADDRESS)
	FarPort     = Source(sensorWireNumberSourceNUMBER_FAR_PORT)
	FarAddress  = Source(sensorWireNumberSourceNUMBER_FAR_ADDRESS)

	noSource = Source(sensorWireNumberSourceNUMBER_NONE)
)

// NumberFacts are those of a number that a call is given: of single bits of it, or
// of ranges that it lies in.
type NumberFacts struct {
	Source Source
	// Offset and Size are a member's place.
	Offset, Size uint8
	Width        int  // bits of it that count
	Signed       bool // the highest of these is a sign
	Bits         []int
	From         []int64 // if there are no Bits: where each range begins, the first at the least number
	// Of has the rules for each value of the bits, where bit i of the place is Bits[i],
	// or for each range.
	Of []Candidates
}

// Filter is what the kernel may leave out, as it reads it. It never changes.
type Filter struct{ wire *sensorWireFilter }

// NewFilter makes the filter of some rows' facts, of the paths of files that calls
// of these open, of these as they were given, nil: any, and of ranges of addresses.
// Calls of other rows are reported in any case.
func NewFilter(facts map[*syscalls.Row]*Facts, paths, given *Paths, addresses Addresses) *Filter {
	b := builder{wire: &sensorWireFilter{}, numbers: map[Candidates]uint16{}}
	b.number(AllCandidates()) // is number 0
	b.number(Candidates{})    // has room whatever comes
	for n := range b.wire.Rows {
		for i := range b.wire.Rows[n].Numbers {
			b.wire.Rows[n].Numbers[i].Source = uint8(noSource)
		}
	}
	for n, row := range syscalls.Rows() {
		if f := facts[row]; f != nil && row.Kind == syscalls.Call {
			b.rows, b.facts = append(b.rows, &b.wire.Rows[n]), append(b.facts, f)
			b.wire.Rows[n].Message = uint8(messageOf(row))
		}
	}
	for i, f := range b.facts {
		b.row(b.rows[i], f)
		b.rows[i].Sure = b.least(f.sure(paths, given))
	}
	b.errors()
	if paths != nil {
		b.paths(&b.wire.Paths, paths)
	}
	if given != nil {
		b.paths(&b.wire.Given, given)
	}
	addresses.show(&b.wire.Addresses)
	b.wire.Number = filters.Add(1)
	return &Filter{b.wire}
}

// filters counts them.
var filters atomic.Uint64

// builder makes a filter.
type builder struct {
	wire    *sensorWireFilter
	places  int // of numbers
	numbers map[Candidates]uint16
	rows    []*sensorWireFacts
	facts   []*Facts
}

// number is that of a set. When there are too many sets, one takes the place
// of the others: that of all rules.
func (b *builder) number(c Candidates) uint16 {
	n, known := b.numbers[c]
	if !known && len(b.numbers) < len(b.wire.Sets) {
		n = uint16(len(b.numbers))
		b.numbers[c], b.wire.Sets[n] = n, sensorWireCandidates(c)
	}
	return n
}

// least is the number of a set, or that of none if there are too many.
func (b *builder) least(c Candidates) uint16 {
	n := b.number(c)
	if Candidates(b.wire.Sets[n]) != c {
		n = b.number(Candidates{})
	}
	return n
}

// sure are the rules that no fact takes away which is found out once a call's record
// is begun, or by the path of its file.
func (f *Facts) sure(paths, given *Paths) Candidates {
	sure := f.Unmarked
	if len(f.Opened) != 0 {
		sure = sure.And(paths.sure())
	}
	if f.Named {
		sure = sure.And(given.sure())
	}
	for _, set := range f.Sockets {
		sure = sure.And(set)
	}
	for _, n := range f.Numbers {
		if n.Source < Member {
			continue
		}
		for _, set := range n.Of {
			sure = sure.And(set)
		}
	}
	return sure
}

func (b *builder) row(w *sensorWireFacts, f *Facts) {
	w.Asked = b.number(f.Asked)
	w.Ended[sensorWireEndedENDED_ZERO] = b.number(f.Zero)
	w.Ended[sensorWireEndedENDED_POSITIVE] = b.number(f.Positive)
	w.Ended[sensorWireEndedENDED_ERRORS] = b.number(f.Error)
	w.Unmarked = b.number(f.Unmarked)
	if f.Named {
		w.Named = 1
	}
	for i := range f.Numbers {
		b.numbered(w, i, &f.Numbers[i])
	}
	for kind, c := range f.Opened {
		w.Opened[kind], w.Opens = b.number(c), 1
	}
	for kind, c := range f.Sockets {
		w.Sockets[kind], w.Socket = b.number(c), 1
	}
}

// errors tells those errors apart that some row does. When there are too many,
// the last kind holds all the rest, and what any of them makes possible.
func (b *builder) errors() {
	const first, last = int(sensorWireEndedENDED_ERRORS), len(sensorWireFacts{}.Ended) - 1
	named := map[int]bool{}
	for _, f := range b.facts {
		for errno := range f.Failed {
			named[errno] = true
		}
	}
	for errno := range b.wire.Errors {
		b.wire.Errors[errno] = uint8(first)
	}
	kinds := map[string]int{}
	for _, errno := range slices.Sorted(maps.Keys(named)) {
		sets := b.ofError(errno)
		kind, known := kinds[fmt.Sprint(sets)]
		if !known {
			kind = min(first+1+len(kinds), last)
			kinds[fmt.Sprint(sets)] = kind
			b.kind(kind, sets, first+len(kinds) > last)
		}
		b.wire.Errors[errno] = uint8(kind)
	}
}

// kind has the rows' rules for a kind of error, in addition to what it has already
// if it is for several.
func (b *builder) kind(kind int, sets []Candidates, several bool) {
	for i, set := range sets {
		w := &b.rows[i].Ended[kind]
		if several {
			set = set.Or(Candidates(b.wire.Sets[*w]))
		}
		*w = b.number(set)
	}
}

// ofError are the rows' rules for an error.
func (b *builder) ofError(errno int) (sets []Candidates) {
	for _, f := range b.facts {
		set, named := f.Failed[errno]
		if !named {
			set = f.Error
		}
		sets = append(sets, set)
	}
	return sets
}

// setFilter has the programs look at a filter, at no other from then on; nil:
// at none.
func (s *Sensor) setFilter(f *Filter) error {
	if f == nil {
		if err := s.objs.Filters.Delete(uint32(0)); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
			return fmt.Errorf("take the filter away: %w", err)
		}
		return nil
	}
	now, err := ebpf.NewMap(s.filters)
	if err != nil {
		return fmt.Errorf("make room for a filter: %w", err)
	}
	defer now.Close()
	wire := *f.wire
	wire.Era = s.standings.next()
	if err := now.Put(uint32(0), &wire); err != nil {
		return fmt.Errorf("write the filter: %w", err)
	}
	// The kernel waits here until no program looks at the filter before.
	if err := s.objs.Filters.Put(uint32(0), now); err != nil {
		return fmt.Errorf("show the filter: %w", err)
	}
	s.standings.begin(f)
	return nil
}
