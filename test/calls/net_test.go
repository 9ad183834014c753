package calls

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// loopback is the address of a sockaddr of 127.0.0.1.
func (a *actor) loopback(port uint16) uintptr {
	return a.bytes(append(binary.BigEndian.AppendUint16([]byte{unix.AF_INET, 0}, port), 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0))
}

// socket is a new one of the internet's.
func socket(kind int) int {
	fd, err := unix.Socket(unix.AF_INET, kind, 0)
	if err != nil {
		panic(err)
	}
	return fd
}

// pair is a new pair of sockets.
func pair(kind int) (one, other uintptr) {
	p, err := unix.Socketpair(unix.AF_UNIX, kind, 0)
	if err != nil {
		panic(err)
	}
	return uintptr(p[0]), uintptr(p[1])
}

// listener is a socket that listens on loopback and has a client waiting.
func listener() int {
	l, c := socket(unix.SOCK_STREAM), socket(unix.SOCK_STREAM)
	if err := unix.Bind(l, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		panic(err)
	}
	if err := unix.Listen(l, 1); err != nil {
		panic(err)
	}
	where, err := unix.Getsockname(l)
	if err != nil {
		panic(err)
	}
	if err := unix.Connect(c, where); err != nil {
		panic(err)
	}
	return l
}

// bound is a socket for datagrams that is bound to loopback, and its port.
func bound() (fd uintptr, port uint16) {
	s := socket(unix.SOCK_DGRAM)
	if err := unix.Bind(s, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		panic(err)
	}
	where, err := unix.Getsockname(s)
	if err != nil {
		panic(err)
	}
	return uintptr(s), uint16(where.(*unix.SockaddrInet4).Port)
}

// header is a msghdr with an address, or none, and two buffers.
func (a *actor) header(name, size uintptr, first, second string) []uint64 {
	return []uint64{uint64(name), uint64(size), uint64(a.vector(first, second)), 2, 0, 0, 0}
}

func send(fd uintptr, text string) uintptr {
	if _, err := unix.Write(int(fd), []byte(text)); err != nil {
		panic(err)
	}
	return fd
}

