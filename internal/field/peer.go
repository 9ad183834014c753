package field

import "github.com/sakerhq/saker/internal/event"

// peerFields tell of a socket what Falco doesn't: its kind of network, and the
// process at a unix socket's other end.
var peerFields = []*Field{
	{
		Name: "saker.network.type", Type: CharBuf, Attr: "network.type", On: event.FDType.IsInet, Get: networkType,
		Doc: "ipv4 or ipv6, for internet sockets.",
	},
	{
		Name: "fd.peer.pid", Type: Int64, Attr: "saker.fd.peer.pid", Get: ofPeer(func(f *event.FD) Value { return Num(int64(f.PeerPID)) }),
		Doc: "The number of the process that connected the unix socket, or listened at its other end.",
	},
	{
		Name: "fd.peer.uid", Type: Uint32, Attr: "saker.fd.peer.uid", Get: ofPeer(func(f *event.FD) Value { return Unsigned(uint64(f.PeerUID)) }),
		Doc: "The effective user's number that the process of fd.peer.pid had then.",
	},
	{
		Name: "fd.peer.name", Type: CharBuf, Attr: "saker.fd.peer.name", Get: ofPeerProcess(nameText),
		Doc: "The name of the process of fd.peer.pid.",
	},
	{
		Name: "fd.peer.exepath", Type: CharBuf, Attr: "saker.fd.peer.exepath", Get: ofPeerProcess(pathText),
		Doc: "The path of the executable of the process of fd.peer.pid.",
	},
}

func networkType(e *event.Event, _ Arg) Value {
	if e.FD == nil || !e.FD.Type.IsInet() {
		return NoValue
	}
	return Word(e.FD.Type.String())
}

func ofPeer(of func(*event.FD) Value) func(*event.Event, Arg) Value {
	return func(e *event.Event, _ Arg) Value {
		if e.FD == nil || e.FD.PeerPID == 0 {
			return NoValue
		}
		return of(e.FD)
	}
}

func ofPeerProcess(of func(*event.Process) Value) func(*event.Event, Arg) Value {
	return func(e *event.Event, _ Arg) Value {
		if e.FD == nil || e.FD.Peer == nil {
			return NoValue
		}
		return of(e.FD.Peer)
	}
}
