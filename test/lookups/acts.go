// Package lookups makes calls whose path is another at their end than when the
// kernel looked it up.
//
// It takes a directory with an empty one "over" in it, and mounts there a file
// system of its own process: the one that is asked for a name changes it in the
// caller's memory, when the kernel has its copy. It gives acts to be done by a
// child each. It owns the mount, which ends with the child. It never looks at
// what is told of an act.
package lookups

import (
	"errors"
	"os"
	"runtime"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/test/pages"
)

// ErrLacks is that the machine has no way to make such a call.
var ErrLacks = errors.New("the kernel lacks this")

// Act is such a call.
type Act struct {
	Call string // the row's name
	Kind string // of the path that the call works on: it is over/Kind-one, and at the end of the call memory says Kind-two
	call func(name, other *pages.Page) unix.Errno
}

// Acts are those of all paths that the kernel's hooks see.
var Acts = map[string]Act{
	"mkdir": {"mkdirat", "new", func(name, _ *pages.Page) unix.Errno {
		return syscall6(unix.SYS_MKDIRAT, cwd, name.Address(), 0o755)
	}},
	"mknod": {"mknodat", "new", func(name, _ *pages.Page) unix.Errno {
		return syscall6(unix.SYS_MKNODAT, cwd, name.Address(), unix.S_IFREG|0o600, 0)
	}},
	"rmdir": {"unlinkat", "dir", func(name, _ *pages.Page) unix.Errno {
		return syscall6(unix.SYS_UNLINKAT, cwd, name.Address(), unix.AT_REMOVEDIR)
	}},
	"unlink": {"unlinkat", "file", func(name, _ *pages.Page) unix.Errno {
		return syscall6(unix.SYS_UNLINKAT, cwd, name.Address(), 0)
	}},
	"rename": {"renameat2", "file", func(name, other *pages.Page) unix.Errno {
		return syscall6(unix.SYS_RENAMEAT2, cwd, name.Address(), cwd, other.Address(), 0)
	}},
	"link": {"linkat", "file", func(name, other *pages.Page) unix.Errno {
		return syscall6(unix.SYS_LINKAT, cwd, name.Address(), cwd, other.Address(), 0)
	}},
	"symlink": {"symlinkat", "new", func(name, other *pages.Page) unix.Errno {
		return syscall6(unix.SYS_SYMLINKAT, other.Address(), cwd, name.Address())
	}},
	"chmod": {"fchmodat", "file", func(name, _ *pages.Page) unix.Errno {
		return syscall6(unix.SYS_FCHMODAT, cwd, name.Address(), 0o600)
	}},
	"chown": {"fchownat", "file", func(name, _ *pages.Page) unix.Errno {
		return syscall6(unix.SYS_FCHOWNAT, cwd, name.Address(), 0, 0, 0)
	}},
	"truncate": {"truncate", "file", func(name, _ *pages.Page) unix.Errno {
		return syscall6(unix.SYS_TRUNCATE, name.Address(), 0)
	}},
	"mount": {"mount", "dir", mountAt},
	"chroot": {"chroot", "dir", func(name, _ *pages.Page) unix.Errno {
		return syscall6(unix.SYS_CHROOT, name.Address())
	}},
	// These find both directories, and then that the first one is no mount.
	"pivot": {"pivot_root", "dir", func(name, other *pages.Page) unix.Errno {
		other.Set(dirOf(name))
		return refused(syscall6(unix.SYS_PIVOT_ROOT, name.Address(), other.Address()))
	}},
	"move mount": {"move_mount", "dir", func(name, other *pages.Page) unix.Errno {
		other.Set(dirOf(name))
		return refused(syscall6(unix.SYS_MOVE_MOUNT, cwd, name.Address(), cwd, other.Address(), 0))
	}},
	"umount": {"umount2", "dir", func(name, other *pages.Page) unix.Errno {
		path, _, _ := strings.Cut(string(name.Bytes), "\x00")
		if errno := mountAt(name, other); errno != 0 {
			return errno
		}
		name.Set(path)
		return syscall6(unix.SYS_UMOUNT2, name.Address(), 0)
	}},
}

// refused is 0 if the kernel refused a call for what it found, as it should.
func refused(errno unix.Errno) unix.Errno {
	if errno == unix.EINVAL {
		return 0
	}
	return errno
}

// cwd is AT_FDCWD as an argument.
var cwd = func() uintptr { at := int64(unix.AT_FDCWD); return uintptr(at) }()

// dirOf is the directory of what is named.
func dirOf(name *pages.Page) string {
	path, _, _ := strings.Cut(string(name.Bytes), "\x00")
	return path[:strings.LastIndexByte(path, '/')]
}

func mountAt(name, _ *pages.Page) unix.Errno {
	kind := []byte("tmpfs\x00")
	at := uintptr(unsafe.Pointer(&kind[0]))
	return syscall6(unix.SYS_MOUNT, at, name.Address(), at, 0, 0)
}

func syscall6(number uintptr, args ...uintptr) unix.Errno {
	var six [6]uintptr
	copy(six[:], args)
	_, _, errno := unix.Syscall6(number, six[0], six[1], six[2], six[3], six[4], six[5])
	return errno
}

// Do makes the call, by the thread that it is called on, which is in a mount
// namespace of its own from then on. It is done once in a process.
func (a Act) Do(dir string) error {
	runtime.LockOSThread()
	over := dir + "/over/"
	name, err := pages.New(over + a.Kind + "-one")
	if err != nil {
		return err
	}
	other, err := pages.New(over + "new-name")
	if err != nil {
		return err
	}
	if err := mountTree(dir+"/over", func(asked string) {
		if strings.HasSuffix(asked, "-one") && name.Bytes[0] != 0 {
			name.Set(over + a.Kind + "-two")
		}
	}); err != nil {
		return err
	}
	if errno := a.call(name, other); errno != 0 {
		return os.NewSyscallError(a.Call, errno)
	}
	return nil
}
