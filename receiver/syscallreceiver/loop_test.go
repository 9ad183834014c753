package syscallreceiver

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/sakerhq/saker/internal/event/eventtest"
	"github.com/sakerhq/saker/internal/record"
	"github.com/sakerhq/saker/rules"
)

// running is a loop whose batches a test gets.
type running struct {
	*loop
	source  *script
	refuses atomic.Bool    // the pipeline, until it is told otherwise
	batches chan plog.Logs // that were accepted
	ended   chan error
}

func startLoop(t *testing.T, chosen choice, batch BatchConfig) *running {
	t.Helper()
	r := &running{source: newScript(), batches: make(chan plog.Logs, 100), ended: make(chan error, 1)}
	cfg := createDefaultConfig().(*Config)
	cfg.Batch = batch
	r.loop = mustLoop(t, cfg, r.source, chosen, func(_ context.Context, logs plog.Logs, n int) error {
		if n != logs.LogRecordCount() {
			t.Errorf("a batch of %d records is said to have %d", logs.LogRecordCount(), n)
		}
		if r.refuses.Load() {
			return errRefused
		}
		r.batches <- logs
		return nil
	})
	go func() { r.ended <- r.run(context.Background()) }()
	t.Cleanup(func() { _ = r.source.Close() })
	return r
}

// next is the next batch: name, first argument and mark of each record.
func (r *running) next(t *testing.T) (records []string) {
	t.Helper()
	select {
	case logs := <-r.batches:
		for _, resource := range logs.ResourceLogs().All() {
			for _, scope := range resource.ScopeLogs().All() {
				for _, lr := range scope.LogRecords().All() {
					text := lr.EventName()
					if record.IsLoss(lr) {
						text += lossOf(lr)
					}
					if request, ok := lr.Attributes().Get("saker.evt.arg.request"); ok {
						text += " " + request.AsString()
					}
					if record.Candidates(scope.Scope()) {
						text += " candidate"
					}
					records = append(records, text)
				}
			}
		}
	case <-time.After(patience):
		t.Fatal("no batch came")
	}
	return records
}

var errRefused = errors.New("refused")

// lossOf is class, cause and count of a loss.
func lossOf(lr plog.LogRecord) (text string) {
	for _, key := range []string{record.KeyLossClass, record.KeyLossCause, record.KeyLossCount} {
		v, _ := lr.Attributes().Get(key)
		text += " " + v.AsString()
	}
	return text
}

func byNames(t testing.TB, names ...string) choice {
	t.Helper()
	chosen, err := newByName(names)
	if err != nil {
		t.Fatal(err)
	}
	return chosen
}

func byRule(t testing.TB, conditions ...string) *byRules {
	t.Helper()
	var text string
	for i, c := range conditions {
		text += fmt.Sprintf("- rule: r%d\n  desc: d\n  condition: %s\n  output: \"%%evt.arg.request\"\n  priority: INFO\n", i, c)
	}
	set, findings := rules.Load(rules.FalcoSchema(), []rules.File{{Name: "r.yaml", Content: []byte(text)}}, rules.Options{All: true})
	if err := findings.Err(); err != nil {
		t.Fatal(err)
	}
	chosen, err := newByRules(set)
	if err != nil {
		t.Fatal(err)
	}
	return chosen
}

const (
	attach  = 16
	traceMe = 0
)

