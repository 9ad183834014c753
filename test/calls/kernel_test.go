package calls

import "golang.org/x/sys/unix"

// ring is a new io_uring.
func (a *actor) ring() uintptr {
	fd := raw(unix.SYS_IO_URING_SETUP, []uintptr{4, a.buffer(120)})
	if fd < 0 {
		panic(errNoCall)
	}
	return uintptr(fd)
}

// Calls that change the kernel are made so that they fail.
var kernelTriggers = []trigger{
	{"bpf", func(a *actor) string {
		r := a.call(unix.BPF_PROG_LOAD, 0, 0)
		return f("%s cmd=5(BPF_PROG_LOAD)", result("fd", r))
	}},
	{"init_module", func(a *actor) string {
		r := a.call(a.text("no module"), 9, a.text("a=1"))
		return f("%s img=no module length=9 uargs=a=1", res(r))
	}},
	{"finit_module", func(a *actor) string {
		r := a.call(uintptr(a.file), a.text("a=1"), 2)
		return f("%s fd=%s uargs=a=1 flags=2(MODULE_INIT_IGNORE_VERMAGIC)", res(r), a.fileArg())
	}},
	{"delete_module", func(a *actor) string {
		r := a.call(a.text("saker_no_such"), unix.O_NONBLOCK|unix.O_TRUNC)
		return f("%s name=saker_no_such flags=3(O_NONBLOCK|O_TRUNC)", res(r))
	}},
	{"kexec_load", func(a *actor) string {
		r := a.call(0x1234, 99, 0, 4)
		return f("%s entry=1234 nr_segments=99 flags=4(KEXEC_UPDATE_ELFCOREHDR)", res(r))
	}},
	{"kexec_file_load", func(a *actor) string {
		r := a.call(uintptr(a.file), minus(1), 4, a.text("abc"), 0x80)
		return f("%s kernel_fd=%s initrd_fd=-1* cmdline=abc. flags=0", res(r), a.fileArg())
	}},
	{"reboot", func(a *actor) string { a.call(1, 2, 3); return "res=-22(EINVAL) magic=1 magic2=2 op=3" }},
	{"sethostname", func(a *actor) string { a.call(a.text("actor"), 5); return "res=0 name=actor" }},
	{"setdomainname", func(a *actor) string { a.call(a.text("act"), 3); return "res=0 name=act" }},
	{"swapon", func(a *actor) string {
		r := a.call(a.path("nowhere"), 0x8000)
		return f("%s path=%s flags=32768(SWAP_FLAG_PREFER)", res(r), a.in("nowhere"))
	}},
	{"swapoff", func(a *actor) string { r := a.call(a.path("nowhere")); return f("%s path=%s", res(r), a.in("nowhere")) }},
	{"acct", func(a *actor) string { r := a.call(a.path("nowhere")); return f("%s path=%s", res(r), a.in("nowhere")) }},
	{"quotactl_fd", func(a *actor) string {
		r := a.call(uintptr(a.file), 0x80000700, 1, a.buffer(128))
		return f("%s fd=%s cmd=32(Q_GETQUOTA) id=1", res(r), a.fileArg())
	}},
	{"add_key", func(a *actor) string {
		r := a.call(a.text("user"), a.text("saker"), a.text("x"), 1, minus(2)) // the process's keyring
		return f("res=%d type=user description=saker plen=1 keyring=-2", r)
	}},
	{"request_key", func(a *actor) string {
		r := a.call(a.text("user"), a.text("saker none"), 0, minus(2))
		return f("res=%d type=user description=saker none callout_info=<NA> keyring=-2", r)
	}},
	{"keyctl", func(a *actor) string {
		r := a.call(10, minus(2), a.text("user"), a.text("saker"), 0)
		return f("%s operation=10(KEYCTL_SEARCH) arg2=-2 arg3=user arg4=saker arg5=0", res(r))
	}},
	{"io_uring_setup", func(a *actor) string {
		r := a.call(3, a.buffer(120))
		return f("%s entries=3 sq_entries=4 cq_entries=8 flags=0 sq_thread_cpu=0 sq_thread_idle=0 features=*(IORING_FEAT_SINGLE_MMAP|IORING_FEAT_NODROP|*)", res(r))
	}},
	{"io_uring_enter", func(a *actor) string {
		fd := a.ring()
		a.call(fd, 0, 0, 1, 0, 0)
		return f("res=0 fd=%d(<r>[io_uring]) to_submit=0 min_complete=0 flags=1(IORING_ENTER_GETEVENTS) sig=<NA>", fd)
	}},
	{"io_uring_register", func(a *actor) string {
		fd := a.ring()
		a.call(fd, 3, 0, 0)
		return f("res=-6(ENXIO) fd=%d(<r>[io_uring]) opcode=4(IORING_UNREGISTER_FILES) arg=0 nr_args=0", fd)
	}},
	{"landlock_create_ruleset", func(a *actor) string {
		r := a.call(a.longs(8), 8, 0)
		return f("%s* handled_access_fs=8 size=8 flags=0", result("fd", r))
	}},
	{"landlock_add_rule", func(a *actor) string {
		r := a.call(uintptr(a.file), 1, a.longs(4, 0), 0)
		return f("%s fd=%s rule_type=1(LANDLOCK_RULE_PATH_BENEATH) allowed_access=4 flags=0", res(r), a.fileArg())
	}},
	{"landlock_restrict_self", func(a *actor) string {
		r := a.call(uintptr(a.file), 0)
		return f("%s fd=%s flags=0", res(r), a.fileArg())
	}},
	{"perf_event_open", func(a *actor) string {
		attr := make([]uint64, 16)
		attr[0], attr[1] = 1|128<<32, 9 // a software dummy
		r := a.call(a.longs(attr...), 0, minus(1), minus(1), 8)
		return f("%s* type=1(PERF_TYPE_SOFTWARE) config=9 pid=0 cpu=-1 group_fd=-1* flags=8(PERF_FLAG_FD_CLOEXEC)", result("fd", r))
	}},
	{"syslog", func(a *actor) string { a.call(minus(1), 0, 5); return "res=-22(EINVAL) type=-1 len=5" }},
	{"iopl", func(a *actor) string { r := a.call(9); return f("%s level=9", res(r)) }},
	{"ioperm", func(a *actor) string {
		r := a.call(minus(1), 1, 1)
		return f("%s from=FFFFFFFFFFFFFFFF num=1 turn_on=1", res(r))
	}},
	{"clock_settime", func(a *actor) string {
		r := a.call(unix.CLOCK_MONOTONIC, a.longs(1, 500000000))
		return f("%s clockid=1 time=1500000000(1.5s)", res(r))
	}},
}
