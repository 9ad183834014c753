package bpf

import (
	"encoding/binary"
	"slices"

	"github.com/sakerhq/saker/internal/syscalls"
)

// Socket is what a call's socket is, as far as the kernel tells it apart.
type Socket uint8

// What a socket can be.
const (
	SocketOther     = Socket(sensorWireSocketSOCKET_OTHER) // nothing is known of it
	SocketUnix      = Socket(sensorWireSocketSOCKET_UNIX)
	SocketTCP       = Socket(sensorWireSocketSOCKET_TCP) // this and the next ones: of the internet
	SocketUDP       = Socket(sensorWireSocketSOCKET_UDP)
	SocketConnected = Socket(sensorWireSocketSOCKET_CONNECTED) // of UDP, and the call is about none but the other end
)

// String is what the socket is, in a word.
func (s Socket) String() string {
	return [...]string{SocketOther: "other", SocketUnix: "unix", SocketTCP: "tcp", SocketUDP: "udp", SocketConnected: "connected udp"}[s]
}

// Addresses are where ranges of addresses begin, each up to the next one, in order
// and the first at 0. Those of IPv4 are mapped. Nil: nobody asks for addresses.
type Addresses [][16]byte

// MaxAddresses is how many ranges of addresses there can be.
const MaxAddresses = len(sensorWireFilter{}.Addresses)

// show puts ranges, MaxAddresses at most, where no address lies beyond the last one.
func (a Addresses) show(w *[MaxAddresses]sensorWireAddress) {
	for i := range w {
		w[i].High, w[i].Low = ^uint64(0), ^uint64(0)
	}
	for i, from := range a {
		w[i].High, w[i].Low = binary.BigEndian.Uint64(from[:8]), binary.BigEndian.Uint64(from[8:])
	}
}

// messageOf is whether calls of a row send or receive messages with an address.
func messageOf(row *syscalls.Row) sensorWireMessage {
	switch {
	case !slices.ContainsFunc(Captures(row), passesAddress):
	case row.Flags&syscalls.WritesFD != 0:
		return sensorWireMessageMESSAGE_SENT
	case row.Flags&syscalls.ReadsFD != 0:
		return sensorWireMessageMESSAGE_RECEIVED
	}
	return sensorWireMessageMESSAGE_NONE
}
