package rules

import (
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/field"
)

// expr is a compiled operand: something that reads a value from an event.
// Equal operands of a set are the same expr and share a slot.
type expr struct {
	text  string // canonical
	slot  int
	kind  exprKind
	get   func(*event.Event, field.Arg) field.Value // of a field that an event itself answers
	ref   *field.Ref                                // of exprField and exprDerived
	call  transformFn                               // of exprCall
	whole bool                                      // of exprCall: needs all of a text
	args  []*expr                                   // of exprCall and exprDerived
	key   string                                    // the argument in brackets of a transformer
	value field.Value                               // of exprConstant
	typ   field.Type
	list  bool
	many  field.Many
	of    field.Parts // what of an event the value depends on
	// dynamic: the type is guessed from the argument; a value of another kind
	// compares as false.
	dynamic bool
}

type exprKind uint8

const (
	exprField exprKind = iota
	exprDerived
	exprCall
	exprConstant
	exprTuple // a list of expressions
)

// eval computes e's value.
func (e *expr) eval(r *reader) field.Value {
	switch e.kind {
	case exprField:
		return r.src.Value(e.ref)
	case exprDerived:
		return e.derive(r)
	case exprCall:
		return e.transform(r)
	case exprTuple:
		return e.tuple(r, &r.rooms[e.slot])
	default:
		return e.value
	}
}

// transform computes what a transformer makes. Of a part of a text only a part
// in other letters can be known.
func (e *expr) transform(r *reader) field.Value {
	v := e.call(e, r, &r.rooms[e.slot])
	for _, arg := range e.args {
		switch part := r.read(arg).Part(); {
		case part == field.Whole:
		case e.whole:
			return field.Unreadable
		default:
			v = v.Only(part)
		}
	}
	return v
}

// derive computes a derived field.
func (e *expr) derive(r *reader) field.Value {
	for _, arg := range e.args {
		r.read(arg)
	}
	for i, arg := range e.args { // reading may have used in itself
		r.in[i] = *r.read(arg)
		if r.in[i].Kind() == field.Unknown {
			return field.UnknownValue // Derive need not say what would hold whatever it is
		}
	}
	return e.ref.Compute(&r.in)
}

func (e *expr) tuple(r *reader, s *room) field.Value {
	s.list = s.list[:0]
	part := field.Whole
	for _, arg := range e.args {
		v := r.read(arg)
		if !v.Known() {
			return *v
		}
		part = max(part, v.Part())
		s.list = append(s.list, *v)
	}
	return field.ListOf(s.list).Only(part)
}

// find is the first of e and what it is made of for which is holds, nil if
// there is none, or no e.
func (e *expr) find(is func(*expr) bool) *expr {
	if e == nil || is(e) {
		return e
	}
	for _, arg := range e.args {
		if found := arg.find(is); found != nil {
			return found
		}
	}
	return nil
}

// types are how the types of fields are called in messages, which operators
// they allow, and how the numeric ones keep their numbers.
var types = [...]struct {
	name   string
	class  *class
	bits   uint
	signed bool
}{
	0:               {class: dynamicClass},
	field.CharBuf:   {"CHARBUF", stringClass, 0, false},
	field.FSPath:    {"FSPATH", stringClass, 0, false},
	field.FSRelPath: {"FSRELPATH", stringClass, 0, false},
	field.ByteBuf:   {"BYTEBUF", bytesClass, 0, false},
	field.Boolean:   {"BOOL", boolClass, 64, false},
	field.Int8:      {"INT8", numberClass, 8, true},
	field.Int16:     {"INT16", numberClass, 16, true},
	field.Int32:     {"INT32", numberClass, 32, true},
	field.Int64:     {"INT64", numberClass, 64, true},
	field.Uint8:     {"UINT8", numberClass, 8, false},
	field.Uint16:    {"UINT16", numberClass, 16, false},
	field.Uint32:    {"UINT32", numberClass, 32, false},
	field.Uint64:    {"UINT64", numberClass, 64, false},
	field.Double:    {"DOUBLE", numberClass, 64, false},
	field.RelTime:   {"RELTIME", numberClass, 64, false},
	field.AbsTime:   {"ABSTIME", numberClass, 64, false},
	field.Port:      {"PORT", numberClass, 16, false},
	field.IPAddr:    {"IPADDR", addressClass, 0, false},
	field.IPv4Addr:  {"IPV4ADDR", addressClass, 0, false},
	field.IPv6Addr:  {"IPV6ADDR", addressClass, 0, false},
	field.IPNet:     {"IPNET", addressClass, 0, false},
	field.Dynamic:   {"DYNAMIC", dynamicClass, 0, false},
}

// typeName is e's type, with its listness, for messages.
func (e *expr) typeName() string {
	if e.list {
		return types[e.typ].name + " (list)"
	}
	return types[e.typ].name
}

func isText(t field.Type) bool { return types[t].class == stringClass }
