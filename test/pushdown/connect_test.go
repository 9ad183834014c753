package pushdown

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/pushdown"
	"github.com/sakerhq/saker/rules"
)

const asConnecting = "SAKER_PUSHDOWN_CONNECTING"

// peers are where the process connects to: nobody need listen, as datagrams don't
// wait for an answer, and what streams get is told as well.
var peers = []string{"127.0.0.1:53", "127.0.0.1:9", "127.9.9.9:53", "[::1]:53", "[::1]:9", "[::ffff:127.0.0.1]:53", "[::ffff:127.9.9.9]:9"}

// converse connects sockets of all kinds, speaks to their peers and to others.
func converse(dir string) {
	for _, peer := range peers {
		to := netip.MustParseAddrPort(peer)
		family, at := sockaddr(to)
		for _, kind := range []int{unix.SOCK_DGRAM, unix.SOCK_STREAM, unix.SOCK_STREAM | unix.SOCK_NONBLOCK} {
			fd, err := unix.Socket(family, kind, 0)
			if err != nil {
				continue
			}
			_ = unix.Connect(fd, at)
			_ = unix.Connect(fd, at) // again
			_, _ = unix.Write(fd, []byte("x"))
			_, other := sockaddr(netip.AddrPortFrom(to.Addr(), 10))
			_ = unix.Sendto(fd, []byte("x"), unix.MSG_NOSIGNAL, other)
			_ = unix.Close(fd)
		}
	}
	for _, kind := range []int{unix.SOCK_DGRAM, unix.SOCK_STREAM} {
		listened(dir, kind)
	}
	datagrams()
	for _, way := range otherWays() {
		way.converse()
	}
}

// datagrams sends some from a socket that is connected, and one that is not, with and
// without an address, by both calls.
func datagrams() {
	for _, peer := range peers {
		family, at := sockaddr(netip.MustParseAddrPort(peer))
		for _, connected := range []bool{false, true} {
			fd, err := unix.Socket(family, unix.SOCK_DGRAM, 0)
			if err != nil {
				continue
			}
			if connected {
				_, other := sockaddr(netip.AddrPortFrom(netip.MustParseAddrPort(peer).Addr(), 11))
				_ = unix.Connect(fd, other)
			}
			for _, to := range []unix.Sockaddr{at, nil} {
				_, _ = unix.SendmsgN(fd, []byte("x"), nil, to, 0)
				_ = unix.Send(fd, []byte("x"), 0)
			}
			_ = unix.Sendto(fd, []byte("x"), 0, at)
			_ = unix.Close(fd)
		}
	}
}

func sockaddr(to netip.AddrPort) (family int, at unix.Sockaddr) {
	if to.Addr().Is4() {
		return unix.AF_INET, &unix.SockaddrInet4{Addr: to.Addr().As4(), Port: int(to.Port())}
	}
	return unix.AF_INET6, &unix.SockaddrInet6{Addr: to.Addr().As16(), Port: int(to.Port())}
}

// listened connects to sockets of the process itself: one of unix, and for streams
// one of the internet, and speaks both ways.
func listened(dir string, kind int) {
	at := []unix.Sockaddr{&unix.SockaddrUnix{Name: filepath.Join(dir, fmt.Sprint("s", kind))}}
	if kind == unix.SOCK_STREAM {
		at = append(at, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}, &unix.SockaddrInet4{Addr: [4]byte{127, 9, 9, 9}},
			&unix.SockaddrInet6{Addr: netip.IPv6Loopback().As16()}, &unix.SockaddrInet6{Addr: netip.MustParseAddr("::ffff:127.9.9.9").As16()})
	}
	for i, at := range at {
		family := []int{unix.AF_UNIX, unix.AF_INET, unix.AF_INET, unix.AF_INET6, unix.AF_INET6}[i]
		server, err := unix.Socket(family, kind, 0)
		if err != nil || unix.Bind(server, at) != nil {
			continue
		}
		_ = unix.Listen(server, 1)
		name, _ := unix.Getsockname(server)
		client, _ := unix.Socket(family, kind, 0)
		_ = unix.Connect(client, name)
		_, _ = unix.Write(client, []byte("x"))
		if kind == unix.SOCK_STREAM {
			if end, _, err := unix.Accept(server); err == nil {
				_, _ = unix.Read(end, make([]byte, 1))
				_, _ = unix.Write(end, []byte("y"))
				_ = unix.Connect(end, name) // it is connected
				_ = unix.Close(end)
			}
		}
		_ = unix.Close(client)
		_ = unix.Close(server)
	}
}

// connection is a condition, and whether it leaves calls out that it isn't about, with
// some output at least.
type connection struct {
	types, condition string
	spares           bool
}

