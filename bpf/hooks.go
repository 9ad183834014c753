package bpf

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/internal/syscalls"
)

// Hooks says where in the kernel the end of a call is told.
//
// The tracepoints of single calls make all other calls half as dear as the one
// of all calls does. But a call that comes through another entry than that of
// 64-bit programs (int 0x80, which any program may use) passes only the latter.
type Hooks string

const (
	// HooksAuto, also the empty Hooks: per call where the kernel takes calls by one
	// entry only and does not preempt programs, tracefs is there, and no call is asked
	// for that is most of all; else as all_calls.
	HooksAuto Hooks = "auto"
	// HooksPerCall: on each call that is asked for, where that is possible at
	// all, which makes all others half as dear. Calls through other entries (of
	// 32-bit programs, or by int 0x80) are not seen, and where the kernel preempts
	// programs some are lost.
	HooksPerCall Hooks = "per_call"
	// HooksAllCalls: at one place that all calls pass.
	HooksAllCalls Hooks = "all_calls"
)

// tracepointOf has those calls whose tracepoint may have another name, that of
// the function behind them.
var tracepointOf = map[string]string{
	"stat": "newstat", "lstat": "newlstat", "fstat": "newfstat", "uname": "newuname", "umount2": "umount",
	"sendfile": "sendfile64", "fadvise64": "fadvise64_64", "personality": "arm64_personality",
}

// The tracepoint of the end of all calls, as perf has it.
const exitGroup, exitName = "raw_syscalls", "sys_exit"

// uringEnter is the call that submits requests of io_uring: they are looked at
// when it ends.
const uringEnter = "io_uring_enter"

// callHooks are what tells the end of calls.
type callHooks struct {
	asked Hooks
	why   string               // not per call; empty: it can be
	perf  bool                 // that of all calls is perf's
	bare  error                // why it is not, though the kernel preempts all others
	all   link.Link            // of all calls, nil if per call
	calls map[string]link.Link // by name
	want  map[string]bool      // the calls that are watched
	busy  bool                 // some of them are most of all calls
}

// newCallHooks says how calls are told on a kernel.
func newCallHooks(opts Options, kernel *btf.Spec) callHooks {
	h := callHooks{asked: opts.Hooks, calls: map[string]link.Link{}}
	if preempts(kernel) && opts.turns == 0 {
		h.bare = openPerf()
		h.perf = h.bare == nil
	}
	switch {
	case h.asked == HooksPerCall:
	case h.asked == HooksAllCalls:
		h.why = "it was asked for"
	case h.bare != nil:
		h.why = fmt.Sprintf("all others lose some on this kernel, or can't be had (%v)", h.bare)
	case preempts(kernel):
		h.why = "those on single calls lose some on this kernel"
	case hasOtherEntry(kernel, "/proc/cmdline"):
		h.why = "32-bit calls come through another entry"
	}
	return h
}

func hasFunction(kernel *btf.Spec, name string) bool {
	var f *btf.Func
	return kernel.TypeByName(name, &f) == nil
}

// preemptible is a function of kernels that can preempt programs at the end of
// a call (from Linux 7.2): all but those on perf's tracepoint of all calls.
const preemptible = "trace_call_bpf_faultable"

func preempts(kernel *btf.Spec) bool { return hasFunction(kernel, preemptible) }

// openPerf opens the tracepoint of the end of all calls as perf has it, and
// closes it again: an error says why it is not for us. Some distributions want
// CAP_SYS_ADMIN for it, by the setting kernel.perf_event_paranoid.
func openPerf() error {
	text, err := os.ReadFile(filepath.Join("/sys/kernel/tracing/events", exitGroup, exitName, "id"))
	if err != nil {
		return err
	}
	id, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return fmt.Errorf("read the number of %s: %w", exitName, err)
	}
	attr := unix.PerfEventAttr{Type: unix.PERF_TYPE_TRACEPOINT, Config: id, Size: unix.PERF_ATTR_SIZE_VER0}
	fd, err := unix.PerfEventOpen(&attr, -1, 0, -1, unix.PERF_FLAG_FD_CLOEXEC)
	if err != nil {
		return fmt.Errorf("open a tracepoint of perf's: %w", err)
	}
	return unix.Close(fd)
}

// fit takes out of spec what is not needed.
func (h *callHooks) fit(spec *ebpf.CollectionSpec) {
	unneeded := []string{}
	if h.perf {
		unneeded = append(unneeded, "sys_exit", "uring_sys_exit")
	} else if h.why != "" {
		unneeded = append(unneeded, "call_exit", "uring_call_exit")
	}
	for _, name := range unneeded {
		delete(spec.Programs, name)
	}
}

