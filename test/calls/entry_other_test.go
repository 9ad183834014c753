//go:build !amd64

package calls

import "syscall"

// fork makes a call after which there are two processes; the child ends at once.
func fork(number uintptr, args ...uintptr) int64 {
	r := raw(number, args)
	if r == 0 {
		syscall.RawSyscall(syscall.SYS_EXIT_GROUP, 0, 0, 0)
	}
	return r
}

func compat(uintptr, []uintptr) int64 { panic(errNoCall) }

func canCompat() bool { return false }

func low([]byte) uintptr { panic(errNoCall) }
