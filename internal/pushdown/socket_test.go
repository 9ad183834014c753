package pushdown

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/rules"
)

func TestSockets(t *testing.T) {
	internets := []bpf.Socket{bpf.SocketOther, bpf.SocketTCP, bpf.SocketUDP, bpf.SocketConnected}
	for condition, leftOut := range map[string][]bpf.Socket{
		"evt.type = connect":                                                {},
		"evt.type = connect and fd.typechar in (4, 6)":                      {bpf.SocketUnix},
		"evt.type = connect and not fd.type = unix":                         {bpf.SocketUnix},
		"evt.type = connect and fd.type = unix":                             internets,
		"evt.type = connect and fd.l4proto = tcp":                           {bpf.SocketUnix, bpf.SocketUDP, bpf.SocketConnected},
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
		"evt.type = accept4 and fd.typechar = f":                            append(internets, bpf.SocketUnix),
		"evt.type = recvfrom and fd.connected = false":                      {bpf.SocketConnected},
		"evt.type = recvfrom and fd.name_changed = true":                    {bpf.SocketUnix, bpf.SocketTCP, bpf.SocketConnected},
		"evt.type = connect and fd.name_changed = true":                     {bpf.SocketUnix},
		"evt.type = getsockopt and fd.name_changed = true":                  append(internets, bpf.SocketUnix),
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
		if c := judge(load(t, condition)); c[slices.IndexFunc(c, func(c Call) bool { return c.Row.Name == "connect" })].Learned != want {
			t.Errorf("%s: recalled: %t, want %t", condition, !want, want)
		}
	}
	for condition, want := range map[string]bool{
		"evt.type = accept and fd.sport = 80":                                 false,
		"evt.type in (accept, connect) and fd.sport = 80":                     true,
		"evt.type in (accept, connect) and fd.rport = 80":                     false,
		"evt.type in (accept, sendto) and fd.sport = 80":                      true,
		"evt.type in (accept, write) and fd.typechar = f":                     false,
		"evt.type in (accept, openat) and proc.stdout.name contains 10.0.0.1": true,
	} {
		calls := judge(load(t, condition))
		if c := calls[slices.IndexFunc(calls, func(c Call) bool { return c.Row.Name == "accept" })]; c.Learned != want {
			t.Errorf("%s: the accept is recalled: %t, want %t", condition, c.Learned, want)
		}
	}
}

// may reports whether rule 0 can be true for a call, by one end of its socket.
func (c *Call) may(paths Paths, source bpf.Source, at netip.AddrPort) bool {
	address := at.Addr().As16()
	place := sort.Search(len(paths.Addresses), func(i int) bool { return bytes.Compare(paths.Addresses[i][:], address[:]) > 0 }) - 1
	left := rule0
	for i := range c.Numbers {
		n := c.Numbers[i].facts(Numbers{c.Asked[0]: 0})
		switch n.Source {
		case source: // the port's
			left = left.And(n.Of[placeOf(&n, uint64(at.Port()))])
		case source + 1:
			left = left.And(n.Of[placeOf(&n, uint64(place))])
		}
	}
	return !left.IsEmpty()
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
		"fd.net != 127.0.0.0/8":            {"127.0.0.1:81": false, "128.0.0.1:81": true, "[::1]:81": true},
		"not fd.net in (127.0.0.0/8)":      {"127.0.0.1:81": false, "128.0.0.1:81": true},
		"fd.ip = 1.1.1.1":                  {"1.1.1.1:81": true, "1.1.1.2:81": true},
		"not fd.port in (53, 80)":          {"1.1.1.1:80": false, "1.1.1.1:81": true},
		"fd.port < 1024":                   {"1.1.1.1:80": true, "1.1.1.1:1024": true},
		"not fd.port < 1024":               {"1.1.1.1:80": false, "1.1.1.1:1024": true},
		"fd.ip != val(fd.sip)":             {"1.1.1.1:81": true},
	} {
		calls, paths := Judge(load(t, "evt.type = connect and "+condition))
		for to, want := range want {
			if got := calls[0].may(paths, bpf.FarPort, netip.MustParseAddrPort(to)); got != want {
				t.Errorf("%s, to %s: %t, want %t", condition, to, got, want)
			}
		}
	}
}

