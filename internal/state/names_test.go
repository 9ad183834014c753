package state

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/bpf"
)

// answerOf is a name server's answer: addresses of a name, behind an alias.
func answerOf(t testing.TB, name string, ttl uint32, addrs ...string) []byte {
	t.Helper()
	asked, alias := dnsmessage.MustNewName(name+"."), dnsmessage.MustNewName("edge.cdn.example.")
	b := dnsmessage.NewBuilder(nil, dnsmessage.Header{Response: true, ID: 7})
	b.EnableCompression()
	class := dnsmessage.ClassINET
	header := func(n dnsmessage.Name) dnsmessage.ResourceHeader {
		return dnsmessage.ResourceHeader{Name: n, Class: class, TTL: ttl}
	}
	steps := []error{
		b.StartQuestions(), b.Question(dnsmessage.Question{Name: asked, Type: dnsmessage.TypeA, Class: class}),
		b.StartAnswers(), b.CNAMEResource(header(asked), dnsmessage.CNAMEResource{CNAME: alias}),
	}
	for _, addr := range addrs {
		if a := netip.MustParseAddr(addr); a.Is4() {
			steps = append(steps, b.AResource(header(alias), dnsmessage.AResource{A: a.As4()}))
		} else {
			steps = append(steps, b.AAAAResource(header(alias), dnsmessage.AAAAResource{AAAA: a.As16()}))
		}
	}
	message, err := b.Finish()
	for _, e := range append(steps, err) {
		if e != nil {
			t.Fatal(e)
		}
	}
	return message
}

func TestNames(t *testing.T) {
	const net, other = 1, 2
	addr := netip.MustParseAddr
	names := newNames(3)
	names.learn(net, answerOf(t, "WWW.example.com", 1000, "192.0.2.1", "2001:db8::1"), now)
	over := answerOf(t, "tcp.example.com", 1, "192.0.2.2")
	names.learn(net, append(binary.BigEndian.AppendUint16(nil, uint16(len(over))), over...), now)
	for _, test := range []struct {
		net  uint32
		addr string
		at   uint64
		want string
	}{
		{net, "192.0.2.1", now, "www.example.com"},
		{net, "2001:db8::1", now, "www.example.com"},
		{net, "192.0.2.2", now, "tcp.example.com"},
		{net, "192.0.2.2", now + nameFloor - 1, "tcp.example.com"},
		{net, "192.0.2.2", now + nameFloor, ""},
		{net, "192.0.2.1", now + 999*second, "www.example.com"},
		{net, "192.0.2.1", now + 1000*second, ""},
		{other, "192.0.2.1", now, ""},
		{net, "192.0.2.3", now, ""},
	} {
		if got := names.of(test.net, addr(test.addr), test.at); got != test.want {
			t.Errorf("%s in %d after %d s: %q, want %q", test.addr, test.net, (test.at-now)/second, got, test.want)
		}
	}
	names.learn(net, answerOf(t, "new.example.com", 1, "192.0.2.1", "192.0.2.4"), now)
	if got := names.of(net, addr("192.0.2.1"), now); got != "" || names.evicted != 1 || len(names.known) != 3 {
		t.Errorf("the oldest of four: %q, %d evicted", got, names.evicted)
	}
}

func TestNoAnswers(t *testing.T) {
	names := newNames(10)
	good := answerOf(t, "www.example.com", 10, "192.0.2.1", "192.0.2.2")
	query, refused := append([]byte(nil), good...), append([]byte(nil), good...)
	query[2] &^= 0x80
	refused[3] |= 5
	for _, message := range [][]byte{nil, {0}, good[:11], good[:20], query, refused} {
		names.learn(1, message, now)
	}
	if len(names.known) != 0 {
		t.Errorf("%v", names.known)
	}
	names.learn(1, good[:len(good)-3], now) // cut: the first address is whole
	if len(names.known) != 1 {
		t.Errorf("of a cut answer: %v", names.known)
	}
}

// TestNamedEnds: an answer that is no event names the ends of later events.
func TestNamedEnds(t *testing.T) {
	s := newTree(t, func(o *Options) { o.Names = true })
	server := bpf.WireSock{
		Ino: 7, Family: unix.AF_INET, Type: unix.SOCK_DGRAM, Protocol: unix.IPPROTO_UDP, State: 1,
		Local: [16]uint8{127, 0, 0, 1}, LocalPort: 4000, Remote: [16]uint8{127, 0, 0, 1}, RemotePort: domainPort,
	}
	message := answerOf(t, "www.example.com", 1, "192.0.2.1")
	received := shell.call("recvfrom", int64(len(message)), 3, 1, 512, 0, 0, 0).
		sock(server, "").block(bpf.BlockBytes, 0, message).none()
	feed(t, s, changed(received, func(h *bpf.WireHeader) { h.Type = bpf.TypeAnswer }))
	server.Remote, server.RemotePort = [16]uint8{192, 0, 2, 1}, 443
	ev := must(t, s, shell.call("shutdown", 0, 3, 1).sock(server, ""))
	if ev.Num != 3 || ev.FD.RemoteName != "www.example.com" || ev.FD.LocalName != "" {
		t.Errorf("event %d: %+v", ev.Num, ev.FD)
	}
}

func FuzzNames(f *testing.F) {
	f.Add(answerOf(f, "www.example.com", 10, "192.0.2.1", "2001:db8::1"))
	f.Fuzz(func(t *testing.T, message []byte) {
		names := newNames(4)
		names.learn(1, message, now)
		if len(names.known) > 4 || len(names.order) != len(names.known) {
			t.Errorf("%d addresses, %d in order", len(names.known), len(names.order))
		}
		for at, n := range names.known {
			if n.text == "" || !at.addr.IsValid() || n.expires < now+nameFloor || n.expires > now+nameCeil {
				t.Errorf("%v is %+v", at, n)
			}
		}
	})
}
