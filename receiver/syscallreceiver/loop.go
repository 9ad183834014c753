package syscallreceiver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/internal/record"
	"github.com/sakerhq/saker/internal/state"
)

// hand gives a batch of so many records to the pipeline. An error: it was refused.
type hand func(context.Context, plog.Logs, int) error

// loop is the one goroutine that reads, decodes, matches and batches. Nothing
// in it is shared but counts.
type loop struct {
	source source
	scope  ScopeConfig
	state  *state.State
	choice choice
	batch  BatchConfig
	writer *record.Writer
	hand   hand
	counts *counts
	losses losses

	healing healing

	lookup   lookup        // nil: nobody is asked
	patience time.Duration // how long a record waits for its container

	event  event.Event
	ctx    context.Context // of the run, for a batch that fills up while reading
	handed time.Time       // when the last batch went
}

func newLoop(cfg *Config, src source, chosen choice, who lookup, hand hand) (*loop, error) {
	redactor, err := cfg.Redact.redactor()
	if err != nil {
		return nil, fmt.Errorf("redact: %w", err)
	}
	l := &loop{
		source: src, scope: cfg.Scope, choice: chosen, batch: cfg.Batch,
		writer: record.NewWriter(record.Options{Redactor: redactor, Limits: cfg.Limits, Alerts: chosen.candidates()}),
		hand:   hand, counts: &counts{}, losses: losses{looked: time.Now()},
		lookup: who, patience: cfg.EnrichTimeout, handed: time.Now(),
	}
	needs := chosen.needs()
	l.state = state.New(state.Options{
		Root: cfg.Root, Judge: l.judge, Mounts: l.mounts, Enrich: who != nil, Voucher: voucherOf(src),
		NoEnvironment: needs&field.Environment == 0, Names: needs&field.Answers != 0,
	})
	return l, nil
}

// judge tells the source of a cgroup that it doesn't know, by a process in it.
// What it couldn't be told is left out here, as what it captured before.
func (l *loop) judge(cgroup bpf.WireCgroup, p *event.Process) {
	_ = l.source.Judge(cgroup, l.scope.holds(p))
}

// mounts tells the source by which mounts files have no other name. What it
// couldn't be told is told of.
func (l *loop) mounts(first map[uint32]string) { _ = l.source.SetMounts(first) }

// start starts the capture and learns what runs already. It comes before run.
func (l *loop) start() error {
	if err := l.source.Attach(l.know); err != nil {
		return err
	}
	_, err := l.rescan() // of what changed, or ended, before that was told
	return err
}

// rescan compares what is known of processes with all that run.
func (l *loop) rescan() (state.Healed, error) {
	l.state.BeginScan()
	err := l.source.Scan(l.know)
	return l.state.EndScan(err == nil), err
}

// know takes the record of a process that runs.
func (l *loop) know(raw bpf.Raw) {
	l.counts.scanned.Add(1)
	if _, err := l.state.Apply(raw, &l.event); err != nil {
		l.counts.undecodable.Add(1)
		return
	}
	l.counts.now.received++
}

// run reads until the source is stopped. An error means that it can't be read
// any more.
func (l *loop) run(ctx context.Context) error {
	l.ctx = ctx
	for {
		n, err := l.source.Read(l.take)
		if n == 0 {
			l.state.Forget()
		}
		l.counts.vouched.Add(l.state.Vouch(l.choice.possible))
		l.enrich(time.Now())
		l.publish()
		if err != nil {
			l.giveUpAll()
			l.publish()
			l.look(time.Now())
			l.flush()
			if l.losses.untold() {
				l.flush() // the last batch was refused: no other one will tell
			}
			l.publish() // what a last scan found, too
			if errors.Is(err, os.ErrClosed) {
				return nil
			}
			return err
		}
		now := time.Now()
		if l.lookDue(now) || l.writer.Len() > 0 && now.Sub(l.handed) >= l.batch.MaxDelay {
			l.flush()
		}
	}
}

// lookDue looks for losses if it is time to, and reports whether that found
// some that nobody has been told of.
func (l *loop) lookDue(now time.Time) bool {
	if now.Sub(l.losses.looked) < lookEvery {
		return false
	}
	l.look(now)
	return l.losses.untold() || len(l.healing.told) > 0
}

// look reads the accounts. Those of the kernel can't fail as long as the
// source is open.
func (l *loop) look(now time.Time) {
	if kernel, err := l.source.Counts(); err == nil {
		l.losses.look(&kernel, l.counts, now)
		l.heal(&kernel, now)
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
	l.counts.now.received++
	if !isEvent || !l.scope.holds(l.event.Process) {
		return
	}
	l.counts.now.events++
	refs := l.choice.refs(&l.event)
	if len(refs) == 0 {
		l.state.Vain(&l.event)
		return
	}
	lr := l.writer.Add(&l.event, refs)
	if l.writer.Altered() {
		record.MarkMatched(lr, l.choice.matched())
	}
	l.added()
}

// flush hands the batch over, with what there is to tell of losses, and waits
// until the pipeline has taken or refused it. Meanwhile the ring fills, and
// tells when it is full.
//
// A refused batch is lost: waiting would lose events in the kernel instead, and
// those would be missing from the state too. The next batch tells of it, and
// again of the losses that the refused one told.
func (l *loop) flush() {
	l.lookDue(time.Now()) // where a slow pipeline keeps run from it
	n := l.writer.Len()
	if n == 0 && !l.losses.untold() && len(l.healing.told) == 0 {
		return
	}
	oldest, logs := l.writer.Oldest(), l.writer.Take()
	if l.choice.candidates() {
		record.MarkCandidates(logs)
	}
	list := l.losses.list()
	l.writer.TellLosses(logs, list)
	l.writer.TellRepairs(logs, l.healing.told)
	err := l.hand(l.ctx, logs, n+len(list)+len(l.healing.told))
	if l.handed = time.Now(); err == nil {
		l.losses.accept()
		l.healing.told = nil
		return
	}
	l.losses.grow(refused, l.counts.refused.Add(uint64(n)), oldest, time.Now())
}

// publish shows the counters of the goroutine to those who observe them.
func (l *loop) publish() {
	l.counts.events.Store(l.counts.now.events)
	l.counts.received.Store(l.counts.now.received)
	known := l.state.Counts()
	l.counts.placeholders.Store(known.Unknown - known.Found)
	l.counts.processes.Store(uint64(l.state.Processes()))
	l.counts.containers.Store(uint64(l.state.Containers()))
	l.counts.forgotten.Store(known.ContainersForgotten)
	l.counts.waiting.Store(uint64(l.writer.Held()))
	l.counts.redacted.Store(l.writer.Redacted())
	l.counts.unenriched.Store(l.counts.now.unenriched)
	l.counts.timeouts.Store(l.counts.now.timeouts)
	words := l.choice.forgotten()
	for i := range caches {
		l.counts.evicted[i].Store(caches[i].evicted(&known, words))
	}
}
