package field

import (
	"iter"
	"math"
	"net/netip"
	"strings"
	"unsafe"

	"github.com/sakerhq/saker/internal/event"
)

// Kind is what a Value holds.
type Kind uint8

const (
	// Missing: the event has no such value. Every comparison with it is false, "!=" too.
	Missing Kind = iota
	// Unknown: this stage can't know the value; a later one may. Comparisons answer unknown.
	Unknown
	// String is text; it need not be valid UTF-8.
	String
	// Bytes is a byte buffer.
	Bytes
	// Int is a signed integer.
	Int
	// Uint is an unsigned integer.
	Uint
	// Float is a double.
	Float
	// Bool is a truth value.
	Bool
	// Addr is an IPv4 or IPv6 address.
	Addr
	// List is several values of one kind.
	List
)

// shape is where a List keeps its elements. Lists that come from an event are
// views of what the event holds already, so that making one allocates nothing.
type shape uint8

const (
	values    shape = iota // data: n Values
	texts                  // data: n strings
	pair                   // n numbers or addresses in num, low and num2, low2
	ancestors              // data: the nearest of n processes; num: the view of each
)

// Part says that a text is not all that there was, or that a list lacks elements
// or has such texts. Conditions that depend on the rest are unknown.
type Part uint8

const (
	// Whole is everything.
	Whole Part = iota
	// Front lacks its end.
	Front
	// Tail lacks its beginning.
	Tail
)

// Value is one field's value at one event: 64 bytes, copied freely. The zero
// Value is Missing.
//
// A Value made of memory that somebody else owns (a ring record, a process, a
// log record) is valid as long as that stays as it is; Clone what you keep.
type Value struct {
	kind       Kind
	elem       Kind // of a pair
	shape      shape
	v4         uint8 // bit i: address i is IPv4
	part       Part
	word       bool           // of a String: made by Word
	data       unsafe.Pointer // bytes of a String or Bytes, elements of a List
	n          int            // length of data
	num, low   uint64         // Int, Uint, Float, Bool; high and low half of an Addr
	num2, low2 uint64         // the second of a pair
	// Values are copied by pieces of 16 bytes. Without this word the last two would
	// overlap, and a processor that loads what two stores have written waits for both.
	_ uint64
}

// NoValue, UnknownValue and Unreadable are the values that hold nothing. What
// is Unreadable no later stage can know either: it is Unknown for good.
var (
	NoValue      = Value{}
	UnknownValue = Value{kind: Unknown}
	Unreadable   = Value{kind: Unknown, part: Front}
)

// Str is a String value; the empty string is a value, not a missing one.
func Str(s string) Value {
	return Value{kind: String, data: unsafe.Pointer(unsafe.StringData(s)), n: len(s)}
}

// Word is a String value of what a table says: it lasts, and no program has said it.
func Word(s string) Value {
	v := Str(s)
	v.word = true
	return v
}

// StrOrMissing is Str, with Missing for the empty string.
func StrOrMissing(s string) Value {
	if s == "" {
		return NoValue
	}
	return Str(s)
}

// Buf is a Bytes value that shares b's memory.
func Buf(b []byte) Value {
	return Value{kind: Bytes, data: unsafe.Pointer(unsafe.SliceData(b)), n: len(b)}
}

// BufText is a Bytes value of the bytes of s.
func BufText(s string) Value {
	v := Str(s)
	v.kind = Bytes
	return v
}

// Num is an Int value.
func Num(n int64) Value { return Value{kind: Int, num: uint64(n)} }

// Unsigned is a Uint value.
func Unsigned(n uint64) Value { return Value{kind: Uint, num: n} }

// Real is a Float value.
func Real(f float64) Value { return Value{kind: Float, num: math.Float64bits(f)} }

// Truth is a Bool value.
func Truth(b bool) Value {
	if b {
		return Value{kind: Bool, num: 1}
	}
	return Value{kind: Bool}
}

// IP is an Addr value; the zero address is Missing. IPv4-mapped IPv6 becomes IPv4.
func IP(a netip.Addr) Value {
	if !a.IsValid() {
		return NoValue
	}
	a = a.Unmap()
	b := a.As16()
	v := Value{kind: Addr, num: be64(b[:8]), low: be64(b[8:])}
	if a.Is4() {
		v.v4 = 1
	}
	return v
}

// ListOf is a List value that shares vs.
func ListOf(vs []Value) Value {
	return Value{kind: List, data: unsafe.Pointer(unsafe.SliceData(vs)), n: len(vs)}
}

// Strs is a List of String values that shares ss.
func Strs(ss []string) Value {
	return Value{kind: List, shape: texts, data: unsafe.Pointer(unsafe.SliceData(ss)), n: len(ss)}
}

// Ends is a List of those of two values that are known; both are numbers of
// one kind or addresses. It is Unknown when neither is known and one is
// Unknown, and Missing when both are Missing.
func Ends(a, b Value) Value {
	switch {
	case !a.Known() && !b.Known():
		return max2(a, b)
	case !a.Known():
		a, b = b, NoValue
	}
	v := Value{kind: List, shape: pair, elem: a.kind, n: 1, v4: a.v4, num: a.num, low: a.low}
	if b.Known() {
		v.n, v.num2, v.low2, v.v4 = 2, b.num, b.low, v.v4|b.v4<<1
	}
	return v
}

