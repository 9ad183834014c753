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

// typeNames are the types as messages call them.
var typeNames = map[field.Type]string{
	field.CharBuf: "CHARBUF", field.FSPath: "FSPATH", field.FSRelPath: "FSRELPATH", field.ByteBuf: "BYTEBUF",
	field.Boolean: "BOOL", field.Int8: "INT8", field.Int16: "INT16", field.Int32: "INT32", field.Int64: "INT64",
	field.Uint8: "UINT8", field.Uint16: "UINT16", field.Uint32: "UINT32", field.Uint64: "UINT64",
	field.Double: "DOUBLE", field.RelTime: "RELTIME", field.AbsTime: "ABSTIME", field.Port: "PORT",
	field.IPAddr: "IPADDR", field.IPv4Addr: "IPV4ADDR", field.IPv6Addr: "IPV6ADDR", field.IPNet: "IPNET",
	field.Dynamic: "DYNAMIC",
}

// typeName is e's type, with its listness, for messages.
func (e *expr) typeName() string {
	if e.list {
		return typeNames[e.typ] + " (list)"
	}
	return typeNames[e.typ]
}

func isText(t field.Type) bool {
	return t == field.CharBuf || t == field.FSPath || t == field.FSRelPath
}

// classOf is the class of operators that a type allows.
func classOf(t field.Type) *class {
	switch t {
	case field.CharBuf, field.FSPath, field.FSRelPath:
		return stringClass
	case field.ByteBuf:
		return bytesClass
	case field.Boolean:
		return boolClass
	case field.IPAddr, field.IPv4Addr, field.IPv6Addr, field.IPNet:
		return addressClass
	case field.Dynamic:
		return dynamicClass
	default:
		return numberClass
	}
}

// numberWidth says how a numeric type keeps its numbers.
func numberWidth(t field.Type) (bits uint, signed bool) {
	switch t {
	case field.Int8:
		return 8, true
	case field.Int16:
		return 16, true
	case field.Int32:
		return 32, true
	case field.Int64:
		return 64, true
	case field.Uint8:
		return 8, false
	case field.Uint16, field.Port:
		return 16, false
	case field.Uint32:
		return 32, false
	default:
		return 64, false
	}
}
