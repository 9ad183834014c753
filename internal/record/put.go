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

// put says v, which is known, as the attribute of ref.
func (w *Writer) put(attrs pcommon.Map, ref *field.Ref, v *field.Value) {
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
		attrs.PutEmptySlice(key).AppendEmpty().SetStr(w.say(ref, v.Text()))
	}
}

func (w *Writer) putPlain(attrs pcommon.Map, ref *field.Ref, v *field.Value) {
	key := ref.Key()
	switch v.Kind() {
	case field.String:
		attrs.PutStr(key, w.say(ref, v.Text()))
	case field.Bytes:
		attrs.PutEmptyBytes(key).FromRaw([]byte(w.clean(ref, v.Text())))
	case field.List:
		n := v.Len()
		if ref.InArray() {
			n = min(n, w.depth[ref.Index()])
		}
		w.putList(attrs.PutEmptySlice(key), ref, v, n)
	default:
		putOther(attrs, key, v)
	}
}

// Put says v as an attribute, texts in memory of its own; a Missing or Unknown
// value says nothing.
func Put(attrs pcommon.Map, key string, v *field.Value) {
	switch v.Kind() {
	case field.String:
		attrs.PutStr(key, strings.Clone(valid(v.Text())))
	case field.Bytes:
		attrs.PutEmptyBytes(key).FromRaw([]byte(v.Text()))
	case field.List:
		to := attrs.PutEmptySlice(key)
		to.EnsureCapacity(v.Len())
		for i := range v.Len() {
			putElement(to, v.At(i), func(s string) string { return strings.Clone(valid(s)) })
		}
	default:
		putOther(attrs, key, v)
	}
}

// putOther says a value that is neither a text nor a list.
func putOther(attrs pcommon.Map, key string, v *field.Value) {
	switch v.Kind() {
	case field.Int, field.Uint:
		attrs.PutInt(key, v.Int())
	case field.Float:
		attrs.PutDouble(key, v.Float())
	case field.Bool:
		attrs.PutBool(key, v.Bool())
	case field.Addr:
		attrs.PutStr(key, v.Addr().String())
	}
}

// putElement says an element of a list; keep makes texts last.
func putElement(to pcommon.Slice, v field.Value, keep func(string) string) {
	if v.Kind() == field.String {
		to.AppendEmpty().SetStr(keep(v.Text()))
		return
	}
	to.AppendEmpty().SetInt(v.Int())
}

// putList says the first n elements of a list of texts or numbers.
func (w *Writer) putList(to pcommon.Slice, ref *field.Ref, list *field.Value, n int) {
	if most := w.limits.ArrayLength; most > 0 && n > most {
		w.truncated = w.noted(w.truncated, ref)
		n = most
	}
	to.EnsureCapacity(n)
	if hidden := w.hideList(ref, list, n); hidden != nil {
		for _, s := range hidden {
			to.AppendEmpty().SetStr(w.keep(w.cut(ref, s)))
		}
		return
	}
	for i := range n {
		putElement(to, list.At(i), func(s string) string { return w.keep(w.cut(ref, s)) })
	}
}

// hideList is the first n elements of a list without secrets, nil if it has none.
func (w *Writer) hideList(ref *field.Ref, list *field.Value, n int) []string {
	if !ref.Secret {
		return nil
	}
	hidden := w.redactor.RedactAll(n, func(i int) string { return list.At(i).Text() })
	if hidden != nil {
		w.redacted = w.noted(w.redacted, ref)
	}
	return hidden
}

func (w *Writer) putWords(to pcommon.Slice, text string) {
	for word := range strings.FieldsSeq(text) {
		to.AppendEmpty().SetStr(w.keep(word))
	}
}

// say is a text of ref as the record says it, in memory of the batch.
func (w *Writer) say(ref *field.Ref, s string) string { return w.keep(w.clean(ref, s)) }

// clean is a text of ref no longer than allowed, and without secrets.
func (w *Writer) clean(ref *field.Ref, s string) string {
	s = w.cut(ref, s)
	if !ref.Secret {
		return s
	}
	name := ""
	if ref.Field.Arg == field.MayKey && ref.ByKey() { // a variable, whose name tells what its text is
		name = ref.Arg.Text + "="
		s = name + s
	}
	s, found := w.redactor.Redact(s)
	if found {
		w.redacted = w.noted(w.redacted, ref)
	}
	return s[min(len(name), len(s)):]
}

// cut is s no longer than allowed; it ends with a whole character.
func (w *Writer) cut(ref *field.Ref, s string) string {
	most := w.limits.ValueLength
	if most <= 0 || len(s) <= most {
		return s
	}
	w.truncated = w.noted(w.truncated, ref)
	end := most
	for end > 0 && most-end < utf8.UTFMax && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}

// noted is keys with that of ref at the end, once.
func (w *Writer) noted(keys []string, ref *field.Ref) []string {
	if n := len(keys); n > 0 && keys[n-1] == ref.Key() {
		return keys
	}
	return append(keys, ref.Key())
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
