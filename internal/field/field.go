// Package field is the table of everything that a rule can name.
//
// It takes an event (or values read back from a log record) and gives values.
// It owns the names, types, attributes and documentation of fields: rule
// checking, records, docs and "saker fields" all come from the table's rows.
// It never keeps anything of an event and never decides what a rule means.
package field

import (
	"strings"
	"sync"

	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/syscalls"
)

// Type is a field's type in Falco's terms; it decides which operators a rule
// may use on it and how a constant beside it is read.
type Type uint8

// The types. Names as in Falco's documentation.
const (
	CharBuf   Type = iota + 1 // text
	FSPath                    // text, an absolute path
	FSRelPath                 // text, a path relative to a directory
	ByteBuf                   // bytes
	Boolean
	Int8
	Int16
	Int32
	Int64
	Uint8
	Uint16
	Uint32
	Uint64
	Double
	RelTime // nanoseconds, a duration
	AbsTime // nanoseconds since 1970
	Port
	IPAddr
	IPv4Addr
	IPv6Addr
	IPNet
	Dynamic // the type is known only with the argument (evt.rawarg)
)

// kinds are what the values of each type hold.
var kinds = [...]Kind{
	CharBuf: String, FSPath: String, FSRelPath: String, ByteBuf: Bytes, Boolean: Bool,
	Int8: Int, Int16: Int, Int32: Int, Int64: Int,
	Uint8: Uint, Uint16: Uint, Uint32: Uint, Uint64: Uint, Double: Float,
	RelTime: Uint, AbsTime: Uint, Port: Uint,
	IPAddr: Addr, IPv4Addr: Addr, IPv6Addr: Addr, IPNet: Addr, Dynamic: Missing,
}

// Kind is what a known value of the type holds, or an element of it where the
// field is a list; Missing for Dynamic, whose values hold anything (integers
// always as Int).
func (t Type) Kind() Kind { return kinds[t] }

// Many says what a comparison means for a field with several values at once.
type Many uint8

const (
	// One: the field has one value (or is a list with list operators only).
	One Many = iota
	// EitherEnd: both ends of a connection. "=" and orderings hold if either
	// satisfies, "!=" only if both differ.
	EitherEnd
	// SomeAncestor: every operator holds if some ancestor satisfies it.
	SomeAncestor
)

// ArgRule says which argument a field takes.
type ArgRule uint8

const (
	// NoArg: none.
	NoArg ArgRule = iota
	// MayIndex: field or field[N].
	MayIndex
	// MayKey: field or field[KEY].
	MayKey
	// MustIndex: field[N].
	MustIndex
	// MustKey: field[KEY].
	MustKey
	// MustParam: field.NAME, the name of an event parameter, or field[N].
	MustParam
	// MustName: field.NAME with a free name (thread.cgroup.cpu).
	MustName
)

// Restriction is a set of uses that a field is not made for.
type Restriction uint8

const (
	// FilterOnly fields can't be printed.
	FilterOnly Restriction = 1 << iota
	// OutputOnly fields can't stand in a condition.
	OutputOnly
	// NoRHS fields can't stand right of an operator.
	NoRHS
	// NoTransformer fields can't be transformed.
	NoTransformer
	// EqualOnly fields can only be tested with =.
	EqualOnly
)

// Base is how a number is printed.
type Base uint8

// The bases.
const (
	Decimal Base = iota
	Hex
	Octal
)

// Field is one row of the table. A field without Derive is primary: Get takes
// it from an event, and it travels in a log record as Attr. A field with
// Derive is computed, where rules run, from the fields that From names; its
// Get, if it has one, is a shortcut to the same value for those who hold the
// event.
type Field struct {
	Name  string
	Type  Type
	List  bool // a list for the list operators (in, intersects, exists)
	Many  Many
	Arg   ArgRule
	Not   Restriction
	Base  Base
	Attr  string // attribute key; of an ancestor field: of the array of all
	Keyed string // attribute key of references with an argument, which follows after a dot
	// Also is the key, in place of Attr or Keyed, by which the k8s_attributes processor
	// says the same; it is read where a record has nothing better.
	Also  string
	Form  Form  // how the attribute says it
	Where Where // where the attribute lives
	// Of is what of an event the value that Get takes depends on; nothing said: OfAct
	// of a primary field, what From depends on of a derived one.
	Of Parts
	// On are the types of descriptors of which Get takes values; nil: all, and no
	// descriptor, too.
	On func(event.FDType) bool
	// Secret fields are texts in which programs are told secrets: a record
	// says them with the secrets hidden.
	Secret bool
	// Needs is what must be captured or kept beyond events and processes.
	Needs Needs
	Doc   string
	// Unserved says why nobody answers the field here: it is always Missing, so
	// that files which name it load. Such a row has neither Get nor Derive.
	Unserved string

	Get    func(*event.Event, Arg) Value
	From   []string // references as a rule writes them, at most MaxInputs
	Derive func(*Inputs, Arg) Value

	// Picks: Derive itself says whether what it takes of a part is one, and what
	// holds although some of what it could take is Unreadable.
	Picks bool

	// Self is the field that index 0 of an ancestor field stands for.
	Self string
	// With are primary fields that travel along when this one does.
	With []string

	index int
}

// Needs are what some fields need, and only these.
type Needs uint8

const (
	// Environment is that of every process.
	Environment Needs = 1 << iota
	// Answers are those of name servers, as programs receive them.
	Answers
)

// Index is the row's place in its table.
func (f *Field) Index() int { return f.index }

// Own reports whether the field is Saker's: a part of others, with a
// record's attribute of its own, that Falco doesn't know.
func (f *Field) Own() bool { return strings.HasPrefix(f.Name, "saker.") }

