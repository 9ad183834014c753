package bpf

import (
	"fmt"
	"runtime"
	"slices"

	"github.com/sakerhq/saker/internal/syscalls"
)

// multiplexed are the calls that are many calls in one, by the number that
// says which (linux/net.h, linux/ipc.h). Only 32-bit programs of x86 have them.
var multiplexed = []struct {
	name  string
	first uint32 // place of its first part
	parts map[uint32]part
}{
	// Their arguments lie in memory, in the order of the call's.
	{"socketcall", 0, map[uint32]part{
		1: {row: "socket"}, 2: {row: "bind"}, 3: {row: "connect"}, 4: {row: "listen"}, 5: {row: "accept"},
		6: {row: "getsockname"}, 7: {row: "getpeername"}, 8: {row: "socketpair"}, 9: {row: "send"}, 10: {row: "recv"},
		11: {row: "sendto"}, 12: {row: "recvfrom"}, 13: {row: "shutdown"}, 14: {row: "setsockopt"}, 15: {row: "getsockopt"},
		16: {row: "sendmsg"}, 17: {row: "recvmsg"}, 18: {row: "accept4"}, 19: {row: "recvmmsg"}, 20: {row: "sendmmsg"},
	}},
	// Theirs are arguments of ipc: first, second, third, ptr and fifth, from 1 on.
	{"ipc", 32, map[uint32]part{
		1: {"semop", []uint8{1, 4, 2}}, 2: {"semget", []uint8{1, 2, 3}}, 3: {"semctl", []uint8{1, 2, 3, 4}},
		4:  {"semtimedop", []uint8{1, 4, 2, 5}},
		11: {"msgsnd", []uint8{1, 4, 2, 3}}, 12: {"msgrcv", []uint8{1, 4, 2, 5, 3}}, 13: {"msgget", []uint8{1, 2}},
		14: {"msgctl", []uint8{1, 2, 4}},
		21: {"shmat", []uint8{1, 4, 2}}, 22: {"shmdt", []uint8{4}}, 23: {"shmget", []uint8{1, 2, 3}},
		24: {"shmctl", []uint8{1, 2, 4}},
	}},
}

// part is one of the calls: its row, and which argument becomes which.
type part struct {
	row   string
	order []uint8
}

// multiplexedRow stands in a call table for a multiplexed call that was not
// asked for itself.
const multiplexedRow = 0xffff

// addMultiplexed sets the parts of multiplexed calls that are watched, and has
// these calls looked at.
func (t *callTables) addMultiplexed(watched []*syscalls.Row, numbers map[*syscalls.Row]int) error {
	if runtime.GOARCH != "amd64" {
		return nil
	}
	for _, m := range multiplexed {
		nr := syscalls.Number("386", syscalls.ByName(m.name))
		if len(nr) != 1 {
			return fmt.Errorf("call %s has no number", m.name)
		}
		for which, p := range m.parts {
			row := syscalls.ByName(p.row)
			if !slices.Contains(watched, row) {
				continue
			}
			w := sensorWirePart{Row: uint16(numbers[row]) + 1}
			copy(w.Order[:], p.order)
			t.parts[m.first+which] = w
			if call := &t.calls[nr[0]][sensorWireViaVIA_COMPAT]; *call == 0 {
				*call = multiplexedRow
			}
		}
	}
	return nil
}
