package syscallreceiver

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/receiver/syscallreceiver/internal/metadata"
	"github.com/sakerhq/saker/receiver/syscallreceiver/internal/metadatatest"
)

func replay(t *testing.T, set receiver.Settings, next consumer.Logs, content []byte, change func(*Config)) receiver.Logs {
	t.Helper()
	cfg := createDefaultConfig().(*Config)
	cfg.Events = []string{"ptrace"}
	cfg.Recording = filepath.Join(t.TempDir(), "x.rec")
	if err := os.WriteFile(cfg.Recording, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(cfg)
	}
	r, err := NewFactory().CreateLogs(context.Background(), set, cfg, next)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Shutdown(context.Background()); err != nil {
			t.Errorf("a second shutdown: %v", err)
		}
	})
	return r
}

// patience is how long something that must happen may take.
const patience = time.Minute

// eventually waits for a condition that a receiver brings about.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
	}
}

func TestReplay(t *testing.T) {
	sink := new(consumertest.LogsSink)
	trace := call(t, "ptrace", attach, 5)
	r := replay(t, receivertest.NewNopSettings(metadata.Type), sink, recordingOf(trace, trace), nil)
	if err := r.Start(context.Background(), componenttest.NewNopHost()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "2 records", func() bool { return sink.LogRecordCount() == 2 })
	if err := r.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// What waits in a batch when the receiver ends must still go out.
func TestShutdownHandsOver(t *testing.T) {
	sink, reader := new(consumertest.LogsSink), componenttest.NewTelemetry()
	defer func() { _ = reader.Shutdown(context.Background()) }()
	r := replay(t, metadatatest.NewSettings(reader), sink, recordingOf(call(t, "ptrace", attach, 5)),
		func(c *Config) { c.Batch.MaxDelay = time.Hour })
	if err := r.Start(context.Background(), componenttest.NewNopHost()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "1 received record", func() bool { return sum(t, reader, "otelcol_receiver_syscall_received_records") == 1 })
	if err := r.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	if n := sink.LogRecordCount(); n != 1 {
		t.Errorf("%d records arrived", n)
	}
}

func TestShutdownDoesNotWaitForever(t *testing.T) {
	waits := make(chan struct{})
	var once sync.Once
	next, err := consumer.NewLogs(func(ctx context.Context, _ plog.Logs) error {
		once.Do(func() { close(waits) })
		<-ctx.Done()
		return ctx.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	r := replay(t, receivertest.NewNopSettings(metadata.Type), next, recordingOf(call(t, "ptrace", attach, 5)), nil)
	if err := r.Start(context.Background(), componenttest.NewNopHost()); err != nil {
		t.Fatal(err)
	}
	<-waits
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if err := r.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("shutdown: %v", err)
	}
}

func TestAccounts(t *testing.T) {
	reader := componenttest.NewTelemetry()
	defer func() { _ = reader.Shutdown(context.Background()) }()
	set := metadatatest.NewSettings(reader)
	set.ID = component.MustNewID("syscall")
	trace := call(t, "ptrace", attach, 5)
	refusing := consumertest.NewErr(errors.New("no"))
	r := replay(t, set, refusing, recordingOf(trace, []byte("bad"), trace), func(c *Config) { c.Batch.MaxRecords = 1 })
	if err := r.Start(context.Background(), componenttest.NewNopHost()); err != nil {
		t.Fatal(err)
	}
	count := func(metric string) int64 { return sum(t, reader, metric) }
	// Those that tell of losses are refused too, and told again.
	eventually(t, "2 refused records", func() bool { return count("otelcol_receiver_refused_log_records") >= 2 })
	eventually(t, "2 received records", func() bool { return count("otelcol_receiver_syscall_received_records") == 2 })
	eventually(t, "3 lost records", func() bool { return sum(t, reader, "otelcol_receiver_syscall_lost_records") == 3 })
	if n := count("otelcol_receiver_syscall_emitted_records"); n != 3 {
		t.Errorf("%d records emitted", n)
	}
	if n := count("otelcol_receiver_syscall_events"); n != 2 {
		t.Errorf("%d events counted", n)
	}
	metadatatest.AssertEqualReceiverSyscallLostRecords(t, reader, []metricdata.DataPoint[int64]{
		lost("call", "ring_full", 0), lost("call", "no_scratch", 0), lost("call", "too_large", 0), lost("call", "missed", 0),
		lost("process", "ring_full", 0), lost("process", "no_scratch", 0), lost("process", "too_large", 0), lost("process", "missed", 0),
		lost("any", "undecodable", 1), lost("log", "refused", 2),
	}, metricdatatest.IgnoreTimestamp())
}

// statusHost keeps what components report.
type statusHost struct {
	component.Host
	events chan *componentstatus.Event
}

func (h *statusHost) Report(e *componentstatus.Event) { h.events <- e }

func TestBrokenRecordingIsFatal(t *testing.T) {
	host := &statusHost{componenttest.NewNopHost(), make(chan *componentstatus.Event, 1)}
	whole := recordingOf(call(t, "ptrace", attach, 5))
	r := replay(t, receivertest.NewNopSettings(metadata.Type), consumertest.NewNop(), whole[:len(whole)-1], nil)
	if err := r.Start(context.Background(), host); err != nil {
		t.Fatal(err)
	}
	select {
	case e := <-host.events:
		if e.Status() != componentstatus.StatusFatalError || !errors.Is(e.Err(), errRecordingEnd) {
			t.Errorf("status %v, %v", e.Status(), e.Err())
		}
	case <-time.After(patience):
		t.Error("nothing was reported")
	}
}

func TestStartErrors(t *testing.T) {
	mine := component.MustNewIDWithName("ruleset", "mine")
	for _, c := range []struct {
		name, wrong string
		change      func(*Config)
	}{
		{"no recording", "no such file", func(c *Config) { c.Recording += "x" }},
		{"no ruleset", `ruleset "ruleset/mine"`, func(c *Config) { c.Events, c.Ruleset = nil, &mine }},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := replay(t, receivertest.NewNopSettings(metadata.Type), consumertest.NewNop(), nil, c.change)
			err := r.Start(context.Background(), componenttest.NewNopHost())
			if err == nil || !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("error %v, want one with %q", err, c.wrong)
			}
			if err := r.Shutdown(context.Background()); err != nil {
				t.Errorf("shutdown after it: %v", err)
			}
		})
	}
}

