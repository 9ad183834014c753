package state

import (
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
)

// Ports: 45000 is of the host's range for clients, others are not.
var (
	clientEnd = netip.MustParseAddrPort("10.0.0.1:45000")
	serverEnd = netip.MustParseAddrPort("10.0.0.2:443")
	local6    = netip.MustParseAddrPort("[2001:db8::1]:45000")
	remote6   = netip.MustParseAddrPort("[2001:db8::2]:443")
)

const established = 1

func inet(kind, proto uint16, state uint8, local, remote netip.AddrPort) bpf.WireSock {
	w := bpf.WireSock{
		Ino: 77, Family: unix.AF_INET, Type: kind, Protocol: proto, State: state,
		LocalPort: local.Port(), RemotePort: remote.Port(),
	}
	put := func(b *[16]uint8, a netip.Addr) {
		switch {
		case a.Is4():
			four := a.As4()
			copy(b[:], four[:])
		case a.IsValid():
			w.Family = unix.AF_INET6
			*b = a.As16()
		}
	}
	put(&w.Local, local.Addr())
	put(&w.Remote, remote.Addr())
	return w
}

func tcp(state uint8, local, remote netip.AddrPort) bpf.WireSock {
	return inet(unix.SOCK_STREAM, unix.IPPROTO_TCP, state, local, remote)
}

func udp(state uint8, local, remote netip.AddrPort) bpf.WireSock {
	return inet(unix.SOCK_DGRAM, unix.IPPROTO_UDP, state, local, remote)
}

// sockaddr is an address as a program passes it.
func sockaddr(a netip.AddrPort) []byte {
	family, tail := uint16(unix.AF_INET), a.Addr().AsSlice()
	if a.Addr().Is6() {
		family, tail = unix.AF_INET6, append(make([]byte, 4), append(tail, 0, 0, 0, 0)...)
	} else {
		tail = append(tail, make([]byte, 8)...)
	}
	return append(append(bytesOf(family), byte(a.Port()>>8), byte(a.Port())), tail...)
}

func unixaddr(path string) []byte { return append(bytesOf(uint16(unix.AF_UNIX)), path...) }

// connectTo is a connect whose socket the kernel describes as w.
func connectTo(ret int64, w bpf.WireSock, to []byte) record {
	return shell.call("connect", ret, 3, 0, uint64(len(to))).sock(w, "").addr(to...)
}

