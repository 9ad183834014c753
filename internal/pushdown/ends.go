package pushdown

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/internal/syscalls"
	"github.com/sakerhq/saker/rules"
)

// end is one end of the sockets of some calls, of which the kernel has what user
// space will have.
type end struct {
	name          string
	port, address bpf.Source
	letters       string     // that fields of this end have: fd.sport, fd.sip, fd.snet
	role          event.Role // of the socket
	near          bool
}

// rowEnds are those that rules can ask for, by the calls. Which of them is the client's,
// only some say themselves. That of a message is where it goes or comes from.
var rowEnds = map[string][]end{
	"connect":  {{"remote", bpf.FarPort, bpf.FarAddress, "rs", event.Client, false}},
	"accept":   accepted,
	"accept4":  accepted,
	"bind":     {{"local", bpf.NearPort, bpf.NearAddress, "l", event.NoRole, true}},
	"listen":   {{"local", bpf.NearPort, bpf.NearAddress, "ls", event.Server, true}},
	"sendto":   message,
	"sendmsg":  message,
	"sendmmsg": message,
	"recvfrom": message,
	"recvmsg":  message,
	"recvmmsg": message,
}

var (
	accepted = []end{
		{"remote", bpf.FarPort, bpf.FarAddress, "rc", event.Server, false},
		{"local", bpf.NearPort, bpf.NearAddress, "ls", event.Server, true},
	}
	message = []end{
		{"remote", bpf.FarPort, bpf.FarAddress, "r", event.NoRole, false},
		{"local", bpf.NearPort, bpf.NearAddress, "l", event.NoRole, true},
	}
)

// ends are a row's ports and addresses that rules tell apart.
func (f *facts) ends(row *syscalls.Row) (all []Number) {
	for i := range rowEnds[row.Name] {
		e := &rowEnds[row.Name][i]
		for _, n := range []Number{f.ports(row, e), f.addressesOf(row, e)} {
			if len(n.of) > 1 && len(n.of) <= bpf.MaxRanges {
				all = append(all, n)
			}
		}
	}
	return all
}

// like is an event of a socket of which nothing is known but the end.
func (e *end) like(row *syscalls.Row, at netip.AddrPort) *event.Event {
	fd := &event.FD{Type: event.FDIPv4, Role: e.role}
	if e.near {
		fd.Local = at
	} else {
		fd.Remote = at
	}
	return &event.Event{Row: row, FD: fd}
}

// ports judges the rules by the port of an end. All of a range answer tests alike, so
// its first one stands for it.
func (f *facts) ports(row *syscalls.Row, e *end) Number {
	edges := map[int64]bool{0: true}
	f.set.Tests(rules.SyscallSource, row.Name, func(t rules.Test) {
		for _, port := range e.portsOf(t) {
			single(edges, int64(port))
		}
	})
	n := Number{Name: e.name + " port", source: e.port}
	any := netip.MustParseAddr("192.0.2.1")
	j := f.judgeBy(func(t rules.Test) rules.Trust { return trustEnd(t, e.portsOf(t) != nil) })
	for _, port := range sorted(edges, cmp.Compare[int64]) {
		if port < 1<<16 {
			n.add(port, f.possible(j, e.like(row, netip.AddrPortFrom(any, uint16(max(port, 1))))))
		}
	}
	for i, first := range n.from {
		last := int64(1<<16 - 1)
		if i+1 < len(n.from) {
			last = n.from[i+1] - 1
		}
		n.texts = append(n.texts, fromTo(strconv.FormatInt(first, 10), strconv.FormatInt(last, 10)))
	}
	return n
}

// addressesOf does the same by the address. Its number is that of its range among
// all that the set's rules tell apart.
func (f *facts) addressesOf(row *syscalls.Row, e *end) Number {
	n := Number{Name: e.name + " address", source: e.address}
	j := f.judgeBy(func(t rules.Test) rules.Trust { return trustEnd(t, e.networksOf(t) != nil) })
	for i, first := range f.addresses {
		n.add(int64(i), f.possible(j, e.like(row, netip.AddrPortFrom(first.Unmap(), 1))))
	}
	for i, first := range n.from {
		last := netip.MustParseAddr("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")
		if i+1 < len(n.from) {
			last = f.addresses[n.from[i+1]].Prev()
		}
		n.texts = append(n.texts, fromTo(f.addresses[first].Unmap().String(), last.Unmap().String()))
	}
	return n
}

