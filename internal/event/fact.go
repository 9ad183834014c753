package event

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"strconv"
)

// Measures are how large a process was at its last record; memory in KiB.
type Measures struct {
	VMSize, VMRSS, VMSwap    uint64
	MinorFaults, MajorFaults uint64 // of the thread that the record was made by
	FDLimit                  uint64
	Threads                  uint32
	Known                    bool
}

// Standard is one of the descriptors 0 to 2 that a program was started with.
type Standard struct {
	Type FDType
	Name string // as fd.name
}

// Entry is how a session came onto the host: the first process of it. All that
// come from that one share it, whoever their parents become.
type Entry struct {
	Type string // ssh, login, console, container, exec, cron, service, init, kernel, remote
	PID  uint32
	Name string // of the program that the process runs, or ran last
}

// EntityID tells a program image from all others, on this host and on any: 32
// hexadecimal digits made of the machine's boot, the process's number and
// start, and the kernel's count of its execs. Empty when the boot is not
// known. As ArgsText otherwise.
func (p *Process) EntityID() string {
	if p.Boot == "" {
		return ""
	}
	l := &p.lines
	if l.entity == "" || l.exec != p.Exec {
		l.exec, l.entity = p.Exec, p.makeEntityID()
	}
	return l.entity
}

func (p *Process) makeEntityID() string {
	b := make([]byte, 0, 64)
	b = append(b, p.Boot...)
	b = binary.BigEndian.AppendUint32(b, p.PID)
	b = binary.BigEndian.AppendUint64(b, p.Start)
	b = binary.BigEndian.AppendUint64(b, p.Exec)
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// End is an address and a port as text; IPv6 addresses stand without brackets.
func End(a netip.AddrPort) string {
	return a.Addr().Unmap().String() + ":" + strconv.Itoa(int(a.Port()))
}

// Tuple is client->server, or the server's end alone when there is no client.
func Tuple(client, server netip.AddrPort) string {
	switch {
	case !server.Addr().IsValid():
		return ""
	case !client.Addr().IsValid():
		return End(server)
	}
	return End(client) + "->" + End(server)
}
