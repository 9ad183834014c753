package syscallreceiver

import (
	"context"
	"errors"
	"sync/atomic"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/sakerhq/saker/bpf"
	ask "github.com/sakerhq/saker/internal/container"
	"github.com/sakerhq/saker/internal/state"
	"github.com/sakerhq/saker/receiver/syscallreceiver/internal/metadata"
)

// counts is the account of the loop. What an event touches is plain and gets
// published once for each look at the ring.
type counts struct {
	now struct{ received, events, unenriched, timeouts uint64 } // the loop's own

	received, events, processes, placeholders atomic.Uint64
	containers, forgotten                     atomic.Uint64
	waiting, unenriched, timeouts             atomic.Uint64 // of records, records, containers
	vouched                                   atomic.Uint64 // processes
	rescans, healed                           atomic.Uint64 // scans after the first, processes
	scanned                                   atomic.Uint64 // records of the scan, which the kernel doesn't count
	undecodable                               atomic.Uint64
	redacted                                  atomic.Uint64 // attributes
	refused                                   atomic.Uint64 // log records, those that tell of losses left out
	evicted                                   [len(caches)]atomic.Uint64
}

// caches are the things of which only so much is kept.
var caches = [...]struct {
	name    string
	evicted func(known *state.Counts, words uint64) uint64
}{
	{"process", func(known *state.Counts, _ uint64) uint64 { return known.ProcessesEvicted }},
	{"path", func(known *state.Counts, _ uint64) uint64 { return known.PathsEvicted }},
	{"argument", func(known *state.Counts, _ uint64) uint64 { return known.ProgramsEvicted }},
	{"socket", func(known *state.Counts, _ uint64) uint64 { return known.SocketsEvicted }},
	{"name", func(known *state.Counts, _ uint64) uint64 { return known.NamesEvicted }},
	{"word", func(_ *state.Counts, words uint64) uint64 { return words }},
}

// observe connects the account, and that of the kernel, to our metrics.
func observe(telemetry *metadata.TelemetryBuilder, src source, c *counts, cfg *Config) error {
	return errors.Join(
		telemetry.RegisterReceiverSyscallRescansCallback(value(&c.rescans)),
		telemetry.RegisterReceiverSyscallHealedProcessesCallback(value(&c.healed)),
		telemetry.RegisterReceiverSyscallEvictedEntriesCallback(func(_ context.Context, o metric.Int64Observer) error {
			for i := range caches {
				o.Observe(int64(c.evicted[i].Load()), metric.WithAttributes(attribute.String("cache", caches[i].name)))
			}
			return nil
		}),
		telemetry.RegisterReceiverSyscallRedactedAttributesCallback(value(&c.redacted)),
		observeContainers(telemetry, c),
		telemetry.RegisterReceiverSyscallReceivedRecordsCallback(value(&c.received)),
		telemetry.RegisterReceiverSyscallEventsCallback(value(&c.events)),
		telemetry.RegisterReceiverSyscallProcessesCallback(value(&c.processes)),
		telemetry.RegisterReceiverSyscallPlaceholderProcessesCallback(value(&c.placeholders)),
		telemetry.RegisterReceiverSyscallVouchedProcessesCallback(value(&c.vouched)),
		telemetry.RegisterReceiverSyscallRingSizeCallback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(int64(cfg.RingBytes))
			return nil
		}),
		observeKernel(telemetry, src, c),
	)
}

