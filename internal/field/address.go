package field

import (
	"net/netip"
	"strconv"

	"github.com/sakerhq/saker/internal/event"
)

var (
	ends       = []string{"fd.cip", "fd.sip"}
	filterOnly = FilterOnly | NoRHS | NoTransformer
)

var addressFields = []*Field{
	{
		Name: "fd.cip", Type: IPAddr, Get: addrOf(client), From: []string{"saker.client.address"}, Derive: parsed,
		Doc: "The client's address.",
	},
	{
		Name: "fd.sip", Type: IPAddr, Get: addrOf(server), From: []string{"saker.server.address"}, Derive: parsed,
		Doc: "The server's address.",
	},
	{
		Name: "fd.lip", Type: IPAddr, Get: addrOf(near), From: []string{"saker.local.address"}, Derive: parsed,
		Doc: "The address of this end.",
	},
	{
		Name: "fd.rip", Type: IPAddr, Get: addrOf(far), From: []string{"saker.peer.address"}, Derive: parsed,
		Doc: "The address of the other end.",
	},
	{
		Name: "saker.client.address", Type: CharBuf, Attr: "client.address", Of: OfFile, On: event.FDType.IsInet, Get: addrText(client),
		Doc: "The client's address or name as text.",
	},
	{
		Name: "saker.server.address", Type: CharBuf, Attr: "server.address", Of: OfFile, On: event.FDType.IsInet, Get: addrText(server),
		Doc: "The server's address or name as text.",
	},
	{
		Name: "saker.local.address", Type: CharBuf, Attr: "network.local.address", Of: OfFile, On: event.FDType.IsInet, Get: addrText(near),
		Doc: "The address of this end as text.",
	},
	{
		Name: "saker.peer.address", Type: CharBuf, Attr: "network.peer.address", Of: OfFile, On: event.FDType.IsInet, Get: addrText(far),
		Doc: "The address of the other end as text.",
	},

	{Name: "fd.cport", Type: Port, Attr: "client.port", Of: OfFile, On: event.FDType.IsInet, Get: portOf(client), Doc: "The client's port."},
	{Name: "fd.sport", Type: Port, Attr: "server.port", Of: OfFile, On: event.FDType.IsInet, Get: portOf(server), Doc: "The server's port."},
	{Name: "fd.lport", Type: Port, Attr: "network.local.port", Of: OfFile, On: event.FDType.IsInet, Get: portOf(near), Doc: "The port of this end."},
	{Name: "fd.rport", Type: Port, Attr: "network.peer.port", Of: OfFile, On: event.FDType.IsInet, Get: portOf(far), Doc: "The port of the other end."},

	{
		Name: "fd.ip", Type: IPAddr, Many: EitherEnd, Not: filterOnly, From: ends, Derive: bothEnds,
		Doc: "Both ends' addresses: a comparison holds if either end satisfies it, != only if both do.",
	},
	{
		Name: "fd.port", Type: Port, Many: EitherEnd, Not: filterOnly, From: []string{"fd.cport", "fd.sport"}, Derive: bothEnds,
		Doc: "Both ends' ports: a comparison holds if either end satisfies it, != only if both do.",
	},
	{
		Name: "fd.proto", Type: Port, Many: EitherEnd, Not: filterOnly, From: []string{"fd.cport", "fd.sport"}, Derive: bothEnds,
		Doc: "The same as fd.port, to compare with the name of a service.",
	},
	{Name: "fd.cproto", Type: CharBuf, From: []string{"fd.cport"}, Derive: portText, Doc: "The client's port as text."},
	{Name: "fd.sproto", Type: CharBuf, From: []string{"fd.sport"}, Derive: portText, Doc: "The server's port as text."},
	{Name: "fd.lproto", Type: CharBuf, From: []string{"fd.lport"}, Derive: portText, Doc: "The port of this end as text."},
	{Name: "fd.rproto", Type: CharBuf, From: []string{"fd.rport"}, Derive: portText, Doc: "The port of the other end as text."},
	{
		Name: "fd.net", Type: IPNet, Many: EitherEnd, Not: filterOnly, From: ends, Derive: bothEnds,
		Doc: "Both ends' addresses, to compare with networks such as 10.0.0.0/8.",
	},
	{
		Name: "fd.cnet", Type: IPNet, Not: filterOnly, From: []string{"fd.cip"}, Derive: asIs,
		Doc: "The client's address, to compare with networks.",
	},
	{
		Name: "fd.snet", Type: IPNet, Not: filterOnly, From: []string{"fd.sip"}, Derive: asIs,
		Doc: "The server's address, to compare with networks.",
	},
	{
		Name: "fd.lnet", Type: IPNet, Not: filterOnly, From: []string{"fd.lip"}, Derive: asIs,
		Doc: "The address of this end, to compare with networks.",
	},
	{
		Name: "fd.rnet", Type: IPNet, Not: filterOnly, From: []string{"fd.rip"}, Derive: asIs,
		Doc: "The address of the other end, to compare with networks.",
	},

	{
		Name: "fd.cip.name", Type: CharBuf, Not: NoRHS | NoTransformer, Get: nameOf(client),
		From: []string{"saker.client.name", "saker.client.address"}, Derive: hostName,
		Doc: "The name that a program of this network asked for when a name server answered the address of the client.",
	},
	{
		Name: "fd.sip.name", Type: CharBuf, Not: NoRHS | NoTransformer, Get: nameOf(server),
		From: []string{"saker.server.name", "saker.server.address"}, Derive: hostName,
		Doc: "The name that a program of this network asked for when a name server answered the address of the server.",
	},
	{
		Name: "fd.lip.name", Type: CharBuf, Not: NoRHS | NoTransformer, Get: nameOf(near),
		From: []string{"saker.local.name", "saker.local.address"}, Derive: hostName,
		Doc: "The name that a program of this network asked for when a name server answered the address of this end.",
	},
	{
		Name: "fd.rip.name", Type: CharBuf, Not: NoRHS | NoTransformer, Get: nameOf(far),
		From: []string{"saker.peer.name", "saker.peer.address"}, Derive: hostName,
		Doc: "The name that a program of this network asked for when a name server answered the address of the other end.",
	},

	{
		Name: "saker.client.name", Type: CharBuf, Attr: "saker.client.name", On: event.FDType.IsInet, Get: nameOf(client), Needs: Answers,
		Doc: "The name of the client, where a name server told.",
	},
	{
		Name: "saker.server.name", Type: CharBuf, Attr: "saker.server.name", On: event.FDType.IsInet, Get: nameOf(server), Needs: Answers,
		Doc: "The name of the server, where a name server told.",
	},
	{
		Name: "saker.local.name", Type: CharBuf, Attr: "saker.local.name", On: event.FDType.IsInet, Get: nameOf(near), Needs: Answers,
		Doc: "The name of this end, where a name server told.",
	},
	{
		Name: "saker.peer.name", Type: CharBuf, Attr: "saker.peer.name", On: event.FDType.IsInet, Get: nameOf(far), Needs: Answers,
		Doc: "The name of the other end, where a name server told.",
	},

	{
		Name: "fd.l4proto", Type: CharBuf, From: []string{"saker.transport", "fd.type"}, With: []string{"saker.network.type"}, Derive: l4proto,
		Doc: "The transport protocol: tcp, udp, icmp, raw, or <NA> for a descriptor without one.",
	},
	{
		Name: "saker.transport", Type: CharBuf, Attr: "network.transport", Of: OfFile, Get: transport,
		Doc: "The transport of a socket or pipe: tcp, udp, icmp, raw, unix, pipe.",
	},
	{
		Name: "fd.sockfamily", Type: CharBuf, From: []string{"fd.type"}, Derive: sockFamily,
		Doc: "ip for internet sockets, unix for local ones.",
	},
	{
		Name: "fd.is_server", Type: Boolean, Attr: "saker.fd.is_server", Get: fdIsServer,
		Doc: "Whether this end of the socket is the server.",
	},
	{
		Name: "fd.connected", Type: Boolean, Attr: "saker.fd.connected", Get: fdConnected,
		Doc: "Whether the socket has a peer or is about to.",
	},
	{
		Name: "fd.name_changed", Type: Boolean, Attr: "saker.fd.name_changed", Get: fdNameChanged,
		Doc: "Whether the event gave the socket another peer.",
	},
	{
		Name: "saker.fd.tuple", Type: CharBuf, From: []string{"fd.cip", "fd.cport", "fd.sip", "fd.sport"}, Derive: tuple,
		Doc: "Both ends of a connection, the client's first, or the server's end alone.",
	},
}

