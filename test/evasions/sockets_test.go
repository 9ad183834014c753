package evasions

import (
	"errors"
	"fmt"
	"slices"
	"unsafe"

	"github.com/cilium/ebpf/btf"
	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/test/pages"
)

// Where the acts connect and send to: what they do, and what it looks like.
var (
	target = [4]byte{127, 83, 75, 1}
	beside = [4]byte{127, 83, 75, 3}
	decoy  = [4]byte{127, 83, 75, 2}
)

// bySocket hides where a call connects or sends to.
var bySocket = []evasion{
	{
		"the socket's descriptor becomes another's while the call runs", "replace descriptor",
		`evt.type = connect and fd.num = 100 and fd.replaced = true and evt.rawres = 0 and fd.sip = 127.83.75.1`, "%fd.sip", "127.83.75.1",
	},
	{
		"the same with a unix socket", "replace unix descriptor",
		`evt.type = connect and fd.num = 100 and fd.replaced = true and evt.rawres = 0 and fd.name = "{dir}/target"`, "%fd.name", "{dir}/target",
	},
	{
		"a datagram's address changes while the call runs", "swap datagram's address",
		`evt.type = sendto and evt.rawres = 1 and fd.sip = 127.83.75.1`, "%fd.sip", "127.83.75.1",
	},
	{
		"a message's address changes while the call runs", "swap message's address",
		`evt.type = sendmsg and evt.rawres = 1 and fd.sip = 127.83.75.1`, "%fd.sip", "127.83.75.1",
	},
	{
		"the address of several messages changes while the call runs", "swap messages' address",
		`evt.type = sendmmsg and evt.rawres = 1 and fd.sip = 127.83.75.1`, "%fd.sip", "127.83.75.1",
	},
	{
		"a datagram to another than the socket is connected to", "datagram beside the peer",
		`evt.type = sendto and evt.rawres = 1 and fd.sip = 127.83.75.3`, "%fd.sip", "127.83.75.3",
	},
}

// hasUnixHooks reports whether the kernel shows the address of a unix socket
// while a call uses it (6.7).
func hasUnixHooks() bool {
	kernel, err := btf.LoadKernelSpec()
	if err != nil {
		return false
	}
	var hooks *btf.Enum
	return kernel.TypeByName("bpf_attach_type", &hooks) == nil &&
		slices.ContainsFunc(hooks.Values, func(v btf.EnumValue) bool { return v.Name == "BPF_CGROUP_UNIX_CONNECT" })
}

// connecting is the descriptor of the socket that connects.
const connecting = 100

// replaced connects to a listener that takes no more connections, and while
// that waits puts another connected socket in the descriptor's place.
func replaced(string) error {
	port, listeners, err := listenOn(0, target)
	if err != nil {
		return err
	}
	if _, err := dial(target, port); err != nil { // it takes one before it accepts
		return err
	}
	other, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	if err := unix.Connect(other, &unix.SockaddrInet4{Port: int(port), Addr: decoy}); err != nil {
		return err
	}
	return whileConnecting(unix.AF_INET, &unix.SockaddrInet4{Port: int(port), Addr: target}, other, listeners[0])
}

// replacedUnix is the same with unix sockets.
func replacedUnix(dir string) error {
	listener, err := listenUnix(dir + "/target")
	if err != nil {
		return err
	}
	if _, err := listenUnix(dir + "/decoy"); err != nil {
		return err
	}
	var other int
	for _, name := range []string{"/target", "/decoy"} {
		if other, err = unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0); err != nil {
			return err
		}
		if err := unix.Connect(other, &unix.SockaddrUnix{Name: dir + name}); err != nil {
			return err
		}
	}
	return whileConnecting(unix.AF_UNIX, &unix.SockaddrUnix{Name: dir + "/target"}, other, listener)
}

func listenUnix(path string) (int, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return -1, err
	}
	return fd, errors.Join(unix.Bind(fd, &unix.SockaddrUnix{Name: path}), unix.Listen(fd, 0))
}