// observeKernel connects what the kernel counts.
func observeKernel(telemetry *metadata.TelemetryBuilder, src source, c *counts) error {
	return errors.Join(
		telemetry.RegisterReceiverSyscallEmittedRecordsCallback(func(_ context.Context, o metric.Int64Observer) error {
			kernel, err := src.Counts()
			if err == nil {
				o.Observe(int64(emitted(&kernel) + c.scanned.Load()))
			}
			return err
		}),
		telemetry.RegisterReceiverSyscallLeftOutCallsCallback(func(_ context.Context, o metric.Int64Observer) error {
			return observeLeftOut(o, src)
		}),
		telemetry.RegisterReceiverSyscallIncompleteRecordsCallback(func(_ context.Context, o metric.Int64Observer) error {
			return observeFaults(o, src)
		}),
		telemetry.RegisterReceiverSyscallAttachedHooksCallback(func(_ context.Context, o metric.Int64Observer) error {
			if s, live := src.(interface {
				Hooks() (bpf.Hooks, int, string)
			}); live {
				hooks, n, _ := s.Hooks()
				o.Observe(int64(n), metric.WithAttributes(attribute.String("hooks", string(hooks))))
			}
			return nil
		}),
		telemetry.RegisterReceiverSyscallLostRecordsCallback(func(_ context.Context, o metric.Int64Observer) error {
			return observeLost(o, src, c)
		}),
	)
}

// value is a metric that shows n.
func value(n *atomic.Uint64) metric.Int64Callback {
	return func(_ context.Context, o metric.Int64Observer) error {
		o.Observe(int64(n.Load()))
		return nil
	}
}

// observeContainers connects the account of what is known of containers, and of
// the records that wait for it.
func observeContainers(telemetry *metadata.TelemetryBuilder, c *counts) error {
	return errors.Join(
		telemetry.RegisterReceiverSyscallContainersCallback(value(&c.containers)),
		telemetry.RegisterReceiverSyscallForgottenContainersCallback(value(&c.forgotten)),
		telemetry.RegisterReceiverSyscallWaitingRecordsCallback(value(&c.waiting)),
		telemetry.RegisterReceiverSyscallUnenrichedRecordsCallback(value(&c.unenriched)),
		telemetry.RegisterReceiverSyscallEnrichmentTimeoutsCallback(value(&c.timeouts)),
	)
}

// observeLookups connects the account of what runtimes were asked.
func observeLookups(telemetry *metadata.TelemetryBuilder, l *ask.Lookup) error {
	return telemetry.RegisterReceiverSyscallContainerLookupsCallback(func(_ context.Context, o metric.Int64Observer) error {
		for _, outcome := range ask.Outcomes() {
			o.Observe(int64(l.Count(outcome)), metric.WithAttributes(attribute.String("outcome", outcome.String())))
		}
		return nil
	})
}

// emitted is how many records the kernel's programs began.
func emitted(k *bpf.Counts) uint64 {
	return k.Calls.Sent + k.Calls.Lost() + k.Processes.Sent + k.Processes.Lost()
}

func observeLost(o metric.Int64Observer, src source, c *counts) error {
	kernel, err := src.Counts()
	if err != nil {
		return err
	}
	for i := range accounts {
		a := &accounts[i]
		o.Observe(int64(a.counted(&kernel, c)), metric.WithAttributes(
			attribute.String("class", a.class), attribute.String("cause", a.cause)))
	}
	return nil
}

func observeLeftOut(o metric.Int64Observer, src source) error {
	kernel, err := src.Counts()
	if err != nil {
		return err
	}
	for fact, n := range kernel.LeftOut {
		if name := bpf.Fact(fact).String(); name != "" {
			o.Observe(int64(n), metric.WithAttributes(attribute.String("fact", name)))
		}
	}
	return nil
}

func observeFaults(o metric.Int64Observer, src source) error {
	kernel, err := src.Counts()
	if err != nil {
		return err
	}
	o.Observe(int64(kernel.Calls.Faults), metric.WithAttributes(attribute.String("class", "call")))
	o.Observe(int64(kernel.Processes.Faults), metric.WithAttributes(attribute.String("class", "process")))
	o.Observe(int64(kernel.Calls.Unseen), metric.WithAttributes(attribute.String("class", "path")))
	return nil
}

// hand gives a batch to the pipeline and counts what became of it.
func (r *syscallReceiver) hand(ctx context.Context, logs plog.Logs, n int) error {
	ctx = r.report.StartLogsOp(ctx)
	err := r.next.ConsumeLogs(ctx, logs)
	r.report.EndLogsOp(ctx, "saker", n, err)
	if err != nil {
		r.set.Logger.Warn("The pipeline refused a batch", zap.Int("records", n), zap.Error(err))
	}
	return err
}
