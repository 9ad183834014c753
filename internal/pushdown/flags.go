package pushdown

import (
	"math/bits"
	"slices"
	"strings"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/syscalls"
	"github.com/sakerhq/saker/rules"
)

// Flags are what rules ask of a call's flags.
type Flags struct {
	Param *syscalls.Param
	arg   int
	bits  []int
	of    [][]*rules.Rule // by the value of the bits
}

// Words are the names of the flags in a place of the rules.
func (f *Flags) Words(place int) (words []string) {
	for i := range f.Param.Values.List {
		v := &f.Param.Values.List[i]
		if v.Mask != 0 && f.covers(v.Mask) && f.value(place)&v.Mask == v.Is {
			words = append(words, v.Name)
		}
	}
	return words
}

// Rules are those for each place.
func (f *Flags) Rules() [][]*rules.Rule { return f.of }

// value is what the flags are in a place, all other bits zero.
func (f *Flags) value(place int) (n uint64) {
	for i, bit := range f.bits {
		n |= uint64(place>>i&1) << bit
	}
	return n
}

func (f *Flags) covers(mask uint64) bool {
	for _, bit := range f.bits {
		mask &^= 1 << bit
	}
	return mask == 0
}

// accessMode are the bits by which an open asks to read and to write.
const accessMode = 3

// flags judges the rules by a row's flags. A test is trusted if it looks for
// the names of flags, and all bits of these are told apart.
func (f *facts) flags(row *syscalls.Row) *Flags {
	n := slices.IndexFunc(row.Params, func(p syscalls.Param) bool { return p.Name == "flags" })
	if n < 0 {
		return nil
	}
	p := &row.Params[n]
	if p.Values == nil || p.Type != syscalls.Flags32 || p.Size != 0 || p.Only.Bits != 0 ||
		p.From < syscalls.Arg0 || p.From > syscalls.Arg5 {
		return nil
	}
	flags := &Flags{Param: p, arg: int(p.From - syscalls.Arg0)}
	f.set.Tests(rules.SyscallSource, row.Name, func(t rules.Test) { flags.include(mask(t, p)) })
	if len(flags.bits) == 0 {
		return nil
	}
	flags.judge(f, row, n)
	return flags
}

func (f *Flags) judge(by *facts, row *syscalls.Row, param int) {
	knowsType := reads("evt.type")
	names := func(t rules.Test) bool {
		m := mask(t, f.Param)
		return knowsType(t) || m != 0 && f.covers(m)
	}
	all := by.judge(names)
	// When neither of both ways of access is asked for alone, what counts as
	// one is said by the other bits.
	ambiguous := by.judge(func(t rules.Test) bool { return names(t) && !asksAccess(t) })
	e := event.Event{Row: row, Args: make([]event.Arg, len(row.Params))}
	for place := range 1 << len(f.bits) {
		value := f.value(place)
		e.Args[param] = event.Arg{Valid: true, Num: int64(value)}
		j := all
		if value&accessMode == accessMode {
			j = ambiguous
		}
		f.of = append(f.of, by.possible(j, &e))
	}
}

// asksAccess reports whether a test is about what an open is for.
func asksAccess(t rules.Test) bool {
	ref := t.Field()
	return ref != nil && (ref.Name == "evt.is_open_read" || ref.Name == "evt.is_open_write")
}

// openValues are the flags of all calls that open by flags.
var openValues = valuesOf("openat", "flags")

func valuesOf(row, param string) *syscalls.Values {
	for _, p := range syscalls.ByName(row).Params {
		if p.Name == param {
			return p.Values
		}
	}
	return nil
}

// include has bits told apart as well, if there is room for all of them.
func (f *Flags) include(mask uint64) {
	more := slices.Clone(f.bits)
	for ; mask != 0; mask &= mask - 1 {
		if bit := bits.TrailingZeros64(mask); !slices.Contains(more, bit) {
			more = append(more, bit)
		}
	}
	if len(more) <= bpf.MaxFlagBits {
		f.bits = more
	}
}

// mask is the bits of a parameter that a test's answer depends on, 0 if it is
// no test of single flags.
func mask(t rules.Test, p *syscalls.Param) (mask uint64) {
	ref := t.Field()
	switch {
	case ref == nil:
		return 0
	case p.Values == openValues && asksAccess(t):
		return accessMode
	case ref.Name != "evt.arg" || ref.Arg.Text != p.Name || t.Operator() != "contains":
		return 0
	}
	texts, _ := t.Constants()
	for _, text := range texts {
		m, ok := maskOf(text, p.Values)
		if !ok {
			return 0
		}
		mask |= m
	}
	return mask
}

// maskOf is the bits of the flags that have a text in their names; not ok, if
// the text can stand elsewhere, or in a name of what no program asks for.
func maskOf(text string, of *syscalls.Values) (mask uint64, ok bool) {
	if !strings.Contains(text, "_") || strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") != "" {
		return 0, false
	}
	for i := range of.List {
		if v := &of.List[i]; strings.Contains(v.Name, text) {
			mask |= v.Mask
		}
	}
	return mask, mask != 0 && mask>>32 == 0
}