var connections = []connection{
	{"connect", "fd.typechar in (4, 6)", true},
	{"connect", "fd.type = unix", true},
	{"connect", "fd.sport = 53", true},
	{"connect", "not fd.sport = 53", true},
	{"connect", "fd.sport != 53 and fd.typechar = 6", true},
	{"connect", "fd.sport < 10 and evt.rawres = 0", true},
	{"connect", "fd.sip = 127.9.9.9", true},
	{"connect", "fd.sip in (127.9.9.9, ::1)", true},
	{"connect", "fd.snet in (127.9.0.0/16)", true},
	{"connect", "not fd.snet in (127.0.0.0/24) and fd.typechar = 4", true},
	{"connect", "fd.snet = ::/64", true},
	{"connect", "fd.l4proto = udp and fd.rport = 53 and fd.rip = 127.0.0.1", true},
	{"connect", "(fd.sport = 9 or fd.sip = ::1)", true},
	{"connect", "evt.rawres < 0 and fd.sport = 53", true},
	{"connect", "fd.name_changed = true", false},
	{"connect", "fd.net = 127.9.9.9/32", true}, // those of unix
	{"connect, sendto, write, read", "fd.sport = 9", true},
	{"connect, sendto, write, read", "fd.rport = 9", true},
	{"connect, sendto, write, read", "fd.name_changed = true", false},
	{"connect, sendto, write, read", "fd.is_server = true", false},
	{"connect, accept, accept4, listen", "fd.is_server = true", false},
	{"connect, sendto, write, read", "fd.typechar = u", false},
	{"connect, sendto, write, read", "fd.l4proto = tcp and fd.lport exists", true},
	{"accept, accept4", "fd.sip = 127.9.9.9", true},
	{"accept, accept4", "fd.snet in (127.9.0.0/16) and fd.cport > 1024", true},
	{"accept, accept4", "not fd.lip = ::1 and fd.rport != 9", true},
	{"accept, accept4", "fd.cip = 127.0.0.1", true},
	{"accept, accept4", "(fd.cnet = ::/64 or fd.sport < 1024)", true},
	{"accept, accept4, connect", "fd.sport > 100", false},
	{"accept, accept4, connect", "fd.rip = 127.9.9.9", true},
	{"accept, accept4, write, read", "fd.sip = 127.9.9.9", false},
	{"bind", "fd.lip = 127.9.9.9", true},
	{"bind", "fd.lport < 1024", true},
	{"bind", "fd.sip = 127.9.9.9", false},
	{"bind, listen", "not fd.lnet in (127.0.0.0/8)", false},
	{"sendto, sendmsg", "fd.rport = 53", true},
	{"sendto, sendmsg", "fd.rip = 127.9.9.9 and evt.rawres > 0", true},
	{"sendto, sendmsg", "not fd.rnet in (127.0.0.0/8)", true},
	{"sendto, sendmsg", "fd.rport in (10, 11) and fd.rip != ::1", true},
	{"sendto, sendmsg", "fd.sport = 53", false},
	{"sendto, sendmsg, connect", "fd.rport = 53", true},
}

// What a set tells of sockets is the same with and without pushdown.
func TestConnections(t *testing.T) { compare(t, asConnecting, connections) }

func compare(t *testing.T, role string, conditions []connection) {
	t.Helper()
	with, without := newSide(t), newSide(t)
	for _, c := range conditions {
		outputs := []string{"%evt.type %evt.res %fd.name %fd.is_server %evt.args", "%evt.type %evt.res"}
		if c.types == "connect" { // which says itself what the first one asks
			outputs = outputs[:1]
		}
		spared := 0
		for _, output := range outputs {
			text := fmt.Sprintf("- rule: r\n  desc: d\n  priority: info\n  output: %q\n  condition: evt.type in (%s) and %s\n", output, c.types, c.condition)
			t.Run(c.types+" "+c.condition+" "+output, func(t *testing.T) {
				spared += compareSet(t, role, loadAll(t, []rules.File{{Name: "r.yaml", Content: []byte(text)}}), with, without)
			})
		}
		if c.spares && spared <= 0 {
			t.Errorf("%s %s: nothing is left out", c.types, c.condition)
		}
	}
	with.t, without.t = t, t
	counts, err := with.Sensor.Counts()
	for fact, n := range counts.LeftOut {
		if name := bpf.Fact(fact).String(); (name == "socket" || name == "peer") && n == 0 {
			t.Errorf("no call was left out by %s (%v): it was not tested", name, err)
		}
	}
}

// compareSet gives how many events a set's pushdown spares.
func compareSet(t *testing.T, role string, set *rules.Set, with, without *side) int {
	t.Helper()
	with.t, without.t = t, t
	with.watch(set, pushdown.Filter(set))
	without.watch(set, nil)
	performAs(t, role, with, without)
	holdSame(t, with, without)
	t.Logf("%d events, %d without pushdown, %d alerts", with.events, without.events, len(with.alerts))
	return without.events - with.events
}
