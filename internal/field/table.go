package field

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Table is a set of fields that rules may name. It is safe for concurrent use.
type Table struct {
	fields []*Field
	byName map[string]*Field
	param  func(name string) bool // is name a parameter of some event?

	mu   sync.Mutex
	refs map[string]*Ref
}

// ErrUnknown is wrapped by errors of Resolve for a name that is no field.
var ErrUnknown = errors.New("unknown field")

// NewTable checks fields and makes a table of them, in their order. param
// tells which names a MustParam field accepts; nil accepts all.
func NewTable(fields []*Field, param func(string) bool) (*Table, error) {
	t := &Table{fields: fields, byName: map[string]*Field{}, param: param, refs: map[string]*Ref{}}
	for i, f := range fields {
		if _, twice := t.byName[f.Name]; twice {
			return nil, fmt.Errorf("field %s: stands twice in the table", f.Name)
		}
		t.byName[f.Name] = f
		f.index = i
		if f.Unserved != "" && f.Get == nil && f.Derive == nil {
			f.Derive = always(NoValue)
		}
	}
	for _, f := range fields {
		if err := t.check(f); err != nil {
			return nil, fmt.Errorf("field %s: %w", f.Name, err)
		}
	}
	for _, f := range fields {
		t.gatherNeeds(f)
	}
	return t, nil
}

// gatherNeeds adds to a field's needs those of what it is made of.
func (t *Table) gatherNeeds(f *Field) Needs {
	for _, name := range f.From {
		name, _, _ = strings.Cut(name, "[")
		from, _ := t.longest(name)
		f.Needs |= t.gatherNeeds(from)
	}
	return f.Needs
}

func (t *Table) check(f *Field) error {
	switch {
	case f.Get == nil && f.Derive == nil:
		return errors.New("needs Get, Derive or Unserved")
	case (f.Derive == nil) != (f.Attr != ""):
		return errors.New("a primary field has an attribute, a derived one has none")
	case f.Derive == nil && len(f.From) > 0:
		return errors.New("a primary field derives from nothing")
	case f.Many == SomeAncestor && t.byName[f.Self] == nil:
		return errors.New("an ancestor field needs Self")
	case len(f.From) > MaxInputs:
		return fmt.Errorf("reads %d fields, %d at most", len(f.From), MaxInputs)
	case f.Doc == "" || f.Type == 0:
		return errors.New("needs a type and a doc")
	}
	return t.acyclic(f, f.From)
}

// acyclic checks that f is none of names, nor of what they are made of.
func (t *Table) acyclic(f *Field, names []string) error {
	for _, name := range names {
		name, _, _ = strings.Cut(name, "[")
		from, _ := t.longest(name)
		switch from {
		case nil:
			return fmt.Errorf("%w %s", ErrUnknown, name)
		case f:
			return errors.New("derives from itself")
		}
		if err := t.acyclic(f, from.From); err != nil {
			return err
		}
	}
	return nil
}

// Fields are the rows in the table's order.
func (t *Table) Fields() []*Field { return t.fields }

// Lookup gives the row of a name without argument, nil if there is none.
func (t *Table) Lookup(name string) *Field { return t.byName[name] }

// Ref resolves a reference as a rule writes it: name, name[arg] or name.arg.
func (t *Table) Ref(text string) (*Ref, error) {
	name, arg, bracket := strings.Cut(text, "[")
	if bracket {
		if !strings.HasSuffix(arg, "]") {
			return nil, fmt.Errorf("%w %q: no closing bracket", ErrUnknown, text)
		}
		arg = arg[:len(arg)-1]
	}
	return t.Resolve(name, arg, bracket)
}

