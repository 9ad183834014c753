package field

import (
	"net/netip"
	"unsafe"
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

// Value is one field's value at one event: 64 bytes, copied freely. The zero
// Value is Missing.
//
// A Value made of bytes that somebody else owns (a ring record, a log record)
// is valid as long as these are; Clone what you keep.
type Value struct {
	kind Kind
	v4   bool
	num  uint64 // Int, Uint, Float, Bool; high half of an Addr
	low  uint64 // low half of an Addr
	str  string // String, Bytes
	list []Value
}

// NoValue and UnknownValue are the two values that hold nothing.
var (
	NoValue      = Value{}
	UnknownValue = Value{kind: Unknown}
)

// Str is a String value; the empty string is a value, not a missing one.
func Str(s string) Value { return Value{kind: String, str: s} }

// StrOrMissing is Str, with Missing for the empty string.
func StrOrMissing(s string) Value {
	if s == "" {
		return NoValue
	}
	return Str(s)
}

// Buf is a Bytes value that shares b's memory.
func Buf(b []byte) Value {
	return Value{kind: Bytes, str: unsafe.String(unsafe.SliceData(b), len(b))}
}

// Num is an Int value.
func Num(n int64) Value { return Value{kind: Int, num: uint64(n)} }

// Unsigned is a Uint value.
func Unsigned(n uint64) Value { return Value{kind: Uint, num: n} }

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
	return Value{kind: Addr, v4: a.Is4(), num: be64(b[:8]), low: be64(b[8:])}
}

// ListOf is a List value that shares vs.
func ListOf(vs []Value) Value { return Value{kind: List, list: vs} }

func be64(b []byte) (n uint64) {
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return n
}

// Kind says what v holds.
func (v Value) Kind() Kind { return v.kind }

// Known reports whether v holds something: neither Missing nor Unknown.
func (v Value) Known() bool { return v.kind > Unknown }

// Text is the string of a String or Bytes value, and "" for others.
func (v Value) Text() string { return v.str }

// Int is the number of an Int, Uint or Bool value.
func (v Value) Int() int64 { return int64(v.num) }

// Uint is the number of an Int, Uint or Bool value.
func (v Value) Uint() uint64 { return v.num }

// Bool reports whether a Bool value is true.
func (v Value) Bool() bool { return v.num != 0 }

// Addr is the address of an Addr value, and the zero address for others.
func (v Value) Addr() netip.Addr {
	if v.kind != Addr {
		return netip.Addr{}
	}
	var b [16]byte
	for i := range 8 {
		b[i] = byte(v.num >> (56 - 8*i))
		b[8+i] = byte(v.low >> (56 - 8*i))
	}
	a := netip.AddrFrom16(b)
	if v.v4 {
		return a.Unmap()
	}
	return a
}

// List is the elements of a List value, shared, and nil for others.
func (v Value) List() []Value { return v.list }
