package pushdown

import (
	"math/rand/v2"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/internal/syscalls"
	"github.com/sakerhq/saker/test/entry"
	"github.com/sakerhq/saker/test/uring"
)

const asReceiving = "SAKER_PUSHDOWN_RECEIVING"

// hosts are where the process listens.
var hosts = []string{"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.9.9.9", "0.0.0.0", "::"}

// receive receives on sockets of all kinds, connected and not, with and without asking
// who sent it, and when there is nothing to receive.
func receive(dir string) {
	ways := receives()
	for _, host := range hosts {
		at := netip.AddrPortFrom(netip.MustParseAddr(host), 0)
		exchange(at, ways)
		stream(at, ways)
	}
	for _, kind := range []int{unix.SOCK_DGRAM, unix.SOCK_STREAM} {
		ends, err := unix.Socketpair(unix.AF_UNIX, kind|unix.SOCK_NONBLOCK, 0)
		if err != nil {
			continue
		}
		pass(ends[0], ends[1], nil, ways)
		closeAll(ends[:]...)
	}
	local(filepath.Join(dir, "socket"), ways)
	if fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_NONBLOCK, unix.NETLINK_ROUTE); err == nil {
		pass(fd, fd, nil, ways[:4])
		closeAll(fd)
	}
}

// exchange sends datagrams to a socket of its own, which answers, before and after it
// is connected, and when it is no more.
func exchange(at netip.AddrPort, ways []func(int)) {
	server, to := bound(at, unix.SOCK_DGRAM)
	if server < 0 {
		return
	}
	defer closeAll(server)
	family, _ := sockaddr(at)
	for _, connected := range []bool{false, true} {
		client, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK, 0)
		if err != nil {
			return
		}
		peer := to
		if connected {
			_ = unix.Connect(client, to)
			peer = nil
		}
		pass(client, server, peer, ways)
		from, _ := unix.Getsockname(client)
		if in, ok := from.(*unix.SockaddrInet4); ok && in.Addr == [4]byte{} {
			in.Addr = [4]byte{127, 0, 0, 1}
		}
		if in, ok := from.(*unix.SockaddrInet6); ok && in.Addr == [16]byte{} {
			in.Addr = netip.IPv6Loopback().As16()
		}
		pass(server, client, from, ways)
		_ = unix.Connect(server, from)
		pass(client, server, peer, ways)
		pass(server, client, from, ways)
		disconnect(server)
		pass(client, server, peer, ways)
		closeAll(client)
	}
}

// stream passes bytes through a connection of its own, up to its end.
func stream(at netip.AddrPort, ways []func(int)) {
	server, to := bound(at, unix.SOCK_STREAM)
	if server < 0 {
		return
	}
	defer closeAll(server)
	_ = unix.Listen(server, 1)
	for _, w := range ways[:4] {
		w(server) // is not connected
	}
	family, _ := sockaddr(at)
	client, err := unix.Socket(family, unix.SOCK_STREAM, 0)
	if err != nil {
		return
	}
	_ = unix.Connect(client, to)
	_ = unix.Listen(client, 1) // is connected
	_ = unix.SetNonblock(client, true)
	end, _, err := unix.Accept4(server, unix.SOCK_NONBLOCK)
	if err != nil {
		closeAll(client)
		return
	}
	pass(client, end, nil, ways)
	pass(end, client, nil, ways)
	_ = unix.Connect(end, to) // fails: it is connected
	_ = unix.Shutdown(end, unix.SHUT_RDWR)
	closeAll(end)
	for _, w := range ways {
		w(client)
	}
	disconnect(client)
	_ = unix.Connect(client, to) // again
	closeAll(client)
}

// local does the same as exchange by a name in a directory.
func local(name string, ways []func(int)) {
	server, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return
	}
	defer closeAll(server)
	client, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return
	}
	defer closeAll(client)
	to := &unix.SockaddrUnix{Name: name}
	_ = unix.Bind(server, to)
	_ = unix.Bind(client, &unix.SockaddrUnix{Name: name + "2"})
	pass(client, server, to, ways)
}

// pass sends from one to the other and receives it there, by all ways, and once more.
func pass(from, to int, at unix.Sockaddr, ways []func(int)) {
	for _, w := range ways {
		if unix.Sendto(from, []byte("xyz"), unix.MSG_NOSIGNAL, at) == nil || from == to {
			w(to)
		}
	}
	for _, w := range ways[:4] {
		w(to)
	}
	_, _ = unix.SendmsgN(from, []byte("xyz"), nil, at, unix.MSG_NOSIGNAL)
	_, _ = unix.Write(from, []byte("xyz"))
	ways[0](to)
	ways[1](to)
}

