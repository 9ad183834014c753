package state

import "github.com/sakerhq/saker/internal/event"

// identity of a process, for as long as the machine runs. In this order nothing
// lies between the two, so that a map hashes them as one.
type identity struct {
	start uint64
	pid   uint32
}

// process is an event's process with what only state needs to know.
type process struct {
	event.Process
	container *container
	inCgroup  string // the cgroup that container was found by
	parent    *process
	// Children form a list through their siblings.
	child, before, after *process
	at                   uint64     // record time of what was told last of all of it; of the exit, once it has ended
	entered              *container // whose entry Entry is
	scan                 uint32     // number of the last scan that found it
	heir                 uint32     // who got its children when it ended, 0: not told
	place                int        // in the table's clock
	relatives            uint64     // when images was relativesAt
	relativesAt          uint64
	told                 credentials

	inside  presence
	ended   bool // and that was told
	settled bool // Entry is known, or known not to be
	used    bool // since the hand passed
	unknown bool // no record of it so far: made from a call's header
	vouched bool // the kernel relies on what it is

	vain uint16 // events that came to nothing since it is what it is
}

func (p *process) identity() identity { return identity{p.Start, p.PID} }

// descends reports whether p is other, or comes from it. Processes that exited
// count: they still show their parents.
func (p *process) descends(other *process) bool {
	if p == nil {
		return false
	}
	for up := &p.Process; up != nil; up = up.Parent {
		if up == &other.Process {
			return true
		}
	}
	return false
}

// setParent moves p under parent, which may be nil. A parent that comes from
// p itself, as only a damaged record would have it, is none.
func (p *process) setParent(parent *process) {
	if parent.descends(p) {
		parent = nil
	}
	p.Parent = nil
	if old := p.parent; old != nil {
		if old.child == p {
			old.child = p.after
		} else {
			p.before.after = p.after
		}
		if p.after != nil {
			p.after.before = p.before
		}
		p.before, p.after = nil, nil
	}
	p.parent = parent
	if parent == nil {
		return
	}
	p.Parent = &parent.Process
	p.after = parent.child
	if p.after != nil {
		p.after.before = p
	}
	parent.child = p
}

// detach takes p out of its parent's children; it still shows its parent.
func (p *process) detach() {
	parent := p.Parent
	p.setParent(nil)
	p.Parent = parent
}

// metMax is how many processes are found without a look into a map.
const metMax = 256

// grace is how long an exited process stays in the table, for records of its
// last acts that another CPU wrote later; graceful is how many do.
const (
	grace    = 2 * second
	graceful = 2048
)

// processes are those that run, and for a while those that did.
type processes struct {
	known map[identity]*process
	byPID map[uint32]*process // the latest with that number, running or not
	met   [metMax]*process    // by the end of its number: those asked for lately
	clock []*process          // all of known; hand goes round
	hand  int
	limit int
	exits []*process // in order of exit, from first on
	first int
	drop  func(*process) // told of each that leaves the table

	evicted uint64
}

func newProcesses(limit int) processes {
	return processes{known: map[identity]*process{}, byPID: map[uint32]*process{}, limit: limit}
}

// find gives a process, nil if it is not known.
func (t *processes) find(pid uint32, start uint64) *process {
	p := t.met[pid%metMax]
	if p == nil || p.PID != pid || p.Start != start {
		if p = t.known[identity{start, pid}]; p == nil {
			return nil
		}
		t.met[pid%metMax] = p
	}
	p.used = true
	return p
}

// running gives the process that has a number now, nil if it is not known.
func (t *processes) running(pid uint32) *process {
	p := t.byPID[pid]
	if p == nil || p.Exited {
		return nil
	}
	return p
}

// add puts p into the table; when that is full, another gives its place. Of two
// processes with one number the older is dead, though its exit was not seen.
func (t *processes) add(p *process, now uint64) {
	switch {
	case len(t.known) < t.limit:
	case t.first < len(t.exits):
		t.remove()
	default:
		t.evict()
	}
	t.known[p.identity()] = p
	p.place, p.used = len(t.clock), true
	t.clock = append(t.clock, p)
	t.met[p.PID%metMax] = p
	old := t.byPID[p.PID]
	if old != nil && old.Start > p.Start {
		t.exit(p, now)
		return
	}
	if old != nil && !old.Exited {
		t.exit(old, now)
	}
	t.byPID[p.PID] = p
}

// evict drops a process that did nothing since the hand passed it last, before
// others one without children: ancestors are told as long as their descendants
// are. Should it act again, it is looked up.
func (t *processes) evict() {
	for tries := 0; ; tries++ {
		t.hand = (t.hand + 1) % len(t.clock)
		p := t.clock[t.hand]
		if p.used {
			p.used = false
			continue
		}
		if p.child == nil || tries > 3*len(t.clock) {
			p.detach()
			t.leave(p)
			t.evicted++
			return
		}
	}
}

// exit marks p as exited; it leaves the table after a while.
func (t *processes) exit(p *process, now uint64) {
	if p.container != nil && !p.Exited {
		p.container.running--
	}
	p.Exited, p.at = true, now
	p.detach()
	if t.known[p.identity()] == p {
		t.exits = append(t.exits, p)
	}
	if len(t.exits)-t.first > graceful {
		t.remove()
	}
}

// forget removes the processes that exited long enough before now.
func (t *processes) forget(now uint64) {
	for t.first < len(t.exits) && now-t.exits[t.first].at > grace && now > t.exits[t.first].at {
		t.remove()
	}
}

// remove takes the process that exited first out of the table.
func (t *processes) remove() {
	p := t.exits[t.first]
	t.exits[t.first] = nil
	t.first++
	if t.first >= graceful || t.first == len(t.exits) {
		t.exits = append(t.exits[:0], t.exits[t.first:]...)
		t.first = 0
	}
	t.leave(p)
}

// leave takes a process out of the table.
func (t *processes) leave(p *process) {
	delete(t.known, p.identity())
	last := len(t.clock) - 1
	t.clock[p.place] = t.clock[last]
	t.clock[p.place].place = p.place
	t.clock[last], t.clock = nil, t.clock[:last]
	if t.byPID[p.PID] == p {
		delete(t.byPID, p.PID)
	}
	if met := &t.met[p.PID%metMax]; *met == p {
		*met = nil
	}
	// Who still points at p (its session's others do) must not hold all that came before it.
	p.Parent, p.Session, p.GroupLeader = nil, nil, nil
	t.drop(p)
}
