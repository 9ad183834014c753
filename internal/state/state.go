// Package state knows what runs on the host and turns raw records into events.
//
// It takes the sensor's records, answers about containers and, for what started
// before the sensor, /proc; it gives events with process, file and container.
// It owns the processes, interned paths and remembered sockets: the only mutable
// state there is. It never locks, and never decides what matters.
package state

import (
	"errors"
	"runtime"
	"time"
	"unsafe"

	"github.com/sakerhq/saker/bpf"
	ask "github.com/sakerhq/saker/internal/container"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/syscalls"
)

var (
	// ErrShort is the error of a record that ends before its type says.
	ErrShort = errors.New("record too short")
	// ErrType is the error of a record of no known type.
	ErrType = errors.New("unknown type of record")
	// ErrRow is the error of a record that names a row that does not exist.
	ErrRow = errors.New("unknown row")
	// ErrBlock is the error of a record whose blocks are not what its row demands.
	ErrBlock = errors.New("unexpected block in record")
)

// Options are the limits of what is kept. The zero value works.
type Options struct {
	// Root is where the host's root directory is mounted; empty: "/".
	Root string
	// Processes is how many processes are known at most (262144).
	Processes int
	// ProgramBytes is the memory that interned arguments take at most (4 MiB).
	ProgramBytes int
	// PathBytes is the memory that interned paths take at most (4 MiB).
	PathBytes int
	// Sockets is how many sockets are remembered (16384).
	Sockets int
	// NoEnvironment leaves out the environment of processes: it is most of what
	// is known of one.
	NoEnvironment bool
	// Names has addresses named by what name servers answered; the sensor must
	// report that (bpf.Options.Answers).
	Names bool
	// Judge is told of a process in a cgroup that the sensor asks about
	// (WireProcess.Cgroup); nil: nobody answers.
	Judge func(bpf.WireCgroup, *event.Process)
	// Mounts is told of where the host has the root of each file system mounted
	// first, by device, whenever that is looked at; nil: nobody wants to know.
	Mounts func(map[uint32]string)
	// Voucher takes what processes can do; nil: nobody wants to know.
	Voucher Voucher
	// Enrich says that Questions are asked: what they are about is awaited.
	Enrich bool
	// Clock gives the time since 1970 and since boot, suspend included, in
	// nanoseconds; nil: the machine's.
	Clock func() (wall, boot uint64)
}

func (o Options) withDefaults() Options {
	if o.Root == "" {
		o.Root = "/"
	}
	if o.Processes == 0 {
		o.Processes = 1 << 18
	}
	if o.PathBytes == 0 {
		o.PathBytes = 4 << 20
	}
	if o.ProgramBytes == 0 {
		o.ProgramBytes = 4 << 20
	}
	if o.Sockets == 0 {
		o.Sockets = 1 << 14
	}
	if o.Judge == nil {
		o.Judge = func(bpf.WireCgroup, *event.Process) {}
	}
	if o.Clock == nil {
		o.Clock = machineClock
	}
	return o
}

// Counts tell how well the state knows the host. They only grow.
type Counts struct {
	Unknown uint64 // processes first seen in a call, without a record of their start
	Found   uint64 // those of them that /proc still had
	Lookups uint64 // processes that /proc was asked about, scans left out
	// ProcessesEvicted are those that gave their place in the full table to another.
	ProcessesEvicted uint64
	PathsEvicted     uint64
	ProgramsEvicted  uint64 // arguments that programs were given
	NamesEvicted     uint64
	SocketsEvicted   uint64
	// ContainersForgotten are those whose facts were dropped after their end.
	ContainersForgotten uint64
}

// State is not safe for concurrent use.
type State struct {
	opts        Options
	clock       clock
	processes   processes
	containers  containers
	paths       paths
	programs    programs
	sockets     sockets
	mounts      mounts
	raw         []byte        // scratch of a path
	host        *ask.Accounts // nil: can't be read
	hostMounts  uint32        // mount namespace of the host
	proc        procfs
	plans       []plan // by row
	boot        string // id of the machine's boot
	names       *names // nil: not wanted
	rows        wellKnown
	counts      Counts
	num         uint64     // of the last event
	first       uint64     // time of the first event
	last        uint64     // time of the last event
	images      uint64     // number of the last process image
	now         uint64     // of the last record
	scan        uint32     // number of the last scan
	scanFrom    uint64     // time of its begin
	scannedAll  uint64     // the same of the last one that was whole
	scanned     int        // processes that it found so far
	strangers   []identity // parents of these that it did not find so far
	healed      Healed
	vouching    []vouching
	lookups     int // since lookupsFrom
	lookupsFrom uint64
	scanning    bool // processes of a scan may still miss their relatives
	numbers     map[*syscalls.Row]int
	// Numbers of the rows' calls on this machine.
	nativeNumbers []int64

	// What is asked about; see Questions.
	questions    []ask.Question
	hostQuestion question
	looked       time.Time

	// What the current event points at; reused for the next one.
	blocks blocks
	text   arena
	args   []event.Arg
	call   call
	thread process // the actor, where its thread is not as the process is
	fds    [len(blocks{}.list)]event.FD
	usedFD int
}

// wellKnown are the rows whose events are not made from calls, or not from
// calls alone.
type wellKnown struct{ execve, execveat, procexit, credchange, connect, accept, accept4, listen, bpf *syscalls.Row }

