package record

import (
	"slices"
	"testing"
	"time"
	"unsafe"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/event/eventtest"
)

// places are the containers and record counts of a batch.
func places(logs plog.Logs) (got []string, counts []int) {
	for _, rl := range logs.ResourceLogs().All() {
		id := "host"
		if v, ok := rl.Resource().Attributes().Get("container.id"); ok {
			id = v.Str()
		}
		if v, ok := rl.Resource().Attributes().Get("container.name"); ok {
			id += " " + v.Str()
		}
		got = append(got, id)
		counts = append(counts, rl.ScopeLogs().At(0).LogRecords().Len())
	}
	return got, counts
}

func TestBatch(t *testing.T) {
	w := NewWriter(Options{})
	if w.Len() != 0 || w.Take().LogRecordCount() != 0 {
		t.Error("a new writer has records")
	}
	host, inside, unknown := eventtest.Named("execve"), eventtest.Named("execve in container"), eventtest.Named("execve in unknown container")
	for _, e := range []*event.Event{host, inside, unknown, host, inside, host} {
		w.Add(e, refs(t, "evt.type"))
	}
	if w.Len() != 6 {
		t.Errorf("%d records", w.Len())
	}
	logs := w.Take()
	got, counts := places(logs)
	if want := []string{"host", eventtest.ContainerID + " web", eventtest.ContainerID}; !slices.Equal(got, want) ||
		!slices.Equal(counts, []int{3, 2, 1}) {
		t.Error(got, counts)
	}
	for _, rl := range logs.ResourceLogs().All() {
		attrs := rl.Resource().Attributes()
		if v, ok := attrs.Get("os.type"); !ok || v.Str() != "linux" {
			t.Error("no os.type")
		}
		if _, ok := attrs.Get("host.name"); !ok {
			t.Error("no host.name")
		}
		if name := rl.ScopeLogs().At(0).Scope().Name(); name != ScopeName {
			t.Errorf("scope %q", name)
		}
	}
	w.Add(host, refs(t, "evt.type"))
	if w.Len() != 1 || logs.LogRecordCount() != 6 {
		t.Error("the next batch is part of the one before")
	}
}

// TestWriterCopies: what an event points at is overwritten by the next one.
func TestWriterCopies(t *testing.T) {
	e := eventtest.Named("open through a link")
	name := []byte("/etc/shadow")
	e.FD.Name = unsafe.String(&name[0], len(name))
	w := NewWriter(Options{})
	lr := w.Add(e, refs(t, "fd.name"))
	copy(name, "XXXXXXXXXXX")
	if v, _ := lr.Attributes().Get("file.path"); v.Str() != "/etc/shadow" {
		t.Errorf("the record changed to %s", v.Str())
	}
}

func TestAncestorsAsFarAsNeeded(t *testing.T) {
	for _, test := range []struct {
		refs []string
		want string
	}{
		{[]string{"proc.aname[0]"}, "saker.proc.name: ls\n"},
		{[]string{"proc.aname[1]"}, "saker.proc.aname: [\"bash\"]\n"},
		{[]string{"proc.aname[2]", "proc.aname[1]"}, "saker.proc.aname: [\"bash\",\"sshd\"]\n"},
		{[]string{"proc.aname[1]", "proc.aname[2]"}, "saker.proc.aname: [\"bash\",\"sshd\"]\n"},
		{[]string{"proc.aname[1]", "proc.aname"}, "saker.proc.aname: [\"bash\",\"sshd\",\"systemd\"]\n"},
		{[]string{"proc.aname", "proc.aname[1]"}, "saker.proc.aname: [\"bash\",\"sshd\",\"systemd\"]\n"},
		{[]string{"proc.aname[60]"}, "saker.proc.aname: [\"bash\",\"sshd\",\"systemd\"]\n"},
		{[]string{"proc.apid[2]", "proc.aname[1]"}, "saker.proc.aname: [\"bash\"]\nsaker.proc.apid: [100,50]\n"},
	} {
		w := NewWriter(Options{})
		lr := w.Add(eventtest.Named("execve"), refs(t, test.refs...))
		if got := dump(lr.Attributes()); got != test.want {
			t.Errorf("%v: got\n%s", test.refs, got)
		}
		lr = w.Add(eventtest.Named("setuid"), refs(t, test.refs...))
		if _, ok := lr.Attributes().Get("saker.proc.aname"); ok {
			t.Errorf("%v: ancestors of a process without", test.refs)
		}
	}
}

func TestInvalidUTF8(t *testing.T) {
	e := eventtest.Named("open through a link")
	e.FD.Name = "/tmp/\xff\xfe\x00ä"
	w, r := NewWriter(Options{}), NewReader()
	w.Add(e, refs(t, "fd.name"))
	r.Reset(only(t, w.Take()))
	if v := r.Value(ref(t, "saker.file.path")); v.Text() != "/tmp/\uFFFD\x00ä" {
		t.Errorf("%q", v.Text())
	}
}

func TestArena(t *testing.T) {
	var a arena
	long := string(make([]byte, 3*longText))
	var kept, want []string
	for i := range 5000 {
		s := string(rune('a'+i%26)) + "-" + string(rune('a'+i%7))
		if i%1000 == 0 {
			s += long
		}
		kept, want = append(kept, a.keep(s)), append(want, s)
	}
	if !slices.Equal(kept, want) {
		t.Error("a text changed")
	}
	if a.keep("") != "" {
		t.Error("the empty text is not empty")
	}
}

// TestObserved: an event is observed after it happened, by a clock that is looked at
// once for those that had happened by then, and anew for each batch.
func TestObserved(t *testing.T) {
	w, e := NewWriter(Options{}), *eventtest.Named("execve")
	at := func(happened time.Time) time.Time {
		e.Time = uint64(happened.UnixNano())
		return w.Add(&e, refs(t, "evt.type")).ObservedTimestamp().AsTime()
	}
	begin := time.Now()
	first := at(begin)
	if first.Before(begin) || !at(begin.Add(-time.Second)).Equal(first) {
		t.Error("of one look both are not")
	}
	for later := time.Now(); ; later = time.Now() {
		if later.After(first) {
			if at(later).Before(later) {
				t.Error("it is observed before it happened")
			}
			break
		}
	}
	w.Take()
	for !time.Now().After(first) {
	}
	if at(begin).Equal(first) {
		t.Error("another batch is observed by the same look")
	}
}
