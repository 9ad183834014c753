package evasions

import (
	"os"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/test/pages"
)

// byLookup changes the name that a call was given while the kernel looks it up:
// the file system that is asked for the name does it. By then the kernel has a
// copy, and the one that is left in memory is a decoy.
var byLookup = []evasion{
	{
		"a name changes while mkdir looks it up", "mkdir that changes",
		`evt.type = mkdirat and evt.rawres = 0 and fs.path.name = "{dir}/over/new-one"`, "%fs.path.name", "{dir}/over/new-one",
	},
	{
		"a name changes while rmdir looks it up", "rmdir that changes",
		`evt.type = unlinkat and evt.rawres = 0 and fs.path.name = "{dir}/over/dir-one"`, "%fs.path.name", "{dir}/over/dir-one",
	},
	{
		"a name changes while unlink looks it up", "unlink that changes",
		`evt.type = unlinkat and evt.rawres = 0 and fs.path.name = "{dir}/over/file-one"`,
		"%fs.path.name as %fs.path.nameraw", "{dir}/over/file-one as {dir}/over/file-two",
	},
	{
		"a name changes while rename looks it up", "rename that changes",
		`evt.type = renameat2 and evt.rawres = 0 and fs.path.source = "{dir}/over/file-one"`,
		"%fs.path.source to %fs.path.target", "{dir}/over/file-one to {dir}/over/new-name",
	},
	{
		"a name changes while link looks it up", "link that changes",
		`evt.type = linkat and evt.rawres = 0 and fs.path.target = "{dir}/over/file-one"`,
		"%fs.path.target as %fs.path.source", "{dir}/over/file-one as {dir}/over/new-name",
	},
	{
		"a name changes while symlink looks it up", "symlink that changes",
		`evt.type = symlinkat and evt.rawres = 0 and fs.path.source = "{dir}/over/new-one"`, "%fs.path.source", "{dir}/over/new-one",
	},
	{
		"a name changes while chmod looks it up", "chmod that changes",
		`evt.type = fchmodat and evt.rawres = 0 and fs.path.name = "{dir}/over/file-one"`, "%fs.path.name", "{dir}/over/file-one",
	},
	{
		"a name changes while chown looks it up", "chown that changes",
		`evt.type = fchownat and evt.rawres = 0 and fs.path.name = "{dir}/over/file-one"`, "%fs.path.name", "{dir}/over/file-one",
	},
	{
		"a name changes while mount looks it up", "mount that changes",
		`evt.type = mount and evt.rawres = 0 and fs.path.target = "{dir}/over/dir-one"`, "%fs.path.target", "{dir}/over/dir-one",
	},
	{
		"a name changes while umount looks it up", "umount that changes",
		`evt.type = umount2 and evt.rawres = 0 and fs.path.name = "{dir}/over/dir-one"`, "%fs.path.name", "{dir}/over/dir-one",
	},
}

// lookupActs are their acts.
var lookupActs = map[string]func(dir string) error{
	"mkdir that changes": changed("new", func(name, _ *pages.Page) unix.Errno {
		return syscall6(unix.SYS_MKDIRAT, uintptr(at), name.Address(), 0o755)
	}),
	"rmdir that changes": changed("dir", func(name, _ *pages.Page) unix.Errno {
		return syscall6(unix.SYS_UNLINKAT, uintptr(at), name.Address(), unix.AT_REMOVEDIR)
	}),
	"unlink that changes": changed("file", func(name, _ *pages.Page) unix.Errno {
		return syscall6(unix.SYS_UNLINKAT, uintptr(at), name.Address(), 0)
	}),
	"rename that changes": changed("file", func(name, other *pages.Page) unix.Errno {
		return syscall6(unix.SYS_RENAMEAT2, uintptr(at), name.Address(), uintptr(at), other.Address(), 0)
	}),
	"link that changes": changed("file", func(name, other *pages.Page) unix.Errno {
		return syscall6(unix.SYS_LINKAT, uintptr(at), name.Address(), uintptr(at), other.Address(), 0)
	}),
	"symlink that changes": changed("new", func(name, other *pages.Page) unix.Errno {
		return syscall6(unix.SYS_SYMLINKAT, other.Address(), uintptr(at), name.Address())
	}),
	"chmod that changes": changed("file", func(name, _ *pages.Page) unix.Errno {
		return syscall6(unix.SYS_FCHMODAT, uintptr(at), name.Address(), 0o600)
	}),
	"chown that changes": changed("file", func(name, _ *pages.Page) unix.Errno {
		return syscall6(unix.SYS_FCHOWNAT, uintptr(at), name.Address(), 0, 0, 0)
	}),
	"mount that changes": changed("dir", func(name, _ *pages.Page) unix.Errno {
		return mountAt(name)
	}),
	"umount that changes": func(dir string) error {
		return changed("dir", func(name, _ *pages.Page) unix.Errno {
			if errno := mountAt(name); errno != 0 {
				return errno
			}
			name.Set(dir + "/over/dir-one")
			return syscall6(unix.SYS_UMOUNT2, name.Address(), 0)
		})(dir)
	},
}

func mountAt(name *pages.Page) unix.Errno {
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

// changed makes a call with the path of kind-one, which becomes that of kind-two
// while the call looks it up, and a second one that stays.
func changed(kind string, call func(name, other *pages.Page) unix.Errno) func(dir string) error {
	return func(dir string) error {
		over := dir + "/over/"
		name, err := pages.New(over + kind + "-one")
		if err != nil {
			return err
		}
		other, err := pages.New(over + "new-name")
		if err != nil {
			return err
		}
		if err := mountTree(dir+"/over", func(asked string) {
			if strings.HasSuffix(asked, "-one") && name.Bytes[0] != 0 {
				name.Set(over + kind + "-two")
			}
		}); err != nil {
			return err
		}
		if errno := call(name, other); errno != 0 {
			return os.NewSyscallError(kind, errno)
		}
		return nil
	}
}
