package rules

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sakerhq/saker/internal/field"
)

// format is a compiled output: literal texts and expressions in turn.
type format struct {
	text  string // as written
	parts []part
}

// part is a literal, or a value with its width.
type part struct {
	literal string
	value   *expr // nil: a literal
	width   int   // pad or cut to that many characters; 0: as it is
}

// AppendOutput appends the rule's output for an event to dst. A value that is
// missing or unknown prints as <NA>; the result is valid UTF-8 without control
// characters. It is safe for concurrent use.
func (r *Rule) AppendOutput(dst []byte, src field.Source) []byte {
	rd := r.set.borrow(src)
	defer r.set.giveBack(rd)
	return r.format.append(dst, rd)
}

// borrow gives a reader of an event, which wants to be given back.
func (s *Set) borrow(src field.Source) *reader {
	rd, _ := s.readers.Get().(*reader)
	if rd == nil {
		rd = new(reader)
		*rd = newReader(s)
	}
	rd.begin(src)
	rd.know(field.OfAll)
	return rd
}

func (s *Set) giveBack(rd *reader) {
	rd.finish()
	s.readers.Put(rd)
}

func (f *format) append(dst []byte, r *reader) []byte {
	for i := range f.parts {
		dst = f.parts[i].append(dst, r)
	}
	return dst
}

// join adds more after a blank.
func (f *format) join(more *format) {
	f.text += " " + more.text
	f.literal(" ")
	for _, p := range more.parts {
		f.add(p)
	}
}

// add puts a part at the end.
func (f *format) add(p part) {
	if n := len(f.parts); p.value == nil && n > 0 && f.parts[n-1].value == nil {
		f.parts[n-1].literal += p.literal
		return
	}
	if p.value != nil || p.literal != "" {
		f.parts = append(f.parts, p)
	}
}

func (f *format) literal(text string) { f.add(part{literal: text}) }

func (p *part) append(dst []byte, r *reader) []byte {
	if p.value == nil {
		return append(dst, p.literal...)
	}
	start := len(dst)
	dst = appendClean(dst, func(b []byte) []byte { return appendValue(b, p.value, *r.read(p.value)) })
	if p.width == 0 {
		return dst
	}
	n := 0
	for at := start; at < len(dst); n++ {
		if n == p.width {
			return dst[:at]
		}
		_, size := utf8.DecodeRune(dst[at:])
		at += size
	}
	for ; n < p.width; n++ {
		dst = append(dst, ' ')
	}
	return dst
}

// appendValue prints a value as its field's type says.
func appendValue(dst []byte, e *expr, v field.Value) []byte {
	switch v.Kind() {
	case field.Missing, field.Unknown:
		return append(dst, "<NA>"...)
	case field.List:
		dst = append(dst, '(')
		for i, element := range v.All() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendValue(dst, e, element)
		}
		return append(dst, ')')
	case field.Float:
		return strconv.AppendFloat(dst, v.Float(), 'f', 1, 64)
	case field.Int, field.Uint:
		return appendNumber(dst, e, v)
	}
	return appendPlain(dst, v)
}

func appendNumber(dst []byte, e *expr, v field.Value) []byte {
	base := field.Decimal
	if e.ref != nil {
		base = e.ref.Base
	}
	switch base {
	case field.Hex:
		return strconv.AppendUint(dst, v.Uint(), 16)
	case field.Octal:
		return strconv.AppendUint(append(dst, '0'), v.Uint(), 8)
	}
	return appendPlain(dst, v)
}

// appendClean appends what f appends, with control characters escaped and
// broken UTF-8 replaced.
func appendClean(dst []byte, f func([]byte) []byte) []byte {
	start := len(dst)
	dst = f(dst)
	if clean(dst[start:]) {
		return dst
	}
	raw := string(dst[start:])
	dst = dst[:start]
	for _, c := range raw {
		if c < ' ' || c == 0x7f {
			dst = appendEscape(dst, byte(c))
			continue
		}
		dst = utf8.AppendRune(dst, c)
	}
	return dst
}

func clean(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c >= 0x7f {
			return utf8.Valid(b) && strings.IndexFunc(string(b), isControl) < 0
		}
	}
	return true
}

func isControl(c rune) bool { return c < ' ' || c == 0x7f }

func appendEscape(dst []byte, c byte) []byte {
	if i := strings.IndexByte("\b\f\n\r\t", c); i >= 0 {
		return append(dst, '\\', "bfnrt"[i])
	}
	const digits = "0123456789abcdef"
	return append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
}
