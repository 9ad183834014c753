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
		if r.in[i].Kind() == field.Unknown && (!e.ref.Picks || !r.in[i].IsUnreadable()) {
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

// typeName is e's type, with its listness, for messages.
func (e *expr) typeName() string {
	if e.list {
		return types[e.typ].name + " (list)"
	}
	return types[e.typ].name
}
