package field

import (
	"strings"

	"github.com/sakerhq/saker/internal/event"
)

// originFields tell beyond Falco which image of which process acted, and how
// it came onto the host. A session's entry changes for all of it at once, with
// no new image of any.
var originFields = []*Field{
	{
		Name: "proc.entity_id", Type: CharBuf, Attr: "saker.proc.entity_id", Of: OfImage, Get: of(entityText),
		Doc: "An id of the program image, other than that of any image on this or another host: of the machine's boot, " +
			"the process's number and start, and how often it executed a program.",
	},
	{
		Name: "proc.pentity_id", Type: CharBuf, Attr: "saker.proc.pentity_id", Get: ofParent(entityText),
		Doc: "The parent's proc.entity_id.",
	},
	{
		Name: "proc.argc", Type: Uint64, Attr: "process.args_count", Of: OfImage, Get: procArgc,
		Doc: "The number of arguments, argv[0] included.",
	},
	{
		Name: "proc.interactive", Type: Boolean, Attr: "process.interactive", Of: OfImage, Get: procInteractive,
		Doc: "Whether the process has a controlling terminal.",
	},
	{
		Name: "saker.proc.exename", Type: CharBuf, Attr: "process.executable.name", Of: OfImage, Get: exeName,
		Doc: "The last part of proc.exepath.",
	},
	{
		Name: "saker.proc.session_leader", Type: Int64, Attr: "process.session_leader.pid", Of: OfImage, Get: sessionLeader,
		Doc: "The number of the session on the host.",
	},
	{
		Name: "proc.pcwd", Type: CharBuf, Attr: "saker.proc.pcwd", Get: ofParent(cwdText),
		Secret: true,
		Doc:    "The parent's working directory.",
	},
	{
		Name: "proc.entry.type", Type: CharBuf, Attr: "saker.proc.entry.type", Of: OfAct, Get: ofEntry(func(e *event.Entry) Value { return Str(e.Type) }),
		Doc: "How the session came onto the host: ssh, console, cron, service, container (its first process), exec (into a " +
			"container), remote (agents and inetd), login (by systemd's session), init or kernel.",
	},
	{
		Name: "proc.entry.pid", Type: Int64, Attr: "saker.proc.entry.pid", Of: OfAct, Get: ofEntry(func(e *event.Entry) Value { return Num(int64(e.PID)) }),
		Doc: "The number of the session's first process on the host; it may have ended.",
	},
	{
		Name: "proc.entry.name", Type: CharBuf, Attr: "saker.proc.entry.name", Of: OfAct, Get: ofEntry(func(e *event.Entry) Value { return Str(e.Name) }),
		Doc: "The name of the session's first process.",
	},
	{
		Name: "proc.unit", Type: CharBuf, From: []string{"saker.thread.cgroup"}, Derive: unit,
		Doc: "The systemd unit that the process runs in: the innermost service, scope or socket of its cgroup.",
	},
}

// standardFields tell what a program reads from and writes to.
var standardFields = []*Field{
	{
		Name: "proc.stdin.type", Type: CharBuf, Attr: "saker.proc.stdin.type", Get: standardType(0),
		Doc: "What descriptor 0 was, as fd.type, when the program started.",
	},
	{
		Name: "proc.stdout.type", Type: CharBuf, Attr: "saker.proc.stdout.type", Get: standardType(1),
		Doc: "What descriptor 1 was, as fd.type, when the program started.",
	},
	{
		Name: "proc.stderr.type", Type: CharBuf, Attr: "saker.proc.stderr.type", Get: standardType(2),
		Doc: "What descriptor 2 was, as fd.type, when the program started.",
	},
	{
		Name: "proc.stdin.name", Type: CharBuf, Attr: "saker.proc.stdin.name", Get: standardName(0),
		Secret: true,
		Doc:    "The name of descriptor 0, as fd.name, when the program started.",
	},
	{
		Name: "proc.stdout.name", Type: CharBuf, Attr: "saker.proc.stdout.name", Get: standardName(1),
		Secret: true,
		Doc:    "The name of descriptor 1, as fd.name, when the program started.",
	},
	{
		Name: "proc.stderr.name", Type: CharBuf, Attr: "saker.proc.stderr.name", Get: standardName(2),
		Secret: true,
		Doc:    "The name of descriptor 2, as fd.name, when the program started.",
	},
}

func entityText(p *event.Process) Value { return StrOrMissing(p.EntityID()) }

func procArgc(e *event.Event, _ Arg) Value {
	if e.Process.Exe == "" && len(e.Process.Args) == 0 {
		return Unsigned(0)
	}
	return Unsigned(uint64(1 + len(e.Process.Args)))
}

func procInteractive(e *event.Event, _ Arg) Value { return Truth(e.Process.TTY != 0) }

func exeName(e *event.Event, _ Arg) Value {
	path := e.Process.File.Path
	return StrOrMissing(path[strings.LastIndexByte(path, '/')+1:])
}

func sessionLeader(e *event.Event, _ Arg) Value { return Num(int64(e.Process.SID)) }

func ofEntry(of func(*event.Entry) Value) func(*event.Event, Arg) Value {
	return func(e *event.Event, _ Arg) Value {
		if c := e.Process.Container; c != nil && !c.IsSure() {
			return UnknownValue
		}
		if e.Process.Entry == nil {
			return NoValue
		}
		return of(e.Process.Entry)
	}
}

// unit is the innermost part of a cgroup's path that systemd names as a unit.
func unit(in *Inputs, _ Arg) Value {
	return hold(in[0], func(v Value) Value {
		path := v.Text()
		for path != "" {
			i := strings.LastIndexByte(path, '/')
			name := path[i+1:]
			for _, end := range []string{".service", ".scope", ".socket", ".mount", ".swap"} {
				if strings.HasSuffix(name, end) {
					return Str(name)
				}
			}
			path = path[:max(i, 0)]
		}
		return NoValue
	})
}

func standardType(fd int) func(*event.Event, Arg) Value {
	return func(e *event.Event, _ Arg) Value {
		if s := &e.Process.Standard[fd]; s.Type != event.FDUnknown {
			return Str(s.Type.String())
		}
		return NoValue
	}
}

func standardName(fd int) func(*event.Event, Arg) Value {
	return func(e *event.Event, _ Arg) Value { return StrOrMissing(e.Process.Standard[fd].Name) }
}