// Which fields are of which end, by the call.
func TestEnds(t *testing.T) {
	const near, far = bpf.NearPort, bpf.FarPort
	for condition, toldApart := range map[string][]bpf.Source{
		"evt.type = connect and fd.sport = 80":                            {far},
		"evt.type = connect and fd.cport = 80":                            {},
		"evt.type = connect and fd.lip = 1.1.1.1":                         {},
		"evt.type = accept and fd.sport = 80":                             {near},
		"evt.type = accept4 and fd.lip = 1.1.1.1":                         {near + 1},
		"evt.type = accept4 and fd.cnet = 10.0.0.0/8 and fd.rport = 80":   {far, far + 1},
		"evt.type = accept4 and (fd.cip = 10.0.0.1 or fd.sip = 10.0.0.1)": {},
		"evt.type = accept4 and not (fd.cip = 1.1.1.1 or fd.lport = 80)":  {far + 1, near},
		"evt.type = bind and fd.lport < 1024":                             {near},
		"evt.type = bind and fd.sport < 1024":                             {},
		"evt.type = bind and fd.rip = 1.1.1.1":                            {},
		"evt.type = sendto and fd.rport = 53":                             {far},
		"evt.type = sendmsg and fd.rnet = 10.0.0.0/8":                     {far + 1},
		"evt.type = sendto and fd.sport = 53":                             {},
		"evt.type = recvfrom and fd.rport = 53":                           {far},
		"evt.type = recvmmsg and fd.lnet = 10.0.0.0/8":                    {near + 1},
		"evt.type = recvmsg and not fd.net in (10.0.0.0/8)":               {near + 1, far + 1},
		"evt.type = sendmmsg and fd.port != 53":                           {near, far},
		"evt.type = recvfrom and fd.sport = 53":                           {},
		"evt.type = listen and (fd.sport = 53 or fd.lport = 80)":          {near},
		"evt.type = listen and fd.rport = 53":                             {},
		"evt.type = read and fd.rport = 53":                               {},
	} {
		c := judge(load(t, condition))[0]
		var got []bpf.Source
		for i := range c.Numbers {
			got = append(got, c.Numbers[i].source)
		}
		slices.Sort(toldApart)
		slices.Sort(got)
		if !slices.Equal(got, toldApart) {
			t.Errorf("%s: %v, want %v", condition, got, toldApart)
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
		calls, paths := Judge(load(t, "evt.type = connect and fd.sip in (1.1.1.1"+b.String()+")"))
		if known := len(calls[0].Numbers) == 1 && paths.Addresses != nil; known != (n == 400) {
			t.Errorf("%d addresses: told apart: %t", n, known)
		}
	}
}

// Whatever end of a socket is left out, no rule is true for it.
func TestNoEndIsMissed(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	leftOut, matched := 0, 0
	for range 300 {
		name := []string{"connect", "accept", "accept4", "bind", "listen", "sendto", "recvmsg"}[random.IntN(7)]
		set := load(t, "evt.type = "+name+" and "+endCondition(random, 2))
		calls, paths := Judge(set)
		m, of := set.NewMatcher(), rowEnds[name]
		for range 60 {
			fd := &event.FD{Type: event.FDIPv4, Proto: event.UDP, Role: of[0].role, Local: randomEnd(random), Remote: randomEnd(random)}
			may := true
			for _, e := range of {
				at := fd.Remote
				if e.near {
					at = fd.Local
				}
				may = may && calls[0].may(paths, e.port, at)
			}
			e := &event.Event{Row: calls[0].Row, Process: &event.Process{Name: "x"}, FD: fd}
			matches := m.Match(field.OfEvent{Event: e}, rules.SyscallSource, name)
			if matched += len(matches); may {
				continue
			}
			if leftOut++; len(matches) > 0 {
				t.Fatalf("%s: left out from %s to %s", set.Rules()[0].Condition, fd.Local, fd.Remote)
			}
		}
	}
	if leftOut < 1000 || matched < 1000 {
		t.Errorf("%d events left out, %d matched: too few to tell", leftOut, matched)
	}
}

func randomEnd(r *rand.Rand) netip.AddrPort {
	addresses := []string{"10.0.0.0", "10.0.0.1", "10.255.255.255", "11.0.0.0", "9.255.255.255", "::1", "fe80::1", "0.0.0.1", "255.255.255.255"}
	return netip.AddrPortFrom(netip.MustParseAddr(addresses[r.IntN(len(addresses))]), []uint16{1, 52, 53, 54, 1023, 1024, 65535}[r.IntN(7)])
}

func endCondition(r *rand.Rand, depth int) string {
	if depth == 0 || r.IntN(3) == 0 {
		letter := string("crsl"[r.IntN(4)])
		return []string{
			"fd." + letter + "port = 53", "fd." + letter + "port != 53", "fd." + letter + "port < 1024", "fd." + letter + "port in (1, 65535)",
			"fd." + letter + "ip = 10.0.0.1", "fd." + letter + "ip in (10.0.0.1, ::1)", "fd." + letter + "net = 10.0.0.0/8", "fd." + letter + "net in (fe80::/10)",
			"fd.ip = 10.0.0.1", "fd.port = 53", "proc.name = x", "fd.ip != 10.0.0.1", "fd.net != 10.0.0.0/8", "fd.port != 53", "fd.port in (1, 1024)", "fd.port >= 1023",
		}[r.IntN(16)]
	}
	left, right := endCondition(r, depth-1), endCondition(r, depth-1)
	return []string{"(" + left + " or " + right + ")", "(" + left + " and not " + right + ")", "not (" + left + " and " + right + ")", "(" + left + " and " + right + ")"}[r.IntN(4)]
}
