package pushdown

import (
	"slices"
	"strings"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/internal/syscalls"
	"github.com/sakerhq/saker/rules"
)

// kinds are sockets that stand for all of a kind. All of the internet are of the
// kind of which the kernel knows nothing.
var kinds = map[bpf.Socket][]event.FD{
	bpf.SocketOther:     internet(false, event.TCP, event.UDP, event.RawIP, event.ICMP, event.NoProto),
	bpf.SocketUnix:      {{Type: event.FDUnix}},
	bpf.SocketTCP:       internet(false, event.TCP),
	bpf.SocketUDP:       internet(false, event.UDP),
	bpf.SocketConnected: internet(true, event.UDP),
}

func internet(connected bool, protocols ...event.Proto) (all []event.FD) {
	for _, p := range protocols {
		all = append(all, event.FD{Type: event.FDIPv4, Proto: p, Connected: connected}, event.FD{Type: event.FDIPv6, Proto: p, Connected: connected})
	}
	return all
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

// toldBy are the fields that a kind of socket tells of calls of a row.
func toldBy(row *syscalls.Row, kind bpf.Socket) []string {
	fields := slices.Clone(ofKind)
	if kind == bpf.SocketUnix {
		fields = append(fields, ofInternet...)
	}
	if kind == bpf.SocketConnected {
		fields = append(fields, "fd.connected")
	}
	if !tellsPeer(row, kind) {
		fields = append(fields, nameChanged)
	}
	return fields
}

// nameChanged is the field that says whether a call gave its socket another peer.
const nameChanged = "fd.name_changed"

// tellsPeer reports whether calls of a row can give a socket of some kind another
// peer: a connect, and messages of what needs none.
func tellsPeer(row *syscalls.Row, kind bpf.Socket) bool {
	switch kind {
	case bpf.SocketUnix:
		return false
	case bpf.SocketTCP, bpf.SocketConnected:
		return row.Name == "connect"
	}
	return row.Name == "connect" || row.Flags&(syscalls.ReadsFD|syscalls.WritesFD) != 0
}

// sockets are the rules for each kind of a call's socket, nil if its descriptor
// is none that the kernel reads first.
func (f *facts) ofSockets(row *syscalls.Row) map[bpf.Socket][]*rules.Rule {
	if row.FD == syscalls.Nowhere || row.FDSize != 0 || row.Flags&syscalls.DestroysFD != 0 || opens(row) && slices.ContainsFunc(row.Params, isPath) {
		return nil
	}
	all := map[bpf.Socket][]*rules.Rule{}
	for kind, like := range kinds {
		j := f.knows(toldBy(row, kind))
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

// knows is the judge that trusts the tests of some fields of sockets.
func (f *facts) knows(fields []string) *rules.Judge {
	key := strings.Join(fields, " ")
	if f.sockets[key] == nil {
		f.sockets[key] = f.judge(reads(fields...))
	}
	return f.sockets[key]
}

// ofRole are the fields that which end began a connection tells, ofStandard those
// that it tells whatever the call at hand is.
var (
	ofRole = []string{
		"saker.client.address", "saker.server.address", "saker.client.name", "saker.server.name",
		"fd.cport", "fd.sport", "fd.is_server", "evt.args",
	}
	ofStandard = []string{"proc.stdin.name", "proc.stdout.name", "proc.stderr.name"}
)

// tellsRole reports whether which end began a connection can be told by a field of the
// call, as an argument too: that can be a socket's name.
func (c *Call) tellsRole(ref *field.Ref) bool {
	if ref.Name != "evt.arg" && ref.Name != "evt.rawarg" {
		return slices.Contains(ofRole, ref.Name)
	}
	return ref.Arg.IsIndex || slices.ContainsFunc(c.Row.Params, func(p syscalls.Param) bool {
		return p.Name == ref.Arg.Text && namesFile(p)
	})
}

// past is what rules ask of what calls before did to a kind of socket.
type past struct {
	role   bool // which end is the client
	failed bool // the same, of a connect that failed: an accept or a listen before did say it
	peer   bool // whom it spoke to
}

func askedOf(calls []Call, kind bpf.Socket) (p past) {
	for i := range calls {
		c := &calls[i]
		for _, r := range c.Asked {
			p.role = p.role || carries(r.Refs(), isOf(ofStandard))
			if !c.canBeOf(r, kind) {
				continue
			}
			p.peer = p.peer || tellsPeer(c.Row, kind) && carries(r.RefsFor(c.Row.Name), isOf([]string{nameChanged}))
			switch says, fails := saysRole(c.Row), c.Errors.fail(r); {
			case says && !fails || !carries(r.Refs(), c.tellsRole):
			case c.Row.Name == "connect":
				p.failed = true
			default:
				p.role = p.role || !accepts(c.Row)
			}
		}
	}
	return p
}

// canBeOf reports whether a rule can be true for a call on a socket of some kind.
func (c *Call) canBeOf(r *rules.Rule, kind bpf.Socket) bool {
	switch {
	case c.OpensPath():
		return false
	case c.Sockets == nil:
		return namesFiles(c.Row)
	case kind == bpf.SocketUDP && slices.Contains(c.Sockets[bpf.SocketConnected], r):
		return true
	}
	return slices.Contains(c.Sockets[kind], r)
}

// namesFiles reports whether some of a row's fields can be of a descriptor.
func namesFiles(row *syscalls.Row) bool {
	return row.FD != syscalls.Nowhere || slices.ContainsFunc(row.Params, namesFile)
}

func namesFile(p syscalls.Param) bool {
	switch p.Type {
	case syscalls.FD, syscalls.OtherFD, syscalls.FDList, syscalls.SockTuple, syscalls.SockAddr:
		return true
	}
	return false
}

// isAsked reports whether that can be what a row's calls teach of such a socket.
func (p past) isAsked(row *syscalls.Row, kind bpf.Socket) bool {
	switch {
	case row.Name == "connect":
		return p.role || p.peer
	case saysRole(row):
		return p.role || p.failed
	}
	return p.peer && tellsPeer(row, kind)
}

// saysRole reports whether a row's calls say themselves which end their socket is, if
// they succeed. An accept has no socket otherwise, and whoever connects is the client
// unless somebody accepted or listened before.
func saysRole(row *syscalls.Row) bool {
	return row.Name == "connect" || row.Name == "listen" || accepts(row)
}

// carries reports whether what is read for references includes such a field.
func carries(refs []*field.Ref, is func(*field.Ref) bool) bool {
	return slices.ContainsFunc(refs, func(ref *field.Ref) bool { return slices.ContainsFunc(ref.Carries(), is) })
}

func isOf(names []string) func(*field.Ref) bool {
	return func(ref *field.Ref) bool { return slices.Contains(names, ref.Name) }
}
