package field

import (
	"strings"

	"github.com/sakerhq/saker/internal/event"
)

var processFields = []*Field{
	{
		Name: "proc.name", Type: CharBuf, Attr: "saker.proc.name", Get: procName,
		Doc: "The name of the thread, 15 bytes at most; a program starts with its file's name and may change it.",
	},
	{
		Name: "proc.exe", Type: CharBuf, Attr: "process.command", Get: of(exeText),
		Secret: true,
		Doc:    "The program as its caller named it, argv[0].",
	},
	{
		Name: "proc.args", Type: CharBuf, Arg: MayIndex, Get: procArgs, From: []string{"saker.proc.args"}, Derive: argsFrom, Picks: true,
		Doc: "The arguments after argv[0], joined by blanks; with an index, one of them from 0 up.",
	},
	{
		Name: "saker.proc.args", Type: CharBuf, List: true, Attr: "process.command_args", Get: procArgv,
		Secret: true,
		Doc:    "All arguments, argv[0] included.",
	},
	{
		Name: "proc.cmdline", Type: CharBuf, Attr: "process.command_line", Get: procCmdline,
		Secret: true,
		Doc:    "The name of the process and its arguments, joined by blanks.",
	},
	{
		Name: "proc.exeline", Type: CharBuf, From: []string{"proc.exe", "proc.args"}, Derive: exeLine,
		Doc: "argv[0] and the arguments, joined by blanks.",
	},
	{
		Name: "proc.cmdnargs", Type: Uint64, From: []string{"saker.proc.args"}, Derive: countArgs,
		Doc: "The number of arguments after argv[0].",
	},
	{
		Name: "proc.cmdlenargs", Type: Uint64, From: []string{"saker.proc.args"}, Derive: lenArgs,
		Doc: "The bytes of the arguments after argv[0], without blanks.",
	},
	{
		Name: "proc.env", Type: CharBuf, Arg: MayKey, Attr: "saker.proc.env", Keyed: "process.environment_variable", Get: procEnv,
		Secret: true, Needs: Environment,
		Doc: "The environment joined by blanks; with a name, that variable, empty when it is not set.",
	},
	{
		Name: "proc.cwd", Type: CharBuf, Get: procCwd, From: []string{"saker.proc.cwd"}, Derive: withSlash,
		Doc: "The working directory, with a trailing slash.",
	},
	{
		Name: "saker.proc.cwd", Type: CharBuf, Attr: "process.working_directory", Get: of(cwdText),
		Secret: true,
		Doc:    "The working directory.",
	},
	{
		Name: "proc.tty", Type: Uint32, Attr: "saker.proc.tty", Get: procTTY,
		Doc: "The number of the controlling terminal, 0 for none.",
	},

	{
		Name: "proc.pid", Type: Int64, Attr: "process.pid", Get: procPID,
		Doc: "The number of the process on the host.",
	},
	{
		Name: "proc.ppid", Type: Int64, Attr: "process.parent_pid", Of: OfImage | OfRelatives, Get: procPPID,
		Doc: "The parent's number on the host.",
	},
	{
		Name: "proc.vpid", Type: Int64, Attr: "process.vpid", Get: procVPID,
		Doc: "The number of the process in its own namespace.",
	},
	{
		Name: "proc.pvpid", Type: Int64, Attr: "saker.proc.pvpid", Of: OfImage | OfRelatives, Get: procPVPID,
		Doc: "The parent's number in its own namespace.",
	},
	{
		Name: "proc.pid.ts", Type: RelTime, Attr: "process.creation.time", Form: ISOTime, Get: procBorn,
		Doc: "When the process was made, in nanoseconds since 1970.",
	},
	{
		Name: "proc.duration", Type: RelTime, Attr: "saker.proc.duration", Get: procAge, Of: OfAct,
		Doc: "How long ago the process was made, in nanoseconds.",
	},
	{
		Name: "proc.pidns_init_start_ts", Type: Uint64, Attr: "saker.proc.pidns_init_start_ts", Get: procNSBorn,
		Doc: "When the first process of the namespace was made, on the host the boot, in nanoseconds since 1970.",
	},
}

// of makes a Get of a text of the process.
func of(text func(*event.Process) Value) func(*event.Event, Arg) Value {
	return func(e *event.Event, _ Arg) Value { return text(e.Process) }
}

func nameText(p *event.Process) Value { return Str(p.Name) }

func exeText(p *event.Process) Value { return Str(p.Exe) }

func pathText(p *event.Process) Value { return Str(p.File.Path) }

func lineText(p *event.Process) Value { return front(Str(p.CommandLine()), p.ArgsCut) }

func argsText(p *event.Process) Value { return front(Str(p.ArgsText()), p.ArgsCut) }

func cwdText(p *event.Process) Value { return StrOrMissing(p.Cwd) }

