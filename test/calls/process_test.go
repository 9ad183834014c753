package calls

import (
	"os"
	"os/signal"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/internal/syscalls"
	"github.com/sakerhq/saker/test/entry"
)

// born is a trigger of a call that makes a process, which ends at once. It is
// told twice: as it returns to the parent, and to the child.
func born(name, flags string, args ...uint64) trigger {
	return trigger{name, func(a *actor) string {
		numbers := syscalls.Number(runtime.GOARCH, a.row)
		if len(numbers) == 0 {
			panic(errNoCall)
		}
		var words []uintptr
		for _, arg := range args {
			words = append(words, uintptr(arg))
		}
		if name == "clone3" {
			words = []uintptr{a.longs(args...), uintptr(8 * len(args))}
		}
		a.result = entry.Fork(uintptr(numbers[0]), words...)
		if _, err := unix.Wait4(int(a.result), nil, 0, nil); err != nil {
			panic(err)
		}
		parent := forked(a.result, a.pid, unix.Getppid(), a.dir, flags)
		if runtime.GOARCH != "amd64" {
			return parent // elsewhere the kernel doesn't report the child's return
		}
		return parent + "\n" + forked(0, int(a.result), a.pid, a.dir, flags)
	}}
}

// forked is how the end of a call that makes a process is told of one of the two.
func forked(result int64, pid, parent int, dir, flags string) string {
	return f("res=%d* exe=*calls.test args= tid=%[2]d(*) pid=%[2]d(*) ptid=%[3]d(*) cwd=%[4]s fdlimit=<NA> pgft_maj=<NA> pgft_min=<NA> "+
		"vm_size=<NA> vm_rss=<NA> vm_swap=<NA> comm=* cgroups=* flags=%[5]s uid=0 gid=0 vtid=%[2]d* vpid=%[2]d* pidns_init_start_ts=*",
		result, pid, parent, dir, flags)
}

// program is a trigger of a call that fails to run one.
func program(name, end string, args func(a *actor) []uintptr) trigger {
	return trigger{name, func(a *actor) string {
		a.call(args(a)...)
		return f("res=-2(ENOENT) exe=*calls.test args= tid=%[1]s pid=%[1]s ptid=%[2]d* cwd=%[3]s *uid=0(root) trusted_exepath=*calls.test pgid=* gid=0(root)%[4]s",
			a.me(), unix.Getppid(), a.dir, end)
	}}
}

// buffers is the address of an iovec of memory, and that memory.
func (a *actor) buffers(text string) uintptr { return a.longs(uint64(a.text(text)), uint64(len(text))) }

func pidfd() uintptr {
	fd, err := unix.PidfdOpen(unix.Getpid(), 0)
	if err != nil {
		panic(err)
	}
	return uintptr(fd)
}

