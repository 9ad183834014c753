package pushdown

import (
	"math/bits"
	"slices"
	"strings"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/syscalls"
	"github.com/sakerhq/saker/rules"
)

// Words are the names of the flags in a place of the rules.
func (n *Number) Words(place int) (words []string) {
	for i := range n.Param.Values.List {
		v := &n.Param.Values.List[i]
		if v.Mask != 0 && n.covers(v.Mask) && n.value(place)&v.Mask == v.Is {
			words = append(words, v.Name)
		}
	}
	return words
}

// value is what the flags are in a place, all other bits zero.
func (n *Number) value(place int) (flags uint64) {
	for i, bit := range n.bits {
		flags |= uint64(place>>i&1) << bit
	}
	return flags
}

func (n *Number) covers(mask uint64) bool {
	for _, bit := range n.bits {
		mask &^= 1 << bit
	}
	return mask == 0
}

// accessMode are the bits by which an open asks to read and to write.
const accessMode = 3

// flags judges the rules by a number that is flags. A test is trusted if it looks
// for the names of flags, and all bits of these are told apart.
func (f *facts) flags(row *syscalls.Row, n *Number) {
	f.set.Tests(rules.SyscallSource, row.Name, func(t rules.Test) { n.include(n.mask(t)) })
	if len(n.bits) == 0 {
		return
	}
	knowsType := reads("evt.type")
	names := func(t rules.Test) bool {
		m := n.mask(t)
		return knowsType(t) || m != 0 && n.covers(m)
	}
	all := f.judge(names)
	// When neither of both ways of access is asked for alone, what counts as
	// one is said by the other bits.
	ambiguous := f.judge(func(t rules.Test) bool { return names(t) && !asksAccess(t) })
	for place := range 1 << len(n.bits) {
		value := n.value(place)
		j := all
		if value&accessMode == accessMode {
			j = ambiguous
		}
		n.of = append(n.of, f.possible(j, n.like(row, int64(value))))
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
func (n *Number) include(mask uint64) {
	more := slices.Clone(n.bits)
	for ; mask != 0; mask &= mask - 1 {
		if bit := bits.TrailingZeros64(mask); !slices.Contains(more, bit) {
			more = append(more, bit)
		}
	}
	if len(more) <= bpf.MaxFlagBits {
		n.bits = more
	}
}

// mask is the bits of the number that a test's answer depends on, 0 if it is no
// test of single flags.
func (n *Number) mask(t rules.Test) (mask uint64) {
	switch {
	case n.Param.Values == openValues && n.Name == "flags" && asksAccess(t):
		return accessMode
	case !n.isOf(t, "evt.arg") || t.Operator() != "contains":
		return 0
	}
	texts, _ := t.Constants()
	for _, text := range texts {
		m, ok := maskOf(text, n.Param.Values)
		if !ok {
			return 0
		}
		mask |= m
	}
	return mask
}

// maskOf is the bits of the flags that have a text in their names, and of those
// that may stand in their place; not ok, if the text can stand elsewhere, or in a
// name of what no program asks for.
func maskOf(text string, of *syscalls.Values) (mask uint64, ok bool) {
	if !strings.Contains(text, "_") || strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") != "" {
		return 0, false
	}
	falco := uint64(0)
	for before := ^falco; before != falco; { // what shares bits is named in their place
		before = falco
		for i := range of.List {
			if v := &of.List[i]; strings.Contains(v.Name, text) || v.Falco&before != 0 {
				mask, falco = mask|v.Mask, falco|v.Falco
			}
		}
	}
	return mask, mask != 0 && mask>>32 == 0
}
