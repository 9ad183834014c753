package bpf

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/rlimit"

	"github.com/sakerhq/saker/internal/syscalls"
)

// ErrNoBTF is returned by Load on a kernel that does not describe its types
// (CONFIG_DEBUG_INFO_BTF): the programs can't find anything there.
var ErrNoBTF = errors.New("this kernel has no BTF (/sys/kernel/btf/vmlinux): CONFIG_DEBUG_INFO_BTF is needed")

// DefaultRingBytes is the size of the calls' ring where Options leaves it open.
const DefaultRingBytes = 8 << 20

// processRingBytes is the size of the processes' ring: some thousand programs
// started at once.
const processRingBytes = 4 << 20

// Options says what to capture. The zero Options reports no call, only how
// processes start, change and end.
type Options struct {
	// Rows are the events to report.
	Rows []*syscalls.Row
	// RingBytes is the size of the calls' ring: a power of two and a multiple
	// of the page size. 0: DefaultRingBytes.
	RingBytes int
	// Scope limits whose acts are told.
	Scope Scope
	// Filter leaves out what of Rows need not be reported; nil: nothing.
	Filter *Filter
	// Hooks says where the end of a call is told.
	Hooks Hooks

	// Answers has what programs receive from name servers reported (TypeAnswer),
	// whether or not Rows has the calls that they receive it with.
	Answers bool

	// NoEnvironment leaves the environment out of what an exec reports.
	NoEnvironment bool

	// For tests: read kernel memory as on kernels that can't cast; have so many of
	// some programs as on kernels that preempt them, and none on perf's tracepoint;
	// change the programs before they are loaded.
	indirect bool
	turns    int
	adjust   func(*ebpf.CollectionSpec)
}

// Sensor is the loaded programs with their rings. Read belongs to one
// goroutine; the other methods may be called from any.
type Sensor struct {
	objs    sensorObjects
	behind  map[string][]*ebpf.Program // others of a program, in their order
	reader  *reader
	missing []string
	refused error
	answers bool
	filters *ebpf.MapSpec // of one filter

	counters   *counters
	standings  *standings
	mountsTold atomic.Uint64

	mu       sync.Mutex
	attached bool
	links    []link.Link // of all but calls
	hooks    callHooks
}

// Load loads the programs, without attaching them. The error names what is
// missing: ErrNoBTF, or a *PrivilegeError.
func Load(opts Options) (*Sensor, error) {
	types := btf.NewCache() // decoded once, for us and for the loader
	kernel, err := types.Kernel()
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", ErrNoBTF, err)
	}
	// Kernels before 5.11 count maps as locked memory. Without the right to
	// raise that limit it may still suffice: the load will tell.
	_ = rlimit.RemoveMemlock()
	s := &Sensor{answers: opts.Answers, hooks: newCallHooks(opts, kernel)}
	if err := s.loadBest(types, kernel, opts); err != nil {
		return nil, explain(err)
	}
	if s.counters, err = mapCounters(s.objs.Counters); err != nil {
		s.Close()
		return nil, err
	}
	if s.standings, err = mapStandings(s.objs.Standings, s.objs.StandingSets); err != nil {
		s.Close()
		return nil, err
	}
	if err := errors.Join(opts.Scope.plant(s.objs.Trees), s.Watch(opts.Rows, opts.Filter)); err != nil {
		s.Close()
		return nil, err
	}
	if s.reader, err = openReader(s.objs.CallRing, s.objs.ProcessRing); err != nil {
		s.Close()
		return nil, fmt.Errorf("map the rings: %w", err)
	}
	return s, nil
}

// loadBest loads the programs of all layers, or without those that the kernel
// refuses.
func (s *Sensor) loadBest(types *btf.Cache, kernel *btf.Spec, opts Options) error {
	err := s.load(types, kernel, opts, nil)
	s.refused = err
	if err != nil && s.hooks.why == "" {
		s.hooks.why, s.hooks.perf = err.Error(), false
		err = s.load(types, kernel, opts, nil)
	}
	first := err
	for _, without := range choices() {
		if err == nil {
			return nil
		}
		err = s.load(types, kernel, opts, func(l layer) error {
			if slices.ContainsFunc(without, func(w layer) bool { return w.prefix == l.prefix }) {
				return first
			}
			return nil
		})
	}
	if err != nil {
		return first
	}
	return nil
}

