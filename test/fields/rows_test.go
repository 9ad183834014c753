package fields

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

var rows = slices.Concat(primary, derived)

// primary are the fields that records carry, and what the machine says of each.
var primary = []row{
	{"evt.type", "connect", always("connect")},
	{"evt.cpu", "open", number(func(*facts) (uint64, uint64) { return 0, 1 << 12 })},
	{"evt.rawtime", "open", number(func(f *facts) (uint64, uint64) { return f.from, f.to })},
	{"evt.rawres", "creation", is(func(f *facts) string { return itoa(f.said.Opened) })},
	{"evt.res", "failure", always("ENOENT")},
	{"saker.error.type", "failure", always("ENOENT")},
	{"evt.arg.name", "creation", is(path("new"))},
	{"evt.rawarg.name", "creation", always("./new")},
	{"evt.args", "open", func(t *testing.T, f *facts, got string) {
		if !strings.Contains(got, " name=link("+f.dir+"/link) flags=4097(O_RDONLY|O_CLOEXEC) mode=0 ") {
			t.Errorf("says %s", got)
		}
	}},
	{"evt.unresolved", "open", always("name")},
	{"evt.buffer", "sendto", always("payload")},
	{"evt.is_open_create", "creation", always("true")},
	{"evt.is_open_create", "open", always("false")},

	{"fd.num", "creation", is(func(f *facts) string { return itoa(f.said.Opened) })},
	{"fd.type", "open", always("file")},
	{"fd.type", "connect", always("ipv4")},
	{"fd.nameraw", "open", always("link")},
	{"fd.dev", "open", is(func(f *facts) string { return itoa(f.inode(f.dir + "/target").Dev) })},
	{"fd.ino", "open", is(func(f *facts) string { return itoa(f.inode(f.dir + "/target").Ino) })},
	{"fd.is_upper_layer", "creation", is(func(f *facts) string { return strconv.FormatBool(overlaid(f, f.dir)) })},
	{"fd.is_lower_layer", "creation", always("false")},
	{"saker.file.path", "open", is(path("target"))},
	{"saker.fd.name", "unix", is(path("socket"))},
	{"saker.client.address", "connect", always("127.0.0.1")},
	{"saker.server.address", "connect", always("127.0.0.1")},
	{"saker.local.address", "connect", always("127.0.0.1")},
	{"saker.peer.address", "connect", always("127.0.0.1")},
	{"fd.cport", "connect", is(port(client))},
	{"fd.sport", "connect", is(port(server))},
	{"fd.lport", "connect", is(port(client))},
	{"fd.rport", "connect", is(port(server))},
	{"saker.transport", "connect", always("tcp")},
	{"saker.network.type", "connect", always("ipv4")},
	{"fd.is_server", "connect", always("false")},
	{"fd.connected", "connect", always("true")},
	{"fd.name_changed", "connect", always("true")},
	{"fd.peer.pid", "unix", is(func(f *facts) string { return itoa(parent(f)) })},
	{"fd.peer.uid", "unix", is(func(*facts) string { return itoa(os.Geteuid()) })},
	{"fd.peer.name", "unix", is(func(f *facts) string { return f.comm(parent(f)) })},
	{"fd.peer.exepath", "unix", is(func(f *facts) string { return exe(f, parent(f)) })},

	{"fs.path.nameraw", "mkdir", always("sub")},
	{"saker.fs.path.name", "mkdir", is(path("sub"))},
	{"fs.path.source", "rename", is(path("old"))},
	{"fs.path.sourceraw", "rename", always("old")},
	{"fs.path.target", "rename", is(path("newer"))},
	{"fs.path.targetraw", "rename", always("./sub/../newer")},

	{"proc.name", "execve", is(func(f *facts) string { return f.comm(f.pid) })},
	{"proc.name", "open", is(func(f *facts) string { return f.comm(f.said.TID) })},
	{"proc.exe", "open", is(func(f *facts) string { return f.argv[0] })},
	{"saker.proc.args", "execve", is(func(f *facts) string { return strings.Join(f.strings(f.pid, "cmdline"), "\x00") })},
	{"proc.cmdline", "execve", is(func(f *facts) string { return f.line(f.pid) })},
	{"proc.cmdline", "open", is(func(f *facts) string { return f.line(f.said.TID) })},
	{"proc.argc", "open", always("3")},
	{"proc.env", "execve", is(func(f *facts) string { return strings.Join(f.strings(f.pid, "environ"), " ") })},
	{"proc.env[HOME]", "open", always("/nowhere")},
	{"saker.proc.cwd", "open", is(func(f *facts) string { return f.link(f.pid, "cwd") })},
	{"proc.pcwd", "open", is(func(f *facts) string { return f.link(parent(f), "cwd") })},
	{"proc.tty", "open", is(func(f *facts) string { return itoa(f.stat(f.pid, 7)) })},
	{"proc.interactive", "open", is(func(f *facts) string { return strconv.FormatBool(f.stat(f.pid, 7) != 0) })},
	{"proc.pid", "open", is(func(f *facts) string { return itoa(f.pid) })},
	{"proc.ppid", "open", is(func(f *facts) string { return itoa(f.stat(f.pid, 4)) })},
	{"proc.vpid", "open", is(last("NSpid"))},
	{"proc.pvpid", "open", is(func(f *facts) string { w := f.status(parent(f), "NSpid"); return w[len(w)-1] })},
	{"proc.pid.ts", "open", number(born(self))},
	{"proc.ppid.ts", "open", number(born(parent))},
	{"proc.duration", "open", number(func(f *facts) (uint64, uint64) { return 1, f.to - f.from })},
	{"proc.ppid.duration", "open", number(func(f *facts) (uint64, uint64) { low, _ := born(parent)(f); return 1, f.to - low })},
	{"proc.entity_id", "open", hexID},
	{"proc.pentity_id", "open", hexID},
	{"saker.proc.exename", "open", is(func(f *facts) string { return filepath.Base(exe(f, f.pid)) })},
	{"proc.exepath", "open", is(func(f *facts) string { return exe(f, f.pid) })},
	{"proc.is_exe_writable", "open", is(func(f *facts) string {
		return strconv.FormatBool(unix.Access(exe(f, f.pid), unix.W_OK) != unix.EACCES)
	})},
	{"proc.is_exe_upper_layer", "open", is(func(f *facts) string { return strconv.FormatBool(overlaid(f, exe(f, f.pid))) })},
	{"proc.is_exe_lower_layer", "open", always("false")},
	{"proc.is_exe_from_memfd", "open", always("false")},
	{"proc.exe_ino", "open", is(func(f *facts) string { return itoa(f.inode(exe(f, f.pid)).Ino) })},
	{"proc.exe_ino.ctime", "open", is(func(f *facts) string { return nanoseconds(f.inode(exe(f, f.pid)).Ctim) })},
	{"proc.exe_ino.mtime", "open", is(func(f *facts) string { return nanoseconds(f.inode(exe(f, f.pid)).Mtim) })},
	{"proc.exe_ino.ctime_duration_proc_start", "open", number(func(f *facts) (uint64, uint64) {
		low, high := born(self)(f)
		ctime := uint64(f.inode(exe(f, f.pid)).Ctim.Nano())
		return low - ctime, high - ctime
	})},

	{"proc.stdin.type", "open", always("pipe")},
	{"proc.stdout.type", "open", always("pipe")},
	{"proc.stdin.name", "open", is(standard("0"))},
	{"proc.stdout.name", "open", is(standard("1"))},

	{"proc.vmsize", "open", number(sized("VmPeak"))},
	{"proc.vmrss", "open", number(upTo("VmHWM"))},
	{"proc.vmswap", "open", number(func(*facts) (uint64, uint64) { return 0, 1 << 30 })},
	{"proc.fdlimit", "execve", number(func(f *facts) (uint64, uint64) { return 1, uint64(atoi(hardLimit(f))) })},
	{"proc.nthreads", "execve", always("1")},
	{"thread.pfminor", "execve", number(faults(10))},
	{"thread.pfmajor", "execve", number(faults(12))},

	{"proc.pname", "open", is(func(f *facts) string { return f.comm(parent(f)) })},
	{"proc.pexe", "open", quietly(func(f *facts) string { return argv0(f, parent(f)) })},
	{"proc.pexepath", "open", is(func(f *facts) string { return exe(f, parent(f)) })},
	{"proc.pcmdline", "open", quietly(func(f *facts) string { return f.line(parent(f)) })},
	{"proc.aname[1]", "open", is(func(f *facts) string { return f.comm(parent(f)) })},
	{"proc.aname[2]", "open", quietly(func(f *facts) string { return f.comm(f.stat(parent(f), 4)) })},
	{"proc.aexe[1]", "open", quietly(func(f *facts) string { return argv0(f, parent(f)) })},
	{"proc.aexepath[1]", "open", is(func(f *facts) string { return exe(f, parent(f)) })},
	{"proc.acmdline[1]", "open", quietly(func(f *facts) string { return f.line(parent(f)) })},
	{"proc.apid[2]", "open", is(func(f *facts) string { return itoa(f.stat(parent(f), 4)) })},
	{"proc.aenv[PATH]", "open", quietly(func(*facts) string { return strings.Trim(os.Getenv("PATH"), " \t") })},
	{"proc.aargs[1]", "open", quietly(func(f *facts) string { return strings.Join(f.strings(parent(f), "cmdline")[1:], " ") })},
	{"saker.proc.aargs", "open", func(t *testing.T, f *facts, got string) {
		if first, _, _ := strings.Cut(got, "\x00"); first != strings.Join(f.strings(parent(f), "cmdline")[1:], " ") {
			t.Error("the parent's are others")
		}
	}},
	{"proc.loginshellid", "open", is(loginShell)},

	{"proc.sid", "open", is(last("NSsid"))},
	{"saker.proc.session_leader", "open", is(func(f *facts) string { return itoa(f.stat(f.pid, 6)) })},
	{"proc.sname", "open", quietly(leader(6, comm))},
	{"proc.sid.exe", "open", quietly(leader(6, argv0))},
	{"proc.sid.exepath", "open", quietly(leader(6, exe))},
	{"proc.is_sid_leader", "open", always("false")},
	{"proc.pgid", "open", is(func(f *facts) string { return itoa(f.stat(f.pid, 5)) })},
	{"proc.pgid.name", "open", quietly(leader(5, comm))},
	{"proc.pgid.exe", "open", quietly(leader(5, argv0))},
	{"proc.pgid.exepath", "open", quietly(leader(5, exe))},
	{"proc.is_pgid_leader", "open", always("false")},
	{"proc.vpgid", "open", is(last("NSpgid"))},
	{"proc.vpgid.name", "open", quietly(leader(5, comm))},
	{"proc.vpgid.exe", "open", quietly(leader(5, argv0))},
	{"proc.vpgid.exepath", "open", quietly(leader(5, exe))},
	{"proc.is_vpgid_leader", "open", always("false")},

	{"thread.tid", "execve", is(func(f *facts) string { return itoa(f.pid) })},
	{"thread.tid", "open", is(func(f *facts) string { return itoa(f.said.TID) })},
	{"saker.thread.cgroup", "open", is((*facts).cgroup)},
	{"thread.cap_permitted", "open", capabilities("CapPrm")},
	{"thread.cap_inheritable", "open", capabilities("CapInh")},
	{"thread.cap_effective", "open", capabilities("CapEff")},

	{"user.uid", "open", is(func(f *facts) string { return itoa(f.uid()) })},
	{"saker.user.name", "open", is(func(f *facts) string { return f.account("/etc/passwd", f.uid(), 0, "none") })},
	{"user.homedir", "open", is(func(f *facts) string { return f.account("/etc/passwd", f.uid(), 5, "<NA>") })},
	{"user.shell", "open", is(func(f *facts) string { return f.account("/etc/passwd", f.uid(), 6, "<NA>") })},
	{"user.loginuid", "open", is(func(f *facts) string { return itoa(f.loginUID()) })},
	{"user.loginname", "open", is(func(f *facts) string { return f.account("/etc/passwd", f.loginUID(), 0, "<NA>") })},
	{"group.gid", "open", is(func(f *facts) string { return itoa(f.gid()) })},
	{"group.name", "open", is(func(f *facts) string { return f.account("/etc/group", f.gid(), 0, "<NA>") })},
}
