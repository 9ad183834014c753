package syscallreceiver

import (
	"context"
	"errors"
	"sync/atomic"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/sakerhq/saker/receiver/syscallreceiver/internal/metadata"
)

// counts is the account of the loop. What an event touches is plain and gets
// published once for each look at the ring.
type counts struct {
	now struct{ events uint64 } // the loop's own

	received, events, undecodable, processes, placeholders atomic.Uint64
}

// observe connects the account, and that of the kernel, to our metrics.
func observe(telemetry *metadata.TelemetryBuilder, src source, c *counts, cfg *Config) error {
	value := func(n *atomic.Uint64) metric.Int64Callback {
		return func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(int64(n.Load()))
			return nil
		}
	}
	return errors.Join(
		telemetry.RegisterReceiverSyscallReceivedRecordsCallback(value(&c.received)),
		telemetry.RegisterReceiverSyscallEventsCallback(value(&c.events)),
		telemetry.RegisterReceiverSyscallProcessesCallback(value(&c.processes)),
		telemetry.RegisterReceiverSyscallPlaceholderProcessesCallback(value(&c.placeholders)),
		telemetry.RegisterReceiverSyscallRingSizeCallback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(int64(cfg.RingBytes))
			return nil
		}),
		telemetry.RegisterReceiverSyscallLostRecordsCallback(func(_ context.Context, o metric.Int64Observer) error {
			return observeLost(o, src, c)
		}),
	)
}

func observeLost(o metric.Int64Observer, src source, c *counts) error {
	kernel, err := src.Counts()
	if err != nil {
		return err
	}
	for _, lost := range []struct {
		class, cause string
		n            uint64
	}{
		{"call", "ring_full", kernel.Calls.LostRing},
		{"call", "no_scratch", kernel.Calls.LostScratch},
		{"call", "too_large", kernel.Calls.LostSize},
		{"process", "ring_full", kernel.Processes.LostRing},
		{"process", "no_scratch", kernel.Processes.LostScratch},
		{"process", "too_large", kernel.Processes.LostSize},
		{"any", "undecodable", c.undecodable.Load()},
	} {
		o.Observe(int64(lost.n), metric.WithAttributes(
			attribute.String("class", lost.class), attribute.String("cause", lost.cause)))
	}
	return nil
}

// hand gives a batch to the pipeline and counts what became of it. A refused
// batch is lost: waiting would lose events in the kernel instead, and those
// would be missing from the state too.
func (r *syscallReceiver) hand(ctx context.Context, logs plog.Logs, n int) {
	ctx = r.report.StartLogsOp(ctx)
	err := r.next.ConsumeLogs(ctx, logs)
	r.report.EndLogsOp(ctx, "saker", n, err)
	if err != nil {
		r.set.Logger.Warn("The pipeline refused a batch", zap.Int("records", n), zap.Error(err))
	}
}
