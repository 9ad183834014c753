package pushdown

import (
	"path/filepath"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// above is what a register can hold above a number of 32 bits.
const above = 0xabcd << 32

// numbered are calls with numbers that rules ask for, with some beside them, and with
// what stands above a number: call, then arguments. None of them does any harm.
var numbered = [][]uintptr{
	{unix.SYS_PTRACE, unix.PTRACE_ATTACH},
	{unix.SYS_PTRACE, unix.PTRACE_SEIZE},
	{unix.SYS_PTRACE, unix.PTRACE_CONT},
	{unix.SYS_PTRACE, above | unix.PTRACE_ATTACH},
	{unix.SYS_PTRACE, 99999},
	{unix.SYS_PTRACE, unix.PTRACE_ATTACH, ^uintptr(0)},
	{unix.SYS_PRCTL, unix.PR_GET_DUMPABLE},
	{unix.SYS_PRCTL, above | unix.PR_GET_DUMPABLE},
	{unix.SYS_PRCTL, 99999},
	{unix.SYS_PRCTL, unix.PR_GET_PDEATHSIG},
	{unix.SYS_PRCTL, unix.PR_CAPBSET_READ, ^uintptr(0)},
	{unix.SYS_BPF, unix.BPF_PROG_LOAD},
	{unix.SYS_BPF, unix.BPF_MAP_CREATE},
	{unix.SYS_BPF, unix.BPF_OBJ_GET},
	{unix.SYS_BPF, 99999},
	{unix.SYS_FCNTL, 0, unix.F_GETFL},
	{unix.SYS_FCNTL, 0, above | unix.F_GETFD},
	{unix.SYS_FCNTL, 9999, unix.F_DUPFD, 50},
	{unix.SYS_FCNTL, 0, 77},
	{unix.SYS_SOCKET, unix.AF_INET, 99},
	{unix.SYS_SOCKET, above | unix.AF_UNIX, 99 | unix.SOCK_CLOEXEC},
	{unix.SYS_SOCKET, 77, unix.SOCK_DGRAM, 17},
	{unix.SYS_KILL, 0, 99},
	{unix.SYS_KILL, above | 1<<31 - 1, 9},
	{unix.SYS_KILL, ^uintptr(0), 70},
	{unix.SYS_LSEEK, 9999, 8, unix.SEEK_END},
	{unix.SYS_LSEEK, 9999, ^uintptr(0), 0},
	{unix.SYS_LSEEK, 9999, 7, above | 99},
	{unix.SYS_FCHMODAT, 9999, 0, 0o4755},
	{unix.SYS_FCHMODAT, 9999, 0, 0o6755},
	{unix.SYS_FCHMODAT, 9999, 0, above | 0o600},
	{unix.SYS_UNSHARE, 1},
	{unix.SYS_UNSHARE, unix.CLONE_NEWNS | 1},
	{unix.SYS_UNSHARE, above | 1},
	{unix.SYS_SETNS, 9999, unix.CLONE_NEWNS},
	{unix.SYS_SETNS, 9999, 0},
	{unix.SYS_FLOCK, 9999, unix.LOCK_EX},
	{unix.SYS_FLOCK, 9999, unix.LOCK_SH | unix.LOCK_NB},
	{unix.SYS_FLOCK, 9999, 77},
}

// giveNumbers gives numbers in registers and in memory.
func giveNumbers(dir string) {
	for _, call := range numbered {
		var args [5]uintptr
		copy(args[:], call[1:])
		_, _, _ = syscall.RawSyscall6(call[0], args[0], args[1], args[2], args[3], args[4], 0)
	}
	file := filepath.Join(dir, "file")
	_ = unix.Fchmodat(unix.AT_FDCWD, file, 0o4755, 0)
	_ = unix.Fchmodat(unix.AT_FDCWD, file, 0o600, 0)
	for _, how := range []unix.OpenHow{
		{Flags: unix.O_RDONLY},
		{Flags: unix.O_WRONLY | unix.O_TRUNC},
		{Flags: unix.O_RDWR | 1<<40},
		{Resolve: unix.RESOLVE_NO_SYMLINKS},
		{Resolve: unix.RESOLVE_BENEATH},
		{Flags: unix.O_RDWR, Resolve: 1 << 50},
	} {
		if fd, err := unix.Openat2(unix.AT_FDCWD, file, &how); err == nil {
			_ = unix.Close(fd)
		}
	}
	// What says how can't be read.
	name := append([]byte(file), 0)
	_, _, _ = syscall.RawSyscall6(unix.SYS_OPENAT2, 0, uintptr(unsafe.Pointer(&name[0])), 8, unix.SizeofOpenHow, 0, 0)
}
