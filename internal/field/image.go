package field

import "github.com/sakerhq/saker/internal/event"

var imageFields = []*Field{
	{
		Name: "proc.exepath", Type: CharBuf, Attr: "process.executable.path", Get: of(pathText), With: []string{"saker.proc.exename"},
		Doc: "The path of the executable as the kernel knows it, symbolic links resolved.",
	},
	{
		Name: "proc.is_exe_writable", Type: Boolean, Attr: "saker.proc.is_exe_writable", Get: ofExe(func(f *event.ExeFile) bool { return f.Writable }),
		Doc: "Whether the process may write its own executable.",
	},
	{
		Name: "proc.is_exe_upper_layer", Type: Boolean, Attr: "saker.proc.is_exe_upper_layer", Get: ofExe(func(f *event.ExeFile) bool { return f.Upper }),
		Doc: "Whether the executable lies in an overlay's upper layer, so that it was added after the image.",
	},
	{
		Name: "proc.is_exe_lower_layer", Type: Boolean, Attr: "saker.proc.is_exe_lower_layer", Get: ofExe(func(f *event.ExeFile) bool { return f.Lower }),
		Doc: "Whether the executable lies in an overlay's lower layer.",
	},
	{
		Name: "proc.is_exe_from_memfd", Type: Boolean, Attr: "saker.proc.is_exe_from_memfd", Get: ofExe(func(f *event.ExeFile) bool { return f.Memfd }),
		Doc: "Whether the executable is a file in memory that has no path.",
	},

	{
		Name: "proc.exe_ino", Type: Int64, Attr: "saker.proc.exe_ino", Get: exeIno,
		Doc: "The number of the executable's inode.",
	},
	{
		Name: "proc.exe_ino.ctime", Type: AbsTime, Attr: "saker.proc.exe_ino_ctime", Get: exeCtime,
		Doc: "When the executable's inode last changed, in nanoseconds since 1970.",
	},
	{
		Name: "proc.exe_ino.mtime", Type: AbsTime, Attr: "saker.proc.exe_ino_mtime", Get: exeMtime,
		Doc: "When the executable's content last changed, in nanoseconds since 1970.",
	},
	{
		Name: "proc.exe_ino.ctime_duration_proc_start", Type: AbsTime,
		Attr: "saker.proc.exe_ino_ctime_duration_proc_start", Get: exeBeforeStart,
		Doc: "How long before the start of the process the executable's inode changed, in nanoseconds.",
	},
	{
		Name: "proc.exe_ino.ctime_duration_pidns_start", Type: AbsTime,
		Attr: "saker.proc.exe_ino_ctime_duration_pidns_start", Get: exeAfterNS,
		Doc: "How long after the start of the namespace the executable's inode changed, in nanoseconds, if it did after.",
	},
}

func ofExe(of func(*event.ExeFile) bool) func(*event.Event, Arg) Value {
	return func(e *event.Event, _ Arg) Value { return Truth(of(&e.Process.File)) }
}

func exeIno(e *event.Event, _ Arg) Value {
	if e.Process.File.Ino == 0 {
		return NoValue
	}
	return Num(int64(e.Process.File.Ino))
}

func exeCtime(e *event.Event, _ Arg) Value { return nonzero(e.Process.File.Ctime) }

func exeMtime(e *event.Event, _ Arg) Value { return nonzero(e.Process.File.Mtime) }

// exeBeforeStart wraps around when the inode changed after the start, as
// rules expect of it.
func exeBeforeStart(e *event.Event, _ Arg) Value {
	p := e.Process
	if p.Born == 0 || p.File.Ctime == 0 {
		return NoValue
	}
	return Unsigned(p.Born - p.File.Ctime)
}

func exeAfterNS(e *event.Event, _ Arg) Value {
	p := e.Process
	if p.PIDNSStart == 0 || p.File.Ctime <= p.PIDNSStart {
		return NoValue
	}
	return Unsigned(p.File.Ctime - p.PIDNSStart)
}
