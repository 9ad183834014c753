// Package eventtest holds events for the tests of every room.
//
// It takes nothing and gives events as state makes them. It owns nothing:
// each call makes them anew. It never touches the host.
package eventtest

import (
	"net/netip"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/syscalls"
)

// Sample is an event with a name for tests to say.
type Sample struct {
	Name  string
	Event *event.Event
}

// Boot and Now are when the samples' host started and when they happen.
const (
	Boot = 1_700_000_000_000_000_000
	Now  = 1_700_003_600_123_456_789
)

// Samples are events of every kind that fields tell apart. Together they give
// each field a value at least once. The image of each process has a number.
func Samples() []Sample {
	all := samples()
	for i := range all {
		all[i].Event.Process.Image = uint64(i) + 1
	}
	return all
}

func samples() []Sample {
	file := &event.FD{Type: event.FDFile, Name: "/etc/shadow", Ino: 4711, Dev: 0x801, Mode: unix.S_IFREG | 0o640}
	dir := &event.FD{Type: event.FDDirectory, Name: "/srv/data", Ino: 12, Dev: 0x12345, Mode: unix.S_IFDIR | 0o755}
	upper := &event.FD{Type: event.FDFile, Name: "/usr/bin/tool", Ino: 99, Upper: true, Origin: "/srv/tool", Created: true}
	asked := &event.FD{Type: event.FDFile, Name: "/etc/nothing"}
	return []Sample{
		{"open through a link", call("openat", shell(), 5, 5, file, args{
			"fd": num(5), "dirfd": num(-100), "name": path("../tmp//link", "/tmp/link"), "flags": num(unix.O_RDWR | unix.O_CLOEXEC),
			"mode": num(0), "dev": num(0x801), "ino": num(4711),
		})},
		{"failed open", call("open", shell(), -2, -1, asked, args{
			"fd": num(-2), "name": path("/etc/nothing", "/etc/nothing"), "flags": num(unix.O_RDONLY), "mode": num(0),
		})},
		{"creating open", call("openat", container(), 6, 6, upper, args{
			"fd": num(6), "dirfd": on(num(3), dir), "name": path("tool", "/usr/bin/tool"),
			"flags": num(unix.O_WRONLY | unix.O_CREAT | unix.O_TRUNC), "mode": num(0o755),
		})},
		{"creat", call("creat", shell(), 7, 7, upper, args{
			"fd": num(7), "name": path("/usr/bin/tool", "/usr/bin/tool"), "mode": num(0o711),
		})},
		{"unlinkat", call("unlinkat", shell(), 0, 3, dir, args{
			"res": num(0), "dirfd": on(num(3), dir), "name": path("old", "/srv/data/old"), "flags": num(0),
		})},
		{"mkdir", call("mkdir", shell(), 0, -1, nil, args{
			"res": num(0), "path": {Valid: true, Text: "link/new", Path: "/home/ana/link/new", Unresolved: true}, "mode": num(0o700),
		})},
		{"failed rmdir", call("rmdir", shell(), -39, -1, nil, args{
			"res": num(-39), "path": path("new", "/home/ana/new"),
		})},
		{"rename", call("rename", shell(), 0, -1, nil, args{
			"res": num(0), "oldpath": path("a", "/home/ana/a"), "newpath": path("/b", "/b"),
		})},
		{"unlinkat through io_uring", via(event.IOUring, call("unlinkat", shell(), 0, -1, nil, args{
			"res": num(0), "dirfd": num(-100), "name": path("a", "/home/ana/a"), "flags": num(0),
		}))},
		{"link", call("link", shell(), 0, -1, nil, args{
			"res": num(0), "oldpath": path("/etc/shadow", "/etc/shadow"), "newpath": path("x", "/home/ana/x"),
		})},
		{"symlinkat", call("symlinkat", shell(), 0, 3, dir, args{
			"res": num(0), "target": text("/etc/shadow"), "linkdirfd": on(num(3), dir), "linkpath": path("l", "/srv/data/l"),
		})},
		{"fchmod", call("fchmod", shell(), 0, 5, file, args{
			"res": num(0), "fd": on(num(5), file), "mode": num(0o4755),
		})},
		{"execve", exec("execve", shell())},
		{"execve in container", exec("execve", container())},
		{"execve in unknown container", exec("execve", unknownContainer())},
		{"setuid", call("setuid", nobody(), 0, -1, nil, args{"res": num(0), "uid": num(65534)})},
		{"setgid to none", call("setgid", nobody(), -1, -1, nil, args{"res": num(-1), "gid": num(0xffffffff)})},
		{"ptrace", call("ptrace", shell(), 0, -1, nil, args{
			"res": num(0), "addr": num(0xbeef), "data": num(0), "request": num(16), "pid": num(100),
		})},
		{"bpf", call("bpf", shell(), 8, 8, &event.FD{Type: event.FDBPF, Name: "bpf-prog"}, args{
			"fd": num(8), "cmd": num(5),
		})},
		{"procexit", meta("procexit", shell(), args{
			"status": num(9), "ret": num(0), "sig": num(9), "core": num(0), "reaper_tid": num(1),
		})},
		{"pivot_root", call("pivot_root", shell(), 0, -1, nil, args{"ID": num(0), "nativeID": num(155)})},
		{"connect", connect()},
		{"accept over IPv6", accept()},
		{"listen", listen()},
		{"socket", call("socket", container(), 9, 9, &event.FD{Type: event.FDPacket, Ino: 5}, args{
			"fd": num(9), "domain": num(unix.AF_PACKET), "type": num(unix.SOCK_RAW), "proto": num(768), "flags": num(0),
		})},
		{"unbound socket", call("socket", shell(), 9, 9, &event.FD{Type: event.FDIPv4, Proto: event.TCP}, args{
			"fd": num(9), "domain": num(unix.AF_INET), "type": num(unix.SOCK_STREAM), "proto": num(0), "flags": num(0),
		})},
		{"sendto", sendto()},
		{"syslog", syslog()},
		{"recvmsg on a pipe", call("recvmsg", shell(), -88, 4, &event.FD{Type: event.FDPipe, Name: "pipe:[55]", Ino: 55}, args{
			"res": num(-88), "size": num(0), "fd": num(4),
		})},
		{"poll", call("poll", shell(), 2, -1, nil, args{"res": num(2), "fds": text("3:?1 7:?11"), "timeout": num(-1)})},
		{"other thread", otherThread()},
		{"hidden link", call("linkat", shell(), 0, -1, nil, args{
			"res": num(0), "olddir": num(-100), "oldpath": {Fault: true}, "newdir": num(-100),
			"newpath": {Valid: true, Cut: true, Text: "x", Path: "/home/ana/x"}, "flags": num(0),
		})},
		{"hidden open", call("openat", crowded(), -13, -1, &event.FD{Type: event.FDFile, NameFault: true}, args{
			"fd": num(-13), "dirfd": num(-100), "name": {Fault: true}, "flags": num(unix.O_RDONLY), "mode": num(0),
		})},
		{"deep open", call("openat", shell(), 5, 5, &event.FD{Type: event.FDFile, Name: event.CutRoot + "/x/y", NameCut: true}, args{
			"fd": num(5), "dirfd": num(-100), "name": path("y", "y"), "flags": num(unix.O_RDONLY), "mode": num(0),
		})},
	}
}

