package record

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/sakerhq/saker/internal/field"
)

// read is the value that an attribute says of ref, Missing if it says none
// that the field could have.
func (r *Reader) read(ref *field.Ref, v pcommon.Value) field.Value {
	isSlice := v.Type() == pcommon.ValueTypeSlice
	switch {
	case ref.InArray() && isSlice:
		return r.ancestors(ref, v.Slice())
	case ref.InArray():
		return field.NoValue
	case ref.Form == field.Words && isSlice:
		return words(v.Slice())
	case ref.Form == field.Sole && isSlice && v.Slice().Len() > 0:
		return scalar(ref.Type.Kind(), v.Slice().At(0))
	case ref.Form == field.ISOTime && v.Type() == pcommon.ValueTypeStr:
		return timeOf(v.Str())
	case ref.List && isSlice:
		return r.listOf(ref, v.Slice())
	case ref.List:
		return field.NoValue
	case ref.Type == field.Dynamic:
		return anything(v)
	}
	return scalar(ref.Type.Kind(), v)
}

// scalar is what an attribute says as a value of the kind.
func scalar(kind field.Kind, v pcommon.Value) field.Value {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return fromText(kind, v.Str())
	case pcommon.ValueTypeInt:
		return fromInt(kind, v.Int())
	case pcommon.ValueTypeDouble:
		if kind == field.Float {
			return field.Real(v.Double())
		}
	case pcommon.ValueTypeBool:
		if kind == field.Bool {
			return field.Truth(v.Bool())
		}
	case pcommon.ValueTypeBytes:
		switch b := v.Bytes().AsRaw(); kind {
		case field.Bytes:
			return field.Buf(b)
		case field.String:
			return field.Str(string(b))
		}
	}
	return field.NoValue
}

func fromInt(kind field.Kind, n int64) field.Value {
	switch kind {
	case field.Int:
		return field.Num(n)
	case field.Uint:
		return field.Unsigned(uint64(n))
	case field.Float:
		return field.Real(float64(n))
	case field.String:
		return field.Str(strconv.FormatInt(n, 10))
	}
	return field.NoValue
}

func fromText(kind field.Kind, s string) field.Value {
	switch kind {
	case field.String:
		return field.Str(s)
	case field.Bytes:
		return field.BufText(s)
	case field.Int:
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return field.Num(n)
		}
	case field.Uint:
		if n, err := strconv.ParseUint(s, 10, 64); err == nil {
			return field.Unsigned(n)
		}
	case field.Bool:
		if s == "true" || s == "false" {
			return field.Truth(s == "true")
		}
	case field.Addr:
		if a, err := netip.ParseAddr(s); err == nil {
			return field.IP(a.WithZone(""))
		}
	}
	return field.NoValue
}

// anything is a value of the attribute's own type.
func anything(v pcommon.Value) field.Value {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return field.Str(v.Str())
	case pcommon.ValueTypeInt:
		return field.Num(v.Int())
	case pcommon.ValueTypeDouble:
		return field.Real(v.Double())
	case pcommon.ValueTypeBool:
		return field.Truth(v.Bool())
	case pcommon.ValueTypeBytes:
		return field.Buf(v.Bytes().AsRaw())
	}
	return field.NoValue
}

func timeOf(text string) field.Value {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || t.UnixNano() <= 0 {
		return field.NoValue
	}
	return field.Unsigned(uint64(t.UnixNano()))
}

func words(list pcommon.Slice) field.Value {
	var b strings.Builder
	for i := range list.Len() {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(list.At(i).AsString())
	}
	return field.Str(b.String())
}

// ancestors is the ancestor that ref's index names, or the list of all; the
// array begins with the parent.
func (r *Reader) ancestors(ref *field.Ref, all pcommon.Slice) field.Value {
	switch {
	case !ref.Arg.IsIndex && all.Len() == 0:
		return field.NoValue
	case !ref.Arg.IsIndex:
		return r.listOf(ref, all)
	case ref.Arg.Index <= all.Len():
		return scalar(ref.Type.Kind(), all.At(ref.Arg.Index-1))
	}
	return field.NoValue
}

// listOf is a list of the elements that the field could have.
func (r *Reader) listOf(ref *field.Ref, all pcommon.Slice) field.Value {
	start := len(r.list)
	for i := range all.Len() {
		if v := scalar(ref.Type.Kind(), all.At(i)); v.Known() {
			r.list = append(r.list, v)
		}
	}
	return field.ListOf(r.list[start:len(r.list):len(r.list)])
}
