package pushdown

import (
	"cmp"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/internal/syscalls"
	"github.com/sakerhq/saker/rules"
)

// Number is what rules ask of a number of a call: of single bits, where it is flags,
// else in which range it lies. Ranges are such that all numbers of one answer tests
// alike, so that its first one stands for it.
type Number struct {
	Name   string          // as rules call it
	Param  *syscalls.Param // nil: it is of an end of the call's socket
	index  int             // of Param
	source bpf.Source
	bits   []int
	from   []int64
	texts  []string // of an end's ranges
	of     [][]*rules.Rule
}

// Rules are those for each place: each value of the bits, or each range.
func (n *Number) Rules() [][]*rules.Rule { return n.of }

// IsFlags reports whether the places are values of bits.
func (n *Number) IsFlags() bool { return n.bits != nil }

// Range says a place that is a range as rules would: by a name, or by its ends.
func (n *Number) Range(row *syscalls.Row, place int) string {
	if n.Param == nil {
		return n.texts[place]
	}
	first := n.text(row, n.from[place])
	switch {
	case place == len(n.from)-1:
		return first + " or more"
	case n.from[place]+1 == n.from[place+1]:
		return first
	case place == 0:
		return "less than " + n.text(row, n.from[1])
	}
	return first + " to " + n.text(row, n.from[place+1]-1)
}

func (n *Number) text(row *syscalls.Row, number int64) string {
	ref, err := field.Falco().Ref("evt.arg." + n.Name)
	if err != nil || isAccount(n.Param.Type) {
		return strconv.FormatInt(number, 10)
	}
	v := field.Eval(field.OfEvent{Event: n.like(row, number)}, ref)
	return v.Text()
}

// like is an event of which nothing is known but the number.
func (n *Number) like(row *syscalls.Row, number int64) *event.Event {
	e := &event.Event{Row: row, Process: &event.Process{}, Args: make([]event.Arg, len(row.Params))}
	e.Args[n.index] = event.Arg{Valid: true, Num: number}
	return e
}

// numbers are those of a row's parameters that rules tell apart and the kernel can:
// first those in registers.
func (f *facts) numbers(row *syscalls.Row) (all []Number) {
	for i := range row.Params {
		n := Number{Name: row.Params[i].Name, Param: &row.Params[i], index: i, source: bpf.Source(row.Params[i].From - syscalls.Arg0)}
		if n.Param.Size != 0 {
			n.source = bpf.Member
		}
		switch {
		case !n.isKnown(row):
		case n.isFlags():
			f.flags(row, &n)
		default:
			f.ranges(row, &n)
		}
		if len(n.of) > 1 {
			all = append(all, n)
		}
	}
	all = append(all, f.ends(row)...)
	slices.SortStableFunc(all, func(a, b Number) int { return cmp.Compare(a.source/bpf.Member, b.source/bpf.Member) })
	return all[:min(len(all), bpf.MaxNumbers)]
}

func (n *Number) isFlags() bool { return n.Param.Values != nil && !n.Param.Values.Enum }

// isKnown reports whether the kernel has the number as user space will: in a register,
// or in the only structure of the record.
func (n *Number) isKnown(row *syscalls.Row) bool {
	p := n.Param
	first := slices.IndexFunc(row.Params, func(q syscalls.Param) bool { return q.Name == p.Name })
	if first != n.index || !isNumber(p.Type) || p.Only.Bits != 0 || p.From < syscalls.Arg0 || p.From > syscalls.Arg5 {
		return false
	}
	if bits, _ := p.Type.Width(); n.isFlags() && bits > 32 || p.Values != nil && p.Values.Enum && !isExact(p.Values) {
		return false
	}
	structures := 0
	for _, c := range bpf.Captures(row) {
		if c.Kind == bpf.CaptureStruct {
			structures++
		}
	}
	return p.Size == 0 || structures == 1 && !p.Longs && p.Len == syscalls.Nowhere && p.Offset%4 == 0
}

// isExact reports whether each name is that of one number, or of none.
func isExact(values *syscalls.Values) bool {
	return !slices.ContainsFunc(values.List, func(v syscalls.Value) bool { return v.Mask != 0 && v.Mask != math.MaxUint64 })
}

// isNumber reports whether parameters of a type are a number that nothing else has a
// part in.
func isNumber(t syscalls.Type) bool {
	switch t {
	case syscalls.SigType, syscalls.Flags8, syscalls.Flags16, syscalls.Flags32, syscalls.Enum8, syscalls.Enum16, syscalls.Enum32,
		syscalls.Mode, syscalls.Int16, syscalls.Int32, syscalls.Int64, syscalls.Int, syscalls.Uint,
		syscalls.Uint8, syscalls.Uint16, syscalls.Uint32, syscalls.Uint64, syscalls.Dyn:
		return true
	}
	return isAccount(t)
}

// isAccount reports whether what a type's numbers are called is not said by them.
func isAccount(t syscalls.Type) bool {
	return t == syscalls.PID || t == syscalls.UID || t == syscalls.GID
}