// Named is one of Samples.
func Named(name string) *event.Event {
	for _, s := range Samples() {
		if s.Name == name {
			return s.Event
		}
	}
	panic("no sample " + name)
}

type args map[string]event.Arg

func num(n int64) event.Arg { return event.Arg{Valid: true, Num: n} }

func text(s string) event.Arg { return event.Arg{Valid: true, Text: s} }

func path(given, full string) event.Arg { return event.Arg{Valid: true, Text: given, Path: full} }

func on(a event.Arg, fd *event.FD) event.Arg {
	a.FD = fd
	return a
}

// via is a call that came in by a way.
func via(way event.Via, e *event.Event) *event.Event {
	e.Via = way
	return e
}

// call is a call that returned. The result's descriptor is fd.
func call(name string, p *event.Process, result, fdNum int64, fd *event.FD, as args) *event.Event {
	e := meta(name, p, as)
	e.Result, e.FDNum, e.FD = result, fdNum, fd
	for i := range e.Row.Params {
		if from := e.Row.Params[i].From; from != syscalls.Nowhere && from == e.Row.FD && fdNum >= 0 {
			e.Args[i].FD = fd
		}
	}
	return e
}

func meta(name string, p *event.Process, as args) *event.Event {
	row := syscalls.ByName(name)
	if row == nil {
		panic("no row " + name)
	}
	e := &event.Event{
		Num: 42, Time: Now, CPU: 3, Row: row, TID: p.PID, Process: p, FDNum: -1,
		Args: make([]event.Arg, len(row.Params)),
	}
	for i := range row.Params {
		e.Args[i] = as[row.Params[i].Name]
	}
	return e
}