func TestWhatGoesOut(t *testing.T) {
	for _, c := range []struct {
		name   string
		choice choice
		want   []string
	}{
		{"a named event", byNames(t, "ptrace"), []string{"syscall.ptrace PTRACE_ATTACH", "syscall.ptrace PTRACE_TRACEME"}},
		{
			"two named events", byNames(t, "ptrace", "setuid"),
			[]string{"syscall.ptrace PTRACE_ATTACH", "syscall.setuid", "syscall.ptrace PTRACE_TRACEME"},
		},
		{
			"what a rule is true for", byRule(t, "evt.type = ptrace and evt.arg.request = PTRACE_TRACEME"),
			[]string{"syscall.ptrace PTRACE_TRACEME candidate"},
		},
		{
			"what a rule leaves open here", byRule(t, "evt.type = ptrace and evt.hostname = x"),
			[]string{"syscall.ptrace PTRACE_ATTACH candidate", "syscall.ptrace PTRACE_TRACEME candidate"},
		},
		{
			"one record for several rules", byRule(t, "evt.type = ptrace and evt.arg.request = PTRACE_TRACEME", "evt.type = ptrace and proc.pid > 1 and evt.arg.request != PTRACE_ATTACH"),
			[]string{"syscall.ptrace PTRACE_TRACEME candidate"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := startLoop(t, c.choice, BatchConfig{MaxRecords: 100, MaxDelay: 0})
			r.source.reads <- [][]byte{call(t, "ptrace", attach, 5), call(t, "setuid", 3), call(t, "ptrace", traceMe, 0)}
			if diff := cmp.Diff(c.want, r.next(t)); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBatches(t *testing.T) {
	trace := call(t, "ptrace", attach, 5)
	t.Run("a full one goes at once", func(t *testing.T) {
		r := startLoop(t, byNames(t, "ptrace"), BatchConfig{MaxRecords: 2, MaxDelay: time.Hour})
		r.source.reads <- [][]byte{trace, trace, trace, trace, trace}
		for range 2 {
			if n := len(r.next(t)); n != 2 {
				t.Errorf("a batch of %d", n)
			}
		}
		r.source.Close()
		if n := len(r.next(t)); n != 1 {
			t.Errorf("the last batch has %d records", n)
		}
		if err := <-r.ended; err != nil {
			t.Errorf("ended with %v", err)
		}
	})
	t.Run("an old one goes", func(t *testing.T) {
		delay := time.Second // within which the second comes
		began := time.Now()
		r := startLoop(t, byNames(t, "ptrace"), BatchConfig{MaxRecords: 100, MaxDelay: delay})
		r.source.reads <- [][]byte{trace}
		r.source.reads <- [][]byte{trace}
		if n := len(r.next(t)); n != 2 {
			t.Errorf("a batch of %d", n)
		}
		if waited := time.Since(began); waited < delay {
			t.Errorf("it waited %v only", waited)
		}
	})
	t.Run("the first after a pause goes at once", func(t *testing.T) {
		cfg := createDefaultConfig().(*Config)
		cfg.Batch = BatchConfig{MaxRecords: 100, MaxDelay: time.Hour}
		r := &running{source: newScript(), batches: make(chan plog.Logs, 100)}
		r.loop = mustLoop(t, cfg, r.source, byNames(t, "ptrace"), func(_ context.Context, logs plog.Logs, _ int) error {
			r.batches <- logs
			return nil
		})
		r.handed = time.Now().Add(-2 * cfg.Batch.MaxDelay)
		r.source.reads <- [][]byte{trace}
		r.source.reads <- [][]byte{trace, trace}
		ended := make(chan error)
		go func() { ended <- r.run(context.Background()) }()
		if n := len(r.next(t)); n != 1 {
			t.Errorf("a batch of %d", n)
		}
		_ = r.source.Close()
		if err := <-ended; err != nil || len(r.next(t)) != 2 {
			t.Errorf("those behind it did not wait for the end: %v", err)
		}
	})
}

func TestBadRecordsAreCounted(t *testing.T) {
	r := startLoop(t, byNames(t, "ptrace"), BatchConfig{MaxRecords: 1})
	r.source.reads <- [][]byte{{1, 2, 3}, make([]byte, 40), call(t, "ptrace", attach, 5)}
	if got := r.next(t); len(got) != 1 {
		t.Errorf("records %q", got)
	}
	r.source.Close()
	<-r.ended
	if n := r.counts.undecodable.Load(); n != 2 {
		t.Errorf("%d bad records counted, want 2", n)
	}
	if n := r.counts.received.Load(); n != 1 {
		t.Errorf("%d records counted, want 1", n)
	}
	if n := r.counts.events.Load(); n != 1 {
		t.Errorf("%d events counted, want 1", n)
	}
}

func TestUnreadableSource(t *testing.T) {
	r := startLoop(t, byNames(t, "ptrace"), BatchConfig{MaxRecords: 100, MaxDelay: time.Hour})
	r.source.end = errors.New("broken")
	r.source.reads <- [][]byte{call(t, "ptrace", attach, 5)}
	close(r.source.reads)
	if err := <-r.ended; !errors.Is(err, r.source.end) {
		t.Errorf("ended with %v", err)
	}
	if n := len(r.next(t)); n != 1 {
		t.Errorf("what was read before has %d records", n)
	}
}

// What no rule can use must cost no allocation: it is nearly everything.
func TestTakeDoesNotAllocate(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	l := mustLoop(t, cfg, newScript(), byRule(t, "evt.type = ptrace and evt.arg.request = PTRACE_TRACEME"), nil)
	raw := call(t, "ptrace", attach, 5)
	if n := testing.AllocsPerRun(100, func() { l.take(raw) }); n != 0 {
		t.Errorf("%v allocations for an event that no rule matches", n)
	}
}

func BenchmarkTake(b *testing.B) {
	cfg := createDefaultConfig().(*Config)
	l := mustLoop(b, cfg, newScript(), byRule(b, "evt.type = ptrace and evt.arg.request = PTRACE_TRACEME"), nil)
	raw := call(b, "ptrace", attach, 5)
	defer eventtest.Cost(b)()
	for b.Loop() {
		l.take(raw)
	}
}

func mustLoop(t testing.TB, cfg *Config, src source, chosen choice, hand hand) *loop {
	t.Helper()
	l, err := newLoop(cfg, src, chosen, nil, hand)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// A record that says less than its event names the rules that were true.
func TestAlteredRecordNamesRules(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.Limits.ValueLength = 4
	batches := make(chan plog.Logs, 1)
	chosen := byRule(t, "evt.type = ptrace and evt.arg.request = PTRACE_ATTACH", "evt.type = ptrace and evt.hostname = x")
	l := mustLoop(t, cfg, newScript(), chosen, func(_ context.Context, logs plog.Logs, _ int) error {
		batches <- logs
		return nil
	})
	l.take(call(t, "ptrace", attach, 5))
	l.flush()
	lr := (<-batches).ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0)
	var names []string
	record.Matched(lr, func(name string) { names = append(names, name) })
	if diff := cmp.Diff([]string{"r0"}, names); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
}