// load loads the programs that are left after what the kernel lacks. refused,
// if not nil, says of a layer why the kernel refuses it.
func (s *Sensor) load(types *btf.Cache, kernel *btf.Spec, opts Options, refused func(layer) error) error {
	spec, err := loadSensor()
	if err != nil {
		return fmt.Errorf("read the embedded programs: %w", err)
	}
	s.missing = s.hooks.choose(spec, kernel, refused)
	s.filters = spec.Maps["filters"].InnerMap
	if err := configure(spec, kernel, opts); err != nil {
		return err
	}
	if opts.adjust != nil {
		opts.adjust(spec)
	}
	putConstants(spec)
	multiply(spec, turnsOn(kernel, opts))
	coll, err := collect(spec, types)
	if err != nil {
		return fmt.Errorf("load the programs: %w", err)
	}
	defer coll.Close()
	if err := coll.Assign(&s.objs.sensorMaps); err != nil {
		return err
	}
	if err := coll.Assign(&s.objs.sensorVariables); err != nil {
		return err
	}
	for name, program := range s.programs() {
		*program = coll.DetachProgram(name)
	}
	s.behind = takeBehind(coll)
	return shape(kernel, s.objs.Shapes)
}

// choose leaves in spec what is to be loaded on a kernel, and says what is lost
// without the rest.
func (h *callHooks) choose(spec *ebpf.CollectionSpec, kernel *btf.Spec, refused func(layer) error) (missing []string) {
	missing = append(dropOptional(spec, kernel), dropLayers(spec, kernel, refused)...)
	h.fit(spec)
	return append(missing, dropChown(spec)...)
}

// programs names where each program goes; those that the kernel can't take stay nil.
func (s *Sensor) programs() map[string]**ebpf.Program {
	o := &s.objs
	return map[string]**ebpf.Program{
		"sys_exit": &o.SysExit, "call_exit": &o.CallExit, "processes": &o.Processes,
		"process_exec": &o.ProcessExec, "process_fork": &o.ProcessFork, "process_exit": &o.ProcessExit,
		"process_rename": &o.ProcessRename, "process_cgroup": &o.ProcessCgroup,
		"signal_sent":    &o.SignalSent,
		"uring_sys_exit": &o.UringSysExit, "uring_call_exit": &o.UringCallExit, "uring_process_exit": &o.UringProcessExit,
		"address_connect4": &o.AddressConnect4, "address_connect6": &o.AddressConnect6, "address_connect_unix": &o.AddressConnectUnix,
		"address_send4": &o.AddressSend4, "address_send6": &o.AddressSend6, "address_send_unix": &o.AddressSendUnix,
		"address_bind4": &o.AddressBind4, "address_bind6": &o.AddressBind6,
		"path_mkdir": &o.PathMkdir, "path_rmdir": &o.PathRmdir, "path_unlink": &o.PathUnlink,
		"path_symlink": &o.PathSymlink, "path_mknod": &o.PathMknod, "path_chmod": &o.PathChmod,
		"path_chown": &o.PathChown, "path_truncate": &o.PathTruncate, "path_link": &o.PathLink,
		"path_rename": &o.PathRename, "path_mount": &o.PathMount, "path_umount": &o.PathUmount,
		"path_chroot": &o.PathChroot, "path_pivotroot": &o.PathPivotroot, "path_move_mount": &o.PathMoveMount,
		"uring_submit": &o.UringSubmit, "uring_complete": &o.UringComplete, "uring_work": &o.UringWork,
	}
}

// optional are the programs that a kernel may lack the tracepoint for, and
// what is not seen without them.
var optional = map[string]string{
	"process_rename": "task_rename: a process that renames itself keeps its old proc.name, and no calls are left out by process",
	"signal_sent":    "signal_generate: signals are not reported",
	"process_cgroup": "cgroup_attach_task: a process that moves to another cgroup keeps its old container",
}

// dropOptional takes programs out of spec whose tracepoint kernel hasn't, and
// says what is lost by that.
func dropOptional(spec *ebpf.CollectionSpec, kernel *btf.Spec) (missing []string) {
	for name, loss := range optional {
		var tracepoint *btf.Typedef
		if kernel.TypeByName("btf_trace_"+spec.Programs[name].AttachTo, &tracepoint) != nil {
			delete(spec.Programs, name)
			missing = append(missing, loss)
		}
	}
	return missing
}

