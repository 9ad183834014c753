package record

import (
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/sakerhq/saker/internal/event/eventtest"
	"github.com/sakerhq/saker/internal/field"
)

// foreign is a record that another tool made.
func foreign(t testing.TB, resource, attrs map[string]any) (pcommon.Resource, plog.LogRecord) {
	t.Helper()
	res, lr := pcommon.NewResource(), plog.NewLogRecord()
	if err := res.Attributes().FromRaw(resource); err != nil {
		t.Fatal(err)
	}
	if err := lr.Attributes().FromRaw(attrs); err != nil {
		t.Fatal(err)
	}
	return res, lr
}

func TestForeignRecord(t *testing.T) {
	res, lr := foreign(t, map[string]any{
		"host.name": "db1", "container.id": eventtest.ContainerID, "container.image.name": "nginx",
		"container.image.tags": []any{"1.29", "latest"}, "k8s.namespace.name": "shop", "process.pid": 7,
		"saker.container.mounts": "/:/host:rw:true:",
	}, map[string]any{
		"process.executable.path": "/usr/bin/curl", "file.path": "/etc/passwd", "server.address": "example.com",
		"server.port": 443, "client.address": "10.1.2.3", "client.port": 5000, "process.user.id": "1000",
		"process.command_args": []any{"curl", "-s", "x y"}, "process.environment_variable.HOME": "/root",
		"process.creation.time": "2026-01-02T03:04:05.5Z", "file.inode": "77", "process.pid": 8,
		"saker.fd.connected": "true", "saker.evt.buffer": []byte{0xca, 0xfe}, "saker.evt.rawarg.size": 5,
		"saker.proc.aname": "bash", "saker.thread.cap_effective": []any{"CAP_BPF", "CAP_CHOWN"},
		"saker.proc.apid": []any{5, "six", 7}, "saker.proc.tty": true,
	})
	lr.SetObservedTimestamp(99)
	r := NewReader()
	r.Reset(res, lr)
	for _, test := range []struct {
		ref  string
		want field.Value
	}{
		{"evt.type", field.NoValue},
		{"evt.rawtime", field.Unsigned(99)},
		{"evt.hostname", field.Str("db1")},
		{"proc.exepath", field.Str("/usr/bin/curl")},
		{"proc.args", field.Str("-s x y")},
		{"proc.args[1]", field.Str("x y")},
		{"proc.env[HOME]", field.Str("/root")},
		{"proc.env[PATH]", field.NoValue},
		{"proc.pid", field.Num(8)},
		{"proc.pid.ts", field.Unsigned(1767323045500000000)},
		{"user.uid", field.Unsigned(1000)},
		{"user.name", field.Str("<NA>")},
		{"fd.name", field.Str("/etc/passwd")},
		{"fd.filename", field.Str("passwd")},
		{"fd.ino", field.Num(77)},
		{"fd.sip", field.NoValue},
		{"fd.sip.name", field.Str("example.com")},
		{"fd.sport", field.Unsigned(443)},
		{"fd.connected", field.Truth(true)},
		{"container.id", field.Str(eventtest.ContainerID[:12])},
		{"container.image", field.Str("nginx:1.29")},
		{"container.mount.dest[^/$]", field.Str("/host")},
		{"k8s.ns.name", field.Str("shop")},
		{"k8s.pod.name", field.NoValue},
		{"evt.buffer", field.Buf([]byte{0xca, 0xfe})},
		{"evt.rawarg.size", field.Num(5)},
		{"evt.arg.size", field.NoValue},
		{"thread.cap_effective", field.Str("CAP_BPF CAP_CHOWN")},
		{"proc.aname", field.NoValue},
		{"proc.aname[1]", field.NoValue},
		{"proc.apid", field.ListOf([]field.Value{field.Num(5), field.Num(7)})},
		{"proc.apid[2]", field.NoValue},
		{"proc.apid[3]", field.Num(7)},
		{"proc.apid[4]", field.NoValue},
		{"proc.apid[0]", field.Num(8)},
		{"proc.tty", field.NoValue},
	} {
		if got := field.Eval(r, ref(t, test.ref)); !got.Equal(test.want) {
			t.Errorf("%s: got %d %q %d", test.ref, got.Kind(), got.Text(), got.Int())
		}
	}
}

// What k8s_attributes says by keys of its own is read where nobody said more.
func TestOthersKeys(t *testing.T) {
	theirs := map[string]any{
		"k8s.pod.labels.app": "shop", "k8s.namespace.labels.team": "red", "k8s.deployment.label.tier": "front",
		"k8s.container.name": "nginx", "container.image.tag": "1.29", "container.id": eventtest.ContainerID,
	}
	ours := map[string]any{"k8s.pod.label.app": "web", "container.name": "own", "container.image.tags": []any{"2"}}
	for _, test := range []struct {
		ref, theirs, both string
	}{
		{"k8s.pod.label[app]", "shop", "web"},
		{"k8s.ns.label[team]", "red", "red"},
		{"k8s.deployment.label[tier]", "front", "front"},
		{"container.name", "nginx", "own"},
		{"container.image.tag", "1.29", "2"},
	} {
		ref, err := field.Falco().Ref(test.ref)
		if err != nil {
			t.Fatal(err)
		}
		r := NewReader()
		for i, want := range []string{test.theirs, test.both} {
			r.Reset(foreign(t, theirs, []map[string]any{nil, ours}[i]))
			v := field.Eval(r, ref)
			if got := v.Text(); got != want {
				t.Errorf("%s is %q, want %q", test.ref, got, want)
			}
		}
	}
}

