package field

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sakerhq/saker/internal/event/eventtest"
	"github.com/sakerhq/saker/internal/syscalls"
)

// quote is s in quotes, with control characters and bad UTF-8 escaped.
func quote(s string) string { return strconv.Quote(s) }

// arguments are what the tests give fields that take one.
var arguments = map[string][]string{
	"evt.type.is":                 {".open", ".openat"},
	"proc.args":                   {"", "[0]", "[1]", "[9]"},
	"proc.aargs":                  {"", "[0]", "[1]", "[2]", "[9]"},
	"proc.env":                    {"", "[HOME]", "[PAD]", "[NOSUCH]"},
	"proc.aenv":                   {"", "[0]", "[1]", "[2]", "[HOME]", "[NOSUCH]"},
	"thread.cgroup":               {".cpu"},
	"container.label":             {"[app]"},
	"k8s.pod.label":               {"[app]"},
	"k8s.ns.label":                {"[app]"},
	"k8s.deployment.label":        {"[app]"},
	"container.mount":             {"[0]", "[/srv]"},
	"container.mount.source":      {"[0]", "[/data]"},
	"container.mount.dest":        {"[0]", "[/srv]"},
	"container.mount.mode":        {"[0]", "[/srv]"},
	"container.mount.rdwr":        {"[0]", "[/srv]"},
	"container.mount.propagation": {"[0]", "[/srv]"},
}

// sampleRefs are references to every field, with arguments where they take one.
func sampleRefs(t *testing.T, row *syscalls.Row) (refs []*Ref) {
	t.Helper()
	for _, f := range Falco().Fields() {
		args := arguments[f.Name]
		if f.Unserved != "" {
			continue
		}
		switch {
		case f.Arg == MustParam:
			args = []string{"[0]", "[99]"}
			for i := range row.Params {
				args = append(args, "."+row.Params[i].Name)
			}
		case f.Many == SomeAncestor && f.Arg == MayIndex:
			args = []string{"", "[0]", "[1]", "[2]", "[70]"}
		case f.Arg == NoArg:
			args = []string{""}
		}
		if len(args) == 0 {
			t.Errorf("%s: no argument to test it with", f.Name)
		}
		for _, arg := range args {
			ref, err := Falco().Ref(f.Name + arg)
			if err != nil {
				t.Error(err)
				continue
			}
			refs = append(refs, ref)
		}
	}
	return refs
}

// keyPlaces are the keys of a field's attributes; a template is a prefix only.
func keyPlaces(f *Field) (whole, prefix string) {
	if f.Derive != nil || f.Where == Core {
		return "", ""
	}
	if f.Arg == MustParam || f.Arg == MustKey || f.Arg == MustName {
		return "", f.Keyed
	}
	return f.Attr, f.Keyed
}

// TestKeys: backends that nest keys at their dots must find no place for two.
func TestKeys(t *testing.T) {
	owner := map[string]string{}
	for _, f := range Falco().Fields() {
		whole, prefix := keyPlaces(f)
		for _, key := range []string{whole, prefix} {
			if key == "" {
				continue
			}
			if other := owner[key]; other != "" {
				t.Errorf("%s and %s share the attribute %s", f.Name, other, key)
			}
			owner[key] = f.Name
		}
	}
	for key, name := range owner {
		for i, c := range key {
			if other := owner[key[:i]]; c == '.' && other != "" {
				t.Errorf("the attribute %s of %s lies below that of %s", key, name, other)
			}
		}
	}
}

func TestDocIsOneSentence(t *testing.T) {
	for _, f := range Falco().Fields() {
		if !strings.HasSuffix(f.Doc, ".") || strings.Contains(f.Doc, "|") || strings.Contains(f.Doc, ". ") {
			t.Errorf("%s: %q", f.Name, f.Doc)
		}
	}
}

