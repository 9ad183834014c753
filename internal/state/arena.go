package state

import "unsafe"

// arena keeps the strings of one event. Its memory is used again after reset:
// strings made before are then no longer valid.
type arena struct{ buf []byte }

func (a *arena) reset() { a.buf = a.buf[:0] }

// keep copies b.
func (a *arena) keep(b []byte) string {
	start := len(a.buf)
	a.buf = append(a.buf, b...)
	return a.since(start)
}

// since is what was appended to buf from start on, as a string. Should buf
// have moved meanwhile, strings made before hold on to the old memory.
func (a *arena) since(start int) string {
	b := a.buf[start:]
	return unsafe.String(unsafe.SliceData(b), len(b))
}
