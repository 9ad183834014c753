// Package event is what one act on a host looks like, as plain data.
//
// It takes nothing and gives the types that every later room reads. It owns
// no state and knows neither the kernel's wire format nor log records.
package event

import (
	"net/netip"

	"github.com/sakerhq/saker/internal/syscalls"
)

// Event is one act: a system call that returned, or a metaevent such as
// procexit. The receiver reuses one Event for all acts: what it points at
// beside Process and its relatives is valid until the next one is decoded.
type Event struct {
	Num  uint64 // sequence number since the capture started; the first is 1
	Time uint64 // ns since 1970
	// Times of the capture's first event, and of the one before this; 0: none.
	First, Last uint64
	CPU         uint16
	Row         *syscalls.Row
	Via         Via

	TID       uint32
	Comm      string   // the thread's own name where it differs from Process.Name
	Result    int64    // return value; HasResult false for metaevents without one
	Args      []Arg    // one for each of Row.Params
	Process   *Process // the actor, after the event; never nil
	Relatives uint64   // Process.Relatives()
	// Apart: the acting thread has ids or a directory of its own. Process shows
	// these, and is of this event alone, whatever its Image says.
	Apart bool

	// FD is the file that the event works on, as the kernel knows it; nil if
	// there is none. Of a failed open, it is a file of the path that was asked
	// for. FDNum is its number, -1 for none or a failed open.
	FD    *FD
	FDNum int64
}

// HasResult reports whether the event carries a return value.
func (e *Event) HasResult() bool { return e.Row != nil && e.Row.Kind == syscalls.Call }

// Failed reports whether the call returned an error.
func (e *Event) Failed() bool { return e.HasResult() && e.Result < 0 }

// Via is the way by which a call entered the kernel.
type Via uint8

// The ways.
const (
	Native Via = iota
	Compat     // 32-bit entry (int 0x80, ia32, aarch32)
	X32
	IOUring
)

// Arg is one parameter of an event.
type Arg struct {
	Valid bool           // false: could not be read or the event has none; prints <NA>
	Num   int64          // scalars, file descriptors, flags (the kernel's bits)
	Text  string         // strings and paths as given; bytes of a buffer; name of a user or group, empty if not known
	Path  string         // paths: absolute, as the kernel has it or Unresolved
	FD    *FD            // descriptors: the file behind, where the kernel told it
	Addr  netip.AddrPort // addresses
	Cut   bool           // longer than what was captured
	Fault bool           // lay in memory that could not be read when the call ended: not Valid

	// Unresolved: Path is what was given, joined to where it starts, . and ..
	// folded. A symbolic link on the way would lead elsewhere.
	Unresolved bool
}

// Process is one process as of its last event: a thread group and its
// current program image. state owns it and changes it in place.
type Process struct {
	PID   uint32
	Start uint64 // ns since boot; with PID the identity of the process
	Born  uint64 // Start as ns since 1970
	// Image numbers what the process is: it gets a number that no process had
	// before with exec and with every change of the fields below, of what is
	// known of the container too. 0: nobody numbers it.
	Image uint64

	Parent *Process // nil: none or not known
	PPID   uint32

	VPID, VPPID                   uint32   // in their own pid namespace
	PGID, SID                     uint32   // on the host
	VPGID, VSID                   uint32   // in the pid namespace
	GroupLeader, Session          *Process // nil: not known
	Name                          string   // comm, at most 15 bytes
	Exe                           string   // argv[0]
	Args                          []string // argv[1:]
	Env                           []string
	ArgsCut, EnvCut               bool
	Exited                        bool
	Cwd                           string // without trailing slash except "/"
	File                          ExeFile
	UID, GID                      uint32 // effective
	LoginUID                      uint32 // NoID when unset
	TTY                           uint32 // 0: none
	CapInheritable                uint64
	CapPermitted                  uint64
	CapEffective                  uint64
	User, Group                   Account
	Login                         Account
	Cgroup                        string
	Container                     *Container // nil on the host
	PIDNSStart                    uint64     // ns since 1970: start of the namespace's init; boot on the host
	PIDNS, MountNS, UserNS, NetNS uint32
	Boot                          string // id of the machine's boot; with Exec, PID and Start the identity of the image
	Exec                          uint64 // the kernel's count of execs
	Entry                         *Entry // nil: not known
	Standard                      [3]Standard
	Measures                      Measures

	lines lines // made from the above
}

