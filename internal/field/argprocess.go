package field

import (
	"strings"

	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/syscalls"
)

// processArgs gives the parameters of execve and its like that are facts of
// the process after the event.
var processArgs = map[string]func(*event.Event) event.Arg{
	"exe":             func(e *event.Event) event.Arg { return textArg(e.Process.Exe) },
	"args":            func(e *event.Event) event.Arg { return listArg(e.Process.Args) },
	"env":             func(e *event.Event) event.Arg { return listArg(e.Process.Env) },
	"cgroups":         func(e *event.Event) event.Arg { return listArg([]string{e.Process.Cgroup}) },
	"comm":            func(e *event.Event) event.Arg { return textArg(procNameText(e)) },
	"cwd":             func(e *event.Event) event.Arg { return textArg(e.Process.Directory()) },
	"trusted_exepath": func(e *event.Event) event.Arg { return textArg(e.Process.File.Path) },
	"tid":             func(e *event.Event) event.Arg { return numArg(int64(e.TID)) },
	"pid":             func(e *event.Event) event.Arg { return numArg(int64(e.Process.PID)) },
	"ptid":            func(e *event.Event) event.Arg { return numArg(int64(e.Process.PPID)) },
	"tty":             func(e *event.Event) event.Arg { return numArg(int64(e.Process.TTY)) },
	"pgid":            func(e *event.Event) event.Arg { return numArg(int64(e.Process.PGID)) },
	"vpgid":           func(e *event.Event) event.Arg { return numArg(int64(e.Process.VPGID)) },
	"uid":             func(e *event.Event) event.Arg { return numArg(int64(e.Process.UID)) },
	"gid":             func(e *event.Event) event.Arg { return numArg(int64(e.Process.GID)) },
	"loginuid":        func(e *event.Event) event.Arg { return numArg(int64(e.Process.LoginUID)) },
	"exe_ino":         func(e *event.Event) event.Arg { return numArg(int64(e.Process.File.Ino)) },
	"exe_ino_ctime":   func(e *event.Event) event.Arg { return numArg(int64(e.Process.File.Ctime)) },
	"exe_ino_mtime":   func(e *event.Event) event.Arg { return numArg(int64(e.Process.File.Mtime)) },
	"cap_inheritable": func(e *event.Event) event.Arg { return numArg(int64(e.Process.CapInheritable)) },
	"cap_permitted":   func(e *event.Event) event.Arg { return numArg(int64(e.Process.CapPermitted)) },
	"cap_effective":   func(e *event.Event) event.Arg { return numArg(int64(e.Process.CapEffective)) },
	"flags":           exeFlags,
}

func numArg(n int64) event.Arg { return event.Arg{Valid: true, Num: n} }

func textArg(s string) event.Arg { return event.Arg{Valid: true, Text: s} }

// listArg is strings as the kernel keeps them, each with its NUL.
func listArg(ss []string) event.Arg {
	if len(ss) == 0 {
		return textArg("")
	}
	return textArg(strings.Join(ss, "\x00") + "\x00")
}

func exeFlags(e *event.Event) event.Arg {
	var n int64
	f := &e.Process.File
	for _, flag := range []struct {
		set bool
		bit int64
	}{
		{f.Writable, syscalls.ExeWritable},
		{f.Upper, syscalls.ExeUpper},
		{f.Lower, syscalls.ExeLower},
		{f.Memfd, syscalls.ExeMemfd},
	} {
		if flag.set {
			n |= flag.bit
		}
	}
	return numArg(n)
}
