package record

import (
	"strings"
	"testing"
	"unsafe"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/sakerhq/saker/internal/event/eventtest"
	"github.com/sakerhq/saker/internal/field"
)

// TestRepeated: what is remembered of a process is what would be said anew,
// whatever is hidden, cut and left out.
func TestRepeated(t *testing.T) {
	redactor := newRedactor(t, Secret{Name: "name", Expr: `/etc/(sha\w+)|(ana)`, Literals: []string{"/etc/", "ana"}})
	for name, opts := range map[string]Options{
		"all":    {},
		"hidden": {Redactor: redactor},
		"cut":    {Redactor: redactor, Limits: Limits{ValueLength: 5, ArrayLength: 1}},
		"few":    {Limits: Limits{Attributes: 9}},
	} {
		w := NewWriter(opts)
		for _, s := range eventtest.Samples() {
			for _, asked := range [][]*field.Ref{everything(t, s.Event), refs(t, stable...)} {
				fresh := NewWriter(opts)
				unknown := *s.Event
				process := *s.Event.Process
				process.Image, unknown.Process = 0, &process
				want := fresh.Add(&unknown, asked)
				for range 4 {
					before := w.Redacted()
					got := w.Add(s.Event, asked)
					if dump(got.Attributes()) != dump(want.Attributes()) || got.DroppedAttributesCount() != want.DroppedAttributesCount() ||
						w.Altered() != fresh.Altered() || w.Redacted()-before != fresh.Redacted() {
						t.Errorf("%s: %s: got\n%swant\n%s", name, s.Name, dump(got.Attributes()), dump(want.Attributes()))
					}
				}
			}
		}
	}
}

// TestRepeatsImagesAlone: another image, another thread, other relatives and a
// thread apart are told of themselves, and records are not of the memory that
// they were made from.
func TestRepeatsImagesAlone(t *testing.T) {
	e := eventtest.Named("open through a link")
	line := []byte("ls")
	e.Process.Name = unsafe.String(&line[0], len(line))
	w, asked := NewWriter(Options{}), refs(t, "proc.name", "proc.pname", "thread.tid")
	said := func() string {
		v, _ := w.Add(e, asked).Attributes().Get("saker.proc.name")
		return v.Str()
	}
	said()
	said()
	copy(line, "XX")
	if said() != "ls" {
		t.Error("what is remembered changed, or nothing is")
	}
	for _, change := range []struct {
		what, want string
		do         func()
	}{
		{"image", "XX", func() { e.Process.Image++ }},
		{"relatives", "YX", func() { line[0] = 'Y'; e.Relatives++ }},
		{"thread", "worker", func() { e.Comm = "worker" }},
		{"process that is apart", "other", func() { e.Comm, e.Apart = "other", true }},
	} {
		change.do()
		for range 3 {
			if got := said(); got != change.want {
				t.Errorf("another %s: %s", change.what, got)
			}
		}
	}
}

// TestRemembersLittle: a process that was told much is told anew each time.
func TestRemembersLittle(t *testing.T) {
	e := eventtest.Named("open through a link")
	e.Process.Args = []string{strings.Repeat("x", maxTold)}
	w, asked := NewWriter(Options{}), refs(t, "proc.cmdline")
	for range 3 {
		w.Add(e, asked)
	}
	for i := range w.remembered {
		if told := &w.remembered[i]; told.ready || told.attrs != (pcommon.Map{}) {
			t.Error("it is remembered")
		}
	}
}

// TestSharedIsCopied: what copies of a map share can't be changed by who gets them.
func TestSharedIsCopied(t *testing.T) {
	for _, f := range field.Falco().Fields() {
		if f.Get == nil || f.Derive != nil || f.Arg != field.NoArg {
			continue
		}
		ref, err := field.Falco().Ref(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range eventtest.Samples() {
			if v := f.Get(s.Event, field.Arg{}); v.Kind() == field.Bytes && !ofEvent(wantOf(ref, ref.Arg)) {
				t.Errorf("%s: bytes are shared", f.Name)
			}
		}
	}
	e := eventtest.Named("open through a link")
	w, asked := NewWriter(Options{}), refs(t, "proc.aname[2]", "proc.name")
	for range 3 {
		w.Add(e, asked)
	}
	first := dump(w.Add(e, asked).Attributes())
	w.Add(e, asked).Attributes().RemoveIf(func(_ string, v pcommon.Value) bool {
		if v.Type() == pcommon.ValueTypeSlice {
			v.Slice().At(0).SetStr("changed")
			return false
		}
		v.SetStr("changed")
		return false
	})
	if again := dump(w.Add(e, asked).Attributes()); again != first {
		t.Errorf("a record changed what others say: %s", again)
	}
}

func TestPlans(t *testing.T) {
	w := NewWriter(Options{})
	e := eventtest.Named("execve")
	for i := range 3 * maxPlans {
		asked := refs(t, "evt.num")
		for bit := range 12 {
			if i>>bit&1 != 0 {
				asked = append(asked, refs(t, stable[bit])...)
			}
		}
		w.Add(e, asked)
		if n := len(w.plans.bySum); n > maxPlans {
			t.Fatalf("%d plans are remembered", n)
		}
	}
}