// MaxAncestors is how far up ancestors are looked at: more than there can be,
// so that nesting shells hides nobody, and yet an end for a loop of parents.
const MaxAncestors = 1 << 18

// Relatives is the latest Image among p's ancestors and the leaders of its
// group and session. With p's own Image it says that none of them is another
// or has changed since: whatever changes gets a number later than all others.
func (p *Process) Relatives() (latest uint64) {
	for _, leader := range [...]*Process{p.GroupLeader, p.Session} {
		if leader != nil {
			latest = max(latest, leader.Image)
		}
	}
	for up, n := p.Parent, 0; up != nil && n < MaxAncestors; up, n = up.Parent, n+1 {
		latest = max(latest, up.Image)
	}
	return latest
}

// NoID is the uid or gid that means "not set".
const NoID = ^uint32(0)

// Account is a user or group of the host's or the container's database.
type Account struct {
	Known bool
	Name  string
	Home  string
	Shell string
}

// ExeFile is the file that a process runs.
type ExeFile struct {
	Path     string // canonical, "memfd:name" for memory files, without " (deleted)"
	Ino      uint64
	Dev      uint32
	Ctime    uint64 // ns since 1970
	Mtime    uint64
	Upper    bool // lies in an overlay's upper layer
	Lower    bool
	Memfd    bool
	Writable bool // the process may write it
	Deleted  bool
}

// FDType is what a descriptor refers to.
type FDType uint8

// The types; String gives Falco's words and Char its letters.
const (
	FDUnknown FDType = iota
	FDFile
	FDDirectory
	FDIPv4
	FDIPv6
	FDUnix
	FDNetlink
	FDPacket
	FDPipe
	FDEvent
	FDSignal
	FDEventpoll
	FDInotify
	FDTimer
	FDBPF
	FDUserfault
	FDIOUring
	FDMemfd
	FDPidfd
)

// FD is an open file as the kernel knows it.
type FD struct {
	Type FDType
	Name string // files: resolved path; unix sockets: path; others: the kernel's name. Empty for inet sockets.
	// Path numbers Name: no other name ever has the number. 0: nobody numbers it.
	Path         uint64
	Ino          uint64
	Dev          uint32
	Mode         uint32 // st_mode
	Upper, Lower bool   // overlay layer
	Deleted      bool
	Origin       string // what the file is called on the host where its file system is mounted first; empty: Name
	NameCut      bool   // Name lacks its beginning
	NameFault    bool   // Name could not be read: of a failed call, the path that was asked for

	Proto       Proto
	Local       netip.AddrPort
	Remote      netip.AddrPort
	Role        Role
	Connected   bool // has a peer, or a connect is under way
	NameChanged bool // this event changed the peer
	Replaced    bool // the call used this socket, or opened this file, but its descriptor is another's by now
	Created     bool // made by the open that the descriptor comes from

	// Of unix sockets: the process that made the other end, PeerPID 0 for none.
	// Peer is nil if it is not known.
	PeerPID, PeerUID uint32
	Peer             *Process

	// Names that name servers answered for the addresses, empty if none was seen.
	LocalName, RemoteName string
}

// Proto is a transport protocol.
type Proto uint8

// The protocols.
const (
	NoProto Proto = iota
	TCP
	UDP
	ICMP
	RawIP
)

// Role is which end of a connection this one is.
type Role uint8

// The roles.
const (
	NoRole Role = iota
	Client
	Server
)
