package calls

import "golang.org/x/sys/unix"

// vector is the address of two buffers: iovecs.
func (a *actor) vector(first, second string) uintptr {
	return a.longs(uint64(a.text(first)), uint64(len(first)), uint64(a.text(second)), uint64(len(second)))
}

// rewind puts the file back to what it was.
func (a *actor) rewind() uintptr {
	if err := unix.Ftruncate(a.file, 0); err != nil {
		panic(err)
	}
	if _, err := unix.Pwrite(a.file, []byte("content"), 0); err != nil {
		panic(err)
	}
	if _, err := unix.Seek(a.file, 0, 0); err != nil {
		panic(err)
	}
	return uintptr(a.file)
}

func (a *actor) pipe() (read, write uintptr) {
	var p [2]int
	if err := unix.Pipe(p[:]); err != nil {
		panic(err)
	}
	return uintptr(p[0]), uintptr(p[1])
}

var ioTriggers = []trigger{
	{"close", func(a *actor) string { a.call(101); return "res=0 fd=101" }},
	{"close_range", func(a *actor) string {
		return f("%s first=100 last=101 flags=4(CLOSE_RANGE_CLOEXEC)", res(a.call(100, 101, 4)))
	}},
	{"read", func(a *actor) string {
		a.call(a.rewind(), a.buffer(100), 100)
		return f("res=7 data=content fd=%s size=100", a.fileArg())
	}},
	{"write", func(a *actor) string {
		a.call(a.rewind(), a.text("CON"), 3)
		return f("res=3 data=CON fd=%s size=3", a.fileArg())
	}},
	{"pread", func(a *actor) string {
		a.call(a.rewind(), a.buffer(100), 3, 4)
		return f("res=3 data=ent fd=%s size=3 pos=4", a.fileArg())
	}},
	{"pwrite", func(a *actor) string {
		a.call(a.rewind(), a.text("ENT"), 3, 4)
		return f("res=3 data=ENT fd=%s size=3 pos=4", a.fileArg())
	}},
	{"readv", func(a *actor) string {
		a.call(a.rewind(), a.vector("....", "...."), 2)
		return f("res=7 size=7 data=content fd=%s", a.fileArg())
	}},
	{"writev", func(a *actor) string {
		a.call(a.rewind(), a.vector("CONT", "ENT"), 2)
		return f("res=7 data=CONTENT fd=%s size=7", a.fileArg())
	}},
	{"preadv", func(a *actor) string {
		a.call(a.rewind(), a.vector("..", ".."), 2, 2, 0)
		return f("res=4 size=4 data=nten fd=%s pos=2", a.fileArg())
	}},
	{"pwritev", func(a *actor) string {
		a.call(a.rewind(), a.vector("a", "b"), 2, 5, 0)
		return f("res=2 data=ab fd=%s size=2 pos=5", a.fileArg())
	}},
	{"preadv2", func(a *actor) string {
		a.call(a.rewind(), a.vector("..", ".."), 2, 2, 0, 0)
		return f("res=4 data=nten fd=%s pos=2 flags=0", a.fileArg())
	}},
	{"pwritev2", func(a *actor) string {
		a.call(a.rewind(), a.vector("a", "b"), 2, 5, 0, unix.RWF_DSYNC)
		return f("res=2 data=ab fd=%s pos=5 flags=2", a.fileArg())
	}},
	{"sendfile", func(a *actor) string {
		_, w := a.pipe()
		a.call(w, a.rewind(), a.longs(2), 3)
		return f("res=3 offset=5 out_fd=%d(<p>*) in_fd=%s size=3", w, a.fileArg())
	}},
	{"splice", func(a *actor) string {
		_, w := a.pipe()
		a.call(a.rewind(), 0, w, 0, 3, unix.SPLICE_F_NONBLOCK)
		return f("res=3 fd_in=%s fd_out=%d(<p>*) size=3 flags=2(SPLICE_F_NONBLOCK)", a.fileArg(), w)
	}},
	{"copy_file_range", func(a *actor) string {
		to, err := unix.Open(a.in("new"), unix.O_RDWR, 0)
		if err != nil {
			panic(err)
		}
		a.call(a.rewind(), a.longs(1), uintptr(to), a.longs(2), 3, 0)
		return f("res=3 fdout=%d(<f>%s) offout=5 fdin=%s offin=4 len=3", to, a.in("new"), a.fileArg())
	}},
	{"lseek", func(a *actor) string {
		a.call(a.rewind(), 3, unix.SEEK_CUR)
		return f("res=3 fd=%s offset=3 whence=1(SEEK_CUR)", a.fileArg())
	}},
	{"llseek", func(a *actor) string {
		a.call(a.rewind(), 1, 5, a.buffer(8), unix.SEEK_SET)
		return f("res=0 fd=%s offset=4294967301 whence=0(SEEK_SET)", a.fileArg())
	}},
	{"ioctl", func(a *actor) string {
		a.call(a.rewind(), unix.TCGETS, 0x1234)
		return f("res=-25(ENOTTY) fd=%s request=%X argument=1234", a.fileArg(), unix.TCGETS)
	}},
	{"fcntl", func(a *actor) string {
		a.call(a.rewind(), unix.F_GETFD)
		return f("res=0 fd=%s cmd=2(F_GETFD) arg=*", a.fileArg())
	}},
	{"flock", func(a *actor) string {
		a.call(uintptr(a.file), unix.LOCK_EX|unix.LOCK_NB)
		return f("res=0 fd=%s operation=6(LOCK_EX|LOCK_NB)", a.fileArg())
	}},
	{"fallocate", func(a *actor) string {
		a.call(a.rewind(), unix.FALLOC_FL_KEEP_SIZE, 16, 32)
		return f("res=0 fd=%s mode=1 offset=16 len=32", a.fileArg())
	}},
}