var processTriggers = []trigger{
	born("clone", "0", uint64(unix.SIGCHLD)),
	born("clone3", "2(CLONE_FS)", unix.CLONE_FS, 0, 0, 0, uint64(unix.SIGCHLD), 0, 0, 0),
	born("fork", "<NA>"), born("vfork", "<NA>"),
	program("execve", " filename=/no/such", func(a *actor) []uintptr {
		return []uintptr{a.text("/no/such"), a.longs(0), a.longs(0)}
	}),
	program("execveat", "", func(a *actor) []uintptr {
		return []uintptr{uintptr(a.folder), a.text("nosuch"), a.longs(0), a.longs(0), 0}
	}),
	{"signaldeliver", func(a *actor) string {
		signal.Notify(make(chan os.Signal, 1), unix.SIGUSR2)
		if err := unix.Kill(a.pid, unix.SIGUSR2); err != nil {
			panic(err)
		}
		return f("spid=%s dpid=%[1]s sig=12(SIGUSR2)", a.me())
	}},
	{"ptrace", func(a *actor) string {
		r := a.call(unix.PTRACE_ATTACH, minus(1), 3, 4)
		return f("%s addr=3 data=4 request=11(PTRACE_ATTACH) pid=-1", res(r))
	}},
	{"setns", func(a *actor) string {
		fd, err := unix.Open("/proc/self/ns/uts", unix.O_RDONLY, 0)
		if err != nil {
			panic(err)
		}
		a.call(uintptr(fd), unix.CLONE_NEWUTS)
		return f("res=0 fd=%d(<*>*) nstype=128(CLONE_NEWUTS)", fd)
	}},
	{"unshare", func(a *actor) string { a.call(unix.CLONE_SYSVSEM); return "res=0 flags=4096(CLONE_SYSVSEM)" }},
	{"chroot", func(a *actor) string { a.call(a.text("/")); return "res=0 path=/" }},
	{"setpgid", func(a *actor) string { a.call(0, 0); return "res=0 pid=0 pgid=0" }},
	{"setsid", func(a *actor) string { a.call(); return "res=-1" }},
	{"capset", func(a *actor) string {
		header, data := []uint32{unix.LINUX_CAPABILITY_VERSION_3, 0}, make([]uint32, 6)
		at := [2]uintptr{uintptr(unsafe.Pointer(&header[0])), uintptr(unsafe.Pointer(&data[0]))}
		a.keep = append(a.keep, header, data)
		if r := raw(unix.SYS_CAPGET, at[:]); r != 0 {
			panic(r)
		}
		a.call(at[:]...)
		both := func(i int) uint64 { return uint64(data[i+3])<<32 | uint64(data[i]) }
		return f("res=0 cap_inheritable=%X cap_permitted=%X cap_effective=%X", both(2), both(1), both(0))
	}},
	{"prctl", func(a *actor) string {
		name := a.text("other")
		r := a.call(unix.PR_SET_NAME, name)
		return f("%s option=15(PR_SET_NAME) arg2_str=other arg2_int=%d", res(r), name)
	}},
	{"personality", func(a *actor) string { r := a.call(0xffffffff); return f("res=%d persona=*", r) }},
	{"seccomp", func(a *actor) string { r := a.call(2, 0, a.longs(0x7fff0000)); return f("%s op=2 flags=0", res(r)) }},

	{"getrlimit", func(a *actor) string {
		limit := a.memory(0, 0)
		a.call(unix.RLIMIT_NOFILE, uintptr(unsafe.Pointer(limit)))
		both := unsafe.Slice(limit, 2)
		return f("res=0 cur=%d max=%d resource=7(RLIMIT_NOFILE)", int64(both[0]), int64(both[1]))
	}},
	{"setrlimit", func(a *actor) string {
		a.call(unix.RLIMIT_CORE, a.longs(0, ^uint64(0)))
		return "res=0 cur=0 max=-1 resource=4(RLIMIT_CORE)"
	}},
	{"prlimit", func(a *actor) string {
		a.call(0, unix.RLIMIT_CORE, a.longs(4096, 8192), a.longs(7, 7))
		return "res=0 newcur=4096 newmax=8192 oldcur=0 oldmax=-1 pid=0 resource=4(RLIMIT_CORE)"
	}},

	{"pidfd_open", func(a *actor) string {
		r := a.call(uintptr(a.pid), unix.PIDFD_NONBLOCK)
		return f("fd=%d(<P>*) pid=%s flags=1(PIDFD_NONBLOCK)", r, a.me())
	}},
	{"pidfd_getfd", func(a *actor) string {
		fd := pidfd()
		r := a.call(fd, uintptr(a.file), 0)
		return f("%s pid_fd=%d(<P>*) target_fd=%d flags=0", descriptor("fd", r, "<f>"+a.in("file")), fd, a.file)
	}},
	{"pidfd_send_signal", func(a *actor) string {
		fd := pidfd()
		a.call(fd, 0, 0, 0)
		return f("res=0 fd=%d(<P>*) sig=0 flags=0", fd)
	}},
	{"process_vm_readv", func(a *actor) string {
		r := a.call(uintptr(a.pid), a.buffers("....."), 1, a.buffers("there"), 1, 0)
		return f("res=%d pid=%s data=there", r, a.me())
	}},
	{"process_vm_writev", func(a *actor) string {
		r := a.call(uintptr(a.pid), a.buffers("here"), 1, a.buffers("...."), 1, 0)
		return f("res=%d pid=%s data=here", r, a.me())
	}},
	{"process_madvise", func(a *actor) string {
		fd := pidfd()
		r := a.call(fd, a.longs(uint64(mapping()), size), 1, unix.MADV_COLD, 0)
		return f("res=%d pid_fd=%d(<P>*) advice=%d", r, fd, unix.MADV_COLD)
	}},
}
