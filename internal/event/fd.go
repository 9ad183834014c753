package event

import "net/netip"

// kinds are Falco's word and letter of every FDType.
var kinds = [...]struct {
	word   string
	letter string
}{
	FDUnknown:   {"<NA>", "o"},
	FDFile:      {"file", "f"},
	FDDirectory: {"directory", "d"},
	FDIPv4:      {"ipv4", "4"},
	FDIPv6:      {"ipv6", "6"},
	FDUnix:      {"unix", "u"},
	FDNetlink:   {"netlink", "n"},
	FDPacket:    {"<NA>", "o"},
	FDPipe:      {"pipe", "p"},
	FDEvent:     {"event", "e"},
	FDSignal:    {"signalfd", "s"},
	FDEventpoll: {"eventpoll", "l"},
	FDInotify:   {"inotify", "i"},
	FDTimer:     {"timerfd", "t"},
	FDBPF:       {"bpf", "b"},
	FDUserfault: {"userfaultfd", "u"},
	FDIOUring:   {"io_uring", "r"},
	FDMemfd:     {"memfd", "m"},
	FDPidfd:     {"pidfd", "P"},
}

// String is Falco's word for the type.
func (t FDType) String() string { return kinds[t].word }

// Char is Falco's letter for the type, as text.
func (t FDType) Char() string { return kinds[t].letter }

// FDTypeOf is the type of Falco's word, FDUnknown for other words.
func FDTypeOf(word string) FDType {
	for t, k := range kinds {
		if k.word == word {
			return FDType(t)
		}
	}
	return FDUnknown
}

// HasPath reports whether descriptors of the type are named by a file's path.
func (t FDType) HasPath() bool { return t == FDFile || t == FDDirectory }

// IsInet reports whether the type has addresses and ports.
func (t FDType) IsInet() bool { return t == FDIPv4 || t == FDIPv6 }

var protoNames = [...]string{NoProto: "", TCP: "tcp", UDP: "udp", ICMP: "icmp", RawIP: "raw"}

// String is Falco's word for the protocol, empty for none.
func (p Proto) String() string { return protoNames[p] }

// CutRoot stands before a path whose first components are not known, so that no
// rule about an absolute path takes it for one.
const CutRoot = "..."

// Ends are the client's and the server's end of f's connection. A socket
// without a peer has only its own end, the server's, and a socket without an
// address of its own has none; without a role, a socket with a peer is the
// client.
func (f *FD) Ends() (client, server netip.AddrPort) {
	switch {
	case empty(f.Remote) && empty(f.Local):
		return netip.AddrPort{}, netip.AddrPort{}
	case empty(f.Remote):
		return netip.AddrPort{}, f.Local
	case f.Role == Server:
		return f.Remote, f.Local
	}
	return f.Local, f.Remote
}

// HasPeer reports whether f's other end is known.
func (f *FD) HasPeer() bool { return !empty(f.Remote) }

// HasName reports whether f's own end or the other one is known.
func (f *FD) HasName() bool { return !empty(f.Local) || f.HasPeer() }

// empty reports whether the kernel has put nothing there yet.
func empty(a netip.AddrPort) bool {
	return !a.Addr().IsValid() || a.Addr().IsUnspecified() && a.Port() == 0
}
