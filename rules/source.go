package rules

import (
	"net/netip"

	"github.com/sakerhq/saker/internal/field"
)

// Source gives the values of one event to a Matcher. It is asked for primary
// fields only; those that are made of others are computed.
type Source = field.Source

// Ref is what a Source is asked for; its String is the field with its argument
// as a rule writes it, such as log.attr[user].
type Ref = field.Ref

// Value is a field's value at one event. The zero Value is a missing one.
type Value = field.Value

// UnknownValue is a value that a later stage may know.
var UnknownValue = field.UnknownValue

// Text is a value of a text, path or bytes field; it shares the memory of s.
func Text(s string) Value { return field.Str(s) }

// Number is a value of a numeric field.
func Number(n int64) Value { return field.Num(n) }

// Bool is a value of a boolean field.
func Bool(b bool) Value { return field.Truth(b) }

// Address is a value of an address field; the zero address is missing.
func Address(a netip.Addr) Value { return field.IP(a) }
