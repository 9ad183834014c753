package record

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/event/eventtest"
	"github.com/sakerhq/saker/internal/field"
)

var update = flag.Bool("update", false, "write the golden files")

func ref(t testing.TB, text string) *field.Ref {
	t.Helper()
	r, err := field.Falco().Ref(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func refs(t testing.TB, texts ...string) (all []*field.Ref) {
	t.Helper()
	for _, text := range texts {
		all = append(all, ref(t, text))
	}
	return all
}

// arguments are what the tests give fields that take one.
var arguments = map[string][]string{
	"evt.type.is":   {".open"},
	"thread.cgroup": {".cpu"},
	"fd.types":      {"", "[0]"},
	"proc.aenv":     {"", "[0]", "[1]", "[2]", "[70]", "[HOME]", "[NOSUCH]"},
	"proc.args":     {"", "[0]", "[1]", "[9]"},
	"proc.aargs":    {"", "[0]", "[1]", "[2]", "[9]"},
	"proc.env":      {"", "[HOME]", "[PAD]", "[NOSUCH]"},
}

// everything is references to every field, with arguments where they take one.
func everything(t testing.TB, e *event.Event) (all []*field.Ref) {
	for _, f := range field.Falco().Fields() {
		args := arguments[f.Name]
		switch {
		case f.Arg == field.MustParam:
			args = []string{"[0]", "[99]"}
			for i := range e.Row.Params {
				args = append(args, "."+e.Row.Params[i].Name)
			}
		case f.Many == field.SomeAncestor && f.Arg == field.MayIndex:
			args = []string{"", "[0]", "[1]", "[2]", "[70]"}
		case f.Arg == field.NoArg:
			args = []string{""}
		case f.Arg == field.MustKey:
			args = []string{"[0]", "[/etc]"}
		}
		if len(args) == 0 {
			t.Errorf("%s: no argument to test it with", f.Name)
		}
		for _, arg := range args {
			all = append(all, ref(t, f.Name+arg))
		}
	}
	return all
}

// only is the only record of a batch, after a way over the wire.
func only(t testing.TB, logs plog.Logs) (pcommon.Resource, plog.LogRecord) {
	t.Helper()
	wire, err := (&plog.ProtoMarshaler{}).MarshalLogs(logs)
	if err != nil {
		t.Fatal(err)
	}
	if logs, err = (&plog.ProtoUnmarshaler{}).UnmarshalLogs(wire); err != nil {
		t.Fatal(err)
	}
	if logs.LogRecordCount() != 1 {
		t.Fatalf("%d records", logs.LogRecordCount())
	}
	rl := logs.ResourceLogs().At(0)
	return rl.Resource(), rl.ScopeLogs().At(0).LogRecords().At(0)
}

// TestRoundTrip: every field says of a record what it said of the event, when
// the record was made for it alone and when it was made for all.
func TestRoundTrip(t *testing.T) {
	w, r := NewWriter(Options{}), NewReader()
	for _, s := range eventtest.Samples() {
		all := everything(t, s.Event)
		for _, ref := range all {
			w.Add(s.Event, []*field.Ref{ref})
			r.Reset(only(t, w.Take()))
			compare(t, s, ref, r)
		}
		w.Add(s.Event, all)
		r.Reset(only(t, w.Take()))
		for _, ref := range all {
			compare(t, s, ref, r)
		}
	}
}

func compare(t *testing.T, s eventtest.Sample, ref *field.Ref, r *Reader) {
	t.Helper()
	want, got := field.Eval(field.OfEvent{Event: s.Event}, ref), field.Eval(r, ref)
	switch {
	case ref.Name == "evt.hostname":
		name, err := os.Hostname()
		if err != nil {
			t.Fatal(err)
		}
		want = field.Str(name)
	case want.Kind() == field.Unknown && !want.IsUnreadable():
		want = field.NoValue
	}
	if !got.Equal(want) {
		t.Errorf("%s: %s: wrote %q %d %v, read %q %d %v", s.Name, ref,
			want.Text(), want.Int(), want.List(), got.Text(), got.Int(), got.List())
	}
}

func TestRecord(t *testing.T) {
	w := NewWriter(Options{})
	lr := w.Add(eventtest.Named("failed open"), refs(t, "evt.type", "evt.res", "fd.name"))
	if lr.EventName() != "syscall.open" || lr.Timestamp() != eventtest.Now || lr.ObservedTimestamp() == 0 {
		t.Errorf("%s at %d, observed %d", lr.EventName(), lr.Timestamp(), lr.ObservedTimestamp())
	}
	if got, want := dump(lr.Attributes()), `error.type: ENOENT
file.path: /etc/nothing
saker.evt.res: ENOENT
saker.evt.type: open
saker.fd.type: file
`; got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// stable is what an official rule on reading files, and the receiver, ask for.
var stable = []string{
	"evt.num", "evt.type", "evt.is_open_read", "fd.name", "fd.directory", "fd.filename", "fd.num", "fd.typechar",
	"proc.name", "proc.cmdline", "proc.exepath", "proc.pname", "proc.tty", "proc.aname[2]", "proc.aname[3]",
	"user.uid", "user.name", "user.loginuid", "container.id",
}

func TestGoldenRecords(t *testing.T) {
	const file = "testdata/records.txt"
	w := NewWriter(Options{})
	var b strings.Builder
	for _, name := range []string{"open through a link", "execve in container", "connect"} {
		e := eventtest.Named(name)
		wanted := refs(t, stable...)
		switch e.Row.Name {
		case "execve":
			wanted = append(wanted, refs(t, "proc.args", "proc.env[HOME]", "thread.cap_effective", "proc.pid.ts",
				"container.image", "container.privileged", "proc.aname", "evt.args")...)
		case "connect":
			wanted = append(wanted, refs(t, "fd.rip", "fd.lport", "fd.l4proto", "fd.ino", "evt.res", "evt.arg.tuple")...)
		}
		w.Add(e, wanted)
		resource, lr := only(t, w.Take())
		resource.Attributes().RemoveIf(func(key string, _ pcommon.Value) bool { return strings.HasPrefix(key, "host.") })
		b.WriteString("# " + lr.EventName() + "\n" + dump(resource.Attributes()) + "--\n" + dump(lr.Attributes()) + "\n")
	}
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("%s (-update writes it); got:\n%s", file, b.String())
	}
}

// dump is attributes in the order of their keys.
func dump(attrs pcommon.Map) string {
	var lines []string
	for key, value := range attrs.All() {
		lines = append(lines, key+": "+value.AsString()+"\n")
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}
