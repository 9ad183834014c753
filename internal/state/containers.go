package state

import (
	"time"

	ask "github.com/sakerhq/saker/internal/container"
	"github.com/sakerhq/saker/internal/event"
)

// containerKey tells containers apart. A user's own are other ones than the
// host's, so that no user can give a cgroup the name of somebody's container; and
// so is what only claims to be one.
type containerKey struct{ id, owner, claim string }

func keyOf(c *event.Container) containerKey { return containerKey{c.ID, c.Owner, c.Claim} }

// container is an event's container with what only state needs to know.
type container struct {
	event.Container
	accounts *ask.Accounts
	members  map[*process]struct{}
	running  int    // of them
	mountNS  uint32 // of the first that is inside
	outside  int    // answers in a row that it has the host's root directory
	executed bool   // somebody inside did a program, since its files were asked for the last time
	unplaced int    // answers that did not say where it is
	ended    uint64 // record time of the last process's end; 0: has some

	ofRuntime, ofFiles question // what it is, and its accounts: neither waits for the other
}

// shown is what events show of c, nil for none: who claims to be a container and is none
// as far as anybody told.
func (c *container) shown() *event.Container {
	if c == nil || !c.IsSure() && c.Told != event.Waiting {
		return nil
	}
	return &c.Container
}

// presence is whether a process runs a program of its container, whose root directory it
// has by then.
type presence uint8

const (
	notInside presence = iota
	isInside
	wasInside // but was there no more when its files were to be read
)

// question is when to ask again.
type question struct {
	asked bool // and not answered yet
	done  bool // no other answer is to be waited for
	next  time.Time
	wait  time.Duration // after the last answer that told nothing
}

// When questions are asked again.
const (
	recheckAccounts = 10 * time.Second
	recheckMeta     = time.Minute // a name may be another, a network be connected
	shortWait       = time.Second
	longWait        = time.Minute
)

// due reports whether it is time to ask.
func (q *question) due(now time.Time) bool { return !q.asked && !now.Before(q.next) }

// answered sets when to ask again: something that was told is checked now and then,
// something that was not may soon be.
func (q *question) answered(told bool, recheck time.Duration, now time.Time) {
	q.asked = false
	if told {
		q.wait, q.next = 0, now.Add(recheck)
		return
	}
	q.wait = min(max(2*q.wait, shortWait), longWait)
	q.next = now.Add(q.wait)
}

// containers are those that have processes, and for a while those that had.
type containers struct {
	known     map[containerKey]*container
	ended     []*container // in order of their end; some have begun again since
	fresh     []*container // to be asked about at once
	first     event.Told   // of a new container
	forgotten uint64
}

// How long containers without processes are kept, and how many.
const (
	keepContainer  = 60 * second
	keepContainers = 256
)

func newContainers(enrich bool) containers {
	t := containers{known: map[containerKey]*container{}}
	if enrich {
		t.first = event.Waiting
	}
	return t
}

// move puts p into the container of its cgroup, if that is in one, and takes
// it out of the one it was in.
func (t *containers) move(p *process, now uint64) {
	c := t.of(p.Cgroup)
	if c == p.container {
		return
	}
	t.leave(p, now)
	p.container, p.inside = c, notInside
	if c == nil {
		return
	}
	again := c.running == 0 && (c.ended != 0 || len(c.members) > 0)
	c.members[p] = struct{}{}
	if !p.Exited {
		c.running++
	}
	if again { // it was started again, perhaps with another address or name
		c.ended, c.mountNS, c.outside, c.executed, c.unplaced = 0, 0, 0, false, 0
		c.ofRuntime, c.ofFiles = question{asked: c.ofRuntime.asked}, question{asked: c.ofFiles.asked}
		t.ask(c, &c.ofRuntime)
	}
}

// ask has a question about a container asked at once, if anybody asks.
func (t *containers) ask(c *container, q *question) {
	q.next = time.Time{}
	if t.first == event.Waiting {
		t.fresh = append(t.fresh, c)
	}
}

