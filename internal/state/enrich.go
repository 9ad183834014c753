package state

import (
	"reflect"
	"time"

	ask "github.com/sakerhq/saker/internal/container"
	"github.com/sakerhq/saker/internal/event"
)

// lookEvery is how often it is looked for questions to ask again.
const lookEvery = time.Second

// Questions gives what is to be asked now; each must be answered with Learn,
// and be it that nobody told. The slice is valid until the next call. Without
// Options.Enrich there are none.
func (s *State) Questions(now time.Time) []ask.Question {
	s.questions = s.questions[:0]
	if !s.opts.Enrich {
		return nil
	}
	for _, c := range s.containers.fresh {
		s.question(c, now)
	}
	clear(s.containers.fresh)
	s.containers.fresh = s.containers.fresh[:0]
	if now.Sub(s.looked) < lookEvery {
		return s.questions
	}
	s.looked = now
	for _, c := range s.containers.known {
		if c.ended == 0 {
			s.question(c, now)
		}
	}
	if s.hostQuestion.due(now) {
		s.questions = append(s.questions, ask.Question{Accounts: s.host})
	}
	return s.questions
}

func (s *State) question(c *container, now time.Time) {
	if !c.due(now) {
		return
	}
	c.executed = false
	pid := uint32(0)
	if p := c.insider(); p != nil {
		pid = p.PID
	}
	s.questions = append(s.questions, ask.Question{
		ID: c.ID, Runtime: c.Runtime, Owner: c.Owner, Claim: c.Claim, PID: pid, Accounts: c.accounts,
		Described: !c.told.IsZero() && now.Sub(c.told) < recheckMeta,
	})
}

// Learn takes an answer, and gives the container that nobody needs to wait for
// any more: nil where that is none that is known.
func (s *State) Learn(a ask.Answer, now time.Time) *event.Container {
	if a.ID == "" {
		s.learnHost(a, now)
		return nil
	}
	c := s.containers.known[containerKey{a.ID, a.Owner, a.Claim}]
	if c == nil {
		return nil
	}
	wasSure := c.IsSure()
	unplaced := s.place(c, &a)
	again := c.outsideAgain(a.Outside)
	if again {
		a.Accounts = nil
	}
	changed := c.Told == event.Waiting || c.accounts != a.Accounts
	c.accounts = a.Accounts
	if a.Meta != nil {
		changed = changed || !reflect.DeepEqual(c.Meta, a.Meta)
		c.Runtime, c.Meta, c.told = a.Runtime, a.Meta, now
	}
	c.answered(c.Meta != nil, now)
	if again || unplaced {
		s.askAgain(c)
	}
	if c.Told != event.Waiting || s.isLast(c, a) {
		c.conclude()
	}
	if changed {
		s.renew(c)
	}
	if !wasSure && c.IsSure() {
		s.enterSessions(c)
	}
	if c.Told == event.Waiting {
		return nil
	}
	return &c.Container
}

// place leaves of an answer about what claims to be a container only what is about that
// one: the runtime was asked to make it there, or its first process is there. Who may name
// cgroups can name one after anybody's container. It reports whether to ask at once again:
// the container may just start, or no record of its first process was read yet.
func (s *State) place(c *container, a *ask.Answer) (again bool) {
	if c.Claim == "" || a.Meta == nil || a.At == c.Claim {
		return false
	}
	first := s.processes.running(a.First)
	if first != nil && first.container == c {
		return false
	}
	a.Meta, a.Failed = nil, first == nil && a.At == ""
	c.unplaced++
	return a.Failed && c.unplaced < unplacedMax
}

// unplacedMax is how many answers of that kind are asked for again at once.
const unplacedMax = 8

// outsideAgain takes an answer's Outside, and reports whether to ask at once again: about
// others, or about what was executed since.
func (c *container) outsideAgain(outside bool) bool {
	switch {
	case !outside, c.leaveOutside():
		c.outside = 0
		return outside
	case c.outside < outsideMax:
		c.outside++
		return c.executed
	}
	return false
}

// isLast reports whether no other answer is to be waited for.
func (s *State) isLast(c *container, a ask.Answer) bool {
	if !c.IsSure() {
		return !a.Failed
	}
	unfinished := a.Outside && c.running > 0 && c.outside < outsideMax
	return !unfinished && !s.askInside(c, a)
}

// askInside reports whether the accounts are still to be asked for: nobody could
// be asked before, or who was asked about had ended.
func (s *State) askInside(c *container, a ask.Answer) bool {
	p := c.insider()
	switch {
	case c.running == 0 || a.PID != 0 && (a.Accounts != nil || p == nil || p.PID == a.PID):
		return false
	case p != nil:
		s.askAgain(c)
	}
	c.next = time.Time{}
	return true
}

func (s *State) askAgain(c *container) {
	c.next = time.Time{}
	s.containers.fresh = append(s.containers.fresh, c)
}

// conclude ends the wait for what is told of a container.
func (c *container) conclude() {
	c.Told = event.Untold
	if c.Meta != nil {
		c.Told = event.Answered
	}
}

func (s *State) learnHost(a ask.Answer, now time.Time) {
	s.hostQuestion = question{next: now.Add(lookEvery)}
	if a.Accounts == s.host {
		return
	}
	s.host = a.Accounts
	for _, p := range s.processes.known {
		s.rename(p)
	}
}

// GiveUp ends the wait for a container's answer; it is still welcome.
func (s *State) GiveUp(c *event.Container) {
	if c.Told != event.Waiting {
		return
	}
	known := s.containers.known[keyOf(c)]
	if known == nil || &known.Container != c {
		c.Told = event.Untold
		return
	}
	known.conclude()
	s.renew(known)
}

// renew lets a container's processes show what is new of it.
func (s *State) renew(c *container) {
	for p := range c.members {
		p.Container = c.shown()
		s.NameAccounts(&p.Process)
		s.touch(p)
	}
}

// rename names a process's accounts anew.
func (s *State) rename(p *process) {
	user, group, login := p.User, p.Group, p.Login
	s.NameAccounts(&p.Process)
	if p.User != user || p.Group != group || p.Login != login {
		s.touch(p)
	}
}

// NameAccounts names the user, group and login of a process by its numbers:
// in a container by the container's own files, as soon as they were read. Who
// logged in is a user of the host, unless the container is a whole system.
func (s *State) NameAccounts(p *event.Process) {
	inside, login := s.accountsOf(p), s.host
	if c := p.Container; c != nil && c.HasOwnUsers() {
		login = inside
	}
	p.User, p.Group, p.Login = inside.User(p.UID), inside.Group(p.GID), login.User(p.LoginUID)
}

// accountsOf are the accounts where a process is.
func (s *State) accountsOf(p *event.Process) *ask.Accounts {
	if p.Container == nil {
		return s.host
	}
	return s.inside(p.Container)
}

// nobody are the accounts where none can be told yet.
var nobody = ask.NoAccounts()

func (s *State) inside(c *event.Container) *ask.Accounts {
	known := s.containers.known[keyOf(c)]
	switch {
	case c.Told == event.Waiting:
		return nobody
	case known == nil:
		return nil
	}
	return known.accounts
}
