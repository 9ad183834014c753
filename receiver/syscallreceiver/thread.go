package syscallreceiver

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// threadName is what /proc, ps and top show the thread of the events as.
const threadName = "saker-events"

// ownThread gives the goroutine a thread to itself, with a name: so it can be
// seen what it takes and does. The thread ends with it.
func ownThread() {
	runtime.LockOSThread()
	name := append([]byte(threadName), 0)
	_ = unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(&name[0])), 0, 0, 0) // nothing depends on it
}