func TestEventType(t *testing.T) {
	for _, test := range []struct {
		name  string
		attrs map[string]any
		want  string
	}{
		{"syscall.open", nil, "open"},
		{"syscall.open", map[string]any{"saker.evt.type": "openat"}, "openat"},
		{"", map[string]any{"saker.evt.type": "openat"}, "openat"},
		{"syscall.open", map[string]any{"saker.evt.type": 5}, "open"},
		{"http.request", nil, ""},
		{"", nil, ""},
	} {
		res, lr := foreign(t, nil, test.attrs)
		lr.SetEventName(test.name)
		r := NewReader()
		r.Reset(res, lr)
		if got := r.EventType(); got != test.want {
			t.Errorf("%q with %v: %q", test.name, test.attrs, got)
		}
	}
}

// TestReset: nothing of a record is left in the next one.
func TestReset(t *testing.T) {
	w, r := NewWriter(Options{}), NewReader()
	e := eventtest.Named("execve in container")
	w.Add(e, everything(t, e))
	r.Reset(only(t, w.Take()))
	r.Reset(pcommon.NewResource(), plog.NewLogRecord())
	for _, ref := range everything(t, e) {
		if ref.Derive != nil {
			continue
		}
		if v := r.Value(ref); v.Known() {
			t.Errorf("%s: %q %d", ref, v.Text(), v.Int())
		}
	}
}

func TestReadingDoesNotAllocate(t *testing.T) {
	w, r := NewWriter(Options{}), NewReader()
	wanted := refs(t, stable...)
	w.Add(eventtest.Named("execve in container"), append(wanted, refs(t, "proc.aname", "proc.env[HOME]", "user.uid")...))
	res, lr := only(t, w.Take())
	scalars := refs(t, "evt.type", "evt.num", "evt.rawtime", "proc.name", "proc.cmdline", "proc.exepath", "proc.tty",
		"proc.aname", "proc.aname[0]", "proc.env[HOME]", "user.uid", "user.loginuid", "saker.container.id")
	if n := testing.AllocsPerRun(100, func() {
		r.Reset(res, lr)
		for _, ref := range scalars {
			r.Value(ref)
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkReader(b *testing.B) {
	w, r := NewWriter(Options{}), NewReader()
	wanted := refs(b, stable...)
	w.Add(eventtest.Named("open through a link"), wanted)
	res, lr := only(b, w.Take())
	b.ReportAllocs()
	defer eventtest.Cost(b)()
	for b.Loop() {
		r.Reset(res, lr)
		for _, ref := range wanted {
			if ref.Derive == nil {
				r.Value(ref)
			}
		}
	}
}

// FuzzReader: whatever a record says, its fields have values of their kinds.
func FuzzReader(f *testing.F) {
	w := NewWriter(Options{})
	for _, s := range eventtest.Samples() {
		w.Add(s.Event, everything(f, s.Event))
		seed, err := (&plog.ProtoMarshaler{}).MarshalLogs(w.Take())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(seed)
	}
	f.Add(jsonSeed(f))
	all := everything(f, eventtest.Named("execve"))
	var ofLog []*field.Ref
	for _, row := range field.Log().Fields() {
		ofLog = append(ofLog, logRef(f, row.Name+map[bool]string{true: "[/a/0]"}[row.Arg == field.MustKey]))
	}
	r, logs := NewReader(), NewLogReader()
	f.Fuzz(func(t *testing.T, data []byte) {
		batch, err := (&plog.ProtoUnmarshaler{}).UnmarshalLogs(data)
		if err != nil {
			return
		}
		for _, rl := range batch.ResourceLogs().All() {
			for _, sl := range rl.ScopeLogs().All() {
				for _, lr := range sl.LogRecords().All() {
					r.Reset(rl.Resource(), lr)
					checkKinds(t, r, all)
					logs.Reset(rl.Resource(), lr, "app")
					checkKinds(t, logs, ofLog)
				}
			}
		}
	})
}

// jsonSeed is a batch with a record whose body is JSON.
func jsonSeed(f *testing.F) []byte {
	logs := plog.NewLogs()
	lr := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	lr.Body().SetStr(`{"a": [{"b": 1}], "c": null}`)
	seed, err := (&plog.ProtoMarshaler{}).MarshalLogs(logs)
	if err != nil {
		f.Fatal(err)
	}
	return seed
}

func checkKinds(t *testing.T, r field.Source, all []*field.Ref) {
	for _, ref := range all {
		v := field.Eval(r, ref)
		for i := range v.Len() {
			checkKind(t, ref, v.At(i))
		}
		if v.Kind() != field.List {
			checkKind(t, ref, v)
		}
	}
}

func checkKind(t *testing.T, ref *field.Ref, v field.Value) {
	if want := ref.Type.Kind(); v.Known() && want != field.Missing && v.Kind() != want {
		t.Errorf("%s is of kind %d, its type is %s", ref, v.Kind(), ref.Type)
	}
}