// sum is what all points of a metric add up to, 0 while it is not there.
func sum(t *testing.T, reader *componenttest.Telemetry, metric string) (n int64) {
	t.Helper()
	m, err := reader.GetMetric(metric)
	if err != nil {
		return 0
	}
	for _, point := range m.Data.(metricdata.Sum[int64]).DataPoints {
		n += point.Value
	}
	return n
}

func lost(class, cause string, n int64) metricdata.DataPoint[int64] {
	return metricdata.DataPoint[int64]{Value: n, Attributes: attribute.NewSet(
		attribute.String("class", class), attribute.String("cause", cause))}
}

// What the kernel lost is told, too.
func TestKernelLosses(t *testing.T) {
	reader := componenttest.NewTelemetry()
	defer func() { _ = reader.Shutdown(context.Background()) }()
	telemetry, err := metadata.NewTelemetryBuilder(reader.NewTelemetrySettings())
	if err != nil {
		t.Fatal(err)
	}
	defer telemetry.Shutdown()
	src := newScript()
	leftOut, facts := bpf.Counts{}.LeftOut, []metricdata.DataPoint[int64](nil)
	for fact := range leftOut {
		leftOut[fact] = uint64(1000 * fact)
		if name := bpf.Fact(fact).String(); name != "" {
			facts = append(facts, metricdata.DataPoint[int64]{Value: int64(1000 * fact), Attributes: attribute.NewSet(attribute.String("fact", name))})
		}
	}
	src.counts.Store(&bpf.Counts{
		Calls:     bpf.Count{Sent: 100, LostRing: 1, LostScratch: 2, LostSize: 3, LostMissed: 9, Faults: 7, Unseen: 12},
		Processes: bpf.Count{Sent: 10, LostRing: 4, LostScratch: 5, LostSize: 6, LostMissed: 10, Faults: 8},
		LeftOut:   leftOut,
	})
	if err := observe(telemetry, src, &counts{}, createDefaultConfig().(*Config)); err != nil {
		t.Fatal(err)
	}
	metadatatest.AssertEqualReceiverSyscallLostRecords(t, reader, []metricdata.DataPoint[int64]{
		lost("call", "ring_full", 1), lost("call", "no_scratch", 2), lost("call", "too_large", 3), lost("call", "missed", 9),
		lost("process", "ring_full", 4), lost("process", "no_scratch", 5), lost("process", "too_large", 6), lost("process", "missed", 10),
		lost("any", "undecodable", 0), lost("log", "refused", 0),
	}, metricdatatest.IgnoreTimestamp())
	metadatatest.AssertEqualReceiverSyscallEmittedRecords(t, reader,
		[]metricdata.DataPoint[int64]{{Value: 150}}, metricdatatest.IgnoreTimestamp())
	metadatatest.AssertEqualReceiverSyscallLeftOutCalls(t, reader, facts, metricdatatest.IgnoreTimestamp())
	ofClass := func(class string, n int64) metricdata.DataPoint[int64] {
		return metricdata.DataPoint[int64]{Value: n, Attributes: attribute.NewSet(attribute.String("class", class))}
	}
	metadatatest.AssertEqualReceiverSyscallIncompleteRecords(t, reader,
		[]metricdata.DataPoint[int64]{ofClass("call", 7), ofClass("process", 8), ofClass("path", 12)}, metricdatatest.IgnoreTimestamp())
	metadatatest.AssertEqualReceiverSyscallRingSize(t, reader,
		[]metricdata.DataPoint[int64]{{Value: bpf.DefaultRingBytes}}, metricdatatest.IgnoreTimestamp())
}
