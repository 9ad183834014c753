package pushdown

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/sakerhq/saker/bpf"
)

func TestSockets(t *testing.T) {
	for condition, leftOut := range map[string][]bpf.Socket{
		"evt.type = connect":                                                {},
		"evt.type = connect and fd.typechar in (4, 6)":                      {bpf.SocketUnix},
		"evt.type = connect and not fd.type = unix":                         {bpf.SocketUnix},
		"evt.type = connect and fd.type = unix":                             {bpf.SocketTCP, bpf.SocketUDP},
		"evt.type = connect and fd.l4proto = tcp":                           {bpf.SocketUnix, bpf.SocketUDP},
		"evt.type = connect and fd.l4proto != tcp":                          {bpf.SocketTCP},
		"evt.type = connect and fd.sockfamily = ip":                         {bpf.SocketUnix},
		"evt.type = connect and fd.sport = 80":                              {bpf.SocketUnix},
		"evt.type = connect and fd.sport != 80":                             {bpf.SocketUnix},
		"evt.type = connect and not fd.sport = 80":                          {},
		"evt.type = connect and not fd.snet in (10.0.0.0/8)":                {},
		"evt.type = connect and fd.net in (10.0.0.0/8)":                     {bpf.SocketUnix},
		"evt.type = connect and (fd.typechar = 4 or proc.name = x)":         {},
		"evt.type = connect and fd.typechar = 6 and not fd.name contains x": {bpf.SocketUnix},
		"evt.type = sendto and fd.l4proto = udp":                            {bpf.SocketUnix, bpf.SocketTCP},
		"evt.type = accept4 and fd.typechar = f":                            {bpf.SocketUnix, bpf.SocketTCP, bpf.SocketUDP},
	} {
		c := judge(load(t, condition))[0]
		for kind, needed := range c.Sockets {
			if got, want := len(needed) == 0, slices.Contains(leftOut, kind); got != want {
				t.Errorf("%s: sockets of kind %d left out: %t, want %t", condition, kind, got, want)
			}
		}
		if len(c.Sockets) != len(kinds) {
			t.Errorf("%s: %d kinds of sockets", condition, len(c.Sockets))
		}
	}
	for _, condition := range []string{"evt.type = openat", "evt.type = mkdir", "evt.type = close"} {
		if c := judge(load(t, condition))[0]; c.Sockets != nil {
			t.Errorf("%s: has sockets", condition)
		}
	}
}

func TestRecalled(t *testing.T) {
	for condition, want := range map[string]bool{
		"evt.type = connect and fd.sport = 80":                                           false,
		"evt.type in (connect, accept4) and fd.sport = 80":                               false,
		"evt.type in (connect, sendto) and fd.sport = 80":                                true,
		"evt.type in (connect, sendto) and fd.rport = 80":                                false,
		"evt.type in (connect, sendto) and fd.typechar = u and fd.name = x":              false,
		"evt.type in (connect, dup) and fd.name contains x":                              true,
		"evt.type in (connect, dup) and fd.typechar = f and fd.name = x":                 false,
		"evt.type in (connect, openat) and fd.name = x":                                  false,
		"evt.type in (connect, listen) and fd.is_server = true":                          true,
		"evt.type = connect and fd.name_changed = true":                                  true,
		"evt.type = connect and proc.stdin.name contains x":                              true,
		"evt.type in (connect, sendto) and fd.snet in (10.0.0.0/8) and proc.name = x":    true,
		"evt.type in (connect, recvmsg) and evt.arg.tuple contains x":                    true,
		"evt.type in (connect, recvmsg) and evt.info contains x":                         true,
		"evt.type in (connect, recvmsg) and evt.args contains x":                         true,
		"evt.type in (connect, recvmsg) and evt.rawarg.fd = 3":                           true,
		"evt.type in (connect, unlinkat) and proc.name = x":                              false,
		"evt.type in (connect, close) and (fd.typechar = f or fd.sip = 1.1.1.1)":         true,
		"evt.type in (connect, write) and fd.typechar = f and fd.directory startswith /": false,
	} {
		if c := judge(load(t, condition)); c[slices.IndexFunc(c, func(c Call) bool { return c.Row.Name == "connect" })].Recalled != want {
			t.Errorf("%s: recalled: %t, want %t", condition, !want, want)
		}
	}
	if c := judge(load(t, "evt.type = accept and fd.sport = 80"))[0]; !c.Recalled {
		t.Error("an accept is not recalled")
	}
}