// exec is a program's start, with the facts of its process as arguments.
func exec(name string, p *event.Process) *event.Event {
	return call(name, p, 0, -1, nil, args{
		"res": num(0), "exe": text(p.Exe), "args": text(strings.Join(p.Args, "\x00")),
		"tid": num(int64(p.PID)), "pid": num(int64(p.PID)), "ptid": num(int64(p.PPID)),
		"cwd": path(p.Cwd, p.Cwd), "comm": text(p.Name), "cgroups": text(p.Cgroup),
		"env": text(strings.Join(p.Env, "\x00")), "tty": num(int64(p.TTY)), "loginuid": num(int64(p.LoginUID)),
		"flags": num(syscalls.ExeWritable), "uid": num(int64(p.UID)), "gid": num(int64(p.GID)),
		"cap_effective": num(int64(p.CapEffective)), "exe_ino": num(int64(p.File.Ino)),
		"trusted_exepath": path(p.File.Path, p.File.Path), "filename": path("../ls", "/usr/bin/ls"),
	})
}

func end(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

func connect() *event.Event {
	fd := &event.FD{
		Type: event.FDIPv4, Ino: 77, Proto: event.TCP, Role: event.Client, Connected: true, NameChanged: true,
		Local: end("10.0.0.5:40000"), Remote: end("93.184.216.34:443"), RemoteName: "example.com",
	}
	return call("connect", shell(), -115, 3, fd, args{
		"res": num(-115), "tuple": {Valid: true, FD: fd, Addr: fd.Remote}, "fd": num(3), "addr": {Valid: true, Addr: fd.Remote},
	})
}

func accept() *event.Event {
	fd := &event.FD{
		Type: event.FDIPv6, Ino: 78, Proto: event.TCP, Role: event.Server, Connected: true,
		Local: end("[2001:db8::1]:22"), Remote: end("[2001:db8::2]:50000"),
	}
	return call("accept4", shell(), 4, 4, fd, args{
		"fd": num(4), "tuple": {Valid: true, FD: fd}, "flags": num(0x800),
	})
}

func listen() *event.Event {
	fd := &event.FD{Type: event.FDIPv4, Ino: 79, Proto: event.TCP, Role: event.Server, Local: end("0.0.0.0:8080")}
	return call("listen", shell(), 0, 3, fd, args{"res": num(0), "fd": num(3), "backlog": num(128)})
}

func sendto() *event.Event {
	fd := &event.FD{
		Type: event.FDIPv4, Ino: 80, Proto: event.UDP, Role: event.Client,
		Local: end("10.0.0.5:40001"), Remote: end("1.1.1.1:53"),
	}
	return call("sendto", container(), 4, 3, fd, args{
		"res": num(4), "data": text("\xca\xfe\xba\xbe"), "fd": num(3), "size": num(4),
		"tuple": {Valid: true, FD: fd, Addr: fd.Remote},
	})
}

func syslog() *event.Event {
	fd := &event.FD{Type: event.FDUnix, Name: "/dev/log", Ino: 81, PeerPID: 1, PeerUID: 0, Peer: initial()}
	return call("sendmsg", shell(), 5, 3, fd, args{
		"res": num(5), "data": text("hello"), "fd": num(3), "size": num(5), "tuple": {Valid: true, FD: fd},
	})
}

// crowded is a process with more arguments and variables than are read.
func crowded() *event.Process {
	p := shell()
	p.ArgsCut, p.EnvCut = true, true
	return p
}

func otherThread() *event.Event {
	e := call("mkdir", shell(), 0, -1, nil, args{"res": num(0), "path": path("/x", "/x"), "mode": num(0o755)})
	e.TID, e.Comm = 1001, "worker"
	return e
}