// watch sets which calls are watched.
func (h *callHooks) watch(rows []*syscalls.Row, uring bool) {
	h.want, h.busy = map[string]bool{}, false
	for _, row := range rows {
		h.busy = h.busy || row.Busy
		for _, name := range syscalls.CallNames(runtime.GOARCH, row) {
			h.want[name] = true
		}
	}
	if uring {
		h.want[uringEnter] = true
	}
}

// Hooks says which hooks are in use, how many they are, and why they are not
// per call: empty if they are. Nothing is in use before Attach.
func (s *Sensor) Hooks() (kind Hooks, n int, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.hooks.all != nil:
		return HooksAllCalls, 1, s.hooks.reason()
	case len(s.hooks.calls) > 0:
		return HooksPerCall, len(s.hooks.calls), ""
	}
	return HooksAuto, 0, s.hooks.reason()
}

// Preempted is why a busy CPU can cost calls: this kernel preempts programs, and
// perf's tracepoint, where it does not, can't be had. nil: it can, or needn't.
func (s *Sensor) Preempted() error { return s.hooks.bare }

// reason is why calls are not told one by one.
func (h *callHooks) reason() string {
	if h.why == "" && h.busy && h.asked != HooksPerCall {
		return "most calls are watched"
	}
	return h.why
}

// attachCalls attaches what the watched calls need, before set shows them to
// the programs, and detaches what they don't need any more after that: so no
// call is missed between.
func (s *Sensor) attachCalls(set func() error) error {
	h := &s.hooks
	if h.reason() == "" {
		if err := s.attachEach(); err != nil {
			h.why = err.Error()
		}
	}
	perCall := h.reason() == ""
	if !perCall && h.all == nil {
		l, err := s.attachAll()
		if err != nil {
			return err
		}
		h.all = l
	}
	if err := errors.Join(set(), s.objs.ByPerf.Set(perCall || h.perf), s.objs.NativeOnly.Set(perCall)); err != nil {
		return err
	}
	return errors.Join(parallel(h.unneeded(perCall), link.Link.Close)...)
}

func (s *Sensor) attachAll() (link.Link, error) {
	if s.hooks.perf {
		l, err := link.Tracepoint(exitGroup, exitName, s.eachCall(), nil)
		if err != nil {
			return nil, fmt.Errorf("attach to perf's %s: %w", exitName, err)
		}
		return l, nil
	}
	return s.attachTracing(s.allCalls())
}

// attachEach attaches to the calls that are watched, and not attached to yet.
// One that has no tracepoint is one that the kernel hasn't.
func (s *Sensor) attachEach() error {
	h := &s.hooks
	for name := range h.want {
		if h.calls[name] != nil {
			continue
		}
		l, err := s.attachTo(name)
		switch {
		case err == nil:
			h.calls[name] = l
		case !errors.Is(err, os.ErrNotExist):
			return fmt.Errorf("the tracepoint of %s: %w", name, err)
		}
	}
	if len(h.calls) == 0 {
		return errors.New("this kernel has no tracepoints of single calls")
	}
	return nil
}

func (s *Sensor) attachTo(call string) (link.Link, error) {
	const group, end = "syscalls", "sys_exit_"
	if other := tracepointOf[call]; other != "" {
		if l, err := link.Tracepoint(group, end+other, s.eachCall(), nil); err == nil {
			return l, nil
		}
	}
	return link.Tracepoint(group, end+call, s.eachCall(), nil)
}

// unneeded takes out the links that are not in use any more.
func (h *callHooks) unneeded(perCall bool) (links []link.Link) {
	if perCall && h.all != nil {
		links = append(links, h.all)
		h.all = nil
	}
	for name, l := range h.calls {
		if !perCall || !h.want[name] {
			links = append(links, l)
			delete(h.calls, name)
		}
	}
	return links
}

// take takes out all links.
func (h *callHooks) take() []link.Link {
	links := slices.Collect(maps.Values(h.calls))
	if h.all != nil {
		links = append(links, h.all)
	}
	h.all, h.calls = nil, map[string]link.Link{}
	return links
}

func (s *Sensor) allCalls() string {
	if s.objs.UringSysExit != nil {
		return "uring_sys_exit"
	}
	return "sys_exit"
}

func (s *Sensor) eachCall() *ebpf.Program {
	if s.objs.UringCallExit != nil {
		return s.objs.UringCallExit
	}
	return s.objs.CallExit
}