// bound is a socket with a name of its own, -1 if there is none.
func bound(at netip.AddrPort, kind int) (fd int, name unix.Sockaddr) {
	family, address := sockaddr(at)
	fd, err := unix.Socket(family, kind|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return -1, nil
	}
	err = unix.Bind(fd, address)
	name, nameErr := unix.Getsockname(fd)
	if err != nil || nameErr != nil {
		closeAll(fd)
		return -1, nil
	}
	return fd, name
}

// disconnect connects a socket to no family.
func disconnect(fd int) {
	none := make([]byte, 16)
	_, _, _ = unix.Syscall(unix.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(&none[0])), 16)
}

func closeAll(fds ...int) {
	for _, fd := range fds {
		_ = unix.Close(fd)
	}
}

// receives are the calls that receive, by all ways into the kernel. None waits.
func receives() []func(fd int) {
	buffer, oob := make([]byte, 8), make([]byte, 8)
	all := []func(fd int){
		func(fd int) { _, _, _ = unix.Recvfrom(fd, buffer, unix.MSG_DONTWAIT) },
		func(fd int) {
			_, _, _ = unix.Syscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(&buffer[0])), 8, unix.MSG_DONTWAIT, 0, 0)
		},
		func(fd int) { _, _, _, _, _ = unix.Recvmsg(fd, buffer, oob, unix.MSG_DONTWAIT) },
		func(fd int) { _, _ = unix.Read(fd, buffer) }, // the descriptors are such that it doesn't wait
		func(fd int) { receiveMany(fd, buffer, true) },
		func(fd int) { receiveMany(fd, buffer, false) },
	}
	if entry.CanCompat() {
		all = append(all, narrowReceives()...)
	}
	if r := ring(); r != nil {
		at, name := uring.Address(r, &buffer[0]), make([]byte, 32)
		vector := &unix.Iovec{Base: &buffer[0], Len: 8}
		all = append(all, func(fd int) {
			_, _ = r.Do(uring.Request{Opcode: uring.OpRecv, FD: int32(fd), Addr: at, Len: 8, OpFlags: unix.MSG_DONTWAIT})
		}, func(fd int) {
			message := &unix.Msghdr{Name: &name[0], Namelen: uint32(len(name)), Iov: vector, Iovlen: 1}
			_, _ = r.Do(uring.Request{Opcode: uring.OpRecvmsg, FD: int32(fd), Addr: uring.Address(r, message), Len: 1, OpFlags: unix.MSG_DONTWAIT})
		})
	}
	return all
}

// receiveMany receives two messages at once, and who sent them if named.
func receiveMany(fd int, buffer []byte, named bool) {
	var messages [2]struct {
		unix.Msghdr
		size uint32
	}
	var names [2][32]byte
	for i := range messages {
		messages[i].Iov, messages[i].Iovlen = &unix.Iovec{Base: &buffer[0], Len: 8}, 1
		if named {
			messages[i].Name, messages[i].Namelen = &names[i][0], 32
		}
	}
	_, _, _ = unix.Syscall6(unix.SYS_RECVMMSG, uintptr(fd), uintptr(unsafe.Pointer(&messages[0])), 2, unix.MSG_DONTWAIT, 0, 0)
}

// narrowReceives are those of 32-bit programs, by calls of their own and by one for all.
func narrowReceives() []func(fd int) {
	const recv, recvfrom = 10, 12
	number := func(name string) uintptr { return uintptr(syscalls.Number("386", syscalls.ByName(name))[0]) }
	buffer, name, size := entry.Low(make([]byte, 8)), entry.Low(make([]byte, 32)), entry.Low([]byte{32, 0, 0, 0})
	multiplexed := func(fd int, which uintptr, words []byte) {
		entry.Compat(number("socketcall"), which, entry.Low(append([]byte{byte(fd), 0, 0, 0}, words...)))
	}
	words := func(args ...uintptr) (b []byte) {
		for _, arg := range args {
			b = append(b, byte(arg), byte(arg>>8), byte(arg>>16), byte(arg>>24))
		}
		return b
	}
	return []func(fd int){
		func(fd int) {
			entry.Compat(number("recvfrom"), uintptr(fd), buffer, 8, unix.MSG_DONTWAIT, name, size)
		},
		func(fd int) { multiplexed(fd, recv, words(buffer, 8, unix.MSG_DONTWAIT)) },
		func(fd int) { multiplexed(fd, recvfrom, words(buffer, 8, unix.MSG_DONTWAIT, name, size)) },
	}
}

// inbound is how Falco's rules ask for what is received.
const inbound = `(evt.type = listen or (fd.l4proto != tcp and fd.connected = false and fd.name_changed = true)) and (fd.typechar = 4 or fd.typechar = 6)
    and fd.ip != "0.0.0.0" and fd.net != "127.9.9.9/32" and (evt.rawres >= 0 or evt.res = EINPROGRESS)`

