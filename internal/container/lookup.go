// Package container finds out what only a container's runtime and its own
// files tell.
//
// It takes questions about containers that state has seen, and gives answers
// with name, image, labels, pod, users and groups. It owns the connections to
// the runtimes. It never blocks who asks, and never decides what is a container.
package container

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sakerhq/saker/internal/event"
)

// Options say whom to ask. The zero value asks nobody, and reads accounts.
type Options struct {
	// Root is where the host's root directory is mounted; empty: "/".
	Root string
	// Sockets are where runtimes answer, below Root.
	Sockets Sockets
	// Timeout is how long one request may take (DefaultTimeout).
	Timeout time.Duration
}

// DefaultTimeout is how long a request may take: longer than records wait for it by default,
// since those to come are told as well.
const DefaultTimeout = 2 * time.Second

func (o Options) withDefaults() Options {
	if o.Root == "" {
		o.Root = "/"
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	return o
}

// Question asks a container's runtime what it is, or files for accounts: of a container
// where PID is set, of the host where ID is empty. None waits for one of the other kind.
type Question struct {
	ID, Runtime string
	Owner       string    // see event.Container
	Claim       string    // the same
	PID         uint32    // of the process whose root directory has the files; 0: the runtime is asked
	Accounts    *Accounts // that are known
}

// ofFiles reports whether files have the answer.
func (q *Question) ofFiles() bool { return q.ID == "" || q.PID != 0 }

// Unanswered is the answer of one who can't ask.
func (q *Question) Unanswered() Answer {
	return Answer{ID: q.ID, Owner: q.Owner, Claim: q.Claim, PID: q.PID, Accounts: q.Accounts, Failed: true}
}

// Answer is what a Question led to.
type Answer struct {
	ID, Owner, Claim string
	PID              uint32 // of the question: what is said is of accounts; 0: of what the runtime tells
	// Runtime is the one that answered, empty: none.
	Runtime string
	// Meta is nil where no runtime told.
	Meta *event.ContainerMeta
	// Where the container is by its runtime: the cgroup that it was asked to be in and the
	// number of its first process. Empty and 0 are not said.
	At    string
	First uint32
	// Failed: who may know could not be asked, or did not answer in time. Files that can't
	// be read are an answer.
	Failed bool
	// Accounts are those of the Question where nothing changed, or they can't
	// be read.
	Accounts *Accounts
	// Gone: the process of the question has ended, or is in another container by now.
	Gone bool
	// Outside: the process of the question has the host's root directory, and
	// Accounts are the host's. It may be the runtime's, in the container's cgroup.
	Outside bool
}

// Outcome is how asking the runtimes ended.
type Outcome int

// The outcomes.
const (
	Found     Outcome = iota
	Denied            // who answered knows no such container
	Failed            // a runtime did not answer, or not in time
	NoRuntime         // there is no socket to ask at
	outcomes
)

// String is the outcome's name.
func (o Outcome) String() string {
	return [...]string{"found", "denied", "failed", "no_runtime"}[o]
}

// Outcomes are all of them.
func Outcomes() []Outcome { return []Outcome{Found, Denied, Failed, NoRuntime} }

// How much is under way at most: more questions are turned down. Who asks runtimes and who
// reads files don't wait for each other: either may hang, a file system for good.
const (
	askers    = 8
	readers   = 32
	questions = 1024 // of each kind
)

// Lookup answers questions. Its methods may be called concurrently.
type Lookup struct {
	runtimes  runtimes
	root      string
	ofRuntime chan Question
	ofFiles   chan Question
	answers   chan Answer
	counts    [outcomes]atomic.Uint64
	stop      context.CancelFunc
	done      sync.WaitGroup
}

// New starts a lookup; Close ends it.
func New(opts Options) *Lookup {
	opts = opts.withDefaults()
	ctx, stop := context.WithCancel(context.Background())
	l := &Lookup{
		runtimes:  newRuntimes(opts),
		root:      opts.Root,
		ofRuntime: make(chan Question, questions),
		ofFiles:   make(chan Question, questions),
		answers:   make(chan Answer, questions),
		stop:      stop,
	}
	for range askers {
		l.done.Go(func() { l.work(ctx, l.ofRuntime, l.describe) })
	}
	for range readers {
		l.done.Go(func() { l.work(ctx, l.ofFiles, l.read) })
	}
	return l
}

// Ask takes a question without waiting; there will be one answer. False: too
// many wait already, or the lookup is closed, and there will be none.
func (l *Lookup) Ask(q Question) bool {
	to := l.ofRuntime
	if q.ofFiles() {
		to = l.ofFiles
	}
	select {
	case to <- q:
		return true
	default:
		return false
	}
}

// Next is an answer that has come; false: none has.
func (l *Lookup) Next() (Answer, bool) {
	select {
	case a := <-l.answers:
		return a, true
	default:
		return Answer{}, false
	}
}

// Count is how often asking ended so.
func (l *Lookup) Count(o Outcome) uint64 { return l.counts[o].Load() }

// Close ends what is under way, and waits for it as long as ctx allows: a file
// system that does not answer may hold a reader for good.
func (l *Lookup) Close(ctx context.Context) error {
	l.stop()
	ended := make(chan struct{})
	go func() {
		l.done.Wait()
		l.runtimes.close()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *Lookup) work(ctx context.Context, questions <-chan Question, answer func(context.Context, *Question) Answer) {
	for {
		select {
		case <-ctx.Done():
			return
		case q := <-questions:
			a := answer(ctx, &q)
			select {
			case <-ctx.Done():
				return
			case l.answers <- a:
			}
		}
	}
}

// read answers about accounts, as far as they can be read.
func (l *Lookup) read(_ context.Context, q *Question) Answer {
	a := q.Unanswered()
	a.Failed = false
	now, outside, err := accountsOf(l.root, q)
	if a.Gone = errors.Is(err, errGone); err == nil {
		a.Accounts, a.Outside = now, outside
	}
	return a
}

// describe answers what a runtime tells.
func (l *Lookup) describe(ctx context.Context, q *Question) Answer {
	a := q.Unanswered()
	if silent[q.Runtime] {
		a.Runtime, a.Meta, a.Failed = q.Runtime, &event.ContainerMeta{Name: systemName(q.Runtime, q.ID)}, false
		return a
	}
	d, err := l.runtimes.describe(ctx, q)
	how := outcome(err)
	l.counts[how].Add(1)
	if a.Failed = how == Failed; err == nil {
		a.Runtime, a.Meta, a.At, a.First = d.runtime, d.meta, d.at, d.first
	}
	return a
}

func outcome(err error) Outcome {
	switch {
	case err == nil:
		return Found
	case errors.Is(err, errDenied):
		return Denied
	case errors.Is(err, errNoRuntime):
		return NoRuntime
	}
	return Failed
}
