package pushdown

import (
	"encoding/binary"
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/internal/syscalls"
	"github.com/sakerhq/saker/test/entry"
	"github.com/sakerhq/saker/test/uring"
)

// way makes calls on sockets by another way into the kernel than Go's own. What it
// can't make is nil.
type way struct {
	connect, bind func(fd int, to []byte)
	send          func(fd int, to []byte)
	accept        func(fd int) int64
}

// otherWays are those that this kernel has.
func otherWays() (ways []way) {
	if entry.CanCompat() {
		ways = append(ways, compatWay(), multiplexedWay())
	}
	if r := ring(); r != nil {
		ways = append(ways, ringWay(r))
	}
	return ways
}

func compatWay() way {
	call := func(name string, args ...uintptr) int64 {
		return entry.Compat(uintptr(syscalls.Number("386", syscalls.ByName(name))[0]), args...)
	}
	return way{
		connect: func(fd int, to []byte) { call("connect", uintptr(fd), entry.Low(to), uintptr(len(to))) },
		bind:    func(fd int, to []byte) { call("bind", uintptr(fd), entry.Low(to), uintptr(len(to))) },
		send: func(fd int, to []byte) {
			call("sendto", uintptr(fd), lowText("x"), 1, unix.MSG_NOSIGNAL, entry.Low(to), uintptr(len(to)))
		},
		accept: func(fd int) int64 { return call("accept4", uintptr(fd), 0, 0, 0) },
	}
}

// multiplexedWay is all by one call, whose arguments lie in memory.
func multiplexedWay() way {
	const bind, connect, accept, sendto = 2, 3, 5, 11
	number := uintptr(syscalls.Number("386", syscalls.ByName("socketcall"))[0])
	call := func(which uintptr, args ...uintptr) int64 {
		var words []byte
		for _, arg := range args {
			words = binary.NativeEndian.AppendUint32(words, uint32(arg))
		}
		return entry.Compat(number, which, entry.Low(words))
	}
	return way{
		connect: func(fd int, to []byte) { call(connect, uintptr(fd), entry.Low(to), uintptr(len(to))) },
		bind:    func(fd int, to []byte) { call(bind, uintptr(fd), entry.Low(to), uintptr(len(to))) },
		send: func(fd int, to []byte) {
			call(sendto, uintptr(fd), lowText("x"), 1, unix.MSG_NOSIGNAL, entry.Low(to), uintptr(len(to)))
		},
		accept: func(fd int) int64 { return call(accept, uintptr(fd), 0, 0) },
	}
}

func ringWay(r *uring.Ring) way {
	do := func(request uring.Request) int64 {
		results, err := r.Do(request)
		if err != nil {
			return -1
		}
		return int64(results[0])
	}
	return way{
		connect: func(fd int, to []byte) {
			do(uring.Request{Opcode: uring.OpConnect, FD: int32(fd), Addr: uring.Address(r, &to[0]), Off: uint64(len(to))})
		},
		bind: func(fd int, to []byte) { // from Linux 6.11 on; before it is refused
			do(uring.Request{Opcode: uring.OpBind, FD: int32(fd), Addr: uring.Address(r, &to[0]), Off: uint64(len(to))})
		},
		accept: func(fd int) int64 { return do(uring.Request{Opcode: uring.OpAccept, FD: int32(fd)}) },
	}
}

// converse connects to all peers, sends to them, and takes connections of the process itself.
func (w way) converse() {
	for _, peer := range peers {
		to := netip.MustParseAddrPort(peer)
		family, _ := sockaddr(to)
		for _, kind := range []int{unix.SOCK_DGRAM, unix.SOCK_STREAM | unix.SOCK_NONBLOCK} {
			fd, err := unix.Socket(family, kind, 0)
			if err != nil {
				continue
			}
			if w.send != nil {
				w.send(fd, addressBytes(to))
			}
			w.connect(fd, addressBytes(to))
			_, _ = unix.Write(fd, []byte("x"))
			_ = unix.Close(fd)
		}
	}
	for _, at := range []string{"127.0.0.1:0", "127.9.9.9:0", "[::1]:0", "[::ffff:127.9.9.9]:0"} {
		w.listen(netip.MustParseAddrPort(at))
	}
}

// listen binds a stream's socket, connects to it and accepts.
func (w way) listen(at netip.AddrPort) {
	family, address := sockaddr(at)
	server, err := unix.Socket(family, unix.SOCK_STREAM, 0)
	if err != nil {
		return
	}
	defer unix.Close(server)
	w.bind(server, addressBytes(at))
	_ = unix.Bind(server, address) // refused, if it is bound
	if unix.Listen(server, 1) != nil {
		return
	}
	name, err := unix.Getsockname(server)
	if err != nil {
		return
	}
	client, err := unix.Socket(family, unix.SOCK_STREAM, 0)
	if err != nil {
		return
	}
	defer unix.Close(client)
	if unix.Connect(client, name) != nil {
		return
	}
	if end := w.accept(server); end >= 0 {
		_, _ = unix.Write(int(end), []byte("y"))
		_ = unix.Close(int(end))
	}
}

// addressBytes are a struct sockaddr_in or sockaddr_in6.
func addressBytes(to netip.AddrPort) []byte {
	family, _ := sockaddr(to)
	b := binary.NativeEndian.AppendUint16(nil, uint16(family))
	b = binary.BigEndian.AppendUint16(b, to.Port())
	if to.Addr().Is4() {
		at := to.Addr().As4()
		return append(append(b, at[:]...), make([]byte, 8)...)
	}
	at := to.Addr().As16()
	return append(append(append(b, 0, 0, 0, 0), at[:]...), 0, 0, 0, 0) // flow, address, scope
}
