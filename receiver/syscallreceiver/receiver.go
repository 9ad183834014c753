package syscallreceiver

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.uber.org/zap"

	"github.com/sakerhq/saker/extension/rulesetextension"
	ask "github.com/sakerhq/saker/internal/container"
	"github.com/sakerhq/saker/receiver/syscallreceiver/internal/metadata"
)

// syscallReceiver is the component: it opens the source and owns the goroutine
// of the loop that reads it.
type syscallReceiver struct {
	config    *Config
	set       receiver.Settings
	next      consumer.Logs
	telemetry *metadata.TelemetryBuilder
	report    *receiverhelper.ObsReport

	loop   *loop              // nil before Start
	lookup *ask.Lookup        // nil where nobody is asked
	cancel context.CancelFunc // ends a hand-over that does not return
	done   chan struct{}      // closed when the goroutine has ended
}

// Start loads and attaches the programs, learns what runs, and starts reading.
func (r *syscallReceiver) Start(_ context.Context, host component.Host) error {
	chosen, err := r.choose(host)
	if err != nil {
		return err
	}
	src, err := openSource(r.config, chosen, r.set.Logger)
	if err != nil {
		return fmt.Errorf("start the capture: %w", err)
	}
	return r.read(host, chosen, src)
}

// read starts the goroutine that reads src, which is closed on an error.
func (r *syscallReceiver) read(host component.Host, chosen choice, src source) error {
	l, err := newLoop(r.config, src, chosen, r.ask(), r.hand)
	if err == nil {
		err = errors.Join(l.start(), observe(r.telemetry, src, l.counts, r.config))
	}
	if err == nil && r.lookup != nil {
		err = observeLookups(r.telemetry, r.lookup)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("start the capture: %w", err), r.stopAsking(context.Background()), src.Close())
	}
	ctx, cancel := context.WithCancel(context.Background())
	r.loop, r.cancel, r.done = l, cancel, make(chan struct{})
	saveMemory()
	go func() {
		defer close(r.done)
		if err := ownThread(r.config.Priority); err != nil {
			r.set.Logger.Info("The thread that reads events has no priority over others (CAP_SYS_NICE); on a busy machine more may be lost", zap.Error(err))
		}
		if err := l.run(ctx); err != nil {
			componentstatus.ReportStatus(host, componentstatus.NewFatalErrorEvent(err))
		}
	}()
	return nil
}

// ask starts the lookup; nil for a recording, whose containers are not here.
func (r *syscallReceiver) ask() lookup {
	if r.config.Recording != "" {
		return nil
	}
	r.lookup = ask.New(ask.Options{
		Root: r.config.Root, Sockets: r.config.Runtimes,
		Timeout: max(r.config.EnrichTimeout, ask.DefaultTimeout), // an answer that is waited for is not cut off
	})
	return r.lookup
}

func (r *syscallReceiver) stopAsking(ctx context.Context) error {
	if r.lookup == nil {
		return nil
	}
	err := r.lookup.Close(ctx)
	r.lookup = nil
	return err
}

// choose makes the choice that the configuration asks for.
func (r *syscallReceiver) choose(host component.Host) (choice, error) {
	if r.config.Ruleset == nil {
		return newByName(r.config.Events)
	}
	ruleset, err := rulesetextension.Find(host, *r.config.Ruleset)
	if err != nil {
		return nil, err
	}
	chosen, err := newByRules(ruleset.Set())
	if err != nil {
		return nil, err
	}
	if names := chosen.uncaptured(); len(names) > 0 {
		r.set.Logger.Warn("Rules ask for events that are not captured", zap.String("events", strings.Join(names, " ")))
	}
	return chosen, nil
}

// Shutdown ends the capture and hands over what is left of a batch. It may
// come without Start, after one that went wrong, and twice.
func (r *syscallReceiver) Shutdown(ctx context.Context) error {
	if r.loop == nil {
		r.telemetry.Shutdown()
		return nil
	}
	err := r.loop.source.Stop()
	select {
	case <-r.done:
	case <-ctx.Done():
		err = errors.Join(err, fmt.Errorf("hand over the last batch: %w", ctx.Err()))
	}
	r.cancel()
	<-r.done
	r.telemetry.Shutdown() // before the source, whose counters it shows
	err = errors.Join(err, r.loop.source.Close(), r.stopAsking(ctx))
	r.loop = nil
	return err
}