// New makes a state that knows nothing yet: feed it the records of a scan.
func New(opts Options) *State {
	opts = opts.withDefaults()
	s := &State{
		opts:       opts,
		clock:      clock{now: opts.Clock},
		processes:  newProcesses(opts.Processes),
		containers: newContainers(opts.Enrich),
		paths:      newPaths(opts.PathBytes),
		programs:   newPrograms(opts.ProgramBytes),
		mounts:     newMounts(opts.Root),
		sockets:    newSockets(opts.Sockets, opts.Root),
		proc:       procfs{root: opts.Root, noEnvironment: opts.NoEnvironment},
		boot:       procfs{root: opts.Root}.bootID(),
		plans:      newPlans(syscalls.Rows()),
		numbers:    map[*syscalls.Row]int{},
	}
	if opts.Names {
		s.names = newNames(namesMax)
	}
	s.processes.drop = s.drop
	s.host, _ = ask.ReadAccounts(opts.Root, nil)
	s.hostMounts = s.proc.hostMounts()
	for i, row := range syscalls.Rows() {
		s.numbers[row] = i
		s.nativeNumbers = append(s.nativeNumbers, -1)
		if calls := syscalls.Number(runtime.GOARCH, row); len(calls) > 0 {
			s.nativeNumbers[i] = int64(calls[0])
		}
	}
	for name, row := range map[string]**syscalls.Row{
		"execve": &s.rows.execve, "execveat": &s.rows.execveat, "procexit": &s.rows.procexit,
		"credchange": &s.rows.credchange,
		"connect":    &s.rows.connect, "accept": &s.rows.accept, "accept4": &s.rows.accept4,
		"listen": &s.rows.listen, "bpf": &s.rows.bpf,
	} {
		*row = syscalls.ByName(name)
	}
	return s
}

// Counts gives the counters.
func (s *State) Counts() Counts {
	c := s.counts
	c.PathsEvicted, c.SocketsEvicted = s.paths.evicted, s.sockets.evicted
	c.ProcessesEvicted, c.ProgramsEvicted = s.processes.evicted, s.programs.evicted
	if s.names != nil {
		c.NamesEvicted = s.names.evicted
	}
	c.ContainersForgotten = s.containers.forgotten
	return c
}

// Containers is how many containers are known, those that just ended included.
func (s *State) Containers() int { return len(s.containers.known) }

// Processes is how many processes are known, those that just ended included.
func (s *State) Processes() int { return len(s.processes.known) }

// Apply takes the next record into account. True means that ev now holds an
// event for the rules: it, and what it points at beside its processes, is
// valid until the next Apply. An error means a bad record, which changed
// nothing.
func (s *State) Apply(raw bpf.Raw, ev *event.Event) (bool, error) {
	h := raw.Header()
	if h == nil {
		return false, ErrShort
	}
	s.now = h.Time
	s.clock.follow(h.Time)
	s.forget(h.Time)
	switch h.Type {
	case bpf.TypeCall:
		return s.applyCall(raw, ev)
	case bpf.TypeProcess:
		return s.applyProcess(raw, ev)
	case bpf.TypeAnswer:
		return false, s.applyAnswer(raw, ev)
	case bpf.TypeExit:
		return s.applyExit(raw, ev)
	case bpf.TypeRename:
		return false, s.applyRename(raw)
	case bpf.TypeCredentials:
		return s.applyCredentials(raw, ev)
	}
	return false, ErrType
}

// Forget lets go of what ended some time ago. Apply does so too, but that needs a record.
func (s *State) Forget() {
	_, now := s.opts.Clock()
	s.forget(now)
}

func (s *State) forget(now uint64) {
	s.processes.forget(now)
	s.containers.forget(now)
}

// begin makes ev the next event, of the row and process. Each of its arguments is still
// what another event's was.
func (s *State) begin(ev *event.Event, h *bpf.WireHeader, row *syscalls.Row, p *process) {
	s.num++
	first, last := s.first, s.last
	s.text.reset()
	s.usedFD = 0
	*ev = event.Event{} // and what follows by its members: one value of all would be copied from where it is made
	ev.Num, ev.Time, ev.First, ev.Last, ev.CPU = s.num, s.clock.wall(h.Time), first, last, h.Cpu
	ev.Row, ev.Via, ev.TID = row, event.Via(h.Via), h.Tid
	ev.Process, ev.Relatives, ev.FDNum = &p.Process, s.relatives(p), -1
	if cap(s.args) < len(row.Params) {
		s.args = make([]event.Arg, len(row.Params))
	}
	if s.last = ev.Time; first == 0 {
		s.first = ev.Time
	}
	ev.Args = s.args[:len(row.Params)]
}

// newFD is a cleared place for a descriptor of the current event, nil if an
// event has more than its record can.
func (s *State) newFD() *event.FD {
	if s.usedFD == len(s.fds) {
		return nil
	}
	fd := &s.fds[s.usedFD]
	s.usedFD++
	*fd = event.FD{}
	return fd
}

// fixed is the fixed part of a record in place, nil if the record is too short.
func fixed[T any](raw bpf.Raw) *T {
	var t T
	if len(raw) < int(unsafe.Sizeof(t)) {
		return nil
	}
	return (*T)(unsafe.Pointer(unsafe.SliceData(raw)))
}
