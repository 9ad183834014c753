package state

import (
	"encoding/binary"
	"net/netip"
	"strings"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/syscalls"
)

const (
	domainPort = 53
	// nameFloor is how long a name is kept at least: connections outlive the
	// short lives of many answers.
	nameFloor = 5 * 60 * second
	nameCeil  = 24 * 60 * 60 * second
	namesMax  = 1 << 14
	// answersMax is how many records of one message are looked at.
	answersMax = 64
)

// names are what name servers answered the programs of this host, by address.
// Each network namespace has its own: no container can name the addresses of
// others. A program that asks a server of its own choice names its own.
type names struct {
	known   map[namedAddr]name
	order   []namedAddr // ring, oldest at next once full
	next    int
	limit   int
	evicted uint64
	parser  dnsmessage.Parser
}

type namedAddr struct {
	net  uint32
	addr netip.Addr
}

type name struct {
	text    string
	expires uint64 // record time
}

func newNames(limit int) *names { return &names{known: map[namedAddr]name{}, limit: limit} }

// of is the name that was asked for when the address was answered, empty if
// none was, or too long ago.
func (t *names) of(net uint32, addr netip.Addr, now uint64) string {
	if n, ok := t.known[namedAddr{net, addr}]; ok && now < n.expires {
		return n.text
	}
	return ""
}

// learn takes over the addresses of an answer: what is no answer, or damaged,
// tells nothing, and a cut one what it has.
func (t *names) learn(net uint32, message []byte, now uint64) {
	const prefix = 2 // over TCP, the length comes first
	if len(message) > prefix && int(binary.BigEndian.Uint16(message)) == len(message)-prefix {
		message = message[prefix:]
	}
	header, err := t.parser.Start(message)
	if err != nil || !header.Response || header.RCode != dnsmessage.RCodeSuccess {
		return
	}
	question, err := t.parser.Question()
	if err != nil || t.parser.SkipAllQuestions() != nil {
		return
	}
	asked := strings.ToLower(strings.TrimSuffix(question.Name.String(), "."))
	if asked == "" {
		return
	}
	for range answersMax {
		addr, ttl, ok := t.answer()
		if !ok {
			return
		}
		if addr.IsValid() {
			t.put(namedAddr{net, addr}, name{asked, now + min(max(uint64(ttl)*second, nameFloor), nameCeil)})
		}
	}
}

// answer is the next address of the message, the zero one for a record of
// another kind; false at the end.
func (t *names) answer() (addr netip.Addr, ttl uint32, ok bool) {
	h, err := t.parser.AnswerHeader()
	if err != nil {
		return addr, 0, false
	}
	switch h.Type {
	case dnsmessage.TypeA:
		r, err := t.parser.AResource()
		return netip.AddrFrom4(r.A), h.TTL, err == nil
	case dnsmessage.TypeAAAA:
		r, err := t.parser.AAAAResource()
		return netip.AddrFrom16(r.AAAA).Unmap(), h.TTL, err == nil
	}
	return addr, 0, t.parser.SkipAnswer() == nil
}

func (t *names) put(at namedAddr, n name) {
	if _, known := t.known[at]; !known {
		if len(t.order) < t.limit {
			t.order = append(t.order, at)
		} else {
			delete(t.known, t.order[t.next])
			t.order[t.next] = at
			t.next = (t.next + 1) % t.limit
			t.evicted++
		}
	}
	t.known[at] = n
}

// learnNames takes over what the event received from a name server.
func (s *State) learnNames(ev *event.Event, now uint64) {
	if s.names == nil || ev.Row.Flags&syscalls.ReadsFD == 0 || ev.Failed() || ev.FD == nil || !ev.FD.Type.IsInet() ||
		ev.FD.Remote.Port() != domainPort {
		return
	}
	for i := range ev.Row.Params {
		if ev.Row.Params[i].Name == "data" && ev.Args[i].Valid {
			s.names.learn(ev.Process.NetNS, []byte(ev.Args[i].Text), now)
			return
		}
	}
}

// nameEnds names the ends of the event's socket.
func (s *State) nameEnds(ev *event.Event, now uint64) {
	if s.names == nil || ev.FD == nil || !ev.FD.Type.IsInet() {
		return
	}
	net := ev.Process.NetNS
	ev.FD.LocalName = s.names.of(net, ev.FD.Local.Addr(), now)
	ev.FD.RemoteName = s.names.of(net, ev.FD.Remote.Addr(), now)
}
