package syscallreceiver

import (
	"time"

	ask "github.com/sakerhq/saker/internal/container"
	"github.com/sakerhq/saker/internal/event"
)

// lookup finds out what only runtimes and files tell. Its methods don't wait.
type lookup interface {
	// Ask takes a question; false: there will be no answer.
	Ask(ask.Question) bool
	// Next is an answer that has come; false: none has.
	Next() (ask.Answer, bool)
}

// heldMax is how many records wait for their containers at most.
const heldMax = 4096

// enrich takes the answers that have come, asks what there is to ask, and lets
// those records go that have waited long enough.
func (l *loop) enrich(now time.Time) {
	if l.lookup == nil {
		return
	}
	for a, ok := l.lookup.Next(); ok; a, ok = l.lookup.Next() {
		l.state.Learn(a, now)
	}
	for _, q := range l.state.Questions(now) {
		if !l.lookup.Ask(q) {
			l.state.Learn(q.Unanswered(), now)
		}
	}
	for c := l.writer.Ready(); c != nil; c = l.writer.Ready() {
		l.release(c)
	}
	for c, since := l.writer.Longest(); c != nil && now.Sub(since) >= l.patience; c, since = l.writer.Longest() {
		l.giveUp(c)
	}
}

// release lets a container's records go with what is known of it.
func (l *loop) release(c *event.Container) {
	n := l.writer.Release(c, l.state.NameAccounts)
	if c.Told == event.Untold && c.IsSure() {
		l.counts.now.unenriched += uint64(n)
	}
	if l.writer.Len() >= l.batch.MaxRecords {
		l.flush()
	}
}

// giveUp lets a container's records go as they are.
func (l *loop) giveUp(c *event.Container) {
	l.counts.now.timeouts++
	l.state.GiveUp(c)
	l.release(c)
}

// giveUpAll is giveUp for all that still wait.
func (l *loop) giveUpAll() {
	for c, _ := l.writer.Longest(); c != nil; c, _ = l.writer.Longest() {
		l.giveUp(c)
	}
}

// added takes care of a record that the writer just got.
func (l *loop) added() {
	switch c := l.event.Process.Container; {
	case c == nil:
	case c.Told == event.Untold:
		l.counts.now.unenriched++
	case c.Told == event.Waiting && l.writer.Held() > heldMax:
		c, _ := l.writer.Longest()
		l.giveUp(c)
	}
	if l.writer.Len() >= l.batch.MaxRecords {
		l.flush()
	}
}
