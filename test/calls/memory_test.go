package calls

import "golang.org/x/sys/unix"

const size = 8192

// mapping is new memory.
func mapping() uintptr {
	m, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		panic(err)
	}
	return address(m)
}

var memoryTriggers = []trigger{
	{"brk", func(a *actor) string {
		r := a.call(0)
		return f("res=%X vm_size=<NA> vm_rss=<NA> vm_swap=<NA> addr=0", r)
	}},
	{"mmap", func(a *actor) string {
		r := a.call(0, 4096, unix.PROT_READ, unix.MAP_PRIVATE, uintptr(a.file), 0)
		return f("res=%d vm_size=<NA> vm_rss=<NA> vm_swap=<NA> addr=0 length=4096 prot=1(PROT_READ) flags=2(MAP_PRIVATE) fd=%s offset=0", r, a.fileArg())
	}},
	{"mmap2", func(a *actor) string {
		r := a.call(0, 4096, unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANON, minus(1), 0)
		return f("res=%d vm_size=<NA> vm_rss=<NA> vm_swap=<NA> addr=0 length=4096 prot=0(PROT_NONE) flags=10(MAP_PRIVATE|MAP_ANONYMOUS) fd=-1* pgoffset=0", r)
	}},
	{"mprotect", func(a *actor) string {
		m := mapping()
		a.call(m, size, unix.PROT_READ|unix.PROT_EXEC)
		return f("res=0 addr=%X length=8192 prot=5(PROT_READ|PROT_EXEC)", m)
	}},
	{"pkey_mprotect", func(a *actor) string {
		m := mapping()
		r := a.call(m, size, unix.PROT_READ, minus(1))
		return f("%s addr=%X length=8192 prot=1(PROT_READ) pkey=-1", res(r), m)
	}},
	{"mremap", func(a *actor) string {
		m := mapping()
		r := a.call(m, size, 4096, 0, 0)
		return f("res=%d addr=%X old_length=8192 length=4096 flags=0 new_addr=0", r, m)
	}},
	{"mlock", func(a *actor) string { m := mapping(); a.call(m, 4096); return f("res=0 addr=%X len=4096", m) }},
	{"mlock2", func(a *actor) string {
		m := mapping()
		a.call(m, 4096, unix.MLOCK_ONFAULT)
		return f("res=0 addr=%X len=4096 flags=1(MLOCK_ONFAULT)", m)
	}},
	{"munlock", func(a *actor) string { m := mapping(); a.call(m, 4096); return f("res=0 addr=%X len=4096", m) }},
	{"mlockall", func(a *actor) string { a.call(unix.MCL_ONFAULT); return "res=-22(EINVAL) flags=4(MCL_ONFAULT)" }},
	{"munlockall", func(a *actor) string { a.call(); return "res=0" }},
	{"munmap", func(a *actor) string {
		m := mapping()
		a.call(m, size)
		return f("res=0 vm_size=<NA> vm_rss=<NA> vm_swap=<NA> addr=%X length=8192", m)
	}},
	{"mseal", func(a *actor) string {
		m := mapping()
		r := a.call(m, size, 0)
		return f("%s addr=%X length=8192 flags=0", res(r), m)
	}},
	{"memfd_create", func(a *actor) string {
		r := a.call(a.text("hidden"), unix.MFD_CLOEXEC)
		return f("%s name=hidden flags=1(MFD_CLOEXEC)", descriptor("fd", r, "<m>memfd:hidden"))
	}},
	{"memfd_secret", func(a *actor) string { r := a.call(0); return f("%s* flags=0", result("fd", r)) }},
	{"userfaultfd", func(a *actor) string {
		r := a.call(unix.O_CLOEXEC | unix.O_NONBLOCK)
		return f("%s flags=4161(O_NONBLOCK|O_RDONLY|O_CLOEXEC)", res(r))
	}},
}