func TestConnect(t *testing.T) {
	none := netip.AddrPort{}
	for name, tt := range map[string]struct {
		r    record
		want event.FD
	}{
		"tcp": {
			connectTo(0, tcp(established, clientEnd, serverEnd), sockaddr(serverEnd)),
			event.FD{Type: event.FDIPv4, Proto: event.TCP, Local: clientEnd, Remote: serverEnd, Connected: true, NameChanged: true, Role: event.Client},
		},
		"tcp under way": {
			connectTo(-int64(unix.EINPROGRESS), tcp(2, clientEnd, serverEnd), sockaddr(serverEnd)),
			event.FD{Type: event.FDIPv4, Proto: event.TCP, Local: clientEnd, Remote: serverEnd, Connected: true, NameChanged: true, Role: event.Client},
		},
		"tcp refused": {
			connectTo(-int64(unix.ECONNREFUSED), tcp(tcpClose, none, netip.MustParseAddrPort("10.0.0.2:0")), sockaddr(serverEnd)),
			event.FD{Type: event.FDIPv4, Proto: event.TCP, Remote: serverEnd},
		},
		"tcp over ipv6": {
			connectTo(0, tcp(established, local6, remote6), sockaddr(remote6)),
			event.FD{Type: event.FDIPv6, Proto: event.TCP, Local: local6, Remote: remote6, Connected: true, NameChanged: true, Role: event.Client},
		},
		"ipv4 by way of ipv6": {
			connectTo(0, tcp(established, netip.MustParseAddrPort("[::ffff:10.0.0.1]:45000"), netip.MustParseAddrPort("[::ffff:10.0.0.2]:443")), nil),
			event.FD{Type: event.FDIPv4, Proto: event.TCP, Local: clientEnd, Remote: serverEnd, Connected: true, NameChanged: true, Role: event.Client},
		},
		"refused ipv4 by way of ipv6": {
			connectTo(-int64(unix.ECONNREFUSED), bpf.WireSock{Ino: 77, Family: unix.AF_INET6, Type: unix.SOCK_STREAM, State: tcpClose},
				sockaddr(netip.MustParseAddrPort("[::ffff:10.0.0.2]:443"))),
			event.FD{Type: event.FDIPv4, Proto: event.TCP, Remote: serverEnd},
		},
		"address unreadable": {
			shell.call("connect", -14, 3, 0, 16).sock(tcp(tcpClose, none, none), "").block(bpf.BlockAddr, bpf.BlockFault, nil),
			event.FD{Type: event.FDIPv4, Proto: event.TCP},
		},
		"descriptor replaced, socket gone": {
			shell.call("connect", 0, 3, 0, 16).replaced(tcp(tcpClose, none, none)).addr(sockaddr(serverEnd)...),
			event.FD{Type: event.FDIPv4, Proto: event.TCP, Remote: serverEnd, Role: event.Client, NameChanged: true, Replaced: true},
		},
		"unix, by the kernel": {
			shell.call("connect", 0, 3, 0, 20).sock(bpf.WireSock{Ino: 77, Family: unix.AF_UNIX, State: established}, "\x00/run/s\x00").
				addr(unixaddr("/run/./s\x00")...),
			event.FD{Type: event.FDUnix, Name: "/run/s", Connected: true},
		},
		"unix refused": {
			connectTo(-2, bpf.WireSock{Ino: 77, Family: unix.AF_UNIX, State: tcpClose}, unixaddr("/run/s\x00")),
			event.FD{Type: event.FDUnix, Name: "/run/s"},
		},
		"unix, abstract": {
			connectTo(-2, bpf.WireSock{Ino: 77, Family: unix.AF_UNIX, State: tcpClose}, unixaddr("\x00bus")),
			event.FD{Type: event.FDUnix, Name: "@bus"},
		},
		"netlink": {
			connectTo(0, bpf.WireSock{Ino: 77, Family: unix.AF_NETLINK}, bytesOf([6]uint16{unix.AF_NETLINK})),
			event.FD{Type: event.FDNetlink, Connected: true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			ev := must(t, newTree(t), tt.r)
			tt.want.Ino, tt.want.Mode = 77, unix.S_IFSOCK
			if diff := equal(&tt.want, ev.FD); diff != "" || ev.FDNum != 3 {
				t.Errorf("number %d (-want +got):\n%s", ev.FDNum, diff)
			}
			if a := argOf(t, ev, "tuple"); !a.Valid || a.FD != ev.FD {
				t.Errorf("tuple %+v", a)
			}
		})
	}
}

func TestConnectAddress(t *testing.T) {
	s := newTree(t)
	ev := must(t, s, connectTo(-111, tcp(tcpClose, netip.AddrPort{}, netip.AddrPort{}), sockaddr(serverEnd)))
	if a := argOf(t, ev, "addr"); !a.Valid || a.Addr != serverEnd {
		t.Errorf("%+v", a)
	}
	ev = must(t, s, connectTo(-111, bpf.WireSock{Family: unix.AF_UNIX}, unixaddr("/run/s\x00x")))
	if a := argOf(t, ev, "addr"); !a.Valid || a.Text != "/run/s" {
		t.Errorf("%+v", a)
	}
}