// TestKinds: a field's values are of its type's kind, on every sample, and
// every field has a value on some sample unless it comes from elsewhere.
func TestKinds(t *testing.T) {
	elsewhere := []string{ // or TestDerived has it
		"evt.hostname",
		"fd.cip.name", "fd.lip.name", "saker.client.name", "saker.local.name",
		"k8s.ns.label",
		"evt.count.error.memory", "evt.buflen.in", "evt.buflen.file", "evt.buflen.file.in", "evt.buflen.file.out", "evt.buflen.net.in",
		"k8s.deployment.name", "k8s.deployment.id", "k8s.deployment.label", "k8s.rs.name", "k8s.rs.id",
	}
	said := map[string]bool{}
	for _, s := range eventtest.Samples() {
		for _, ref := range sampleRefs(t, s.Event.Row) {
			v := Eval(OfEvent{s.Event}, ref)
			if !v.Known() {
				continue
			}
			said[ref.Name] = true
			many := ref.List || ref.Many == EitherEnd || ref.Many == SomeAncestor && !ref.Arg.Given
			if many != (v.Kind() == List) {
				t.Errorf("%s: %s: %s", s.Name, ref, text(v))
				continue
			}
			for _, one := range elements(v) {
				if kind := ref.Type.Kind(); kind != Missing && kind != one.Kind() {
					t.Errorf("%s: %s is of kind %d, its type is %s", s.Name, ref, one.Kind(), ref.Type)
				}
			}
		}
	}
	for _, f := range Falco().Fields() {
		if f.Unserved == "" && said[f.Name] == slices.Contains(elsewhere, f.Name) {
			t.Errorf("%s: has a value on some sample: %v", f.Name, said[f.Name])
		}
	}
}

func elements(v Value) []Value {
	if v.Kind() == List {
		return v.List()
	}
	return []Value{v}
}

// TestShortcuts: what a field's Get takes from an event is what its Derive
// makes of the parts.
func TestShortcuts(t *testing.T) {
	for _, s := range eventtest.Samples() {
		e := OfEvent{s.Event}
		for _, ref := range sampleRefs(t, s.Event.Row) {
			if ref.Get == nil || ref.Derive == nil {
				continue
			}
			if got, want := ref.Get(s.Event, ref.Arg), derived(e, ref); !got.Equal(want) {
				t.Errorf("%s: %s: taken %s, derived %s", s.Name, ref, text(got), text(want))
			}
		}
	}
}

// derived computes a field from primary ones alone.
func derived(e OfEvent, ref *Ref) Value {
	if ref.Derive == nil {
		return e.Value(ref)
	}
	var in Inputs
	for i, input := range ref.Inputs() {
		in[i] = derived(e, input)
	}
	return ref.Derive(&in, ref.Arg)
}

func TestGetsDoNotAllocate(t *testing.T) {
	common := []string{
		"evt.type", "evt.num", "evt.rawtime", "evt.rawres", "evt.res", "evt.failed", "evt.is_open_read",
		"evt.is_open_write", "evt.arg.flags", "evt.arg.name", "evt.arg.dirfd",
		"fd.num", "fd.name", "fd.type", "fd.typechar", "fd.directory", "fd.filename", "fd.l4proto", "fd.connected",
		"fd.ip", "fd.net", "fd.port", "fs.path.name",
		"proc.name", "proc.exe", "proc.exepath", "proc.cmdline", "proc.args", "proc.args[1]", "proc.env[HOME]", "proc.cwd",
		"proc.pid", "proc.vpid", "proc.tty", "proc.duration", "proc.pname", "proc.pcmdline", "proc.aname",
		"proc.aname[2]", "proc.sname", "proc.is_exe_upper_layer", "proc.exe_ino.ctime",
		"thread.cap_effective", "thread.cap_permitted", "user.uid", "user.name", "user.loginuid", "group.name",
		"container.id", "container.privileged", "container.image.repository", "container.name",
		"container.label[app]", "container.mounts", "k8s.ns.name",
	}
	for _, sample := range []string{"open through a link", "execve in container"} {
		e := OfEvent{eventtest.Named(sample)}
		for _, name := range common {
			ref, err := Falco().Ref(name)
			if err != nil {
				t.Fatal(err)
			}
			if n := testing.AllocsPerRun(100, func() { use(Eval(e, ref)) }); n > 0 {
				t.Errorf("%s of %s: %v allocations", name, sample, n)
			}
		}
	}
}

var sum int

// use reads all of a value.
func use(v Value) {
	sum += len(v.Text())
	for _, element := range v.All() {
		sum += len(element.Text())
	}
}

func BenchmarkEval(b *testing.B) {
	e := OfEvent{eventtest.Named("open through a link")}
	for _, name := range []string{"proc.name", "proc.aname", "fd.name", "fd.directory", "evt.is_open_read", "evt.arg.flags", "fd.ip"} {
		ref, err := Falco().Ref(name)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				use(Eval(e, ref))
			}
		})
	}
}
