package evasions

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/internal/record"
	"github.com/sakerhq/saker/internal/state"
	"github.com/sakerhq/saker/internal/syscalls"
	"github.com/sakerhq/saker/rules"
)

// watch is a sensor with all that comes behind it, up to alerts.
type watch struct {
	t       *testing.T // of the evasion at hand
	sensor  *bpf.Sensor
	state   *state.State
	event   event.Event
	matcher *rules.Matcher // over events
	again   *rules.Matcher // over records
	writer  *record.Writer
	reader  *record.Reader
	alerts  map[string][]string // outputs by rule
}

// startWatch captures for a set of rules, or skips where the machine can't.
func startWatch(t *testing.T, text string) *watch {
	t.Helper()
	set, findings := rules.Load(rules.FalcoSchema(), []rules.File{{Name: "evasions.yaml", Content: []byte(text)}}, rules.Options{All: true})
	if err := findings.Err(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	var rows []*syscalls.Row
	for _, name := range set.EventTypes() {
		if row := syscalls.ByName(name); row != nil {
			rows = append(rows, row)
		}
	}
	sensor, err := bpf.Load(bpf.Options{Rows: rows, RingBytes: 16 << 20})
	var privilege *bpf.PrivilegeError
	if errors.As(err, &privilege) || errors.Is(err, bpf.ErrNoBTF) {
		t.Skip("this machine can't load the sensor: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	w := &watch{
		t: t, sensor: sensor, state: state.New(state.Options{}), matcher: set.NewMatcher(), again: set.NewMatcher(),
		writer: record.NewWriter(record.Options{}), reader: record.NewReader(), alerts: map[string][]string{},
	}
	t.Cleanup(func() {
		if err := sensor.Close(); err != nil {
			t.Errorf("close the sensor: %v", err)
		}
	})
	if err := errors.Join(sensor.Attach(w.take), sensor.Scan(w.take)); err != nil {
		t.Fatal(err)
	}
	return w
}

// readUntil reads until done, and then what is left.
func (w *watch) readUntil(done func() bool, limit time.Duration) {
	w.t.Helper()
	deadline := time.Now().Add(limit)
	for last := false; !last && time.Now().Before(deadline); {
		last = done()
		if _, err := w.sensor.Read(w.take); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *watch) counts() bpf.Counts {
	c, err := w.sensor.Counts()
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// lost is how many records of the kernel never came.
func (w *watch) lost() uint64 {
	c := w.counts()
	return c.Calls.Lost() + c.Processes.Lost()
}

func (w *watch) take(raw bpf.Raw) {
	isEvent, err := w.state.Apply(raw, &w.event)
	if err != nil {
		w.t.Errorf("bad record: %v", err)
	}
	if !isEvent {
		return
	}
	src := field.OfEvent{Event: &w.event}
	for _, m := range w.matcher.Match(src, rules.SyscallSource, w.event.Row.Name) {
		if m.Verdict != rules.True {
			continue
		}
		output := string(m.Rule.AppendOutput(nil, src))
		w.alerts[m.Rule.Name] = append(w.alerts[m.Rule.Name], output)
		w.asRecord(m.Rule, output)
	}
}

// asRecord holds that the alert survives on its way as a log record.
func (w *watch) asRecord(rule *rules.Rule, output string) {
	w.t.Helper()
	w.writer.Add(&w.event, rule.Refs())
	encoded, err := new(plog.ProtoMarshaler).MarshalLogs(w.writer.Take())
	if err != nil {
		w.t.Fatalf("encode: %v", err)
	}
	logs, err := new(plog.ProtoUnmarshaler).UnmarshalLogs(encoded)
	if err != nil {
		w.t.Fatalf("decode: %v", err)
	}
	resource := logs.ResourceLogs().At(0)
	lr := resource.ScopeLogs().At(0).LogRecords().At(0)
	for key, v := range lr.Attributes().All() {
		if v.Type() != pcommon.ValueTypeBytes && !utf8.ValidString(v.AsString()) {
			w.t.Errorf("attribute %s is not valid UTF-8", key)
		}
	}
	if i := strings.IndexFunc(output, func(c rune) bool { return c < ' ' || c == 0x7f }); i >= 0 || !utf8.ValidString(output) {
		w.t.Errorf("the output could control a console: %q", output)
	}
	w.reader.Reset(resource.Resource(), lr)
	for _, m := range w.again.Match(w.reader, rules.SyscallSource, w.reader.EventType()) {
		if m.Rule != rule || m.Verdict != rules.True {
			continue
		}
		if got := string(rule.AppendOutput(nil, w.reader)); got != output {
			w.t.Errorf("the record says %q, the event %q", got, output)
		}
		return
	}
	w.t.Errorf("%s is not true for its own record", rule.Name)
}