// An end is one of a socket's two, by role or by place.
type end func(*event.FD) netip.AddrPort

func client(f *event.FD) netip.AddrPort { a, _ := f.Ends(); return a }

func server(f *event.FD) netip.AddrPort { _, a := f.Ends(); return a }

// near and far are a socket's ends by place.
func near(f *event.FD) netip.AddrPort {
	if !f.HasName() {
		return netip.AddrPort{}
	}
	return f.Local
}

func far(f *event.FD) netip.AddrPort {
	if !f.HasPeer() {
		return netip.AddrPort{}
	}
	return f.Remote
}

func addrOf(of end) func(*event.Event, Arg) Value {
	return func(e *event.Event, _ Arg) Value {
		if e.FD == nil || !e.FD.Type.IsInet() {
			return NoValue
		}
		return IP(of(e.FD).Addr())
	}
}

func addrText(of end) func(*event.Event, Arg) Value {
	return func(e *event.Event, _ Arg) Value {
		if e.FD == nil || !e.FD.Type.IsInet() {
			return NoValue
		}
		a := of(e.FD).Addr()
		if !a.IsValid() {
			return NoValue
		}
		return Str(a.Unmap().String())
	}
}

func portOf(of end) func(*event.Event, Arg) Value {
	return func(e *event.Event, _ Arg) Value {
		if e.FD == nil || !e.FD.Type.IsInet() || !of(e.FD).Addr().IsValid() {
			return NoValue
		}
		return Unsigned(uint64(of(e.FD).Port()))
	}
}

