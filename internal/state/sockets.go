package state

import (
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/syscalls"
)

// socketPast is what a socket did before: the kernel doesn't tell which end
// began a connection, nor to whom the last datagram went.
type socketPast struct {
	role event.Role
	peer netip.AddrPort
}

// sockets remembers the past of sockets by inode. When full, the socket that
// was learned first goes.
type sockets struct {
	past      map[uint64]socketPast
	order     []uint64 // ring of inodes, oldest at next once full
	next      int
	limit     int
	evicted   uint64
	ephemeral [2]uint16 // ports that the host gives to clients
}

func newSockets(limit int, root string) sockets {
	return sockets{past: make(map[uint64]socketPast), limit: limit, ephemeral: ephemeralPorts(root)}
}

// ephemeralPorts reads the host's range; Linux' own where it can't be read.
func ephemeralPorts(root string) [2]uint16 {
	ports := [2]uint16{32768, 60999}
	text, err := os.ReadFile(filepath.Join(root, "proc/sys/net/ipv4/ip_local_port_range"))
	words := strings.Fields(string(text))
	if err != nil || len(words) != 2 {
		return ports
	}
	for i, word := range words {
		n, err := strconv.ParseUint(word, 10, 16)
		if err != nil {
			return [2]uint16{32768, 60999}
		}
		ports[i] = uint16(n)
	}
	return ports
}

func (t *sockets) of(ino uint64) socketPast { return t.past[ino] }

func (t *sockets) learn(ino uint64, p socketPast) {
	if _, known := t.past[ino]; !known {
		if len(t.order) < t.limit {
			t.order = append(t.order, ino)
		} else {
			delete(t.past, t.order[t.next])
			t.order[t.next] = ino
			t.next = (t.next + 1) % t.limit
			t.evicted++
		}
	}
	t.past[ino] = p
}

// guess tells the role by the ports: clients get theirs from the host's range.
// Where that does not tell, who speaks first is the client.
func (t *sockets) guess(fd *event.FD, flags syscalls.Flags) event.Role {
	local, remote := t.isEphemeral(fd.Local), t.isEphemeral(fd.Remote)
	switch {
	case !fd.Remote.IsValid():
		return event.NoRole
	case local && !remote:
		return event.Client
	case remote && !local && fd.Local.Port() != 0:
		return event.Server
	case flags&syscalls.WritesFD != 0:
		return event.Client
	case flags&syscalls.ReadsFD != 0:
		return event.Server
	}
	return event.NoRole
}

func (t *sockets) isEphemeral(a netip.AddrPort) bool {
	return a.Port() >= t.ephemeral[0] && a.Port() <= t.ephemeral[1]
}
