package record

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
	"unsafe"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/sakerhq/saker/internal/field"
)

// put says v as the attribute of ref; a Missing or Unknown value says nothing.
func (w *Writer) put(attrs pcommon.Map, ref *field.Ref, v *field.Value) {
	if !v.Known() {
		return
	}
	key := ref.Key()
	switch ref.Form {
	case field.Plain:
		w.putPlain(attrs, ref, v)
	case field.Digits:
		attrs.PutStr(key, strconv.FormatInt(v.Int(), 10))
	case field.ISOTime:
		attrs.PutStr(key, time.Unix(0, v.Int()).UTC().Format(time.RFC3339Nano))
	case field.Words:
		w.putWords(attrs.PutEmptySlice(key), v.Text())
	case field.Sole:
		attrs.PutEmptySlice(key).AppendEmpty().SetStr(w.keep(v.Text()))
	}
}

func (w *Writer) putPlain(attrs pcommon.Map, ref *field.Ref, v *field.Value) {
	n := v.Len()
	if ref.InArray() {
		n = min(n, w.depth[ref.Index()])
	}
	put(attrs, ref.Key(), v, n, w.keep)
}

// Put says v as an attribute, texts in memory of its own; a Missing or Unknown
// value says nothing.
func Put(attrs pcommon.Map, key string, v *field.Value) {
	put(attrs, key, v, v.Len(), func(s string) string { return strings.Clone(valid(s)) })
}

// put says a value, of a list the first n elements; keep makes texts last.
func put(attrs pcommon.Map, key string, v *field.Value, n int, keep func(string) string) {
	switch v.Kind() {
	case field.String:
		attrs.PutStr(key, keep(v.Text()))
	case field.Bytes:
		attrs.PutEmptyBytes(key).FromRaw([]byte(v.Text()))
	case field.Int, field.Uint:
		attrs.PutInt(key, v.Int())
	case field.Float:
		attrs.PutDouble(key, v.Float())
	case field.Bool:
		attrs.PutBool(key, v.Bool())
	case field.Addr:
		attrs.PutStr(key, v.Addr().String())
	case field.List:
		to := attrs.PutEmptySlice(key)
		to.EnsureCapacity(n)
		for i := range n {
			switch v := v.At(i); v.Kind() {
			case field.String:
				to.AppendEmpty().SetStr(keep(v.Text()))
			default:
				to.AppendEmpty().SetInt(v.Int())
			}
		}
	}
}

func (w *Writer) putWords(to pcommon.Slice, text string) {
	for word := range strings.FieldsSeq(text) {
		to.AppendEmpty().SetStr(w.keep(word))
	}
}

// keep is s as valid UTF-8 in memory that belongs to the batch.
func (w *Writer) keep(s string) string { return w.text.keep(valid(s)) }

// valid is s with U+FFFD for what is no UTF-8.
func valid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// arena keeps short strings together, so that a record's texts cost few
// allocations. What it gave stays as it is.
type arena struct{ free []byte }

const (
	arenaSize = 16 << 10
	longText  = 1 << 10 // a longer text has memory of its own
)

func (a *arena) keep(s string) string {
	if len(s) > longText {
		return strings.Clone(s)
	}
	if len(s) > cap(a.free)-len(a.free) {
		a.free = make([]byte, 0, arenaSize)
	}
	start := len(a.free)
	a.free = append(a.free, s...)
	return unsafe.String(unsafe.SliceData(a.free[start:]), len(s))
}
