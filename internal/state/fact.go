package state

import (
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/syscalls"
)

// facts are the parameters that come from the process, by name.
var facts = map[string]func(*State, *call, *event.Arg){
	"exe":                  func(_ *State, c *call, a *event.Arg) { a.Text = c.p.Exe },
	"args":                 func(s *State, c *call, a *event.Arg) { a.Text, a.Cut = s.strings(c.p.Args), c.p.ArgsCut },
	"env":                  func(s *State, c *call, a *event.Arg) { a.Text = s.strings(c.p.Env) },
	"tid":                  func(_ *State, c *call, a *event.Arg) { a.Num = int64(c.ev.TID) },
	"pid":                  func(_ *State, c *call, a *event.Arg) { a.Num = int64(c.p.PID) },
	"ptid":                 func(_ *State, c *call, a *event.Arg) { a.Num = int64(c.p.PPID) },
	"cwd":                  func(_ *State, c *call, a *event.Arg) { a.Text, a.Path = c.p.Cwd, c.p.Cwd },
	"comm":                 func(_ *State, c *call, a *event.Arg) { a.Text = c.p.Name },
	"cgroups":              func(_ *State, c *call, a *event.Arg) { a.Text = c.p.Cgroup },
	"tty":                  func(_ *State, c *call, a *event.Arg) { a.Num = int64(c.p.TTY) },
	"vpgid":                func(_ *State, c *call, a *event.Arg) { a.Num = int64(c.p.VPGID) },
	"pgid":                 func(_ *State, c *call, a *event.Arg) { a.Num = int64(c.p.PGID) },
	"loginuid":             func(_ *State, c *call, a *event.Arg) { a.Num = int64(c.p.LoginUID) },
	"by":                   readCause,
	"uid_before":           func(_ *State, c *call, a *event.Arg) { a.Num = int64(c.before.uid) },
	"gid_before":           func(_ *State, c *call, a *event.Arg) { a.Num = int64(c.before.gid) },
	"cap_effective_before": func(_ *State, c *call, a *event.Arg) { a.Num = int64(c.before.effective) },
	"uid":                  func(_ *State, c *call, a *event.Arg) { a.Num = int64(c.p.UID) },
	"gid":                  func(_ *State, c *call, a *event.Arg) { a.Num = int64(c.p.GID) },
	"flags":                func(_ *State, c *call, a *event.Arg) { a.Num = exeFlags(&c.p.File) },
	"cap_inheritable":      func(_ *State, c *call, a *event.Arg) { a.Num = int64(c.p.CapInheritable) },
	"cap_permitted":        func(_ *State, c *call, a *event.Arg) { a.Num = int64(c.p.CapPermitted) },
	"cap_effective":        func(_ *State, c *call, a *event.Arg) { a.Num = int64(c.p.CapEffective) },
	"exe_ino":              func(_ *State, c *call, a *event.Arg) { a.Num = int64(c.p.File.Ino) },
	"exe_ino_ctime":        func(_ *State, c *call, a *event.Arg) { a.Num = int64(c.p.File.Ctime) },
	"exe_ino_mtime":        func(_ *State, c *call, a *event.Arg) { a.Num = int64(c.p.File.Mtime) },
	"vpid":                 func(_ *State, c *call, a *event.Arg) { a.Num = int64(c.p.VPID) },
	"vtid":                 func(_ *State, c *call, a *event.Arg) { a.Num, a.Valid = int64(c.p.VPID), c.ev.TID == c.p.PID },
	"pidns_init_start_ts":  func(_ *State, c *call, a *event.Arg) { a.Num = int64(c.p.PIDNSStart) },
	"trusted_exepath":      func(_ *State, c *call, a *event.Arg) { a.Text, a.Path = c.p.File.Path, c.p.File.Path },
	"fdlimit":              measure(func(m *event.Measures) uint64 { return m.FDLimit }),
	"pgft_maj":             measure(func(m *event.Measures) uint64 { return m.MajorFaults }),
	"pgft_min":             measure(func(m *event.Measures) uint64 { return m.MinorFaults }),
	"vm_size":              measure(func(m *event.Measures) uint64 { return m.VMSize }),
	"vm_rss":               measure(func(m *event.Measures) uint64 { return m.VMRSS }),
	"vm_swap":              measure(func(m *event.Measures) uint64 { return m.VMSwap }),
}

// measure makes a fact of how large the process is.
func measure(of func(*event.Measures) uint64) func(*State, *call, *event.Arg) {
	return func(_ *State, c *call, a *event.Arg) {
		a.Num, a.Valid = int64(of(&c.p.Measures)), c.p.Measures.Known
	}
}

// exeFlags are the facts of a program's file as execve's flags have them.
func exeFlags(f *event.ExeFile) int64 {
	var flags int64
	for _, is := range [...]struct {
		it  bool
		bit int64
	}{
		{f.Writable, syscalls.ExeWritable},
		{f.Upper, syscalls.ExeUpper},
		{f.Memfd, syscalls.ExeMemfd},
		{f.Lower, syscalls.ExeLower},
	} {
		if is.it {
			flags |= is.bit
		}
	}
	return flags
}

// strings joins strings as they lie in memory, each but the last ended by a NUL.
func (s *State) strings(list []string) string {
	start := len(s.text.buf)
	for i, text := range list {
		if i > 0 {
			s.text.buf = append(s.text.buf, 0)
		}
		s.text.buf = append(s.text.buf, text...)
	}
	return s.text.since(start)
}
