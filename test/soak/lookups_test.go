package soak

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/state"
	"github.com/sakerhq/saker/internal/syscalls"
)

// lookups are the calls that ask the machine for something: files, directories,
// name servers, runtimes.
var lookups = []string{
	"open", "openat", "openat2", "stat", "lstat", "newfstatat", "statx", "readlink", "readlinkat",
	"access", "faccessat", "faccessat2", "getdents64", "socket", "connect",
}

const (
	eventThread  = "saker-events" // that of the one goroutine that handles events
	manyEvents   = 100_000
	mountTable   = "/proc/1/mountinfo"
	mountsEvery  = time.Second // how often that may be read again at most
	loadPatience = 2 * time.Minute
)

// TestNoLookups: of 100,000 events, by old and new processes, on the host and
// in containers, none makes the one who handles them look up anything: one
// sensor watches what the other's collector does.
func TestNoLookups(t *testing.T) {
	needSensor(t)
	r := &run{t: t, sink: startSink(t)}
	c := r.startCollector("{ library: stable }", false)
	thread := threadOf(t, c.Pid())
	w := watchLookups(t, c.Pid())
	first := w.read(r.look) // of what the start left to do
	began := time.Now()
	stop := r.startLoads()
	last := first
	for last.of("events")-first.of("events") < manyEvents && time.Since(began) < loadPatience {
		last = w.read(r.look)
	}
	stop()
	took := time.Since(began)
	last = w.read(r.look)
	if n := last.of("events") - first.of("events"); n < manyEvents {
		t.Errorf("%d events in %v, want %d", n, took, manyEvents)
	}
	own, mounts := w.by(thread)
	if len(own) > 0 || mounts > int(took/mountsEvery)+2 {
		t.Errorf("%d lookups by the thread of the events, as %v, and of mounts %d in %v", len(own), own[:min(len(own), 5)], mounts, took)
	}
	if len(w.calls) == len(own)+mounts {
		t.Error("nobody looked up anything: the watch is blind")
	}
	t.Logf("%d events in %v: %d lookups by their thread, %d of mounts, %d by others", last.of("events")-first.of("events"),
		took.Round(time.Second), len(own), mounts, len(w.calls)-len(own)-mounts)
}

// threadOf is the number of the collector's thread that handles events.
func threadOf(t *testing.T, pid int) uint32 {
	t.Helper()
	names, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/comm", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if text, err := os.ReadFile(name); err != nil || strings.TrimSpace(string(text)) != eventThread {
			continue
		}
		tid, err := strconv.ParseUint(filepath.Base(filepath.Dir(name)), 10, 32)
		if err != nil {
			t.Fatal(err)
		}
		return uint32(tid)
	}
	t.Fatalf("no thread of %d is called %s", pid, eventThread)
	return 0
}

// lookup is a call that a thread made.
type lookup struct {
	tid  uint32
	call string
	path string
}

// lookupWatch is a sensor for the lookups of one process.
type lookupWatch struct {
	t      *testing.T
	pid    uint32
	sensor *bpf.Sensor
	state  *state.State
	event  event.Event
	calls  []lookup
}

func watchLookups(t *testing.T, pid int) *lookupWatch {
	t.Helper()
	var rows []*syscalls.Row
	for _, name := range lookups {
		rows = append(rows, syscalls.ByName(name))
	}
	sensor, err := bpf.Load(bpf.Options{Rows: rows, RingBytes: 1 << 20, Scope: bpf.Scope{Include: []uint32{uint32(pid)}}})
	if err != nil {
		t.Fatal(err)
	}
	w := &lookupWatch{t: t, pid: uint32(pid), sensor: sensor, state: state.New(state.Options{})}
	t.Cleanup(func() {
		if err := sensor.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := errors.Join(sensor.Attach(w.take), sensor.Scan(w.take)); err != nil {
		t.Fatal(err)
	}
	return w
}

// read takes what was captured until now, and gives the collector's metrics as
// of before that.
func (w *lookupWatch) read(look func() sample) metrics {
	now := look().metrics
	for {
		n, err := w.sensor.Read(w.take)
		if err != nil {
			w.t.Fatal(err)
		}
		if n == 0 {
			return now
		}
	}
}

func (w *lookupWatch) take(raw bpf.Raw) {
	ok, err := w.state.Apply(raw, &w.event)
	if err != nil {
		w.t.Error(err)
	}
	ev := &w.event
	if !ok || ev.Process.PID != w.pid || !slices.Contains(lookups, ev.Row.Name) {
		return
	}
	path := ""
	if ev.FD != nil {
		path = strings.Clone(ev.FD.Name)
	}
	w.calls = append(w.calls, lookup{ev.TID, ev.Row.Name, path})
}

// by are the lookups of a thread, without those of mounts, which are counted.
func (w *lookupWatch) by(tid uint32) (calls []lookup, mounts int) {
	for _, l := range w.calls {
		switch {
		case l.tid != tid:
		case l.path == mountTable:
			mounts++
		default:
			calls = append(calls, l)
		}
	}
	return calls, mounts
}