// Resolve finds the field of a dotted name, which may end in an argument of
// its own (evt.arg.flags), and checks its argument. bracket says that arg
// stood in brackets. An error wraps ErrUnknown when name is no field at all.
func (t *Table) Resolve(name, arg string, bracket bool) (*Ref, error) {
	f, dotted := t.longest(name)
	if f == nil {
		return nil, fmt.Errorf("%w %s", ErrUnknown, name)
	}
	if strings.HasSuffix(name, ".") || dotted != "" && f.Arg != MustParam && f.Arg != MustName {
		return nil, fmt.Errorf("%w %s", ErrUnknown, name)
	}
	if dotted != "" && bracket {
		return nil, fmt.Errorf("field %s takes one argument", f.Name)
	}
	a := Arg{Text: arg, Given: bracket || dotted != ""}
	if dotted != "" {
		a.Text = dotted
	}
	if err := t.checkArg(f, &a, bracket); err != nil {
		return nil, err
	}
	return t.intern(f, a, bracket)
}

// longest finds the field whose name is the longest dotted prefix of name.
func (t *Table) longest(name string) (f *Field, rest string) {
	for end := len(name); end > 0; end = strings.LastIndexByte(name[:end], '.') {
		if f := t.byName[name[:end]]; f != nil {
			return f, strings.TrimPrefix(name[end:], ".")
		}
	}
	return nil, ""
}

func (t *Table) checkArg(f *Field, a *Arg, bracket bool) error {
	if n, err := strconv.ParseUint(a.Text, 10, 31); err == nil && bracket {
		a.Index, a.IsIndex = int(n), true
	}
	switch f.Arg {
	case NoArg:
		if a.Given {
			return fmt.Errorf("field %s takes no argument", f.Name)
		}
		return nil
	case MayIndex, MayKey:
		if !a.Given {
			return nil
		}
	case MustIndex, MustKey, MustParam, MustName:
		if !a.Given || a.Text == "" {
			return fmt.Errorf("field %s requires an argument", f.Name)
		}
	}
	if (f.Arg == MayIndex || f.Arg == MustIndex || f.Arg == MustParam && bracket) && !a.IsIndex {
		return fmt.Errorf("field %s: argument %q is not a number", f.Name, a.Text)
	}
	if f.Arg == MustParam && !a.IsIndex && t.param != nil && !t.param(a.Text) {
		return fmt.Errorf("field %s: no event has a parameter %q", f.Name, a.Text)
	}
	return nil
}

func (t *Table) intern(f *Field, a Arg, bracket bool) (*Ref, error) {
	text := f.Name
	switch {
	case bracket:
		text += "[" + a.Text + "]"
	case a.Given:
		text += "." + a.Text
	}
	t.mu.Lock()
	r := t.refs[text]
	t.mu.Unlock()
	if r != nil {
		return r, nil
	}
	r = &Ref{Field: f, Arg: a, text: text, key: f.Attr}
	if r.ByKey() {
		r.key = f.Keyed + "." + a.Text
	}
	if err := t.connect(r); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if old := t.refs[text]; old != nil {
		return old, nil
	}
	r.id = len(t.refs)
	t.refs[text] = r
	return r, nil
}

// connect resolves what r is made of.
func (t *Table) connect(r *Ref) (err error) {
	if r.Many == SomeAncestor && r.Arg.IsIndex && r.Arg.Index == 0 {
		if r.same, err = t.Ref(r.Self); err != nil {
			return err
		}
		r.carries, r.parts, r.needs = r.same.carries, r.same.parts, r.same.needs
		return nil
	}
	r.needs = r.Needs
	if r.Field.Arg == MustParam && (r.Arg.IsIndex || r.Arg.Text == "env") {
		r.needs |= Environment
	}
	if r.Derive == nil {
		r.carries = append(r.carries, r)
	}
	ofEvent := r.Get != nil && (r.Derive == nil || r.Of != 0)
	if ofEvent {
		r.parts = cmp.Or(r.Of, OfAct)
	}
	for _, from := range r.From {
		in, err := t.Ref(from)
		if err != nil {
			return err
		}
		r.inputs = append(r.inputs, in)
		if !ofEvent {
			r.parts |= in.parts
		}
		r.needs |= in.needs
		r.carry(in.carries)
	}
	for _, with := range r.With {
		along, err := t.Ref(with)
		if err != nil {
			return err
		}
		r.carry(along.carries)
	}
	return nil
}

func (r *Ref) carry(more []*Ref) {
	for _, ref := range more {
		if !slices.Contains(r.carries, ref) {
			r.carries = append(r.carries, ref)
		}
	}
}