var netTriggers = []trigger{
	{"socket", func(a *actor) string {
		r := a.call(unix.AF_INET6, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, unix.IPPROTO_TCP)
		return f("fd=%d(<6t>*) domain=10(AF_INET6) type=524289 proto=6 flags=4096(O_CLOEXEC)", r)
	}},
	{"bind", func(a *actor) string {
		fd := socket(unix.SOCK_STREAM)
		a.call(uintptr(fd), a.loopback(0), 16)
		return f("res=0 addr=127.0.0.1:0 fd=%d(<4t>*)", fd)
	}},
	{"connect", func(a *actor) string {
		fd := socket(unix.SOCK_STREAM)
		a.call(uintptr(fd), a.loopback(1), 16)
		return f("res=-111(ECONNREFUSED) tuple=*127.0.0.1:1 fd=%d(<4t>*127.0.0.1:1) addr=127.0.0.1:1", fd)
	}},
	{"listen", func(a *actor) string {
		fd := socket(unix.SOCK_STREAM)
		a.call(uintptr(fd), 7)
		return f("res=0 fd=%d(<4t>*) backlog=7", fd)
	}},
	{"accept", func(a *actor) string {
		r := a.call(uintptr(listener()), 0, 0)
		return f("fd=%d(<4t>127.0.0.1:*->127.0.0.1:*) tuple=127.0.0.1:*->127.0.0.1:* queuepct=<NA> queuelen=<NA> queuemax=<NA>", r)
	}},
	{"accept4", func(a *actor) string {
		r := a.call(uintptr(listener()), 0, 0, unix.SOCK_CLOEXEC)
		return f("fd=%d(<4t>127.0.0.1:*) tuple=127.0.0.1:* queuepct=<NA> queuelen=<NA> queuemax=<NA> flags=80000", r)
	}},
	{"socketpair", func(a *actor) string {
		at, fds := a.ints(0, 0)
		a.call(unix.AF_UNIX, unix.SOCK_DGRAM, 0, at)
		return f("res=0 fd1=%d(<u>) fd2=%d(<u>) source=<NA> peer=<NA> domain=1(AF_LOCAL|AF_UNIX) type=2 proto=0", fds[0], fds[1])
	}},
	{"shutdown", func(a *actor) string {
		one, _ := pair(unix.SOCK_STREAM)
		a.call(one, unix.SHUT_WR)
		return f("res=0 fd=%d(<u>) how=1(SHUT_WR)", one)
	}},
	{"getsockname", func(a *actor) string {
		size, _ := a.ints(16)
		a.call(uintptr(socket(unix.SOCK_DGRAM)), a.buffer(16), size)
		return ""
	}},
	{"getpeername", func(a *actor) string {
		size, _ := a.ints(16)
		one, _ := pair(unix.SOCK_DGRAM)
		a.call(one, a.buffer(16), size)
		return ""
	}},
	{"setsockopt", func(a *actor) string {
		fd, on := socket(unix.SOCK_STREAM), a.longs(1)
		a.call(uintptr(fd), unix.SOL_SOCKET, unix.SO_KEEPALIVE, on, 4)
		return f("res=0 fd=%d(<4t>*) level=1(SOL_SOCKET) optname=9(SO_KEEPALIVE) val=1 optlen=4", fd)
	}},
	{"getsockopt", func(a *actor) string {
		fd := socket(unix.SOCK_STREAM)
		size, _ := a.ints(4)
		a.call(uintptr(fd), unix.SOL_TCP, unix.TCP_NODELAY, a.buffer(4), size)
		return f("res=0 fd=%d(<4t>*) level=2(SOL_TCP) optname=0(UNKNOWN) val=0 optlen=4", fd)
	}},
	{"send", func(a *actor) string {
		one, _ := pair(unix.SOCK_STREAM)
		r := a.call(one, a.text("hello"), 5, 0)
		return f("%s data=hello fd=%d(<u>) size=5 tuple=*", res(r), one)
	}},
	{"recv", func(a *actor) string {
		one, other := pair(unix.SOCK_STREAM)
		send(other, "hello")
		r := a.call(one, a.buffer(16), 16, 0)
		return f("%s data=hello fd=%d(<u>) size=16 tuple=*", res(r), one)
	}},
	{"sendto", func(a *actor) string {
		to, port := bound()
		_ = to
		fd := socket(unix.SOCK_DGRAM)
		a.call(uintptr(fd), a.text("hi"), 2, 0, a.loopback(port), 16)
		return f("res=2 data=hi fd=%d(<4u>*127.0.0.1:%d) size=2 tuple=*127.0.0.1:%d", fd, port, port)
	}},
	{"sendmsg", func(a *actor) string {
		_, port := bound()
		fd := socket(unix.SOCK_DGRAM)
		a.call(uintptr(fd), a.longs(a.header(a.loopback(port), 16, "o", "ne")...), 0)
		return f("res=3 data=one fd=%d(<4u>*127.0.0.1:%d) size=3 tuple=*127.0.0.1:%d", fd, port, port)
	}},
	{"sendmmsg", func(a *actor) string {
		one, _ := pair(unix.SOCK_DGRAM)
		first, second := append(a.header(0, 0, "o", "ne"), 0), append(a.header(0, 0, "tw", "o"), 0)
		a.call(one, a.longs(append(first, second...)...), 2, 0)
		return f("res=2 fd=%d(<u>) size=3 data=one tuple=*", one)
	}},
	{"recvfrom", func(a *actor) string {
		fd, port := bound()
		if err := unix.Sendto(int(fd), []byte("me"), 0, &unix.SockaddrInet4{Port: int(port), Addr: [4]byte{127, 0, 0, 1}}); err != nil {
			panic(err)
		}
		size, _ := a.ints(16)
		a.call(fd, a.buffer(16), 16, 0, a.buffer(16), size)
		return f("res=2 data=me tuple=*127.0.0.1:%d* fd=%d(<4u>*) size=16", port, fd)
	}},
	{"recvmsg", func(a *actor) string {
		one, other := pair(unix.SOCK_DGRAM)
		send(other, "hello")
		a.call(one, a.longs(a.header(0, 0, "..", "....")...), 0)
		return f("res=5 size=5 data=hello tuple=* msgcontrol=<NA> fd=%d(<u>)", one)
	}},
	{"recvmmsg", func(a *actor) string {
		one, other := pair(unix.SOCK_DGRAM)
		send(send(other, "hello"), "you")
		first, second := append(a.header(0, 0, "..", "...."), 0), append(a.header(0, 0, "..", ".."), 0)
		a.call(one, a.longs(append(first, second...)...), 2, 0, 0)
		return f("res=2 fd=%d(<u>) size=5 data=hello tuple=* msgcontrol=<NA>", one)
	}},
}