// may reports whether a rule can be true for a connection, by where it leads to.
func may(p *bpf.Peers, to netip.AddrPort) bool {
	port := slices.IndexFunc(p.Ports, func(r bpf.PortRange) bool { return r.From > to.Port() })
	address := slices.IndexFunc(p.Addresses, func(r bpf.AddressRange) bool {
		return netip.AddrFrom16(r.From).Compare(netip.AddrFrom16(to.Addr().As16())) > 0
	})
	if port < 0 {
		port = len(p.Ports)
	}
	if address < 0 {
		address = len(p.Addresses)
	}
	var one bpf.Candidates
	one.Add(0)
	return p.Ports[port-1].Rules.And(p.Addresses[address-1].Rules).And(one) == one
}

func TestPeers(t *testing.T) {
	for condition, want := range map[string]map[string]bool{
		"fd.sport = 80":               {"1.2.3.4:80": true, "[::1]:80": true, "1.2.3.4:79": false, "1.2.3.4:81": false, "[::1]:65535": false},
		"not fd.sport = 80":           {"1.2.3.4:80": false, "1.2.3.4:79": true, "1.2.3.4:81": true},
		"fd.sport != 80":              {"1.2.3.4:80": false, "1.2.3.4:79": true, "1.2.3.4:81": true},
		"fd.rport in (1, 65535)":      {"1.2.3.4:1": true, "1.2.3.4:65535": true, "1.2.3.4:2": false, "1.2.3.4:65534": false},
		"fd.sport >= 1024":            {"1.2.3.4:1024": true, "1.2.3.4:1023": false, "1.2.3.4:65535": true},
		"fd.sport < 1024":             {"1.2.3.4:1024": false, "1.2.3.4:1023": true},
		"fd.port = 80":                {"1.2.3.4:80": true, "1.2.3.4:81": true},
		"fd.lport = 80":               {"1.2.3.4:80": true, "1.2.3.4:81": true},
		"fd.sip = 1.2.3.4":            {"1.2.3.4:1": true, "[::ffff:1.2.3.4]:1": true, "1.2.3.3:1": false, "1.2.3.5:1": false, "[::1]:1": false},
		"fd.rip in (1.2.3.4, ::1)":    {"1.2.3.4:1": true, "[::1]:1": true, "[::2]:1": false, "255.255.255.255:1": false},
		"fd.sip != 1.2.3.4":           {"1.2.3.4:1": false, "1.2.3.5:1": true, "[::1]:1": true},
		"fd.snet = 10.0.0.0/8":        {"10.0.0.0:1": true, "10.255.255.255:1": true, "9.255.255.255:1": false, "11.0.0.0:1": false, "[a00::]:1": false},
		"not fd.snet in (10.0.0.0/8)": {"10.0.0.0:1": false, "10.255.255.255:1": false, "9.255.255.255:1": true, "[fe80::1]:1": true},
		"fd.rnet in (fe80::/10)":      {"[fe80::1]:1": true, "[febf:ffff::]:1": true, "[fec0::]:1": false, "10.0.0.1:1": false},
		"fd.snet = 0.0.0.0/0":         {"1.1.1.1:1": true, "255.255.255.255:1": true, "[::1]:1": false, "[ff::]:1": false},
		"fd.sport = 80 and fd.snet = 10.0.0.0/8": {
			"10.1.1.1:80": true, "10.1.1.1:81": false, "11.1.1.1:80": false,
		},
		"(fd.sport = 80 or proc.name = x)": {"1.1.1.1:81": true},
		"fd.sip.name = example.com":        {"1.1.1.1:81": true},
		"fd.sport = val(fd.lport)":         {"1.1.1.1:81": true},
		"fd.sproto = 80":                   {"1.1.1.1:81": true},
		"fd.net != 127.0.0.0/8":            {"127.0.0.1:81": true},
	} {
		set := load(t, "evt.type = connect and "+condition)
		p := newFacts(set).peers(NumbersOf(set))
		for to, want := range want {
			if got := may(p, netip.MustParseAddrPort(to)); got != want {
				t.Errorf("%s, to %s: %t, want %t", condition, to, got, want)
			}
		}
	}
}

// More ranges than there is room for tell no peers apart.
func TestTooManyPeers(t *testing.T) {
	for _, n := range []int{400, 600} {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, ", 10.%d.%d.1", i/256, i%256)
		}
		set := load(t, "evt.type = connect and fd.sip in (1.1.1.1"+b.String()+")")
		if p := newFacts(set).peers(NumbersOf(set)); (p != nil) != (n == 400) {
			t.Errorf("%d addresses: told apart: %t", n, p != nil)
		}
	}
}