// configure sizes maps and sets the programs' constants for this machine.
func configure(spec *ebpf.CollectionSpec, kernel *btf.Spec, opts Options) error {
	cpus, err := ebpf.PossibleCPU()
	if err != nil {
		return fmt.Errorf("count the CPUs: %w", err)
	}
	if opts.RingBytes == 0 {
		opts.RingBytes = DefaultRingBytes
	}
	spec.Maps["call_ring"].MaxEntries = uint32(opts.RingBytes)
	spec.Maps["process_ring"].MaxEntries = processRingBytes
	spec.Maps["scratches"].MaxEntries = uint32(cpus) + 1
	spec.Maps["counters"].MaxEntries = uint32(cpus)
	spec.Maps["directories"].MaxEntries *= uint32(cpus)
	var cast *btf.Func
	constants := map[string]any{
		"iterator_slot":      uint32(cpus),
		"call_wake_bytes":    uint32(opts.RingBytes / 4),
		"process_wake_bytes": uint32(processRingBytes / 4),
		"stack_size":         uint64(max(16<<10, os.Getpagesize())), // THREAD_SIZE
		"direct_reads":       !opts.indirect && kernel.TypeByName("bpf_rdonly_cast", &cast) == nil,
	}
	// Completions come as one from 6.15 on, before that as what they consist of.
	constants["result_is_whole"] = argumentsOf(kernel, "io_uring_complete") <= 3
	constants["exit_says_last"] = argumentsOf(kernel, "sched_process_exit") > 1
	constants["task_storage"] = keepWithTasks(spec)
	constants["steadies"] = steadies(kernel)
	if turnsOn(kernel, opts) > 1 {
		noteTurns(spec, constants)
	}
	opts.Scope.configure(spec, constants)
	if opts.NoEnvironment {
		constants["env_max"] = uint32(0)
	}
	for name, value := range constants {
		if err := spec.Variables[name].Set(value); err != nil {
			return fmt.Errorf("set %s: %w", name, err)
		}
	}
	return nil
}

// argumentsOf is how many a tracepoint gives, 0 if the kernel hasn't it.
func argumentsOf(kernel *btf.Spec, tracepoint string) int {
	var t *btf.Typedef
	if kernel.TypeByName("btf_trace_"+tracepoint, &t) != nil {
		return 0
	}
	if pointer, ok := btf.UnderlyingType(t).(*btf.Pointer); ok {
		if f, ok := pointer.Target.(*btf.FuncProto); ok {
			return len(f.Params) - 1 // before them comes what the program was attached with
		}
	}
	return 0
}

// steadies reports whether programs can forbid to be preempted, and call
// functions that are verified on their own meanwhile: from 6.15 on the verifier
// notes which of these might sleep.
func steadies(kernel *btf.Spec) bool {
	var forbid *btf.Func
	var function *btf.Struct
	return kernel.TypeByName("bpf_preempt_disable", &forbid) == nil &&
		kernel.TypeByName("bpf_subprog_info", &function) == nil &&
		slices.ContainsFunc(function.Members, func(m btf.Member) bool { return m.Name == "might_sleep" })
}

// Attach starts the capture, and calls known for who runs already, as Scan does. That is
// between the hooks of how processes begin and those of what they do: so nobody acts who is
// neither known nor told of in the ring. But what they changed meanwhile is not told: Scan
// afterwards.
func (s *Sensor) Attach(known func(Raw)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attached = true
	if err := s.attachThose(begins); err != nil {
		return explain(err)
	}
	if err := s.Scan(known); err != nil {
		return err
	}
	links, err := attachAddresses(s.programs())
	s.links = append(s.links, links...)
	if err != nil {
		return explain(err)
	}
	if err := s.attachThose(func(name string) bool { return !begins(name) && name != s.allCalls() }); err != nil {
		return explain(err)
	}
	return explain(s.attachCalls(func() error { return nil }))
}

// begins reports whether a program tells of processes that nobody knew before.
func begins(name string) bool { return name == "process_fork" || name == "process_exec" }

// attachThose attaches the programs on tracepoints and functions whose names are chosen.
func (s *Sensor) attachThose(chosen func(name string) bool) error {
	for name, p := range s.programs() {
		if *p == nil || (*p).Type() != ebpf.Tracing || name == "processes" || !chosen(name) {
			continue
		}
		l, err := s.attachTracing(name)
		if err != nil {
			return err
		}
		s.links = append(s.links, l)
	}
	return nil
}

// Missing says what this kernel can't show, one sentence each; nil if nothing.
func (s *Sensor) Missing() []string { return s.missing }

// Refused is what the kernel said of programs that fit it and that it did not take:
// Missing has what is lost by that. nil: it took all.
func (s *Sensor) Refused() error { return s.refused }

// Close detaches the programs and frees everything; a Read under way returns
// os.ErrClosed. It may be called more than once.
func (s *Sensor) Close() error {
	errs := []error{s.Detach()}
	if s.reader != nil {
		errs = append(errs, s.reader.close())
	}
	if s.counters != nil {
		errs = append(errs, s.counters.unmap())
	}
	if s.standings != nil {
		errs = append(errs, s.standings.unmap())
	}
	for _, others := range s.behind {
		for _, p := range others {
			errs = append(errs, p.Close())
		}
	}
	errs = append(errs, s.objs.Close())
	return errors.Join(errs...)
}

// parallel calls f for all of ts at once: one detach can wait for a grace
// period of the kernel, some 70 ms.
func parallel[T any](ts []T, f func(T) error) []error {
	errs := make([]error, len(ts))
	var wg sync.WaitGroup
	for i, t := range ts {
		wg.Go(func() { errs[i] = f(t) })
	}
	wg.Wait()
	return errs
}