// outsideMax is how many answers in a row must say that a container has the host's root
// directory until that is believed. Until then it may be its runtime that executes
// itself, in mounts of its own already or always, and the container's is yet to come.
const outsideMax = 8

// moveIn notes that p, which is in a container, runs a program of it.
func (t *containers) moveIn(p *process, executed bool) {
	c := p.container
	p.inside, c.executed = isInside, c.executed || executed
	other := p.MountNS != c.mountNS
	if c.mountNS != 0 && (c.outside == 0 || !other && (!executed || c.outside >= outsideMax)) {
		return
	}
	if other {
		c.outside = 0
	}
	c.mountNS = p.MountNS
	t.ask(c, &c.ofFiles)
}

// insider is a process whose root directory is likely to be the container's; nil: none is
// known. Where all that ran in the mounts of the first have ended, others' count: the first
// may have been the runtime's, which ended before it could be asked about.
func (c *container) insider() *process {
	p := c.oldest()
	if p == nil && c.leaveOutside() {
		p = c.oldest()
	}
	return p
}

// oldest is the oldest process inside, as it will stay the longest. One that was may have
// entered the host's mounts since.
func (c *container) oldest() (oldest *process) {
	for p := range c.members {
		if p.inside == isInside && !p.Exited && p.MountNS == c.mountNS && (oldest == nil || p.Start < oldest.Start) {
			oldest = p
		}
	}
	return oldest
}

// leaveOutside takes those for the runtime's processes that were taken for insiders, but
// have the host's root directory in mounts of their own: a monitor, or who was seen before
// it was done. False: there are no others.
func (c *container) leaveOutside() bool {
	was := c.mountNS
	for p := range c.members {
		if p.inside == isInside && !p.Exited && p.MountNS != was {
			c.mountNS = p.MountNS
		}
	}
	if was == c.mountNS {
		return false
	}
	for p := range c.members {
		if p.MountNS == was {
			p.inside = notInside
		}
	}
	return true
}

// of is the container of a cgroup, nil for the host.
func (t *containers) of(cgroup string) *container {
	key := containerKey{owner: ownerOf(cgroup)}
	runtime, id := findContainer(cgroup)
	if id == "" && t.first == event.Waiting {
		key.claim, id = findClaim(cgroup)
	}
	if id == "" {
		return nil
	}
	key.id = id
	c := t.known[key]
	if c == nil {
		c = &container{
			Container: event.Container{ID: id, Runtime: runtime, Owner: key.owner, Claim: key.claim, PodUID: podOf(cgroup), Told: t.first},
			members:   map[*process]struct{}{},
		}
		t.known[key] = c
		t.ask(c, &c.ofRuntime)
	}
	return c
}

// exited takes note that a process of c has ended, nil for none: where that was the last,
// nobody can be asked about any more.
func (t *containers) exited(c *container) {
	if c != nil && c.running == 0 && c.Told == event.Waiting {
		t.fresh = append(t.fresh, c)
	}
}

// leave takes p out of its container, if it is in one. A container without
// processes is kept for answers and records that are under way.
func (t *containers) leave(p *process, now uint64) {
	c := p.container
	p.container = nil
	if c == nil {
		return
	}
	delete(c.members, p)
	if !p.Exited {
		c.running--
	}
	if len(c.members) == 0 {
		c.ended = max(now, 1)
		t.ended = append(t.ended, c)
	}
}

// forget drops the containers that ended long enough before now, and the
// oldest where there are too many.
func (t *containers) forget(now uint64) {
	for len(t.ended) > 0 {
		c := t.ended[0]
		if c.ended != 0 && len(t.ended) <= keepContainers && now < c.ended+keepContainer {
			return
		}
		t.ended = t.ended[1:]
		if c.ended != 0 && t.known[keyOf(&c.Container)] == c {
			delete(t.known, keyOf(&c.Container))
			t.forgotten++
		}
	}
}
