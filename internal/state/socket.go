package state

import (
	"encoding/binary"
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/syscalls"
)

// States of a socket in which it has a peer, or asks for one.
const (
	tcpClose  = 7
	tcpListen = 10
)

// sockFD fills fd from a socket.
func (s *State) sockFD(fd *event.FD, b *block) {
	w, names := b.sock()
	fd.Ino, fd.Mode = w.Ino, unix.S_IFSOCK
	fd.Replaced = b.flags&bpf.BlockReplaced != 0
	fd.Connected = w.State != tcpClose && w.State != tcpListen
	switch w.Family {
	case unix.AF_INET:
		fd.Type = event.FDIPv4
	case unix.AF_INET6:
		fd.Type = event.FDIPv6
	case unix.AF_UNIX:
		fd.Type = event.FDUnix
		fd.Name = s.text.keep(firstName(names))
		if fd.PeerPID, fd.PeerUID = w.PeerPid, w.PeerUid; w.PeerPid != 0 {
			if peer := s.processes.running(w.PeerPid); peer != nil {
				fd.Peer = &peer.Process
			}
		}
		return
	case unix.AF_NETLINK:
		fd.Type = event.FDNetlink
		return
	case unix.AF_PACKET:
		fd.Type = event.FDPacket
		return
	default:
		return
	}
	fd.Proto = protocol(w.Type, w.Protocol)
	fd.Local = endpoint(w.Family, &w.Local, w.LocalPort)
	fd.Remote = endpoint(w.Family, &w.Remote, w.RemotePort)
	if fd.Remote.Port() == 0 && !fd.Connected {
		fd.Remote = netip.AddrPort{} // what a refused connect left
	}
	fd.Connected = fd.Connected && fd.Remote.IsValid()
	narrow(fd)
}

// firstName is the first name of those that stand one after another, each
// ended by a NUL: a unix socket's own, else its peer's.
func firstName(names []byte) []byte {
	for len(names) > 0 && names[0] == 0 {
		names = names[1:]
	}
	return cString(names)
}

// narrow makes IPv4 of a socket that speaks it by way of IPv6.
func narrow(fd *event.FD) {
	if fd.Local.Addr().Is4() || fd.Remote.Addr().Is4() {
		fd.Type = event.FDIPv4
	}
}

func protocol(kind, number uint16) event.Proto {
	const mptcp = 262
	switch {
	case kind == unix.SOCK_RAW:
		return event.RawIP
	case number == unix.IPPROTO_ICMP, number == unix.IPPROTO_ICMPV6:
		return event.ICMP
	case number == unix.IPPROTO_TCP, number == mptcp, number == 0 && kind == unix.SOCK_STREAM:
		return event.TCP
	case number == unix.IPPROTO_UDP, number == unix.IPPROTO_UDPLITE, number == 0 && kind == unix.SOCK_DGRAM:
		return event.UDP
	}
	return event.NoProto
}

// endpoint is one end of a socket, the zero one where there is none.
func endpoint(family uint16, b *[16]uint8, port uint16) netip.AddrPort {
	addr := netip.AddrFrom4([4]byte(b[:4]))
	if family == unix.AF_INET6 {
		addr = netip.AddrFrom16(*b).Unmap()
	}
	if addr.IsUnspecified() && port == 0 {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(addr, port)
}

// sockaddr reads the address that a program passed: of the internet into
// addr, of a unix socket its path, an abstract one with @ for its NUL.
func (s *State) sockaddr(b []byte) (addr netip.AddrPort, path string, ok bool) {
	if len(b) < 2 {
		return addr, "", false
	}
	switch family := binary.NativeEndian.Uint16(b); {
	case family == unix.AF_INET && len(b) >= 8:
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[4:8])), binary.BigEndian.Uint16(b[2:])), "", true
	case family == unix.AF_INET6 && len(b) >= 24:
		return netip.AddrPortFrom(netip.AddrFrom16([16]byte(b[8:24])).Unmap(), binary.BigEndian.Uint16(b[2:])), "", true
	case family == unix.AF_UNIX && len(b) > 2 && b[2] == 0:
		start := len(s.text.buf)
		s.text.buf = append(append(s.text.buf, '@'), b[3:]...)
		return addr, s.text.since(start), true
	case family == unix.AF_UNIX:
		return addr, s.text.keep(cString(b[2:])), true
	}
	return addr, "", false
}

// applyPeer completes the event's socket by what the event tells beside the
// kernel's facts: the address that the caller passed, and the past.
func (s *State) applyPeer(ev *event.Event, peer netip.AddrPort, path string) {
	fd := ev.FD
	if fd.Type == event.FDUnix && fd.Name == "" {
		fd.Name = path
	}
	if fd.Type != event.FDIPv4 && fd.Type != event.FDIPv6 {
		return
	}
	beside := sendsBeside(ev, peer)
	if peer.IsValid() && (!fd.Remote.IsValid() || fd.Replaced || beside) {
		fd.Remote, fd.Connected = peer, fd.Connected && !beside
		narrow(fd)
	}
	past := s.sockets.of(fd.Ino)
	if fd.Role = s.roleNow(ev); fd.Role == event.NoRole {
		fd.Role = past.role
	}
	learned := socketPast{role: fd.Role, peer: past.peer}
	if fd.Remote.IsValid() && fd.Remote != past.peer && s.tellsPeer(ev) {
		fd.NameChanged = true
		learned.peer = fd.Remote
	}
	if fd.Role == event.NoRole && ev.Row != s.rows.connect { // that failed: whoever tries is no server
		fd.Role = s.sockets.guess(fd, ev.Row.Flags)
	}
	if learned != past {
		s.sockets.learn(fd.Ino, learned)
	}
}

// sendsBeside reports whether the event is a message to another than its socket
// is connected to, as only streams forbid.
func sendsBeside(ev *event.Event, peer netip.AddrPort) bool {
	return ev.Row.Flags&syscalls.WritesFD != 0 && ev.FD.Proto != event.TCP && peer.IsValid() && peer != ev.FD.Remote
}

// roleNow is the role that the event itself gives its socket.
func (s *State) roleNow(ev *event.Event) event.Role {
	if ev.Failed() && ev.Result != -int64(unix.EINPROGRESS) {
		return event.NoRole
	}
	switch ev.Row {
	case s.rows.connect:
		return event.Client
	case s.rows.accept, s.rows.accept4, s.rows.listen:
		return event.Server
	}
	return event.NoRole
}

// tellsPeer reports whether the event can give its socket another peer: a
// connection that is made, or a message on a socket that needs none.
func (s *State) tellsPeer(ev *event.Event) bool {
	if ev.Row == s.rows.connect {
		return !ev.Failed() || ev.Result == -int64(unix.EINPROGRESS)
	}
	return !ev.Failed() && !ev.FD.Connected && ev.FD.Proto != event.TCP && ev.Row.Flags&(syscalls.ReadsFD|syscalls.WritesFD) != 0
}