// isOf reports whether a test compares the number with constants, as a field has it.
func (n *Number) isOf(t rules.Test, name string) bool {
	ref := t.Field()
	_, any := t.Constants()
	return ref != nil && any && ref.Name == name && !ref.Arg.IsIndex && ref.Arg.Text == n.Name
}

// ranges judges the rules by a number that is one of several values.
func (f *facts) ranges(row *syscalls.Row, n *Number) {
	least, most := n.limits()
	from, tests := map[int64]bool{least: true, 0: true}, 0
	f.set.Tests(rules.SyscallSource, row.Name, func(t rules.Test) {
		edges, ok := n.edges(t)
		for _, e := range edges {
			single(from, e)
		}
		if ok {
			tests++
		}
	})
	if tests == 0 {
		return
	}
	for _, v := range n.named() {
		single(from, v)
	}
	knowsType := reads("evt.type")
	j := f.judge(func(t rules.Test) bool {
		_, ok := n.edges(t)
		return ok || knowsType(t)
	})
	for _, first := range sorted(from, cmp.Compare[int64]) {
		if first >= least && first <= most {
			n.add(first, f.possible(j, n.like(row, first)))
		}
	}
	if len(n.from) > bpf.MaxRanges {
		n.from, n.of = nil, nil
	}
}

// add has a range begin, if its rules are others than those of the one before.
func (n *Number) add(first int64, possible []*rules.Rule) {
	if last := len(n.of) - 1; last < 0 || !slices.Equal(n.of[last], possible) {
		n.from, n.of = append(n.from, first), append(n.of, possible)
	}
}

// limits are the least and the greatest number that there can be.
func (n *Number) limits() (least, most int64) {
	switch bits, signed := n.width(); {
	case signed:
		return -1 << (bits - 1), 1<<(bits-1) - 1
	default:
		return 0, 1<<bits - 1
	}
}

// single makes a range of one number.
func single(from map[int64]bool, n int64) {
	from[n] = true
	if n != math.MaxInt64 {
		from[n+1] = true
	}
}

// named are the numbers whose texts are names.
func (n *Number) named() (all []int64) {
	if n.Param.Type == syscalls.SigType {
		for signal := range int64(64) {
			all = append(all, signal)
		}
	}
	if n.Param.Values != nil {
		for _, v := range n.Param.Values.List {
			all = append(all, n.Param.Type.Number(v.Is), n.Param.Type.Number(v.Falco))
		}
	}
	return all
}

// edges are the numbers around which a test's answer can change, besides those that
// are named; not ok: it can change elsewhere, too.
func (n *Number) edges(t rules.Test) (edges []int64, ok bool) {
	raw := n.isOf(t, "evt.rawarg")
	if !raw && !n.isOf(t, "evt.arg") || !raw && isAccount(n.Param.Type) {
		return nil, false
	}
	if values := n.Param.Values; values != nil && !values.Same {
		return nil, true // what has no name is all called the same
	}
	texts, _ := t.Constants()
	switch t.Operator() {
	case "<", "<=", ">", ">=":
		ok = raw
	case "=", "==", "!=", "in", "exists":
		ok = true
	case "contains", "icontains", "startswith", "istartswith", "endswith":
		return nil, !raw && !slices.ContainsFunc(texts, isInNumber)
	}
	for _, text := range texts {
		edges = append(edges, numbersOf(text)...)
	}
	return edges, ok
}

// isInNumber reports whether a number can be written with a text in it.
func isInNumber(text string) bool { return strings.Trim(text, "-0123456789abcdefABCDEF") == "" }

// numbersOf are those that a text can stand for, in any base and cut to any width.
func numbersOf(text string) (all []int64) {
	for _, base := range []int{8, 10, 16} {
		signed, err := strconv.ParseInt(text, base, 64)
		if err == nil || errors.Is(err, strconv.ErrRange) {
			all = append(all, signed, int64(int32(signed)), int64(uint32(signed)), int64(int16(signed)), int64(uint16(signed)), int64(int8(signed)), int64(uint8(signed)))
		}
		unsigned, err := strconv.ParseUint(strings.TrimPrefix(text, "+"), base, 64)
		if err == nil || errors.Is(err, strconv.ErrRange) {
			all = append(all, int64(unsigned), int64(uint32(unsigned)), int64(uint16(unsigned)), int64(uint8(unsigned)))
		}
	}
	return all
}

// width is how many bits user space takes of what is there, and whether they have a
// sign. What is short in a structure is taken without one, but for a long.
func (n *Number) width() (bits int, signed bool) {
	bits, signed = n.Param.Type.Width()
	if there := 8 * int(n.Param.Size); there != 0 && there < bits {
		return there, n.Param.Type == syscalls.Int64 && there == 32
	}
	return bits, signed
}

// facts are the number's as the kernel wants them.
func (n *Number) facts(numbers Numbers) bpf.NumberFacts {
	f := bpf.NumberFacts{Source: n.source, Width: 64, Bits: n.bits, From: n.from}
	if n.Param != nil {
		f.Width, f.Signed = n.width()
		f.Offset, f.Size = n.Param.Offset, n.Param.Size
	}
	for _, some := range n.of {
		f.Of = append(f.Of, numbers.Set(some))
	}
	return f
}
