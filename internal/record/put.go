package record

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
	"unsafe"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/field"
)

// put says v, which is known, in to, as the attribute of ref has it.
func (w *Writer) put(to pcommon.Value, e *event.Event, ref *field.Ref, v *field.Value) {
	if v.Part() != field.Whole {
		w.lack.truncated = noted(w.lack.truncated, ref)
	}
	switch ref.Form {
	case field.Plain:
		w.putPlain(to, e, ref, v)
	case field.Digits:
		to.SetStr(strconv.FormatInt(v.Int(), 10))
	case field.ISOTime:
		to.SetStr(time.Unix(0, v.Int()).UTC().Format(time.RFC3339Nano))
	case field.Words:
		w.putWords(to.SetEmptySlice(), v.Text())
	case field.Sole:
		to.SetEmptySlice().AppendEmpty().SetStr(w.say(e, ref, v))
	}
}

func (w *Writer) putPlain(to pcommon.Value, e *event.Event, ref *field.Ref, v *field.Value) {
	switch v.Kind() {
	case field.String:
		to.SetStr(w.say(e, ref, v))
	case field.Bytes:
		to.SetEmptyBytes().FromRaw([]byte(w.hide(e, ref, v.Text())))
	case field.List:
		n := v.Len()
		if ref.InArray() {
			n = min(n, w.depth[ref.Index()])
		}
		w.putList(to.SetEmptySlice(), e, ref, v, n)
	default:
		putOther(to, v)
	}
}

// Put says v as an attribute, texts in memory of its own; a Missing or Unknown
// value says nothing.
func Put(attrs pcommon.Map, key string, v *field.Value) {
	if !v.Known() {
		return
	}
	to := attrs.PutEmpty(key)
	switch v.Kind() {
	case field.String:
		to.SetStr(strings.Clone(valid(v.Text())))
	case field.Bytes:
		to.SetEmptyBytes().FromRaw([]byte(v.Text()))
	case field.List:
		list := to.SetEmptySlice()
		list.EnsureCapacity(v.Len())
		for _, element := range v.All() {
			putElement(list, element, func(s string) string { return strings.Clone(valid(s)) })
		}
	default:
		putOther(to, v)
	}
}

// putOther says a value that is neither a text nor a list.
func putOther(to pcommon.Value, v *field.Value) {
	switch v.Kind() {
	case field.Int, field.Uint:
		to.SetInt(v.Int())
	case field.Float:
		to.SetDouble(v.Float())
	case field.Bool:
		to.SetBool(v.Bool())
	case field.Addr:
		to.SetStr(v.Addr().String())
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
func (w *Writer) putList(to pcommon.Slice, e *event.Event, ref *field.Ref, list *field.Value, n int) {
	if most := w.limits.ArrayLength; most > 0 && n > most {
		w.lack.truncated = noted(w.lack.truncated, ref)
		n = most
	}
	to.EnsureCapacity(n)
	if hidden := w.hideList(e, ref, list, n); hidden != nil {
		for _, s := range hidden {
			to.AppendEmpty().SetStr(w.keep(w.cut(ref, s)))
		}
		return
	}
	for i, element := range list.All() {
		if i == n {
			break
		}
		putElement(to, element, func(s string) string { return w.keep(w.cut(ref, s)) })
	}
}

// hideList is the first n elements of a list without secrets, nil if it has none.
func (w *Writer) hideList(e *event.Event, ref *field.Ref, list *field.Value, n int) (hidden []string) {
	if !ref.Secret || !w.suspectsAny(list, n) && !w.redactor.suspectsAny(e.Process, 1+n) {
		return nil
	}
	clean := w.clean(e, ref)
	for i, element := range clean.All() {
		if i == n {
			break
		}
		s, _ := w.redactor.Redact(element.Text())
		hidden = append(hidden, s)
	}
	found := false
	for i, element := range list.All() {
		found = found || i < len(hidden) && element.Text() != hidden[i]
	}
	if !found {
		return nil
	}
	w.lack.redacted = noted(w.lack.redacted, ref)
	return hidden
}

func (w *Writer) suspectsAny(list *field.Value, n int) bool {
	for i, element := range list.All() {
		if i == n {
			break
		}
		if w.redactor.Suspects(element.Text()) {
			return true
		}
	}
	return false
}

// suspectsProgram reports whether the process or its parent runs a program that is
// known for an option of its own: only its name tells what that means.
func (w *Writer) suspectsProgram(e *event.Event) bool {
	if w.program == notLooked {
		w.program = harmlessProgram
		if w.redactor.suspectsAny(e.Process, 2) {
			w.program = suspectProgram
		}
	}
	return w.program == suspectProgram
}

func (w *Writer) putWords(to pcommon.Slice, text string) {
	for word := range strings.FieldsSeq(text) {
		to.AppendEmpty().SetStr(w.keep(word))
	}
}

// say is a text of ref as the record says it, in memory of the batch.
func (w *Writer) say(e *event.Event, ref *field.Ref, v *field.Value) string {
	if v.IsWord() {
		return w.cut(ref, v.Text())
	}
	return w.keep(w.hide(e, ref, v.Text()))
}

// hide is a text of ref no longer than allowed, and without secrets.
func (w *Writer) hide(e *event.Event, ref *field.Ref, s string) string {
	short := w.cut(ref, s)
	if !ref.Secret || !w.redactor.Suspects(w.named(ref, short)) && !w.suspectsProgram(e) {
		return short
	}
	v := w.clean(e, ref)
	clean, _ := w.redactor.Redact(v.Text())
	if clean == s {
		return short
	}
	w.lack.redacted = noted(w.lack.redacted, ref)
	return w.cut(ref, clean)
}

// named is a text with what tells what it is: of a variable, its name.
func (w *Writer) named(ref *field.Ref, s string) string {
	if ref.Field.Arg == field.MayKey && ref.ByKey() {
		return ref.Arg.Text + "=" + s
	}
	return s
}

// clean is the value of the event that the record is of, as it is without secrets.
func (w *Writer) clean(e *event.Event, ref *field.Ref) field.Value {
	if w.cleaned == nil {
		w.cleaned = w.redactor.Clean(e)
	}
	want := wantOf(ref, ref.Arg)
	return want.of(w.cleaned)
}

// cut is s no longer than allowed, in whole characters.
func (w *Writer) cut(ref *field.Ref, s string) string {
	most := w.limits.ValueLength
	if most <= 0 || len(s) <= most || utf8.RuneCountInString(s) <= most {
		return s
	}
	w.lack.truncated = noted(w.lack.truncated, ref)
	for i := range s {
		if most--; most < 0 {
			return s[:i]
		}
	}
	return s
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
