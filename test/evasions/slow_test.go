package evasions

import (
	"errors"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Commands of userfaultfd, which x/sys doesn't have.
const (
	uffdAPI      = 0xc018aa3f
	uffdRegister = 0xc020aa00
	uffdCopy     = 0xc028aa03
	uffdVersion  = 0xaa
	uffdMissing  = 1
)

// slow is a page with content that whoever reads it first must wait for until
// meanwhile is done: also the kernel, in the middle of a call.
func slow(content string, meanwhile func()) (*buffer, error) {
	fd, _, errno := unix.Syscall(unix.SYS_USERFAULTFD, unix.O_CLOEXEC, 0, 0)
	if errno != 0 {
		return nil, os.NewSyscallError("userfaultfd", errno)
	}
	size := os.Getpagesize()
	page, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return nil, err
	}
	b := &buffer{page}
	control := func(command uintptr, args ...uint64) error {
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, fd, command, uintptr(unsafe.Pointer(unsafe.SliceData(args))))
		if errno != 0 {
			return os.NewSyscallError("userfaultfd", errno)
		}
		return nil
	}
	if err := control(uffdAPI, uffdVersion, 0, 0); err != nil {
		return nil, err
	}
	if err := control(uffdRegister, uint64(b.address()), uint64(size), uffdMissing, 0); err != nil {
		return nil, err
	}
	from, err := newBuffer(content)
	if err != nil {
		return nil, err
	}
	go func() {
		var message [32]byte
		if _, err := unix.Read(int(fd), message[:]); err == nil {
			meanwhile()
			_ = control(uffdCopy, uint64(b.address()), uint64(from.address()), uint64(size), 0, 0)
		}
	}()
	return b, nil
}

// byHiding keeps what a call is told to do from who looks when it has ended.
var byHiding = []evasion{
	{
		"a path whose page goes away while the call runs", "unmap a rename's path",
		`evt.type in (rename, renameat, renameat2) and evt.rawres = 0 and evt.unreadable intersects (oldpath, newpath)`,
		"%evt.type of %proc.exepath", "renameat2 of {self}",
	},
	{
		"an argument beyond what is read of them", "very long argument",
		started + `proc.exepath = "{tool}" and evt.truncated intersects (args)`, "%proc.name %evt.truncated", "tool (args)",
	},
}

// unmapPath renames a file, and takes the page with one name away once the
// kernel has read it and waits for the other: which it reads first is up to the
// kernel's compiler.
func unmapPath(dir string) error {
	names := [2]string{dir + "/secret", dir + "/alias"}
	var err error
	for first := range names {
		if err = renameUnmapped(names, first); !errors.Is(err, unix.EFAULT) {
			break
		}
	}
	return err
}

// renameUnmapped takes the page of the first name away while the kernel waits for
// the other.
func renameUnmapped(names [2]string, first int) error {
	gone, err := newBuffer(names[first])
	if err != nil {
		return err
	}
	last, err := slow(names[1-first], gone.unmap)
	if err != nil {
		return err
	}
	addresses := [2]uintptr{gone.address(), last.address()}
	_, _, errno := unix.Syscall6(unix.SYS_RENAMEAT2, uintptr(at), addresses[first], uintptr(at), addresses[1-first], 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}
