package field

import (
	"sync/atomic"
	"unsafe"

	"github.com/sakerhq/saker/internal/syscalls"
)

// memo keeps texts that are made from few different numbers. To look one up takes no
// lock and a few ns; a number that has the place of another takes it, so that programs
// that make up numbers fill no memory.
type memo [1 << memoBits]atomic.Pointer[memorized]

const memoBits = 9

type memorized struct {
	of     *syscalls.Values // what numbers they are
	number uint64
	text   string
}

func (m *memo) place(of *syscalls.Values, number uint64) *atomic.Pointer[memorized] {
	const spread, spread2 = 0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9
	return &m[(number*spread+uint64(uintptr(unsafe.Pointer(of)))*spread2)>>(64-memoBits)]
}

func (m *memo) get(of *syscalls.Values, number uint64) (string, bool) {
	t := m.place(of, number).Load()
	if t == nil || t.of != of || t.number != number {
		return "", false
	}
	return t.text, true
}

func (m *memo) put(of *syscalls.Values, number uint64, text string) string {
	m.place(of, number).Store(&memorized{of, number, text})
	return text
}
