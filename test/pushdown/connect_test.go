package pushdown

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

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
		at = append(at, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
	}
	for i, at := range at {
		family := []int{unix.AF_UNIX, unix.AF_INET}[i]
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

// Conditions, and whether they leave connections out that they aren't about.
var connections = []struct {
	types, condition string
	spares           bool
}{
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
}

// What a set tells of sockets is the same with and without pushdown.
func TestConnections(t *testing.T) {
	with, without := newSide(t), newSide(t)
	for _, c := range connections {
		outputs := []string{"%evt.type %evt.res %fd.name %fd.is_server %evt.args", "%evt.type %evt.res"}
		if c.types == "connect" { // which says itself what the first one asks
			outputs = outputs[:1]
		}
		for _, output := range outputs {
			text := fmt.Sprintf("- rule: r\n  desc: d\n  priority: info\n  output: %q\n  condition: evt.type in (%s) and %s\n", output, c.types, c.condition)
			t.Run(c.types+" "+c.condition+" "+output, func(t *testing.T) {
				with.t, without.t = t, t
				set := loadAll(t, []rules.File{{Name: "r.yaml", Content: []byte(text)}})
				with.watch(set, pushdown.Filter(set))
				without.watch(set, nil)
				performAs(t, asConnecting, with, without)
				slices.Sort(with.alerts)
				slices.Sort(without.alerts)
				if !slices.Equal(with.alerts, without.alerts) {
					t.Errorf("with pushdown:\n%s\nwithout:\n%s", strings.Join(with.alerts, "\n"), strings.Join(without.alerts, "\n"))
				}
				t.Logf("%d events, %d without pushdown, %d alerts", with.events, without.events, len(with.alerts))
				if c.spares && with.events >= without.events {
					t.Error("nothing is left out")
				}
			})
		}
	}
	with.t, without.t = t, t
}
