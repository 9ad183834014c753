// Package field is the table of everything that a rule can name.
//
// It takes an event (or values read back from a log record) and gives values.
// It owns the names, types, attributes and documentation of fields: rule
// checking, records, docs and "saker fields" all come from the table's rows.
// It never keeps state and never decides what a rule means.
package field

import "github.com/sakerhq/saker/internal/event"

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
)

// Base is how a number is printed.
type Base uint8

// The bases.
const (
	Decimal Base = iota
	Hex
	Octal
)

// Field is one row of the table. Exactly one of Get and Derive is set: a
// field with Get is primary and travels in a log record as Attr; a field with
// Derive is computed, where rules run, from the fields that From names.
type Field struct {
	Name  string
	Type  Type
	List  bool // a list for the list operators (in, intersects, exists)
	Many  Many
	Arg   ArgRule
	Not   Restriction
	Base  Base
	Attr  string // attribute key, without argument; empty: not carried
	Where Where  // where the attribute lives
	// Volatile fields depend on time or counters: never cached per process.
	Volatile bool
	Doc      string

	Get    func(*event.Event, Arg) Value
	From   []string // references as a rule writes them, at most MaxInputs
	Derive func(*Inputs, Arg) Value
}

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

// MaxInputs is how many fields one derived field may read.
const MaxInputs = 4

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
	Arg    Arg
	inputs []*Ref // resolved From
	text   string
}

// String is the reference as a rule writes it, such as proc.aname[2].
func (r *Ref) String() string { return r.text }

// Inputs are the references that a derived field reads, nil for a primary one.
func (r *Ref) Inputs() []*Ref { return r.inputs }

// Source gives the values of one event, wherever it is: decoded here or read
// back from a log record.
type Source interface {
	// Value is the value of a primary field. The Value is valid until the
	// source moves to its next event.
	Value(*Ref) Value
}

// Eval gives the value of any field: primary fields from s, derived ones
// computed. It does not cache; callers that read often keep what they got.
func Eval(s Source, r *Ref) Value {
	if r.Derive == nil {
		return s.Value(r)
	}
	var in Inputs
	for i, ref := range r.inputs {
		in[i] = Eval(s, ref)
	}
	return r.Derive(&in, r.Arg)
}
