package field

import (
	"strconv"
	"strings"

	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/syscalls"
)

var eventFields = []*Field{
	{
		Name: "evt.num", Type: Uint64, Attr: "saker.evt.num", Get: evtNum, Of: OfAct,
		Doc: "The event's number in its capture, from 1 up.",
	},
	{
		Name: "evt.type", Type: CharBuf, Attr: "saker.evt.type", Of: OfType, Get: evtType,
		Doc: "The event's name, for a system call the call's.",
	},
	{
		Name: "evt.type.is", Type: Uint32, Arg: MustName, From: []string{"evt.type"}, Derive: evtTypeIs,
		Doc: "1 for an event of the type that the argument names, 0 for others.",
	},
	{
		Name: "syscall.type", Type: CharBuf, From: []string{"evt.type"}, Derive: syscallType,
		Doc: "The event's name when it is a system call.",
	},
	{
		Name: "evt.via", Type: CharBuf, Attr: "saker.evt.via", Get: evtVia,
		Doc: "The way of a call into the kernel, where it is an unusual one: compat (that of 32-bit programs), x32 or io_uring; not in Falco.",
	},
	{
		Name: "evt.category", Type: CharBuf, From: []string{"evt.type", "fd.type"}, Derive: evtCategory,
		Doc: "The kind of act: file, net, IPC, process, user, other; reading and writing go by what the descriptor is.",
	},
	{
		Name: "evt.cpu", Type: Int16, Attr: "cpu.logical_number", Get: evtCPU, Of: OfAct,
		Doc: "The processor on which the event happened.",
	},
	{
		Name: "evt.dir", Type: CharBuf, Derive: always(Str("<")),
		Doc: "The direction; always <, as events are reported when a call returns.",
	},
	{
		Name: "evt.source", Type: CharBuf, Derive: always(Str("syscall")),
		Doc: "The source of the event, syscall.",
	},
	{
		Name: "evt.hostname", Type: CharBuf, Attr: "host.name", Where: Resource, Get: fixed(UnknownValue),
		Doc: "The name of the host.",
	},

	{
		Name: "evt.rawres", Type: Int64, Attr: "saker.evt.rawres", Get: evtRawRes,
		Doc: "The value that the call returned; errors are negative.",
	},
	{
		Name: "evt.res", Type: CharBuf, Attr: "saker.evt.res", Get: evtRes, With: []string{"saker.error.type"},
		Doc: "SUCCESS, or the name of the error that the call returned.",
	},
	{
		Name: "saker.error.type", Type: CharBuf, Attr: "error.type", Get: errorType,
		Doc: "The name of the error that the call returned, only when it failed.",
	},
	{
		Name: "evt.failed", Type: Boolean, From: []string{"evt.rawres"}, Derive: evtFailed,
		Doc: "Whether the call returned an error.",
	},

	{
		Name: "evt.count", Type: Uint32, Derive: always(Unsigned(1)),
		Doc: "1 for every event, to count with.",
	},
	{
		Name: "evt.count.exit", Type: Uint32, Derive: always(Unsigned(1)),
		Doc: "1 for every event that reports the return of a call, which all do.",
	},
	{
		Name: "evt.count.error", Type: Uint32, From: []string{"evt.rawres"}, Derive: countError,
		Doc: "1 for a call that failed, 0 for one that did not.",
	},

	{
		Name: "evt.count.error.file", Type: Uint32, From: errorInputs, Derive: countErrorOf(onFile),
		Doc: "evt.count.error of an event that opens a file or has one as its descriptor.",
	},
	{
		Name: "evt.count.error.net", Type: Uint32, From: errorInputs, Derive: countErrorOf(onSocket),
		Doc: "evt.count.error of an event that connects or has a socket as its descriptor.",
	},
	{
		Name: "evt.count.error.memory", Type: Uint32, From: errorInputs, Derive: countErrorOf(onMemory),
		Doc: "evt.count.error of an event that maps or unmaps memory.",
	},
	{
		Name: "evt.count.error.other", Type: Uint32, From: errorInputs, Derive: countErrorOf(onOther),
		Doc: "evt.count.error of all other events.",
	},
	{
		Name: "evt.is_async", Type: Boolean, Derive: always(Truth(false)),
		Doc: "Whether the event was put between the others by somebody else; always false.",
	},

	{Name: "evt.latency", Type: RelTime, Derive: always(Unsigned(0)), Doc: "Always 0; kept for rules that name it."},
	{Name: "evt.latency.s", Type: RelTime, Derive: always(Unsigned(0)), Doc: "Always 0; kept for rules that name it."},
	{Name: "evt.latency.ns", Type: RelTime, Derive: always(Unsigned(0)), Doc: "Always 0; kept for rules that name it."},
	{Name: "evt.latency.quantized", Type: Uint64, Derive: always(Unsigned(0)), Doc: "Always 0; kept for rules that name it."},
	{Name: "evt.latency.human", Type: CharBuf, Derive: always(Str("0ns")), Doc: "Always 0ns; kept for rules that name it."},
	{Name: "evt.wait_latency", Type: RelTime, Derive: always(Unsigned(0)), Doc: "Always 0; kept for rules that name it."},
}

