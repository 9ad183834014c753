package rules

import "github.com/sakerhq/saker/internal/field"

// Schema is what rules may speak about.
type Schema struct {
	// Fields of the source "syscall".
	Fields *field.Table
	// Event reports whether a name is an event type; nil accepts all.
	Event func(name string) bool
	// Events are the types that Set.EventTypes gives for rules that can match
	// any type, but for those in Named: types so frequent that a rule gets them
	// only by naming them.
	Events, Named []string
	// Param is the type of an event parameter, for fields whose type is that of
	// their argument; field.Dynamic for one that can't be compared.
	Param func(name string) field.Type
	// Others are the fields of rules whose source is another one than
	// "syscall"; nil for none. A rule that names others is left out with a
	// warning, as Falco does where it does not know the source.
	Others *field.Table
}

// SyscallSource is the source that rules have unless they name another.
const SyscallSource = "syscall"

// table is the fields of a source.
func (s *Schema) table(source string) *field.Table {
	switch {
	case source == SyscallSource:
		return s.Fields
	case s.Others == nil:
		return &field.Table{}
	}
	return s.Others
}
