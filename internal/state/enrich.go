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
		s.update(c, false) // all that were in it may have ended
		s.ask(c, now)
	}
	clear(s.containers.fresh)
	s.containers.fresh = s.containers.fresh[:0]
	if now.Sub(s.looked) < lookEvery {
		return s.questions
	}
	s.looked = now
	for _, c := range s.containers.known {
		s.update(c, false)
		if c.ended == 0 {
			s.ask(c, now)
		}
	}
	if s.hostQuestion.due(now) {
		s.hostQuestion.asked = true
		s.questions = append(s.questions, ask.Question{Accounts: s.host})
	}
	return s.questions
}

// ask asks what is due about a container: its runtime, and its files as soon as somebody
// is inside. What nobody knows as one has none.
func (s *State) ask(c *container, now time.Time) {
	q := ask.Question{ID: c.ID, Runtime: c.Runtime, Owner: c.Owner, Claim: c.Claim}
	if c.ofRuntime.due(now) {
		c.ofRuntime.asked = true
		s.questions = append(s.questions, q)
	}
	if c.shown() == nil || !c.ofFiles.due(now) {
		return
	}
	if p := c.insider(); p != nil {
		c.ofFiles.asked, c.executed = true, false
		q.PID, q.Accounts = p.PID, c.accounts
		s.questions = append(s.questions, q)
	}
}

// Learn takes an answer. What it says of a container, and that nobody needs to wait for
// more (event.Container.Told), is seen in all its processes.
func (s *State) Learn(a ask.Answer, now time.Time) {
	if a.ID == "" {
		s.learnHost(a, now)
		return
	}
	c := s.containers.known[containerKey{a.ID, a.Owner, a.Claim}]
	if c == nil {
		return
	}
	wasSure, changed := c.IsSure(), false
	if a.PID == 0 {
		changed = s.learnMeta(c, &a, now)
	} else {
		changed = s.learnAccounts(c, &a, now)
	}
	s.update(c, changed)
	if !wasSure && c.IsSure() {
		s.enterSessions(c)
	}
}

// learnMeta takes what a container's runtime tells, and reports whether that is new.
func (s *State) learnMeta(c *container, a *ask.Answer, now time.Time) (changed bool) {
	unplaced := s.place(c, a)
	if a.Meta != nil {
		changed = !reflect.DeepEqual(c.Meta, a.Meta)
		c.Runtime, c.Meta = a.Runtime, a.Meta
	}
	c.ofRuntime.answered(a.Meta != nil, recheckMeta, now)
	if unplaced {
		s.containers.ask(c, &c.ofRuntime)
	}
	if c.IsSure() || !a.Failed {
		c.ofRuntime.done = true
	}
	return changed
}

// learnAccounts takes what a container's files tell, and reports whether that is new.
func (s *State) learnAccounts(c *container, a *ask.Answer, now time.Time) (changed bool) {
	again := c.outsideAgain(a.Outside)
	if again {
		a.Accounts = nil
	}
	changed = c.accounts != a.Accounts
	c.accounts = a.Accounts
	unfinished := a.Failed || a.Gone || a.Outside && c.outside < outsideMax
	c.ofFiles.answered(a.Accounts != nil && !unfinished, recheckAccounts, now)
	switch {
	case again, a.Gone && s.others(c, a.PID):
		s.containers.ask(c, &c.ofFiles)
	case !unfinished:
		c.ofFiles.done = true
	}
	return changed
}

// others reports whether others are inside than a process that is gone, though no record
// of that may have been read yet. Where none are, who comes next is asked about.
func (s *State) others(c *container, gone uint32) bool {
	if p := s.processes.running(gone); p != nil && p.container == c {
		p.inside = wasInside
	}
	if c.insider() != nil {
		return true
	}
	c.mountNS = 0
	return false
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

// update ends the wait for what is told of a container where nothing more will be, and
// shows what has changed.
func (s *State) update(c *container, changed bool) {
	was := c.Told
	if was != event.Waiting || c.done() {
		c.conclude()
	}
	if changed || c.Told != was {
		s.renew(c)
	}
}

// done reports whether no other answer is to be waited for: neither the runtime's nor the
// files', which what is no container hasn't, and nobody finds where nobody runs.
func (c *container) done() bool {
	return c.ofRuntime.done && (!c.IsSure() || c.ofFiles.done || c.running == 0)
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