// trustEnd is which answers of a test hold for all sockets with some end; known: the
// test asks for it. One of either end holds if it holds for this one, "!=" doesn't if
// it doesn't for this one; else the other end says it.
func trustEnd(t rules.Test, known bool) rules.Trust {
	ref := t.Field()
	switch {
	case known && ref.Many == field.EitherEnd && t.Operator() == "!=":
		return rules.OnlyFalse
	case known && ref.Many == field.EitherEnd:
		return rules.OnlyTrue
	case known || ref != nil && ref.Name == "evt.type":
		return rules.Always
	}
	return rules.Never
}

func fromTo(first, last string) string {
	if first == last {
		return first
	}
	return first + " to " + last
}

// rangesOfAddresses are where ranges of addresses begin in which all are alike for
// any test of an end, none if there is no room for so many.
func (f *facts) rangesOfAddresses() []netip.Addr {
	from := map[netip.Addr]bool{netip.IPv6Unspecified(): true}
	fromNetwork(from, netip.MustParsePrefix("::ffff:0:0/96")) // that of IPv4
	for name, of := range rowEnds {
		f.set.Tests(rules.SyscallSource, name, func(t rules.Test) {
			for i := range of {
				for _, network := range of[i].networksOf(t) {
					fromNetwork(from, network)
				}
			}
		})
	}
	if len(from) > bpf.MaxAddresses {
		return nil
	}
	return sorted(from, netip.Addr.Compare)
}

// wire is the ranges of addresses as the kernel has them.
func wire(from []netip.Addr) (all bpf.Addresses) {
	for _, a := range from {
		all = append(all, a.As16())
	}
	return all
}

func sorted[T comparable](set map[T]bool, compare func(a, b T) int) (all []T) {
	for v := range set {
		all = append(all, v)
	}
	slices.SortFunc(all, compare)
	return all
}

// portsOf are the ports that a test compares the end's with, nil if it isn't one of
// these.
func (e *end) portsOf(t rules.Test) (ports []uint16) {
	texts, ok := e.constants(t, []string{"port"}, "=", "==", "!=", "in", "<", "<=", ">", ">=")
	if !ok {
		return nil
	}
	for _, text := range texts {
		port, err := strconv.ParseUint(text, 10, 16)
		if err != nil {
			return nil
		}
		ports = append(ports, uint16(port))
	}
	return ports
}

// networksOf are the same of addresses and networks, as those of IPv6.
func (e *end) networksOf(t rules.Test) (networks []netip.Prefix) {
	texts, ok := e.constants(t, []string{"ip", "net"}, "=", "==", "!=", "in")
	if !ok {
		return nil
	}
	for _, text := range texts {
		network, err := netip.ParsePrefix(text)
		if err != nil {
			a, err := netip.ParseAddr(text)
			if err != nil {
				return nil
			}
			network = netip.PrefixFrom(a, a.BitLen())
		}
		bits := network.Bits()
		if network.Addr().Is4() {
			bits += 96
		}
		networks = append(networks, netip.PrefixFrom(netip.AddrFrom16(network.Addr().As16()), bits).Masked())
	}
	return networks
}

// constants are those of a test of some of the end's fields, or those of either end,
// by some operators.
func (e *end) constants(t rules.Test, fields []string, operators ...string) (texts []string, ok bool) {
	ref := t.Field()
	if ref == nil || !slices.Contains(operators, t.Operator()) {
		return nil, false
	}
	for _, name := range fields {
		ok = ok || ref.Name == "fd."+name
		for _, letter := range e.letters {
			ok = ok || ref.Name == "fd."+string(letter)+name
		}
	}
	if !ok {
		return nil, false
	}
	texts, ok = t.Constants()
	return texts, ok && len(texts) > 0
}

// fromNetwork has ranges begin where a network of IPv6 begins, and after it.
func fromNetwork(from map[netip.Addr]bool, network netip.Prefix) {
	from[network.Addr()] = true
	last := network.Addr().As16()
	for bit := network.Bits(); bit < 128; bit++ {
		last[bit/8] |= 0x80 >> (bit % 8)
	}
	if next := netip.AddrFrom16(last).Next(); next.IsValid() {
		from[next] = true
	}
}
