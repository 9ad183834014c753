package bpf

import "encoding/binary"

// Socket is what a call's socket is, as far as the kernel tells it apart.
type Socket uint8

// What a socket can be.
const (
	SocketUnix = Socket(sensorWireSocketSOCKET_UNIX)
	SocketTCP  = Socket(sensorWireSocketSOCKET_TCP) // this and the next one: of the internet
	SocketUDP  = Socket(sensorWireSocketSOCKET_UDP)
)

// String is what the socket is, in a word.
func (s Socket) String() string {
	return [...]string{SocketUnix: "unix", SocketTCP: "tcp", SocketUDP: "udp"}[s]
}

// Peers are the rules that may be true for a connection by where it leads to: by
// ranges, each from where it begins up to the next one, the first from 0 on.
type Peers struct {
	Ports     []PortRange
	Addresses []AddressRange
}

// PortRange is some ports that no rule tells apart.
type PortRange struct {
	From  uint16
	Rules Candidates
}

// AddressRange is the same of addresses of IPv6; those of IPv4 are mapped.
type AddressRange struct {
	From  [16]byte
	Rules Candidates
}

// Fits reports whether the kernel has room for p.
func (p *Peers) Fits() bool { return len(p.Addresses) <= len(sensorWirePeers{}.From) }

// peers puts ranges that fit into the filter.
func (b *builder) peers(w *sensorWirePeers, p *Peers) {
	w.Known = 1
	for i, r := range p.Ports {
		end := len(w.Ports)
		if i+1 < len(p.Ports) {
			end = int(p.Ports[i+1].From)
		}
		n := b.number(r.Rules)
		for port := int(r.From); port < end; port++ {
			w.Ports[port] = n
		}
	}
	for i := range w.From {
		w.From[i].High, w.From[i].Low = ^uint64(0), ^uint64(0)
	}
	for i, r := range p.Addresses {
		w.From[i].High, w.From[i].Low = binary.BigEndian.Uint64(r.From[:8]), binary.BigEndian.Uint64(r.From[8:])
		w.Addresses[i] = b.number(r.Rules)
	}
}
