package pushdown

import (
	"slices"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/internal/syscalls"
	"github.com/sakerhq/saker/rules"
)

// kinds are sockets that stand for all of a kind.
var kinds = map[bpf.Socket][]event.FD{
	bpf.SocketUnix: {{Type: event.FDUnix}},
	bpf.SocketTCP:  {{Type: event.FDIPv4, Proto: event.TCP}, {Type: event.FDIPv6, Proto: event.TCP}},
	bpf.SocketUDP:  {{Type: event.FDIPv4, Proto: event.UDP}, {Type: event.FDIPv6, Proto: event.UDP}},
}

// ofKind are the fields that a socket's kind tells, ofInternet those that only
// sockets of the internet have.
var (
	ofKind     = []string{"evt.type", "fd.type", "saker.transport", "fd.l4proto"}
	ofInternet = []string{
		"saker.client.address", "saker.server.address", "saker.local.address", "saker.peer.address",
		"fd.cip", "fd.sip", "fd.lip", "fd.rip", "fd.cport", "fd.sport", "fd.lport", "fd.rport",
	}
)

// sockets are the rules for each kind of a call's socket, nil if its descriptor
// is none that the kernel reads first.
func (f *facts) sockets(row *syscalls.Row) map[bpf.Socket][]*rules.Rule {
	if row.FD == syscalls.Nowhere || row.FDSize != 0 || row.Flags&syscalls.DestroysFD != 0 || opens(row) && slices.ContainsFunc(row.Params, isPath) {
		return nil
	}
	all := map[bpf.Socket][]*rules.Rule{}
	for kind, like := range kinds {
		j := f.internet
		if kind == bpf.SocketUnix {
			j = f.unix
		}
		all[kind] = nil
		for i := range like {
			for _, r := range f.possible(j, &event.Event{Row: row, FD: &like[i]}) {
				if !slices.Contains(all[kind], r) {
					all[kind] = append(all[kind], r)
				}
			}
		}
	}
	return all
}

// ofRole are the fields that which end began a connection tells, ofPast those that
// a socket's calls before tell whatever the call at hand is.
var (
	ofRole = []string{
		"saker.client.address", "saker.server.address", "saker.client.name", "saker.server.name",
		"fd.cport", "fd.sport", "fd.is_server",
		"evt.arg", "evt.args", "evt.rawarg", // can be a socket's name
	}
	ofPast = []string{"fd.name_changed", "proc.stdin.name", "proc.stdout.name", "proc.stderr.name"}
)

// askPast reports whether some rule asks, for a call on a socket of the internet,
// what only calls before can have told of it: which end is the client, and whom it
// spoke to.
func askPast(calls []Call) bool {
	return slices.ContainsFunc(calls, func(c Call) bool {
		return slices.ContainsFunc(c.Asked, func(r *rules.Rule) bool { return carries(r, ofPast) || c.asksRole(r) })
	})
}

// asksRole reports whether a rule asks for the role of the call's socket, which the
// call itself doesn't say.
func (c *Call) asksRole(r *rules.Rule) bool {
	if saysRole(c.Row) || c.OpensPath() || !carries(r, ofRole) {
		return false
	}
	return c.Sockets == nil || slices.Contains(c.Sockets[bpf.SocketTCP], r) || slices.Contains(c.Sockets[bpf.SocketUDP], r)
}

// saysRole reports whether a row's calls say themselves which end their socket is:
// a connect whether or not it succeeds, and an accept, which has no socket otherwise.
func saysRole(row *syscalls.Row) bool {
	return row.Name == "connect" || accepts(row)
}

// askFailed reports whether a rule asks for the role of a connect's socket: one that
// fails doesn't say it, but an accept before did.
func askFailed(calls []Call) bool {
	return slices.ContainsFunc(calls, func(c Call) bool {
		return c.Row.Name == "connect" && slices.ContainsFunc(c.Asked, func(r *rules.Rule) bool { return carries(r, ofRole) })
	})
}

// carries reports whether a rule reads one of some fields.
func carries(r *rules.Rule, names []string) bool {
	return slices.ContainsFunc(r.Refs(), func(ref *field.Ref) bool {
		return slices.ContainsFunc(ref.Carries(), func(p *field.Ref) bool { return slices.Contains(names, p.Name) })
	})
}