// Where is the place of an attribute in a log record.
type Where uint8

const (
	// Record: an attribute of the log record.
	Record Where = iota
	// Resource: an attribute of its resource.
	Resource
	// Core: a field of the log record itself (time, event name).
	Core
)

// Form is how an attribute says a value where it does not say it as it is.
type Form uint8

const (
	// Plain: as it is; addresses as text.
	Plain Form = iota
	// Digits: a number as decimal text.
	Digits
	// ISOTime: nanoseconds since 1970 as text, ISO 8601.
	ISOTime
	// Words: text as an array of its words.
	Words
	// Sole: text as an array of one.
	Sole
)

// Parts are parts of an event on which a value depends. What depends on no
// others than those that many events share is the same for all of these.
type Parts uint8

const (
	// OfType: the event's type.
	OfType Parts = 1 << iota
	// OfImage: the process's image (event.Process.Image) and the name of the thread.
	OfImage
	// OfRelatives: who the process's relatives are, and their images
	// (event.Process.Relatives).
	OfRelatives
	// OfFile: the descriptor's type, name and origin, of those that are files or
	// directories and have the whole name; of others OfAct.
	OfFile
	// OfAct: what this event alone has, such as its arguments, result and time.
	OfAct
	// OfAll: all of these.
	OfAll = OfType | OfImage | OfRelatives | OfFile | OfAct
)

// MaxInputs is how many fields one derived field may read.
const MaxInputs = 6

// Inputs are the values of a derived field's From, in its order.
type Inputs [MaxInputs]Value

// Arg is a field's argument, parsed once when rules load. The zero Arg means
// that none was given.
type Arg struct {
	Text    string // as written
	Index   int    // valid with IsIndex
	IsIndex bool
	Given   bool
}

// Ref is a field together with its argument, as one place of a rule names it.
// Refs of one Table are shared: equal references are the same pointer.
type Ref struct {
	*Field
	Arg     Arg
	inputs  []*Ref // resolved From
	text    string
	key     string
	id      int
	same    *Ref // what index 0 of an ancestor field stands for
	carries []*Ref
	parts   Parts
	needs   Needs
}

// String is the reference as a rule writes it, such as proc.aname[2].
func (r *Ref) String() string { return r.text }

// Inputs are the references that a derived field reads, nil for a primary one.
func (r *Ref) Inputs() []*Ref { return r.inputs }

// ID numbers the references of a table from 0 up.
func (r *Ref) ID() int { return r.id }

// Key is the key of the attribute that says a primary reference. References
// that differ only in an ancestor's index have the same.
func (r *Ref) Key() string { return r.key }

// ByKey reports whether a record says the reference by an attribute whose key
// ends in its argument.
func (r *Ref) ByKey() bool {
	return r.Arg.Given && r.Keyed != "" && (r.Many != SomeAncestor || !r.Arg.IsIndex)
}

// InArray reports whether a record says the reference as one of the array of
// all ancestors.
func (r *Ref) InArray() bool { return r.Many == SomeAncestor && !r.ByKey() }

// Same is the reference that r is another way to write, nil for most:
// proc.aname[0] is proc.name.
func (r *Ref) Same() *Ref { return r.same }

// For is the argument by which Get finds the reference's value in the events of a
// row that work on a type of descriptor, FDUnknown for none; false: these have no such
// value.
func (r *Ref) For(row *syscalls.Row, fd event.FDType) (a Arg, possible bool) {
	if r.On != nil && !r.On(fd) {
		return Arg{}, false
	}
	if r.Field.Arg != MustParam {
		return r.Arg, true
	}
	i := findParam(row, r.Arg)
	return Arg{Given: true, IsIndex: true, Index: i}, i >= 0
}

// Parts are what of an event the reference's value depends on.
func (r *Ref) Parts() Parts { return r.parts }

// Carries are the primary references that a record must say for r to be known
// from it.
func (r *Ref) Carries() []*Ref { return r.carries }

// AllNeeds are what r and what it is made of need.
func (r *Ref) AllNeeds() Needs { return r.needs }

// Source gives the values of one event, wherever it is: decoded here or read
// back from a log record.
type Source interface {
	// Value is the value of a primary field. The Value is valid until the
	// source moves to its next event.
	Value(*Ref) Value
}

// OfEvent is a Source over an event. Its Value answers every field that has a
// Get, derived ones too.
type OfEvent struct{ *event.Event }

// Value implements Source.
func (e OfEvent) Value(r *Ref) Value {
	if r.same != nil {
		r = r.same
	}
	return r.Get(e.Event, r.Arg)
}

// Compute derives r's value from its inputs. What is made of a part is a part.
func (r *Ref) Compute(in *Inputs) Value {
	v := r.Derive(in, r.Arg)
	if !r.Picks {
		for i := range r.inputs {
			v = v.Only(in[i].Part())
		}
	}
	return v
}

// inputs are spare Inputs for Eval: what goes to a Derive escapes.
var inputs = sync.Pool{New: func() any { return new(Inputs) }}

// Eval gives the value of any field: primary fields from s, derived ones
// computed. It does not cache; callers that read often keep what they got.
func Eval(s Source, r *Ref) Value {
	if r.Derive == nil {
		return s.Value(r)
	}
	if e, ok := s.(OfEvent); ok && r.Get != nil {
		return r.Get(e.Event, r.Arg)
	}
	in := inputs.Get().(*Inputs)
	for i, ref := range r.inputs {
		in[i] = Eval(s, ref)
	}
	v := r.Compute(in)
	*in = Inputs{}
	inputs.Put(in)
	return v
}