func TestRole(t *testing.T) {
	listener := tcp(tcpListen, serverEnd, netip.AddrPort{})
	odd := netip.MustParseAddrPort("10.0.0.1:900")
	even := netip.MustParseAddrPort("10.0.0.2:901")
	message := func(call string, w bpf.WireSock) record {
		r := shell.call(call, 2, 3, 0, 2, 0, 0, 0).sock(w, "").text(bpf.BlockBytes, "hi")
		return r.none()
	}
	for name, tt := range map[string]struct {
		records []record
		want    event.Role
	}{
		"listens":                  {[]record{shell.call("listen", 0, 3, 1).sock(listener, "")}, event.Server},
		"accepted":                 {[]record{shell.call("accept", 4, 3).sock(tcp(established, odd, even), "")}, event.Server},
		"accepted by accept4":      {[]record{shell.call("accept4", 4, 3, 0, 0, 0).sock(tcp(established, odd, even), "")}, event.Server},
		"remembers connect":        {[]record{connectTo(0, tcp(established, odd, even), nil), message("recvfrom", tcp(established, odd, even))}, event.Client},
		"remembers accept":         {[]record{shell.call("accept", 4, 3).sock(tcp(established, clientEnd, serverEnd), ""), message("sendto", tcp(established, clientEnd, serverEnd))}, event.Server},
		"forgets no failure":       {[]record{connectTo(-111, tcp(tcpClose, odd, odd), nil), message("recvfrom", tcp(established, odd, even))}, event.Server},
		"client by its port":       {[]record{message("recvfrom", tcp(established, clientEnd, serverEnd))}, event.Client},
		"server by its port":       {[]record{message("sendto", tcp(established, serverEnd, clientEnd))}, event.Server},
		"speaks first":             {[]record{message("sendto", tcp(established, odd, even))}, event.Client},
		"is spoken to":             {[]record{message("recvfrom", tcp(established, odd, even))}, event.Server},
		"without an end":           {[]record{message("sendto", tcp(tcpClose, odd, netip.AddrPort{}))}, event.NoRole},
		"neither reads nor writes": {[]record{shell.call("fchmod", 0, 3, 0).sock(tcp(established, odd, even), "")}, event.NoRole},
	} {
		s := newTree(t)
		var ev *event.Event
		for _, r := range tt.records {
			ev = must(t, s, r)
		}
		if ev.FD.Role != tt.want {
			t.Errorf("%s: role %d, want %d", name, ev.FD.Role, tt.want)
		}
	}
}

func TestDatagrams(t *testing.T) {
	s := newTree(t)
	other := netip.MustParseAddrPort("10.0.0.3:53")
	open := udp(tcpClose, netip.MustParseAddrPort("0.0.0.0:45000"), netip.AddrPort{})
	connected := udp(established, netip.MustParseAddrPort("10.0.0.1:45000"), serverEnd)
	to := func(call string, ret int64, peer netip.AddrPort) record {
		return shell.call(call, ret, 3, 0, 2, 0, 1, 16).sock(open, "").text(bpf.BlockBytes, "hi").addr(sockaddr(peer)...)
	}
	message := func(call string, peer netip.AddrPort) record {
		return shell.call(call, 2, 3, 0).sock(open, "").addr(sockaddr(peer)...).text(bpf.BlockBytes, "hi")
	}
	for i, step := range []struct {
		r       record
		remote  netip.AddrPort
		changed bool
		role    event.Role
	}{
		{to("sendto", 2, serverEnd), serverEnd, true, event.Client},
		{to("sendto", 2, serverEnd), serverEnd, false, event.Client},
		{message("sendmsg", other), other, true, event.Client},
		{to("recvfrom", 2, other), other, false, event.Client},
		{message("recvmsg", serverEnd), serverEnd, true, event.Client},
		{to("sendto", -1, other), other, false, event.Client},
		{to("sendto", 2, serverEnd), serverEnd, false, event.Client},
		{
			shell.call("sendto", 2, 3, 0, 2, 0, 1, 16).sock(connected, "").text(bpf.BlockBytes, "hi").addr(sockaddr(other)...),
			other, true, event.Client,
		},
	} {
		ev := must(t, s, step.r)
		fd := ev.FD
		if fd.Remote != step.remote || fd.NameChanged != step.changed || fd.Role != step.role || fd.Connected || fd.Proto != event.UDP {
			t.Errorf("step %d: %+v", i, fd)
		}
		if a := argOf(t, ev, "data"); a.Text != "hi" {
			t.Errorf("step %d: data %+v", i, a)
		}
		if a := argOf(t, ev, "tuple"); a.FD != fd || a.Addr != step.remote {
			t.Errorf("step %d: tuple %+v", i, a)
		}
	}
}