// procNameText is the thread's name.
func procNameText(e *event.Event) string {
	if e.Comm != "" {
		return e.Comm
	}
	return e.Process.Name
}

func procName(e *event.Event, _ Arg) Value { return Str(procNameText(e)) }

func procArgs(e *event.Event, a Arg) Value {
	switch args := e.Process.Args; {
	case !a.IsIndex:
		return argsText(e.Process)
	case a.Index < len(args):
		return front(Str(args[a.Index]), e.Process.ArgsCut && a.Index == len(args)-1)
	case e.Process.ArgsCut:
		return Unreadable
	}
	return Str("")
}

func procArgv(e *event.Event, _ Arg) Value {
	argv := make([]string, 0, 1+len(e.Process.Args))
	argv = append(argv, e.Process.Exe)
	return front(Strs(append(argv, e.Process.Args...)), e.Process.ArgsCut)
}

func argsFrom(in *Inputs, a Arg) Value {
	return hold(in[0], func(argv Value) Value {
		switch part := argv.Part(); {
		case a.IsIndex && a.Index+1 < argv.Len():
			return front(argv.At(a.Index+1), part != Whole && a.Index+2 == argv.Len())
		case a.IsIndex && part != Whole:
			return Unreadable
		case a.IsIndex || argv.Len() < 2:
			return Str("")
		}
		var exe string
		var rest []string
		for i, arg := range argv.All() {
			switch {
			case i == 1:
				exe = arg.Text()
			case i > 1:
				rest = append(rest, arg.Text())
			}
		}
		return Str(event.Join(exe, rest)).Only(argv.Part())
	})
}

func procCmdline(e *event.Event, _ Arg) Value {
	if e.Comm == "" || e.Comm == e.Process.Name {
		return lineText(e.Process)
	}
	return front(Str(event.Join(e.Comm, e.Process.Args)), e.Process.ArgsCut)
}

func exeLine(in *Inputs, _ Arg) Value {
	switch {
	case !in[0].Known():
		return in[0]
	case in[1].Text() == "":
		return in[0]
	}
	return Str(in[0].Text() + " " + in[1].Text())
}

func countArgs(in *Inputs, _ Arg) Value {
	return hold(in[0], func(argv Value) Value { return Unsigned(uint64(max(argv.Len()-1, 0))) })
}

func lenArgs(in *Inputs, _ Arg) Value {
	return hold(in[0], func(argv Value) Value {
		n := 0
		for i, arg := range argv.All() {
			if i > 0 {
				n += len(arg.Text())
			}
		}
		return Unsigned(uint64(n))
	})
}

func procEnv(e *event.Event, a Arg) Value {
	if !a.Given {
		return envText(e.Process)
	}
	value := variable(e.Process, a.Text)
	if value == "" && e.Process.EnvCut {
		return Unreadable
	}
	return Str(value)
}

func envText(p *event.Process) Value { return front(Str(strings.Join(p.Env, " ")), p.EnvCut) }

// variable is one variable of a process's environment, empty when it is not set.
func variable(p *event.Process, name string) string {
	for _, v := range p.Env {
		if key, value, ok := strings.Cut(v, "="); ok && key == name {
			return strings.Trim(value, " \t")
		}
	}
	return ""
}

func procCwd(e *event.Event, _ Arg) Value { return StrOrMissing(e.Process.Directory()) }

func withSlash(in *Inputs, _ Arg) Value {
	return hold(in[0], func(v Value) Value {
		if strings.HasSuffix(v.Text(), "/") {
			return v
		}
		return Str(v.Text() + "/")
	})
}

func procTTY(e *event.Event, _ Arg) Value { return Unsigned(uint64(e.Process.TTY)) }

func procPID(e *event.Event, _ Arg) Value { return Num(int64(e.Process.PID)) }

func procPPID(e *event.Event, _ Arg) Value { return Num(int64(e.Process.PPID)) }

func procVPID(e *event.Event, _ Arg) Value { return Num(int64(e.Process.VPID)) }

func procPVPID(e *event.Event, _ Arg) Value { return Num(int64(e.Process.VPPID)) }

func procBorn(e *event.Event, _ Arg) Value { return nonzero(e.Process.Born) }

func procAge(e *event.Event, _ Arg) Value { return age(e, e.Process) }

// age is how old a process is at the event, Missing when that is not known.
func age(e *event.Event, p *event.Process) Value {
	if p == nil || p.Born == 0 || e.Time < p.Born {
		return NoValue
	}
	return Unsigned(e.Time - p.Born)
}

func procNSBorn(e *event.Event, _ Arg) Value { return nonzero(e.Process.PIDNSStart) }

func nonzero(n uint64) Value {
	if n == 0 {
		return NoValue
	}
	return Unsigned(n)
}
