package rules

import (
	"encoding/base64"
	"strconv"
	"strings"
	"unsafe"

	"github.com/sakerhq/saker/internal/field"
)

// transformFn computes a transformer's value. It keeps what it makes in its
// room, so that it does not allocate once that has grown.
type transformFn func(e *expr, r *reader, s *room) field.Value

// transformer is one row of the table of transformers.
type transformer struct {
	name     string
	min, max int                  // arguments; max 0: any number
	key      bool                 // takes an argument in brackets
	accepts  func(arg *expr) bool // of its first argument
	result   func(e *expr)        // sets type and listness
	call     transformFn
	letters  bool // works letter by letter: what it makes of a part is a part
}

var transformers = []*transformer{
	{name: "tolower", min: 1, max: 1, accepts: textArg, result: sameType, call: perElement(lower), letters: true},
	{name: "toupper", min: 1, max: 1, accepts: textArg, result: sameType, call: perElement(upper), letters: true},
	{name: "b64", min: 1, max: 1, accepts: textOrBytesArg, result: sameType, call: perElement(decode64)},
	{name: "basename", min: 1, max: 1, accepts: textArg, result: sameType, call: perElement(basename)},
	{name: "len", min: 1, max: 1, accepts: lenArg, result: uint64Type, call: length},
	{name: "val", min: 1, max: 1, accepts: anyArg, result: sameType, call: identity, letters: true},
	{name: "join", min: 2, max: 2, accepts: scalarTextArg, result: textType, call: join},
	{name: "concat", min: 2, accepts: scalarTextArg, result: textType, call: concat},
	{name: "getopt", min: 2, max: 2, key: true, accepts: listArg, result: optionType, call: getopt},
}

func transformerNamed(name string) *transformer {
	for _, t := range transformers {
		if t.name == name {
			return t
		}
	}
	return nil
}

func anyArg(*expr) bool                                { return true }
func textArg(e *expr) bool                             { return isText(e.typ) }
func scalarTextArg(e *expr) bool                       { return isText(e.typ) && !e.list }
func textOrBytesArg(e *expr) bool                      { return isText(e.typ) || e.typ == field.ByteBuf }
func lenArg(e *expr) bool                              { return e.list || textOrBytesArg(e) }
func listArg(e *expr) bool                             { return e.list && isText(e.typ) }
func sameType(e *expr)                                 { e.typ, e.list = e.args[0].typ, e.args[0].list }
func uint64Type(e *expr)                               { e.typ = field.Uint64 }
func textType(e *expr)                                 { e.typ = field.CharBuf }
func optionType(e *expr)                               { e.typ, e.list = field.CharBuf, e.key == "" }
func identity(e *expr, r *reader, _ *room) field.Value { return *r.read(e.args[0]) }

// made is the text that a room holds from start on.
func (s *room) made(start int) field.Value {
	b := s.buf[start:]
	return field.Str(unsafe.String(unsafe.SliceData(b), len(b)))
}

// perElement maps a text, or each text of a list, to one that f appends.
func perElement(f func(dst []byte, text string) ([]byte, bool)) transformFn {
	return func(e *expr, r *reader, s *room) field.Value {
		v := r.read(e.args[0])
		if !v.Known() {
			return *v
		}
		s.buf = s.buf[:0]
		if v.Kind() != field.List {
			var ok bool
			if s.buf, ok = f(s.buf, v.Text()); !ok {
				return field.NoValue
			}
			return s.made(0)
		}
		s.list = s.list[:0]
		for _, element := range v.All() {
			start, ok := len(s.buf), false
			if s.buf, ok = f(s.buf, element.Text()); !ok {
				return field.NoValue
			}
			s.list = append(s.list, s.made(start))
		}
		return field.ListOf(s.list)
	}
}

func lower(dst []byte, text string) ([]byte, bool) {
	for i := range len(text) {
		c := text[i]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		dst = append(dst, c)
	}
	return dst, true
}

func upper(dst []byte, text string) ([]byte, bool) {
	for i := range len(text) {
		c := text[i]
		if 'a' <= c && c <= 'z' {
			c &^= 0x20
		}
		dst = append(dst, c)
	}
	return dst, true
}

