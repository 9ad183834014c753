package field

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/sakerhq/saker/internal/event"
)

func get(*event.Event, Arg) Value { return NoValue }

func derive(*Inputs, Arg) Value { return NoValue }

func primary(name string) *Field {
	return &Field{Name: name, Type: CharBuf, Attr: name, Doc: "A field.", Get: get}
}

func from(name string, from ...string) *Field {
	return &Field{Name: name, Type: CharBuf, Doc: "A field.", Derive: derive, From: from}
}

func with(f *Field, change func(*Field)) *Field {
	change(f)
	return f
}

func TestNewTableRefuses(t *testing.T) {
	for _, test := range []struct {
		says   string
		fields []*Field
	}{
		{"stands twice", []*Field{primary("a.b"), primary("a.b")}},
		{"needs Get, Derive or Unserved", []*Field{with(primary("a.b"), func(f *Field) { f.Get = nil })}},
		{"a derived one has none", []*Field{with(primary("a.b"), func(f *Field) { f.Derive = derive })}},
		{"a primary field has an attribute", []*Field{with(primary("a.b"), func(f *Field) { f.Attr = "" })}},
		{"a primary field derives from nothing", []*Field{with(primary("a.b"), func(f *Field) { f.From = []string{"a.b"} })}},
		{"needs a type and a doc", []*Field{with(primary("a.b"), func(f *Field) { f.Doc = "" })}},
		{"needs a type and a doc", []*Field{with(primary("a.b"), func(f *Field) { f.Type = 0 })}},
		{"needs Self", []*Field{with(primary("a.b"), func(f *Field) { f.Many = SomeAncestor })}},
		{"derives from itself", []*Field{from("a.b", "a.b")}},
		{"derives from itself", []*Field{primary("x.x"), from("a.b", "x.x", "a.c"), from("a.c", "x.x", "a.b")}},
		{"reads 7 fields", []*Field{from("a.b", "1", "2", "3", "4", "5", "6", "7")}},
		{"unknown field a.c", []*Field{from("a.b", "a.c")}},
	} {
		_, err := NewTable(test.fields, nil)
		if err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: got %v", test.says, err)
		}
	}
}

func TestRefs(t *testing.T) {
	for _, test := range []struct{ ref, err string }{
		{"proc.name", ""},
		{"proc.name[1]", "takes no argument"},
		{"proc.aname", ""},
		{"proc.aname[2]", ""},
		{"proc.aname[x]", "is not a number"},
		{"proc.aname[-1]", "is not a number"},
		{"proc.aname[", "no closing bracket"},
		{"proc.aname.2", "unknown field"},
		{"proc.env", ""},
		{"proc.env[HOME]", ""},
		{"proc.env[]", ""},
		{"proc.args[3]", ""},
		{"evt.arg", "requires an argument"},
		{"evt.arg.flags", ""},
		{"evt.arg[0]", ""},
		{"evt.arg[flags]", "is not a number"},
		{"proc.name.", "unknown field"},
		{"evt.arg.", "unknown field"},
		{"proc.vmsize", ""},
		{"evt.arg.nosuch", "no event has a parameter"},
		{"evt.arg.flagsx", "no event has a parameter"},
		{"evt.arg.flags[0]", "takes one argument"},
		{"evt.type.is", "requires an argument"},
		{"evt.type.is.open", ""},
		{"container.mount.dest", "requires an argument"},
		{"container.mount.dest[/etc*]", ""},
		{"container.mount.dest.x", "unknown field"},
		{"proc.nosuch", "unknown field"},
		{"proc", "unknown field"},
		{"", "unknown field"},
	} {
		ref, err := Falco().Ref(test.ref)
		switch {
		case (err == nil) != (test.err == ""), err != nil && !strings.Contains(err.Error(), test.err):
			t.Errorf("%s: got %v, want %q", test.ref, err, test.err)
		case err != nil && errors.Is(err, ErrUnknown) != (strings.Contains(test.err, "unknown") || test.err == "no closing bracket"):
			t.Errorf("%s: ErrUnknown: %v", test.ref, err)
		case err == nil && ref.String() != test.ref:
			t.Errorf("%s: calls itself %s", test.ref, ref)
		}
		if again, _ := Falco().Ref(test.ref); err == nil && again != ref {
			t.Errorf("%s: another pointer the second time", test.ref)
		}
	}
}

func TestCarries(t *testing.T) {
	for _, test := range []struct{ ref, key, carries string }{
		{"proc.name", "saker.proc.name", "proc.name"},
		{"evt.res", "saker.evt.res", "evt.res saker.error.type"},
		{"evt.arg.flags", "saker.evt.arg.flags", "evt.arg.flags"},
		{"proc.env", "saker.proc.env", "proc.env"},
		{"proc.env[HOME]", "process.environment_variable.HOME", "proc.env[HOME]"},
		{"proc.aname[2]", "saker.proc.aname", "proc.aname[2]"},
		{"proc.aname[0]", "saker.proc.aname", "proc.name"},
		{"evt.is_open_read", "", "evt.type evt.arg.flags"},
		{"fd.directory", "", "fd.type evt.type saker.file.path saker.fd.name saker.client.address fd.cport saker.server.address fd.sport"},
		{"fd.ip", "", "saker.client.address saker.server.address"},
	} {
		ref, err := Falco().Ref(test.ref)
		if err != nil {
			t.Fatal(err)
		}
		var carries []string
		for _, primary := range ref.Carries() {
			carries = append(carries, primary.String())
		}
		if ref.Key() != test.key || strings.Join(carries, " ") != test.carries {
			t.Errorf("%s: %s carries %s", ref, ref.Key(), carries)
		}
	}
}

func TestIDsAreDistinct(t *testing.T) {
	table, err := NewTable([]*Field{primary("a.a"), primary("a.b"), from("a.c", "a.b")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var ids []int
	for _, name := range []string{"a.c", "a.b", "a.a", "a.c"} {
		ref, err := table.Ref(name)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, ref.ID())
	}
	if !slices.Equal(ids, []int{1, 0, 2, 1}) {
		t.Error(ids)
	}
}
