//go:build !amd64

package entry

import "syscall"

// Fork makes a call after which there are two processes; the child ends at once.
func Fork(number uintptr, args ...uintptr) int64 {
	var six [6]uintptr
	copy(six[:], args)
	r, _, errno := syscall.RawSyscall6(number, six[0], six[1], six[2], six[3], six[4], six[5])
	switch {
	case errno != 0:
		return -int64(errno)
	case r == 0:
		syscall.RawSyscall(syscall.SYS_EXIT_GROUP, 0, 0, 0)
	}
	return int64(r)
}

// CanCompat reports whether the kernel has an entry for 32-bit programs that others can take.
func CanCompat() bool { return false }

// Compat makes a call through that entry: nobody may ask for it here.
func Compat(uintptr, ...uintptr) int64 { panic("no entry of 32-bit programs") }

// Low is the address of a copy of b where that entry's calls reach it: nobody may ask for it here.
func Low([]byte) uintptr { panic("no entry of 32-bit programs") }
