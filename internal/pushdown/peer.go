package pushdown

import (
	"net/netip"
	"slices"
	"strconv"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/syscalls"
	"github.com/sakerhq/saker/rules"
)

// A connect's other end is the server. Rules divide ports and addresses into
// ranges: all of a range answer tests alike, so its first one stands for it.

// peers judges the rules of connects by where they lead to, nil if that takes more
// ranges than there is room for.
func (f *facts) peers(n Numbers) *bpf.Peers {
	row := syscalls.ByName("connect")
	ports, addresses := map[uint16]bool{0: true}, map[netip.Addr]bool{netip.IPv6Unspecified(): true}
	fromNetwork(addresses, netip.MustParsePrefix("::ffff:0:0/96")) // that of IPv4
	f.set.Tests(rules.SyscallSource, row.Name, func(t rules.Test) {
		for _, port := range portsOf(t) {
			ports[port] = true
			ports[port+1] = true
		}
		for _, network := range networksOf(t) {
			fromNetwork(addresses, network)
		}
	})
	like := func(peer netip.AddrPort) *event.Event {
		fd := event.FD{Type: event.FDIPv4, Role: event.Client, Remote: peer}
		return &event.Event{Row: row, FD: &fd}
	}
	var p bpf.Peers
	type_, any := reads("evt.type"), netip.MustParseAddr("192.0.2.1")
	j := f.judge(func(t rules.Test) bool { return type_(t) || portsOf(t) != nil })
	for _, port := range sorted(ports, func(a, b uint16) int { return int(a) - int(b) }) {
		set := n.Set(f.possible(j, like(netip.AddrPortFrom(any, max(port, 1)))))
		p.Ports = append(p.Ports, bpf.PortRange{From: port, Rules: set})
	}
	j = f.judge(func(t rules.Test) bool { return type_(t) || networksOf(t) != nil })
	for _, a := range sorted(addresses, netip.Addr.Compare) {
		set := n.Set(f.possible(j, like(netip.AddrPortFrom(a.Unmap(), 1))))
		p.Addresses = append(p.Addresses, bpf.AddressRange{From: a.As16(), Rules: set})
	}
	if !p.Fits() {
		return nil
	}
	return &p
}

func sorted[T comparable](set map[T]bool, compare func(a, b T) int) (all []T) {
	for v := range set {
		all = append(all, v)
	}
	slices.SortFunc(all, compare)
	return all
}

// portsOf are the ports that a test compares the server's with, nil if it isn't
// one of these.
func portsOf(t rules.Test) (ports []uint16) {
	texts, ok := constants(t, []string{"fd.sport", "fd.rport"}, "=", "==", "!=", "in", "<", "<=", ">", ">=")
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
func networksOf(t rules.Test) (networks []netip.Prefix) {
	texts, ok := constants(t, []string{"fd.sip", "fd.rip", "fd.snet", "fd.rnet"}, "=", "==", "!=", "in")
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

// constants are those of a test of some fields by some operators.
func constants(t rules.Test, fields []string, operators ...string) (texts []string, ok bool) {
	ref := t.Field()
	if ref == nil || !slices.Contains(fields, ref.Name) || !slices.Contains(operators, t.Operator()) {
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
