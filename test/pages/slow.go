package pages

import (
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

// Slow is a page that whoever reads it first must wait for until meanwhile is
// done: also the kernel, in the middle of a call. It needs userfaultfd.
func Slow(text string, meanwhile func()) (*Page, error) {
	fd, _, errno := unix.Syscall(unix.SYS_USERFAULTFD, unix.O_CLOEXEC, 0, 0)
	if errno != 0 {
		return nil, os.NewSyscallError("userfaultfd", errno)
	}
	size := os.Getpagesize()
	bytes, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return nil, err
	}
	p := &Page{bytes}
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
	if err := control(uffdRegister, uint64(p.Address()), uint64(size), uffdMissing, 0); err != nil {
		return nil, err
	}
	from, err := New(text)
	if err != nil {
		return nil, err
	}
	go func() {
		var message [32]byte
		if _, err := unix.Read(int(fd), message[:]); err == nil {
			meanwhile()
			_ = control(uffdCopy, uint64(p.Address()), uint64(from.Address()), uint64(size), 0, 0)
		}
	}()
	return p, nil
}