// always makes a Derive of a value that all events share.
func always(v Value) func(*Inputs, Arg) Value {
	return func(*Inputs, Arg) Value { return v }
}

func evtNum(e *event.Event, _ Arg) Value { return Unsigned(e.Num) }

func evtType(e *event.Event, _ Arg) Value {
	if e.Row == nil {
		return NoValue
	}
	return Word(e.Row.Name)
}

func evtTypeIs(in *Inputs, a Arg) Value {
	return hold(in[0], func(v Value) Value {
		if v.Text() == a.Text {
			return Unsigned(1)
		}
		return Unsigned(0)
	})
}

func syscallType(in *Inputs, _ Arg) Value {
	if row := syscalls.ByName(in[0].Text()); row != nil && row.Kind != syscalls.Call {
		return NoValue
	}
	return in[0]
}

func evtCategory(in *Inputs, _ Arg) Value {
	row := syscalls.ByName(in[0].Text())
	if row == nil {
		return NoValue
	}
	switch row.Category {
	case syscalls.IORead, syscalls.IOWrite, syscalls.IOOther:
	default:
		return Str(row.Category.String())
	}
	switch t := event.FDTypeOf(in[1].Text()); {
	case t.HasPath():
		return Str("file")
	case t.IsInet():
		return Str("net")
	case t == event.FDUnix || t == event.FDPipe:
		return Str("IPC")
	}
	return Str("other")
}

func evtCPU(e *event.Event, _ Arg) Value { return Num(int64(e.CPU)) }

func evtRawRes(e *event.Event, _ Arg) Value {
	if !e.HasResult() {
		return NoValue
	}
	return Num(e.Result)
}

func evtRes(e *event.Event, a Arg) Value {
	switch {
	case !e.HasResult():
		return NoValue
	case e.Failed():
		return errorType(e, a)
	}
	return Word("SUCCESS")
}

// ways are the names of ways into the kernel but the usual one.
var ways = [...]Value{event.Native: NoValue, event.Compat: Str("compat"), event.X32: Str("x32"), event.IOUring: Str("io_uring")}

func evtVia(e *event.Event, _ Arg) Value {
	if int(e.Via) >= len(ways) {
		return NoValue
	}
	return ways[e.Via]
}

func errorType(e *event.Event, _ Arg) Value {
	if !e.Failed() {
		return NoValue
	}
	if name := syscalls.ErrnoName(-e.Result); name != "" {
		return Word(name)
	}
	return Str(strings.TrimPrefix(strconv.FormatInt(e.Result, 10), "-"))
}

func evtFailed(in *Inputs, _ Arg) Value {
	return hold(in[0], func(v Value) Value { return Truth(v.Int() < 0) })
}

func countError(in *Inputs, _ Arg) Value {
	return hold(in[0], func(v Value) Value {
		if v.Int() < 0 {
			return Unsigned(1)
		}
		return Unsigned(0)
	})
}

// errorInputs tell what an event that may have failed worked on.
var errorInputs = []string{"evt.rawres", "evt.type", "fd.type"}

// countErrorOf makes a Derive of countError for the events that work on one
// kind of thing.
func countErrorOf(on func(name string, fd event.FDType) bool) func(*Inputs, Arg) Value {
	return func(in *Inputs, a Arg) Value {
		if !in[1].Known() || !on(in[1].Text(), event.FDTypeOf(in[2].Text())) {
			return NoValue
		}
		return countError(in, a)
	}
}

func onFile(name string, fd event.FDType) bool {
	return fd.HasPath() || fd == event.FDUnknown && (opens(name) || name == "creat")
}

func onSocket(name string, fd event.FDType) bool {
	return fd.IsInet() || fd == event.FDUnix ||
		fd == event.FDUnknown && (name == "connect" || strings.HasPrefix(name, "accept"))
}

func onMemory(name string, _ event.FDType) bool {
	switch name {
	case "brk", "mmap", "mmap2", "munmap":
		return true
	}
	return false
}

func onOther(name string, fd event.FDType) bool {
	return !onFile(name, fd) && !onSocket(name, fd) && !onMemory(name, fd)
}