// whileConnecting connects to an address, which waits until the listener
// accepts, and before that makes the descriptor another socket's.
func whileConnecting(family int, to unix.Sockaddr, other, listener int) error {
	fd, err := unix.Socket(family, unix.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	if err := unix.Dup3(fd, connecting, 0); err != nil {
		return err
	}
	if err := unix.Close(fd); err != nil {
		return err
	}
	swapped := make(chan error)
	go func() {
		awaitSleep(unix.SYS_CONNECT)
		err := unix.Dup3(other, connecting, 0)
		_, _, accepted := unix.Accept(listener)
		swapped <- errors.Join(err, accepted)
	}()
	return errors.Join(unix.Connect(connecting, to), <-swapped)
}

// listenOn listens on one port of several addresses, with room for so many
// connections.
func listenOn(room int, addresses ...[4]byte) (port uint16, fds []int, err error) {
	for _, a := range addresses {
		fd, err := bound(unix.SOCK_STREAM, a, &port)
		if err != nil {
			return 0, nil, err
		}
		if err := unix.Listen(fd, room); err != nil {
			return 0, nil, err
		}
		fds = append(fds, fd)
	}
	return port, fds, nil
}

// bound is a socket with an address; port 0 becomes what the kernel chose.
func bound(kind int, a [4]byte, port *uint16) (int, error) {
	fd, err := unix.Socket(unix.AF_INET, kind, 0)
	if err != nil {
		return -1, err
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Port: int(*port), Addr: a}); err != nil {
		return -1, err
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		return -1, err
	}
	*port = uint16(name.(*unix.SockaddrInet4).Port)
	return fd, nil
}

func dial(to [4]byte, port uint16) (int, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		return -1, err
	}
	return fd, unix.Connect(fd, &unix.SockaddrInet4{Port: int(port), Addr: to})
}

// message is a datagram whose data the kernel must wait for, with the address
// in memory that changes meanwhile: the kernel has read it by then.
type message struct {
	to   *unix.RawSockaddrInet4
	data *pages.Page
}

// datagram sends a message to the target, and meanwhile makes the address the
// decoy's.
func datagram(send func(fd int, m message) error) func(string) error {
	return func(string) error {
		var port uint16
		receiver, err := bound(unix.SOCK_DGRAM, target, &port)
		if err != nil {
			return err
		}
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
		if err != nil {
			return err
		}
		b, err := pages.New("")
		if err != nil {
			return err
		}
		to := (*unix.RawSockaddrInet4)(unsafe.Pointer(&b.Bytes[0]))
		*to = unix.RawSockaddrInet4{Family: unix.AF_INET, Port: port<<8 | port>>8, Addr: target}
		data, err := pages.Slow("x", func() { to.Addr = decoy })
		if err != nil {
			return err
		}
		if err := send(fd, message{to, data}); err != nil {
			return err
		}
		_, _, err = unix.Recvfrom(receiver, make([]byte, 8), unix.MSG_DONTWAIT)
		return err
	}
}

func sendTo(fd int, m message) error {
	_, _, errno := unix.Syscall6(unix.SYS_SENDTO, uintptr(fd), m.data.Address(), 1, 0,
		uintptr(unsafe.Pointer(m.to)), unix.SizeofSockaddrInet4)
	return failed(errno)
}

func (m message) header() unix.Msghdr {
	iov := unix.Iovec{Base: &m.data.Bytes[0], Len: 1}
	return unix.Msghdr{Name: (*byte)(unsafe.Pointer(m.to)), Namelen: unix.SizeofSockaddrInet4, Iov: &iov, Iovlen: 1}
}

func sendMessage(fd int, m message) error {
	h := m.header()
	_, _, errno := unix.Syscall(unix.SYS_SENDMSG, uintptr(fd), uintptr(unsafe.Pointer(&h)), 0)
	return failed(errno)
}

func sendMessages(fd int, m message) error {
	hs := [1]struct {
		unix.Msghdr
		sent uint32
	}{{Msghdr: m.header()}}
	_, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(fd), uintptr(unsafe.Pointer(&hs)), 1, 0, 0, 0)
	return failed(errno)
}

func failed(errno unix.Errno) error {
	if errno != 0 {
		return fmt.Errorf("send: %w", errno)
	}
	return nil
}

// besideConnection sends a datagram to the target on a socket that is
// connected to the decoy.
func besideConnection(string) error {
	var port uint16
	for _, a := range [][4]byte{beside, decoy} {
		if _, err := bound(unix.SOCK_DGRAM, a, &port); err != nil {
			return err
		}
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	return errors.Join(
		unix.Connect(fd, &unix.SockaddrInet4{Port: int(port), Addr: decoy}),
		unix.Sendto(fd, []byte("x"), 0, &unix.SockaddrInet4{Port: int(port), Addr: beside}),
	)
}
