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

// Question asks about a container, or about the host's accounts if ID is empty.
type Question struct {
	ID, Runtime string
	Owner       string // see event.Container
	Claim       string // the same
	PID         uint32 // of one of its processes, whose accounts are wanted; 0: none
	Described   bool   // its Meta is known: only accounts that changed are wanted
	Accounts    *Accounts
}

// Unanswered is the answer of one who can't ask.
func (q *Question) Unanswered() Answer {
	return Answer{ID: q.ID, Owner: q.Owner, Claim: q.Claim, PID: q.PID, Accounts: q.Accounts, Failed: true}
}

// Answer is what a Question led to.
type Answer struct {
	ID, Owner, Claim string
	PID              uint32 // of the question
	// Runtime is the one that answered, empty: none.
	Runtime string
	// Meta is nil where no runtime told, or was not asked.
	Meta *event.ContainerMeta
	// Where the container is by its runtime: the cgroup that it was asked to be in and the
	// number of its first process. Empty and 0 are not said.
	At    string
	First uint32
	// Failed: who may know could not be asked, or did not answer in time.
	Failed bool
	// Accounts are those of the Question where nothing changed, or they can't
	// be read.
	Accounts *Accounts
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

// How much is under way at most: more questions are turned down.
const (
	workers   = 8
	questions = 1024
)

// Lookup answers questions. Its methods may be called concurrently.
type Lookup struct {
	runtimes  runtimes
	root      string
	questions chan Question
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
		questions: make(chan Question, questions),
		answers:   make(chan Answer, questions),
		stop:      stop,
	}
	for range workers {
		l.done.Go(func() { l.work(ctx) })
	}
	return l
}

// Ask takes a question without waiting; there will be one answer. False: too
// many wait already, or the lookup is closed, and there will be none.
func (l *Lookup) Ask(q Question) bool {
	select {
	case l.questions <- q:
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

func (l *Lookup) work(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case q := <-l.questions:
			a := l.answer(ctx, q)
			select {
			case <-ctx.Done():
				return
			case l.answers <- a:
			}
		}
	}
}

func (l *Lookup) answer(ctx context.Context, q Question) Answer {
	a := q.Unanswered()
	if q.ID == "" {
		if now, err := ReadAccounts(l.root, q.Accounts); err == nil {
			a.Accounts = now
		}
		return a
	}
	read := make(chan struct{})
	go func() {
		l.readInside(q, &a)
		close(read)
	}()
	if !q.Described {
		l.describe(ctx, q, &a)
	}
	<-read
	return a
}

// readInside answers about accounts, as far as they can be read.
func (l *Lookup) readInside(q Question, a *Answer) {
	if q.PID == 0 {
		return
	}
	now, outside, err := accountsInside(l.root, q)
	if err == nil {
		a.Accounts, a.Outside = now, outside
	}
}

// describe answers what a runtime tells.
func (l *Lookup) describe(ctx context.Context, q Question, a *Answer) {
	if silent[q.Runtime] {
		a.Runtime, a.Meta = q.Runtime, &event.ContainerMeta{Name: systemName(q.Runtime, q.ID)}
		return
	}
	d, err := l.runtimes.describe(ctx, q)
	how := outcome(err)
	l.counts[how].Add(1)
	if a.Failed = how == Failed; err == nil {
		a.Runtime, a.Meta, a.At, a.First = d.runtime, d.meta, d.at, d.first
	}
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