// decode64 decodes base64 with or without padding. Line ends are no part of it.
func decode64(dst []byte, text string) ([]byte, bool) {
	if text == "" || strings.ContainsAny(text, "\r\n") {
		return dst, false
	}
	text = strings.TrimRight(text, "=")
	src := unsafe.Slice(unsafe.StringData(text), len(text))
	dst, err := base64.RawStdEncoding.AppendDecode(dst, src)
	return dst, err == nil
}

func basename(dst []byte, text string) ([]byte, bool) {
	return append(dst, text[strings.LastIndexByte(text, '/')+1:]...), true
}

func length(e *expr, r *reader, _ *room) field.Value {
	v := r.read(e.args[0])
	switch {
	case !v.Known():
		return *v
	case v.Kind() == field.List:
		return field.Unsigned(uint64(v.Len()))
	}
	return field.Unsigned(uint64(len(v.Text())))
}

func join(e *expr, r *reader, s *room) field.Value {
	sep, v := r.read(e.args[0]), r.read(e.args[1])
	if !sep.Known() {
		return *sep
	}
	if !v.Known() {
		return *v
	}
	s.buf = s.buf[:0]
	for i, element := range v.All() {
		if i > 0 {
			s.buf = append(s.buf, sep.Text()...)
		}
		s.buf = appendPlain(s.buf, element)
	}
	return s.made(0)
}

// appendPlain appends a text as it is and a number in decimal.
func appendPlain(dst []byte, v field.Value) []byte {
	switch v.Kind() {
	case field.Int:
		return strconv.AppendInt(dst, v.Int(), 10)
	case field.Uint:
		return strconv.AppendUint(dst, v.Uint(), 10)
	case field.Bool:
		return strconv.AppendBool(dst, v.Bool())
	case field.Addr:
		return v.Addr().AppendTo(dst)
	default:
		return append(dst, v.Text()...)
	}
}

func concat(e *expr, r *reader, s *room) field.Value {
	s.buf = s.buf[:0]
	for _, arg := range e.args {
		v := r.read(arg)
		if !v.Known() {
			return *v
		}
		s.buf = append(s.buf, v.Text()...)
	}
	return s.made(0)
}

// getopt reads options from arguments as getopt(3) does. With a key it is the
// last value of that option, without one the list of all options found.
func getopt(e *expr, r *reader, s *room) field.Value {
	args, spec := r.read(e.args[0]), r.read(e.args[1])
	if !args.Known() {
		return *args
	}
	s.list = s.list[:0]
	found := field.NoValue
	scanOptions(*args, spec.Text(), func(option string, value string) {
		if option == e.key {
			found = field.Str(value)
		}
		s.list = append(s.list, field.Str(option))
	})
	if e.key != "" {
		return found
	}
	return field.ListOf(s.list)
}

// scanOptions calls f for every option up to the first plain argument or "--".
func scanOptions(args field.Value, spec string, f func(option, value string)) {
	spec = strings.TrimLeft(spec, "+-:")
	for i := 0; i < args.Len(); i++ {
		element := args.At(i)
		arg := element.Text()
		if len(arg) < 2 || arg[0] != '-' || arg == "--" {
			return
		}
		if arg[1] == '-' {
			continue
		}
		for k := 1; k < len(arg); k++ {
			at := strings.IndexByte(spec, arg[k])
			if at < 0 || arg[k] == ':' {
				f("?", arg[k:k+1])
				continue
			}
			if at+1 == len(spec) || spec[at+1] != ':' {
				f(arg[k:k+1], "")
				continue
			}
			optional := strings.HasPrefix(spec[at+1:], "::")
			switch {
			case k+1 < len(arg):
				f(arg[k:k+1], arg[k+1:])
			case optional:
				f(arg[k:k+1], "")
			case i+1 < args.Len():
				i++
				next := args.At(i)
				f(arg[k:k+1], next.Text())
			default:
				f("?", arg[k:k+1])
			}
			break
		}
	}
}
