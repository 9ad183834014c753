package syscallreceiver

import (
	"context"
	"errors"
	"os/exec"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap/zaptest"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/record"
	"github.com/sakerhq/saker/receiver/syscallreceiver/internal/metadatatest"
)

// slow is a pipeline that takes its time, refuses some batches, and adds up
// what it is told of losses.
type slow struct {
	batches, hurry atomic.Int64
	refused        atomic.Int64 // records of events
	told           atomic.Int64
}

func (s *slow) take(_ context.Context, logs plog.Logs) error {
	n := s.batches.Add(1)
	if n < s.hurry.Load() {
		time.Sleep(5 * time.Millisecond)
	}
	refuse := n%10 == 3
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, lr := range scope.LogRecords().All() {
				switch {
				case !record.IsNotice(lr) && refuse:
					s.refused.Add(1)
				case record.IsLoss(lr) && !refuse:
					count, _ := lr.Attributes().Get(record.KeyLossCount)
					s.told.Add(count.Int())
				}
			}
		}
	}
	if refuse {
		return errRefused
	}
	return nil
}

// live is a capture, or skips where the machine can't.
func live(t *testing.T, cfg *Config, chosen choice) source {
	t.Helper()
	src, err := openSource(cfg, chosen, zaptest.NewLogger(t))
	var privilege *bpf.PrivilegeError
	if errors.As(err, &privilege) || errors.Is(err, bpf.ErrNoBTF) {
		t.Skip("this machine can't load the sensor: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// ending keeps what a source counted in the end.
type ending struct {
	source
	counts bpf.Counts
}

func (e *ending) Close() (err error) {
	e.counts, err = e.Counts()
	return errors.Join(err, e.source.Close())
}

// A child opens more than a small ring and a slow pipeline can take: what the
// kernel emitted, what was received and what was lost must add up exactly,
// seen from inside and from outside, and the records of losses must tell all.
func TestOverload(t *testing.T) {
	reader := componenttest.NewTelemetry()
	defer func() { _ = reader.Shutdown(context.Background()) }()
	sink := &slow{}
	sink.hurry.Store(100)
	next, err := consumer.NewLogs(sink.take)
	if err != nil {
		t.Fatal(err)
	}
	cfg := createDefaultConfig().(*Config)
	cfg.Events, cfg.RingBytes, cfg.Batch.MaxRecords = []string{"open", "openat"}, 64<<10, 50
	made, err := NewFactory().CreateLogs(context.Background(), metadatatest.NewSettings(reader), cfg, next)
	if err != nil {
		t.Fatal(err)
	}
	r, chosen := made.(*syscallReceiver), byNames(t, cfg.Events...)
	end := &ending{source: live(t, cfg, chosen)}
	if err := r.read(componenttest.NewNopHost(), chosen, end); err != nil {
		t.Fatal(err)
	}
	l := r.loop

	// Each name that cat can't open is one call.
	if err := exec.Command("cat", slices.Repeat([]string{"/nowhere"}, 20000)...).Run(); err == nil {
		t.Error("/nowhere is there")
	}
	sink.hurry.Store(0)
	metric := func(name string) int64 { return sum(t, reader, "otelcol_receiver_syscall_"+name) }
	// Others go on opening files: look until nothing is on its way for a moment.
	eventually(t, "emitted = received + lost", func() bool {
		before := metric("emitted_records")
		rest := metric("received_records") + metric("lost_records") - sink.refused.Load()
		return before == rest && before == metric("emitted_records")
	})
	if err := r.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}

	k := end.counts
	lost := k.Calls.Lost() + k.Processes.Lost()
	if k.Calls.LostRing == 0 || sink.refused.Load() == 0 {
		t.Errorf("nothing was lost: %+v, %d refused", k, sink.refused.Load())
	}
	if all, got := emitted(&k)+l.counts.scanned.Load(), l.counts.received.Load(); all != got+lost {
		t.Errorf("%d records emitted, %d received, %d lost", all, got, lost)
	}
	if want := int64(lost) + sink.refused.Load(); sink.told.Load() != want {
		t.Errorf("the records tell of %d losses, there were %d", sink.told.Load(), want)
	}
}