// parsed is the address that a text says, Missing for a name.
func parsed(in *Inputs, _ Arg) Value {
	return hold(in[0], func(v Value) Value {
		a, err := netip.ParseAddr(v.Text())
		if err != nil {
			return NoValue
		}
		return IP(a.WithZone(""))
	})
}

// nameOf makes a Get of the name of one end.
func nameOf(of end) func(*event.Event, Arg) Value {
	return func(e *event.Event, _ Arg) Value {
		switch {
		case e.FD == nil || !e.FD.Type.IsInet() || !of(e.FD).IsValid():
			return NoValue
		case of(e.FD) == e.FD.Local:
			return StrOrMissing(e.FD.LocalName)
		}
		return StrOrMissing(e.FD.RemoteName)
	}
}

// hostName is the name that a name server told, else that which stands where an
// address may.
func hostName(in *Inputs, _ Arg) Value {
	if in[0].Known() {
		return in[0]
	}
	return hold(in[1], func(v Value) Value {
		if _, err := netip.ParseAddr(v.Text()); err == nil {
			return NoValue
		}
		return v
	})
}

func bothEnds(in *Inputs, _ Arg) Value { return Ends(in[0], in[1]) }

func tuple(in *Inputs, _ Arg) Value {
	port := func(v Value) uint16 { return uint16(v.Uint()) }
	return StrOrMissing(event.Tuple(
		netip.AddrPortFrom(in[0].Addr(), port(in[1])), netip.AddrPortFrom(in[2].Addr(), port(in[3]))))
}

func transport(e *event.Event, _ Arg) Value {
	switch f := e.FD; {
	case f == nil:
		return NoValue
	case f.Type == event.FDUnix || f.Type == event.FDPipe:
		return Str(f.Type.String())
	case !f.Type.IsInet():
		return NoValue
	default:
		return StrOrMissing(f.Proto.String())
	}
}

func l4proto(in *Inputs, _ Arg) Value {
	switch in[0].Text() {
	case "tcp", "udp", "icmp", "raw":
		return in[0]
	}
	if !in[0].Known() && !in[1].Known() {
		return in[0]
	}
	return Str(na)
}

func sockFamily(in *Inputs, _ Arg) Value {
	switch in[0].Text() {
	case "ipv4", "ipv6":
		return Str("ip")
	case "unix":
		return Str("unix")
	}
	return NoValue
}

func fdIsServer(e *event.Event, _ Arg) Value {
	if e.FD == nil {
		return NoValue
	}
	return Truth(e.FD.Role == event.Server)
}

func fdConnected(e *event.Event, _ Arg) Value {
	if e.FD == nil {
		return NoValue
	}
	return Truth(e.FD.Connected)
}

func fdNameChanged(e *event.Event, _ Arg) Value {
	if e.FD == nil {
		return NoValue
	}
	return Truth(e.FD.NameChanged)
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// portText is a port as text. Like Falco, as it comes, it asks nobody for the
// name of the service.
func portText(in *Inputs, _ Arg) Value {
	return hold(in[0], func(v Value) Value { return Str(itoa(v.Int())) })
}