func TestProtocol(t *testing.T) {
	for _, tt := range []struct {
		kind, number uint16
		want         event.Proto
	}{
		{unix.SOCK_STREAM, 6, event.TCP},
		{unix.SOCK_STREAM, 0, event.TCP},
		{unix.SOCK_STREAM, 262, event.TCP},
		{unix.SOCK_DGRAM, 17, event.UDP},
		{unix.SOCK_DGRAM, 0, event.UDP},
		{unix.SOCK_DGRAM, 136, event.UDP},
		{unix.SOCK_DGRAM, 1, event.ICMP},
		{unix.SOCK_DGRAM, 58, event.ICMP},
		{unix.SOCK_RAW, 1, event.RawIP},
		{unix.SOCK_STREAM, 132, event.NoProto},
	} {
		if got := protocol(tt.kind, tt.number); got != tt.want {
			t.Errorf("type %d, protocol %d: %d, want %d", tt.kind, tt.number, got, tt.want)
		}
	}
}

func TestSockaddr(t *testing.T) {
	s := newHost(t)
	for _, tt := range []struct {
		b    []byte
		addr netip.AddrPort
		path string
		ok   bool
	}{
		{sockaddr(serverEnd), serverEnd, "", true},
		{sockaddr(remote6), remote6, "", true},
		{sockaddr(remote6)[:24], remote6, "", true}, // older form, without a scope
		{sockaddr(remote6)[:23], netip.AddrPort{}, "", false},
		{sockaddr(serverEnd)[:7], netip.AddrPort{}, "", false},
		{unixaddr("/run/s\x00trash"), netip.AddrPort{}, "/run/s", true},
		{unixaddr("/run/s"), netip.AddrPort{}, "/run/s", true},
		{unixaddr("\x00a\x00b"), netip.AddrPort{}, "@a\x00b", true},
		{unixaddr(""), netip.AddrPort{}, "", true},
		{bytesOf(uint16(unix.AF_UNSPEC)), netip.AddrPort{}, "", false},
		{[]byte{2}, netip.AddrPort{}, "", false},
		{nil, netip.AddrPort{}, "", false},
	} {
		addr, path, ok := s.sockaddr(tt.b)
		if addr != tt.addr || path != tt.path || ok != tt.ok {
			t.Errorf("%v: %v %q %v", tt.b, addr, path, ok)
		}
	}
}

func TestSocketsForgetTheOldest(t *testing.T) {
	table := newSockets(3, t.TempDir())
	for ino := range uint64(5) {
		table.learn(ino, socketPast{role: event.Client})
		table.learn(ino, socketPast{role: event.Server})
	}
	if len(table.past) != 3 || table.evicted != 2 || table.of(1).role != event.NoRole || table.of(2).role != event.Server {
		t.Errorf("%v, %d evicted", table.past, table.evicted)
	}
}

func TestEphemeralPorts(t *testing.T) {
	if got := newHost(t).sockets.ephemeral; got != [2]uint16{40000, 50000} {
		t.Errorf("%v", got)
	}
	for _, text := range []string{"", "1 2 3", "1 x", "1 70000"} {
		root := t.TempDir()
		write(t, root+"/proc/sys/net/ipv4/ip_local_port_range", text)
		if got := ephemeralPorts(root); got != [2]uint16{32768, 60999} {
			t.Errorf("%q: %v", text, got)
		}
	}
}