func max2(a, b Value) Value {
	if a.kind == Unknown {
		return a
	}
	return b
}

func be64(b []byte) (n uint64) {
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return n
}

// Kind says what v holds.
func (v *Value) Kind() Kind { return v.kind }

// Part says how much of what there was v holds.
func (v *Value) Part() Part {
	if v.kind == Unknown {
		return Whole
	}
	return v.part
}

// Only is v as no more than a part of what there was; Whole leaves it as it is.
func (v Value) Only(p Part) Value {
	if p != Whole && v.Known() {
		v.part = p
	}
	return v
}

// IsUnreadable reports whether v is Unreadable.
func (v *Value) IsUnreadable() bool { return v.kind == Unknown && v.part != Whole }

// front is v, without its end if cut.
func front(v Value, cut bool) Value {
	if cut {
		return v.Only(Front)
	}
	return v
}

// Known reports whether v holds something: neither Missing nor Unknown.
func (v *Value) Known() bool { return v.kind > Unknown }

// Text is the string of a String or Bytes value, and "" for others.
func (v *Value) Text() string {
	if v.kind != String && v.kind != Bytes {
		return ""
	}
	return unsafe.String((*byte)(v.data), v.n)
}

// IsWord reports whether v is a Word.
func (v *Value) IsWord() bool { return v.word }

// Int is the number of an Int, Uint or Bool value.
func (v *Value) Int() int64 { return int64(v.num) }

// Uint is the number of an Int, Uint or Bool value.
func (v *Value) Uint() uint64 { return v.num }

// Float is the number of a Float value.
func (v *Value) Float() float64 { return math.Float64frombits(v.num) }

// Bool reports whether a Bool value is true.
func (v *Value) Bool() bool { return v.num != 0 }

// Addr is the address of an Addr value, and the zero address for others.
func (v *Value) Addr() netip.Addr {
	if v.kind != Addr {
		return netip.Addr{}
	}
	var b [16]byte
	for i := range 8 {
		b[i] = byte(v.num >> (56 - 8*i))
		b[8+i] = byte(v.low >> (56 - 8*i))
	}
	a := netip.AddrFrom16(b)
	if v.v4&1 != 0 {
		return a.Unmap()
	}
	return a
}

// Len is the number of elements of a List value, and 0 for others.
func (v *Value) Len() int {
	if v.kind != List {
		return 0
	}
	return v.n
}

// At is element i of a List value; i must be less than Len. It does not
// allocate.
func (v Value) At(i int) Value {
	if i < 0 || i >= v.Len() {
		panic("element beyond the list's end")
	}
	switch v.shape {
	case texts:
		return Str(unsafe.Slice((*string)(v.data), v.n)[i])
	case pair:
		return v.end(i)
	case ancestors:
		p := (*event.Process)(v.data)
		for range i {
			p = p.Parent
		}
		return views[v.num](p)
	}
	return unsafe.Slice((*Value)(v.data), v.n)[i]
}

func (v Value) end(i int) Value {
	if i == 0 {
		return Value{kind: v.elem, v4: v.v4 & 1, num: v.num, low: v.low}
	}
	return Value{kind: v.elem, v4: v.v4 >> 1, num: v.num2, low: v.low2}
}

// All are the elements of a List value with their numbers, none of others. It
// does not allocate, and goes up a lineage once; At does so for each element.
func (v *Value) All() iter.Seq2[int, Value] {
	return func(yield func(int, Value) bool) {
		if v.kind == List && v.shape == ancestors {
			v.ancestors(yield)
			return
		}
		for i := range v.Len() {
			if !yield(i, v.At(i)) {
				return
			}
		}
	}
}

func (v *Value) ancestors(yield func(int, Value) bool) {
	p, view := (*event.Process)(v.data), views[v.num]
	for i := 0; i < v.n && yield(i, view(p)); i++ {
		p = p.Parent
	}
}

// List is the elements of a List value, and nil for others. It may allocate:
// where that counts, use All.
func (v Value) List() []Value {
	if v.kind != List {
		return nil
	}
	if v.shape == values {
		return unsafe.Slice((*Value)(v.data), v.n)
	}
	vs := make([]Value, v.n)
	for i, element := range v.All() {
		vs[i] = element
	}
	return vs
}

// Clone is v with memory of its own.
func (v Value) Clone() Value {
	switch v.kind {
	case String:
		return Str(strings.Clone(v.Text())).Only(v.part)
	case Bytes:
		return BufText(strings.Clone(v.Text())).Only(v.part)
	case List:
		vs := make([]Value, v.n)
		for i, element := range v.All() {
			vs[i] = element.Clone()
		}
		return ListOf(vs).Only(v.part)
	}
	return v
}

// Equal reports whether v and w hold the same; two Missing values are equal
// here, though no comparison of a rule says so.
func (v Value) Equal(w Value) bool {
	switch {
	case v.kind != w.kind || v.part != w.part:
		return false
	case v.kind == String || v.kind == Bytes:
		return v.Text() == w.Text()
	case v.kind != List:
		return v.num == w.num && v.low == w.low && v.v4 == w.v4
	case v.n != w.n:
		return false
	}
	ws := w.List()
	for i, element := range v.All() {
		if !element.Equal(ws[i]) {
			return false
		}
	}
	return true
}
