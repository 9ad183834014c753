package record

import (
	"testing"
	"time"

	"github.com/sakerhq/saker/internal/event/eventtest"
)

func TestTellLosses(t *testing.T) {
	w := NewWriter(Options{})
	w.Add(eventtest.Named("execve"), refs(t, "evt.type"))
	logs := w.Take()
	MarkCandidates(logs)
	from := time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("", 3600))
	w.TellLosses(logs, []Loss{
		{"call", "ring_full", 12, from, from.Add(time.Second), "Records of calls", "the ring was full"},
		{"any", "undecodable", 1, from, from.Add(2 * time.Second), "Records", "could not be read"},
	})
	if n := logs.LogRecordCount(); n != 3 || logs.ResourceLogs().Len() != 2 {
		t.Fatalf("%d records of %d resources", n, logs.ResourceLogs().Len())
	}
	resource := logs.ResourceLogs().At(1)
	if v, ok := resource.Resource().Attributes().Get("os.type"); !ok || v.Str() != "linux" {
		t.Error("the losses have no host")
	}
	scope := resource.ScopeLogs().At(0)
	if Candidates(scope.Scope()) || scope.Scope().Name() != ScopeName {
		t.Error("the scope of losses is marked, or not ours")
	}
	lr := scope.LogRecords().At(0)
	if !IsLoss(lr) || IsLoss(logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0)) || IsAlert(lr) {
		t.Error("a loss is not told from an event")
	}
	if lr.SeverityNumber() != 13 || !lr.Timestamp().AsTime().Equal(from.Add(time.Second)) || lr.ObservedTimestamp() == 0 {
		t.Errorf("severity %d, at %v", lr.SeverityNumber(), lr.Timestamp())
	}
	const body = "Records of calls were lost between 2026-01-02T02:04:05.000000006Z and 2026-01-02T02:04:06.000000006Z, " +
		"12 in all: the ring was full"
	if got := lr.Body().Str(); got != body {
		t.Errorf("body %q", got)
	}
	if got, want := dump(lr.Attributes()), `saker.loss.cause: ring_full
saker.loss.class: call
saker.loss.count: 12
saker.loss.from: 2026-01-02T02:04:05.000000006Z
saker.loss.to: 2026-01-02T02:04:06.000000006Z
`; got != want {
		t.Errorf("got\n%s", got)
	}
	r := NewReader()
	if r.Reset(resource.Resource(), lr); r.EventType() != "" {
		t.Errorf("a loss reads as the event %q", r.EventType())
	}
}

func TestTellNoLosses(t *testing.T) {
	w := NewWriter(Options{})
	logs := w.Take()
	if w.TellLosses(logs, nil); logs.ResourceLogs().Len() != 0 {
		t.Error("nothing was lost, and yet the batch has a resource")
	}
}
