package state

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/syscalls"
)

// The name server of the act: an address of loopback that nobody else uses.
var nameServer = netip.MustParseAddrPort("127.5.3.53:53")

// receivers are the ways to receive an answer, each with a name of its own.
var receivers = []struct {
	name, addr string
	receive    func(fd int, buf []byte) error
	connected  bool
}{
	{"read.example.com", "127.1.1.1", func(fd int, buf []byte) error { _, err := unix.Read(fd, buf); return err }, true},
	{"recvfrom.example.com", "127.1.1.2", func(fd int, buf []byte) error { _, _, err := unix.Recvfrom(fd, buf, 0); return err }, false},
	{"recvmsg.example.com", "127.1.1.3", func(fd int, buf []byte) error { _, _, _, _, err := unix.Recvmsg(fd, buf, nil, 0); return err }, false},
	{"connected.example.com", "127.1.1.4", func(fd int, buf []byte) error { _, _, err := unix.Recvfrom(fd, buf, 0); return err }, true},
}

// resolve asks for every name, at a server of its own, and connects to what is
// answered.
func resolve() error {
	server, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(nameServer))
	if err != nil {
		return err
	}
	defer server.Close()
	go serve(server)
	to := &unix.SockaddrInet4{Port: int(nameServer.Port()), Addr: nameServer.Addr().As4()}
	for _, r := range receivers {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		if r.connected {
			err = unix.Connect(fd, to)
		}
		query := dnsmessage.Message{Questions: []dnsmessage.Question{{
			Name: dnsmessage.MustNewName(r.name + "."), Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET,
		}}}
		packed, packErr := query.Pack()
		if err := errors.Join(err, packErr, send(fd, packed, to, r.connected), r.receive(fd, make([]byte, 512)), unix.Close(fd), reach(r.addr)); err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
	}
	return nil
}

func send(fd int, packed []byte, to unix.Sockaddr, connected bool) error {
	if connected {
		_, err := unix.Write(fd, packed)
		return err
	}
	return unix.Sendto(fd, packed, 0, to)
}

// reach connects a datagram socket, so that nobody must listen.
func reach(addr string) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	return errors.Join(unix.Connect(fd, &unix.SockaddrInet4{Port: 9, Addr: netip.MustParseAddr(addr).As4()}), unix.Close(fd))
}

// serve answers until the socket is closed.
func serve(server *net.UDPConn) {
	buf := make([]byte, 512)
	for {
		n, from, err := server.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		var m dnsmessage.Message
		if m.Unpack(buf[:n]) != nil || len(m.Questions) != 1 {
			continue
		}
		m.Response = true
		for _, r := range receivers {
			if name := m.Questions[0].Name; name.String() == r.name+"." {
				m.Answers = []dnsmessage.Resource{{
					Header: dnsmessage.ResourceHeader{Name: name, Class: dnsmessage.ClassINET, TTL: 1},
					Body:   &dnsmessage.AResource{A: netip.MustParseAddr(r.addr).As4()},
				}}
			}
		}
		if packed, err := m.Pack(); err == nil {
			_, _ = server.WriteToUDPAddrPort(packed, from) // who asked complains
		}
	}
}

// TestLiveNames: whatever call receives an answer, the address is called by the
// name that was asked for; these calls are no events themselves.
func TestLiveNames(t *testing.T) {
	rows := []*syscalls.Row{syscalls.ByName("connect"), syscalls.ByName("procexit")}
	sensor := load(t, bpf.Options{Rows: rows, Answers: true}, func(bpf.Raw) {})
	t.Cleanup(func() { sensor.Close() })
	_, pid, events := performOn(t, sensor, Options{Names: true}, "names", "")
	got := map[string]string{}
	for _, c := range events {
		if c.Row.Name != "connect" && c.Row.Name != "procexit" && c.pid == pid && c.Row.Name != "execve" {
			t.Errorf("an event of %s", c.Row.Name)
		}
		got[c.fd.Remote.Addr().String()] = c.fd.RemoteName
	}
	for _, r := range receivers {
		if got[r.addr] != r.name {
			t.Errorf("%s is called %q, want %s", r.addr, got[r.addr], r.name)
		}
	}
}