// What is received, and where somebody listens, is told the same with and without.
func TestReceives(t *testing.T) {
	compare(t, asReceiving, []connection{
		{"recvfrom, recvmsg, recvmmsg", "fd.rip = 127.9.9.9", true},
		{"recvfrom, recvmsg, recvmmsg", "fd.lip = 127.9.9.9 and evt.rawres > 0", true},
		{"recvfrom, recvmsg, recvmmsg", "fd.net != 127.0.0.0/8", true},
		{"recvfrom, recvmsg, recvmmsg", "not fd.ip in (127.9.9.9, ::1) and fd.rport > 1024", true},
		{"recvfrom, recvmsg, recvmmsg", "fd.rport < 1024 or fd.lport < 1024", true},
		{"recvfrom, recvmsg, recvmmsg", "fd.typechar = u", true},
		{"recvfrom, recvmsg, recvmmsg", "fd.connected = true and fd.l4proto = udp", true},
		{"recvfrom, recvmsg, recvmmsg", "fd.connected = false", true},
		{"recvfrom, recvmsg, recvmmsg, read", "fd.name_changed = true", true},
		{"recvfrom, recvmsg, read, sendto, sendmsg, connect", "fd.name_changed = true and fd.rip = 127.9.9.9", true},
		{"recvfrom, sendto, write, connect", "fd.l4proto = tcp and fd.name_changed = true", true},
		{"listen, recvfrom, recvmsg", inbound, true},
		{"recvfrom, sendto, accept4, connect", "fd.is_server = true and fd.lip = 127.9.9.9", true},
		{"recvfrom, sendto, sendmsg", "not fd.net in (127.9.9.9/32, ::1/128) and fd.l4proto = udp", true},
		{"sendto, sendmsg", "fd.connected = true and fd.lip = 127.0.0.1", true},
		{"sendto, sendmsg, write", "fd.connected = false", true},
		{"listen", "fd.sip = 127.9.9.9", false}, // those that fail can need to know who listened before
		{"listen", "fd.sip = 127.9.9.9 and evt.rawres = 0", true},
		{"listen", "fd.lport < 1024", true},
		{"listen, accept4, connect", "fd.sip = 127.9.9.9 and evt.rawres < 0", false},
		{"listen, connect", "fd.is_server = true", false},
	})
}

// The same of rules that are shipped.
func TestShippedReceives(t *testing.T) {
	with, without := newSide(t), newSide(t)
	for name, set := range shipped(t) {
		t.Run(name, func(t *testing.T) { compareSet(t, asReceiving, set, with, without) })
	}
	with.t, without.t = t, t
}

// The same of conditions that nobody chose.
func TestRandomReceives(t *testing.T) {
	random, n := rand.New(rand.NewPCG(3, 4)), 24
	if testing.Short() {
		n = 4
	}
	var all []connection
	for range n {
		some := slices.Clone(socketCalls)
		random.Shuffle(len(some), func(i, j int) { some[i], some[j] = some[j], some[i] })
		all = append(all, connection{strings.Join(some[:1+random.IntN(4)], ", "), socketCondition(random, 2), false})
	}
	compare(t, asReceiving, all)
}

// Parts of random conditions on sockets.
var (
	socketCalls = []string{"recvfrom", "recvmsg", "recvmmsg", "sendto", "sendmsg", "listen", "connect", "accept4", "bind", "read", "write"}
	socketTests = []string{
		"fd.rip = 127.9.9.9", "fd.lip = 127.9.9.9", "fd.sip = 127.0.0.1", "fd.cip = ::1", "fd.ip = 127.9.9.9", "fd.ip != 127.9.9.9", "fd.net != 127.0.0.0/8",
		"fd.net = ::/64", "fd.snet in (127.9.0.0/16)", "fd.rnet != 127.9.0.0/16", "fd.lnet in (127.0.0.0/24, ::1/128)", "fd.port < 1024", "fd.rport > 1024", "fd.lport = 0",
		"fd.typechar in (4, 6)", "fd.type = ipv6", "fd.typechar = u", "fd.l4proto = udp", "fd.l4proto != tcp", "fd.connected = true", "fd.connected = false",
		"fd.name_changed = true", "fd.name_changed = false", "fd.is_server = true", "fd.is_server = false", "fd.name contains 127.9", "fd.name exists",
		"evt.rawres > 0", "evt.rawres < 0", "evt.rawres = 0", "evt.res = EAGAIN", "evt.failed = false", "proc.name exists", "proc.name = nobody",
	}
)

func socketCondition(r *rand.Rand, depth int) string {
	if depth == 0 || r.IntN(4) == 0 {
		return socketTests[r.IntN(len(socketTests))]
	}
	left, right := socketCondition(r, depth-1), socketCondition(r, depth-1)
	return []string{"(" + left + " or " + right + ")", "(" + left + " and not " + right + ")", "not (" + left + " and " + right + ")", "(" + left + " and " + right + ")"}[r.IntN(4)]
}
