package syscallreceiver

import (
	"context"
	"errors"
	"os"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/record"
	"github.com/sakerhq/saker/internal/state"
)

// loop is the one goroutine that reads, decodes, matches and batches. Nothing
// in it is shared but counts.
type loop struct {
	source source
	state  *state.State
	choice choice
	batch  BatchConfig
	writer *record.Writer
	hand   func(context.Context, plog.Logs, int)
	counts *counts

	event  event.Event
	ctx    context.Context // of the run, for a batch that fills up while reading
	oldest time.Time       // when the batch got its first record
}

func newLoop(cfg *Config, src source, chosen choice, hand func(context.Context, plog.Logs, int)) *loop {
	return &loop{
		source: src, state: state.New(state.Options{}), choice: chosen, batch: cfg.Batch,
		writer: record.NewWriter(), hand: hand, counts: &counts{},
	}
}

// scan learns what runs already. It comes before run.
func (l *loop) scan() error {
	return l.source.Scan(func(raw bpf.Raw) {
		if _, err := l.state.Apply(raw, &l.event); err != nil {
			l.counts.undecodable.Add(1)
		}
	})
}

// run reads until the source is closed. An error means that it can't be read
// any more.
func (l *loop) run(ctx context.Context) error {
	l.ctx = ctx
	for {
		n, err := l.source.Read(l.take)
		l.publish(n)
		if err != nil {
			l.flush()
			if errors.Is(err, os.ErrClosed) {
				return nil
			}
			return err
		}
		if l.writer.Len() > 0 && time.Since(l.oldest) >= l.batch.MaxDelay {
			l.flush()
		}
	}
}

// take is what happens to one raw record. The state learns from it in any
// case: whether it goes out is another matter.
func (l *loop) take(raw bpf.Raw) {
	isEvent, err := l.state.Apply(raw, &l.event)
	if err != nil {
		l.counts.undecodable.Add(1)
		return
	}
	if !isEvent {
		return
	}
	l.counts.now.events++
	refs := l.choice.refs(&l.event)
	if len(refs) == 0 {
		return
	}
	if l.writer.Len() == 0 {
		l.oldest = time.Now()
	}
	l.writer.Add(&l.event, refs)
	if l.writer.Len() >= l.batch.MaxRecords {
		l.flush()
	}
}

// flush hands the batch over and waits until the pipeline has taken or
// refused it. Meanwhile the ring fills, and tells when it is full.
func (l *loop) flush() {
	n := l.writer.Len()
	if n == 0 {
		return
	}
	logs := l.writer.Take()
	if l.choice.candidates() {
		record.MarkCandidates(logs)
	}
	l.hand(l.ctx, logs, n)
}

// publish shows the counters of the goroutine to those who observe them,
// after n more records were read.
func (l *loop) publish(n int) {
	l.counts.events.Store(l.counts.now.events)
	known := l.state.Counts()
	l.counts.placeholders.Store(known.Unknown - known.Found)
	l.counts.processes.Store(uint64(l.state.Processes()))
	l.counts.received.Add(uint64(n))
}
