package calls

import "golang.org/x/sys/unix"

// semaphores is a new set of two.
func (a *actor) semaphores() uintptr {
	id, _, errno := unix.Syscall(unix.SYS_SEMGET, 0, 2, 0o600)
	if errno != 0 {
		panic(errno)
	}
	return id
}

var ipcTriggers = []trigger{
	{"pipe", func(a *actor) string {
		at, fds := a.ints(0, 0)
		a.call(at)
		return f("res=0 fd1=%d(<p>*) fd2=%d(<p>*) ino=*", fds[0], fds[1])
	}},
	{"pipe2", func(a *actor) string {
		at, fds := a.ints(0, 0)
		a.call(at, unix.O_CLOEXEC|unix.O_NONBLOCK)
		return f("res=0 fd1=%d(<p>*) fd2=%d(<p>*) ino=* flags=4160(O_NONBLOCK|O_CLOEXEC)", fds[0], fds[1])
	}},
	{"eventfd", func(a *actor) string {
		r := a.call(5)
		return f("%s initval=5 flags=<NA>", descriptor("res", r, "<e>[eventfd]"))
	}},
	{"eventfd2", func(a *actor) string {
		r := a.call(6, unix.EFD_CLOEXEC)
		return f("%s flags=4096(O_CLOEXEC) initval=6", descriptor("res", r, "<e>[eventfd]"))
	}},
	{"inotify_init", func(a *actor) string { r := a.call(); return f("%s flags=<NA>", descriptor("res", r, "<i>inotify")) }},
	{"inotify_init1", func(a *actor) string {
		r := a.call(unix.IN_NONBLOCK)
		return f("%s flags=64(O_NONBLOCK)", descriptor("res", r, "<i>inotify"))
	}},
	{"futex", func(a *actor) string {
		at := a.longs(0)
		a.call(at, 1|128, 1)
		return f("res=0 addr=%X op=129(FUTEX_PRIVATE_FLAG|FUTEX_WAKE) val=1", at)
	}},
	{"kill", func(a *actor) string { a.call(uintptr(a.pid), 0); return f("res=0 pid=%s sig=0", a.me()) }},
	{"tkill", func(a *actor) string {
		a.call(uintptr(a.pid), 999)
		return f("res=-22(EINVAL) tid=%s sig=999", a.me())
	}},
	{"tgkill", func(a *actor) string {
		a.call(uintptr(a.pid), uintptr(a.pid), 0)
		return f("res=0 pid=%[1]s tid=%[1]s sig=0", a.me())
	}},
	{"signalfd", func(a *actor) string {
		r := a.call(minus(1), a.longs(1<<9), 8)
		return f("%s fd=-1* mask=200 flags=<NA>", descriptor("res", r, "<s>[signalfd]"))
	}},
	{"signalfd4", func(a *actor) string {
		r := a.call(minus(1), a.longs(1<<11), 8, unix.SFD_CLOEXEC)
		return f("%s flags=4096(O_CLOEXEC) fd=-1* mask=800", descriptor("res", r, "<s>[signalfd]"))
	}},
	{"semget", func(a *actor) string {
		r := a.call(0x77, 3, 0o1000|0o2000|0o600)
		return f("res=%d key=77 nsems=3 semflg=24576(IPC_EXCL|IPC_CREAT)", r)
	}},
	{"semop", func(a *actor) string {
		id := a.semaphores()
		// sem_num 0 sem_op 1 IPC_NOWAIT, sem_num 1 sem_op -1 IPC_NOWAIT
		a.call(id, a.longs(0x0001_0800_0001_0000, 0x0800_ffff), 2)
		return f("res=-11(EAGAIN) nsops=2 sem_num_0=0 sem_op_0=1 sem_flg_0=1(IPC_NOWAIT) sem_num_1=1 sem_op_1=-1 sem_flg_1=1(IPC_NOWAIT) semid=%d", id)
	}},
	{"semctl", func(a *actor) string {
		id := a.semaphores()
		a.call(id, 1, 12, 0)
		return f("res=0 semid=%d semnum=1 cmd=512(GETVAL) val=0", id)
	}},
	{"mq_open", func(a *actor) string {
		r := a.call(a.text("no/such"), unix.O_RDONLY)
		return f("%s name=no/such flags=1(O_RDONLY) mode=0", result("fd", r))
	}},
	{"mq_unlink", func(a *actor) string { r := a.call(a.text("nosuch")); return f("%s name=nosuch", res(r)) }},
}

var waitTriggers = []trigger{
	{"epoll_create", func(a *actor) string { r := a.call(8); return f("res=%d size=8", r) }},
	{"epoll_create1", func(a *actor) string { r := a.call(unix.EPOLL_CLOEXEC); return f("res=%d flags=1(EPOLL_CLOEXEC)", r) }},
	{"epoll_wait", func(a *actor) string {
		fd, err := unix.EpollCreate1(0)
		if err != nil {
			panic(err)
		}
		a.call(uintptr(fd), a.buffer(64), 3, 0)
		return "res=0 maxevents=3"
	}},
	{"poll", func(a *actor) string {
		r, w := a.pipe()
		a.call(a.longs(uint64(r)|unix.POLLIN<<32, uint64(w)|unix.POLLOUT<<32), 2, minus(1))
		return f("res=1 fds=%d:?4 timeout=-1", w)
	}},
	{"ppoll", func(a *actor) string {
		r, _ := a.pipe()
		a.call(a.longs(uint64(r)|unix.POLLIN<<32), 1, a.longs(0, 1000), a.longs(1<<9), 8)
		return "res=0 fds= timeout=0(0s) sigmask=512(SIGUSR1)" // nothing is left of the time
	}},
	{"select", func(a *actor) string { a.call(0, 0, 0, 0, a.longs(0, 0)); return "res=0" }},
	{"nanosleep", func(a *actor) string { a.call(a.longs(0, 1500), 0); return "res=0 interval=1500(1.5e-06s)" }},
	{"timerfd_create", func(a *actor) string {
		r := a.call(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC)
		return f("%s clockid=1 flags=<NA>", descriptor("res", r, "<t>[timerfd]"))
	}},
}
