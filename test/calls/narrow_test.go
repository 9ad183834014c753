package calls

import (
	"encoding/binary"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/internal/syscalls"
	"github.com/sakerhq/saker/test/entry"
)

// low is the address of a copy of b where 32-bit programs reach it.
func low(b []byte) uintptr {
	if !entry.CanCompat() {
		panic(errNoCall)
	}
	return entry.Low(b)
}

// words is the address of 32-bit numbers where 32-bit programs reach them.
func words(numbers ...uint32) uintptr {
	var b []byte
	for _, n := range numbers {
		b = binary.NativeEndian.AppendUint32(b, n)
	}
	return low(b)
}

// narrowVector is two buffers as a 32-bit program has them.
func (a *actor) narrowVector(first, second string) uintptr {
	return words(uint32(a.text(first)), uint32(len(first)), uint32(a.text(second)), uint32(len(second)))
}

// part makes a call that is part of another.
func (a *actor) part(of string, which uintptr, args ...uintptr) int64 {
	numbers := syscalls.Number("386", syscalls.ByName(of))
	if len(numbers) == 0 || !entry.CanCompat() {
		panic(errNoCall)
	}
	a.result = entry.Compat(uintptr(numbers[0]), append([]uintptr{which}, args...)...)
	return a.result
}

// narrowTriggers are calls whose structures and arguments are others in
// 32-bit programs.
var narrowTriggers = []trigger{
	{"readv", func(a *actor) string {
		a.call(a.rewind(), a.narrowVector("....", "...."), 2)
		return f("res=7 size=7 data=content fd=%s", a.fileArg())
	}},
	{"pread", func(a *actor) string {
		a.call(a.rewind(), a.buffer(16), 16, 4, 1)
		return f("res=0 data=* fd=%s size=16 pos=4294967300", a.fileArg())
	}},
	{"nanosleep", func(a *actor) string { a.call(words(0, 2500), 0); return "res=0 interval=2500(2.5e-06s)" }},
	{"setrlimit", func(a *actor) string {
		a.call(unix.RLIMIT_CORE, words(0, 8192))
		return "res=0 cur=0 max=8192 resource=4(RLIMIT_CORE)"
	}},
	{"sendmsg", func(a *actor) string {
		one, _ := pair(unix.SOCK_DGRAM)
		a.call(one, words(0, 0, uint32(a.narrowVector("t", "wo")), 2, 0, 0, 0), 0)
		return f("res=3 data=two fd=%d(<u>) size=3 tuple=*", one)
	}},
	{"sendmmsg", func(a *actor) string {
		one, _ := pair(unix.SOCK_DGRAM)
		a.call(one, words(0, 0, uint32(a.narrowVector("th", "ree")), 2, 0, 0, 0, 0), 1, 0)
		return f("res=1 fd=%d(<u>) size=5 data=three tuple=*", one)
	}},
	// Those that are parts of one call.
	{"sendto", func(a *actor) string {
		one, _ := pair(unix.SOCK_DGRAM)
		a.part("socketcall", 11, words(uint32(one), uint32(a.text("part")), 4, 0, 0, 0))
		return f("res=4 data=part fd=%d(<u>) size=4 tuple=*", one)
	}},
	{"send", func(a *actor) string {
		one, _ := pair(unix.SOCK_DGRAM)
		a.part("socketcall", 9, words(uint32(one), uint32(a.text("sent")), 4, 0))
		return f("res=4 data=sent fd=%d(<u>) size=4 tuple=*", one)
	}},
	{"listen", func(a *actor) string {
		r := a.part("socketcall", 4, words(77, 5))
		return f("%s fd=77* backlog=5", res(r))
	}},
	{"semget", func(a *actor) string {
		r := a.part("ipc", 2, 0x7777, 3, 0)
		return f("%s key=7777 nsems=3 semflg=0", res(r))
	}},
	{"openat", func(a *actor) string {
		r := a.call(minus(cwd), a.text("file"), unix.O_RDONLY, 0)
		return f("%s dirfd=-100(AT_FDCWD) name=file(%s) flags=1(O_RDONLY) mode=0 dev=* ino=*", descriptor("fd", r, "<f>"+a.in("file")), a.in("file"))
	}},
}
