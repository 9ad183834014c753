package calls

import (
	"golang.org/x/sys/unix"
)

const cwd = 100 // AT_FDCWD, as minus takes it

var fileTriggers = []trigger{
	{"open", func(a *actor) string {
		r := a.call(a.path("file"), unix.O_RDONLY)
		return f("%s name=%s flags=1(O_RDONLY) mode=0 dev=*", descriptor("fd", r, "<f>"+a.in("file")), a.in("file"))
	}},
	{"openat", func(a *actor) string {
		r := a.call(uintptr(a.folder), a.text("./new"), unix.O_CREAT|unix.O_WRONLY, 0o640)
		return f("%s dirfd=%s name=./new(%s) flags=16390(O_CREAT|O_WRONLY|O_F_CREATED) mode=640 dev=* ino=*",
			descriptor("fd", r, "<f>"+a.in("new")), a.folderArg(), a.in("new"))
	}},
	{"openat2", func(a *actor) string {
		r := a.call(minus(cwd), a.text("missing"), a.longs(unix.O_RDWR|unix.O_CLOEXEC, 0, unix.RESOLVE_BENEATH), 24)
		return f("%s dirfd=-100(AT_FDCWD) name=missing(%s) flags=4099(O_RDWR|O_CLOEXEC) mode=0 resolve=1(RESOLVE_BENEATH) dev=<NA> ino=<NA>",
			result("fd", r), a.in("missing"))
	}},
	{"creat", func(a *actor) string {
		r := a.call(a.path("made"), 0o600)
		return f("%s name=%s mode=600 dev=* ino=* creat_flags=0", descriptor("fd", r, "<f>"+a.in("made")), a.in("made"))
	}},
	{"name_to_handle_at", func(a *actor) string {
		handle := make([]byte, 8+128)
		handle[0] = 128
		mount, _ := a.ints(0)
		a.call(uintptr(a.folder), a.text("file"), a.bytes(handle), mount, 0)
		return f("res=0 dirfd=%s path=file(%s) flags=0", a.folderArg(), a.in("file"))
	}},
	{"open_by_handle_at", func(a *actor) string {
		handle, _, err := unix.NameToHandleAt(unix.AT_FDCWD, a.in("file"), 0)
		if err != nil {
			panic(err)
		}
		b := append([]byte{byte(handle.Size()), 0, 0, 0, byte(handle.Type()), 0, 0, 0}, handle.Bytes()...)
		r := a.call(uintptr(a.folder), a.bytes(b), unix.O_RDONLY)
		return f("%s mountfd=%s flags=1(O_RDONLY) path=%s dev=* ino=*", descriptor("fd", r, "<f>"+a.in("file")), a.folderArg(), a.in("file"))
	}},

	{"mkdir", func(a *actor) string { a.call(a.text("d1"), 0o750); return f("res=0 path=d1(%s) mode=1E8", a.in("d1")) }},
	{"mkdirat", func(a *actor) string {
		a.call(uintptr(a.folder), a.text("d2"), 0o700)
		return f("res=0 dirfd=%s path=d2(%s) mode=1C0", a.folderArg(), a.in("d2"))
	}},
	{"rmdir", func(a *actor) string { a.call(a.path("d1")); return f("res=0 path=%s", a.in("d1")) }},
	{"unlink", func(a *actor) string { a.call(a.path("made")); return f("res=0 path=%s", a.in("made")) }},
	{"unlinkat", func(a *actor) string {
		a.call(uintptr(a.folder), a.text("d2"), unix.AT_REMOVEDIR)
		return f("res=0 dirfd=%s name=d2(%s) flags=512(AT_REMOVEDIR)", a.folderArg(), a.in("d2"))
	}},
	{"link", func(a *actor) string {
		a.call(a.path("file"), a.path("hard"))
		return f("res=0 oldpath=%s newpath=%s", a.in("file"), a.in("hard"))
	}},
	{"linkat", func(a *actor) string {
		a.call(uintptr(a.folder), a.text("file"), minus(cwd), a.path("hard2"), unix.AT_SYMLINK_FOLLOW)
		return f("res=0 olddir=%s oldpath=file(%s) newdir=-100(AT_FDCWD) newpath=%s flags=1024(AT_SYMLINK_FOLLOW)",
			a.folderArg(), a.in("file"), a.in("hard2"))
	}},
	{"symlink", func(a *actor) string {
		a.call(a.text("file"), a.path("soft"))
		return f("res=0 target=file linkpath=%s", a.in("soft"))
	}},
	{"symlinkat", func(a *actor) string {
		a.call(a.text("file"), uintptr(a.folder), a.text("soft2"))
		return f("res=0 target=file linkdirfd=%s linkpath=soft2(%s)", a.folderArg(), a.in("soft2"))
	}},
	{"rename", func(a *actor) string {
		a.call(a.path("hard"), a.path("r1"))
		return f("res=0 oldpath=%s newpath=%s", a.in("hard"), a.in("r1"))
	}},
	{"renameat", func(a *actor) string {
		a.call(uintptr(a.folder), a.text("hard2"), minus(cwd), a.path("r2"))
		return f("res=0 olddirfd=%s oldpath=hard2(%s) newdirfd=-100(AT_FDCWD) newpath=%s", a.folderArg(), a.in("hard2"), a.in("r2"))
	}},
	{"renameat2", func(a *actor) string {
		a.call(minus(cwd), a.path("r2"), uintptr(a.folder), a.text("r3"), unix.RENAME_NOREPLACE)
		return f("res=0 olddirfd=-100(AT_FDCWD) oldpath=%s newdirfd=%s newpath=r3(%s) flags=1(RENAME_NOREPLACE)",
			a.in("r2"), a.folderArg(), a.in("r3"))
	}},
	{"chmod", func(a *actor) string {
		a.call(a.path("file"), 0o640)
		return f("res=0 filename=%s mode=640(S_IRGRP|S_IWUSR|S_IRUSR)", a.in("file"))
	}},
	{"fchmod", func(a *actor) string {
		a.call(uintptr(a.file), 0o600)
		return f("res=0 fd=%s mode=600(S_IWUSR|S_IRUSR)", a.fileArg())
	}},
	{"fchmodat", func(a *actor) string {
		a.call(uintptr(a.folder), a.text("file"), 0o600)
		return f("res=0 dirfd=%s filename=file(%s) mode=600(S_IWUSR|S_IRUSR)", a.folderArg(), a.in("file"))
	}},
	{"chdir", func(a *actor) string { a.call(a.text(".")); return "res=0 path=." }},
	{"fchdir", func(a *actor) string { a.call(uintptr(a.folder)); return "res=0 fd=" + a.folderArg() }},
	{"dup", func(a *actor) string {
		r := a.call(uintptr(a.file))
		return f("res=%d(<f>%s) oldfd=%s", r, a.in("file"), a.fileArg())
	}},
	{"dup2", func(a *actor) string {
		a.call(uintptr(a.file), 100)
		return f("res=100(<f>%[1]s) oldfd=%[2]s newfd=100(<f>%[1]s)", a.in("file"), a.fileArg())
	}},
	{"dup3", func(a *actor) string {
		a.call(uintptr(a.file), 101, unix.O_CLOEXEC)
		return f("res=101(<f>%[1]s) oldfd=%[2]s newfd=101(<f>%[1]s) flags=4096(O_CLOEXEC)", a.in("file"), a.fileArg())
	}},
}

// onPath is a trigger of a call that tells of a file, and is told by its path.
func onPath(name string) trigger {
	return trigger{name, func(a *actor) string {
		a.call(a.path("file"), a.buffer(256))
		return "res=0 path=" + a.in("file")
	}}
}

var factTriggers = []trigger{
	onPath("stat"), onPath("lstat"), onPath("stat64"), onPath("lstat64"),
	{"fstat", func(a *actor) string { a.call(uintptr(a.file), a.buffer(256)); return "res=0 fd=" + a.fileArg() }},
	{"fstat64", func(a *actor) string { a.call(uintptr(a.file), a.buffer(256)); return "res=0" }},
	{"newfstatat", func(a *actor) string {
		a.call(uintptr(a.folder), a.text("soft2"), a.buffer(256), unix.AT_SYMLINK_NOFOLLOW)
		return f("res=0 dirfd=%s path=soft2(%s) flags=256(AT_SYMLINK_NOFOLLOW)", a.folderArg(), a.in("soft2"))
	}},
	{"statx", func(a *actor) string {
		a.call(uintptr(a.folder), a.text("file"), unix.AT_NO_AUTOMOUNT, unix.STATX_SIZE, a.buffer(256))
		return f("res=0 dirfd=%s path=file(%s) flags=2048(AT_NO_AUTOMOUNT) mask=200", a.folderArg(), a.in("file"))
	}},
	{"access", func(a *actor) string {
		a.call(a.path("file"), unix.R_OK)
		return f("res=0 name=%s mode=4(R_OK)", a.in("file"))
	}},
	{"faccessat", func(a *actor) string {
		a.call(uintptr(a.folder), a.text("no"), unix.W_OK)
		return f("res=-2(ENOENT) dirfd=%s path=no(%s) mode=2(W_OK)", a.folderArg(), a.in("no"))
	}},
	{"faccessat2", func(a *actor) string {
		a.call(uintptr(a.folder), a.text("file"), unix.F_OK, unix.AT_SYMLINK_NOFOLLOW)
		return f("res=0 dirfd=%s path=file(%s) mode=0(F_OK) flags=256(AT_SYMLINK_NOFOLLOW)", a.folderArg(), a.in("file"))
	}},
	{"getcwd", func(a *actor) string {
		r := a.call(a.buffer(512), 512)
		return f("res=%d path=%s", r, a.dir)
	}},
	{"getdents", func(a *actor) string {
		r := a.call(uintptr(a.folder), a.buffer(2048), 2048)
		return f("res=%d fd=%s", r, a.folderArg())
	}},
	{"getdents64", func(a *actor) string {
		r := a.call(uintptr(a.folder), a.buffer(2048), 2048)
		return f("res=%d fd=%s", r, a.folderArg())
	}},
	{"readlink", func(a *actor) string {
		a.call(a.path("soft"), a.buffer(64), 64)
		return f("res=4 path=%s target=file", a.in("soft"))
	}},
	{"readlinkat", func(a *actor) string {
		a.call(uintptr(a.folder), a.text("soft2"), a.buffer(64), 64)
		return f("res=4 dirfd=%s path=soft2(%s) target=file", a.folderArg(), a.in("soft2"))
	}},

	{"chown", func(a *actor) string {
		a.call(a.path("file"), 0, 7)
		return f("res=0 path=%s uid=0 gid=7", a.in("file"))
	}},
	{"lchown", func(a *actor) string {
		a.call(a.path("soft"), 7, 0)
		return f("res=0 path=%s uid=7 gid=0", a.in("soft"))
	}},
	{"fchown", func(a *actor) string { a.call(uintptr(a.file), 0, 0); return f("res=0 fd=%s uid=0 gid=0", a.fileArg()) }},
	{"fchownat", func(a *actor) string {
		a.call(uintptr(a.folder), a.text("soft2"), 0, 8, unix.AT_SYMLINK_NOFOLLOW)
		return f("res=0 dirfd=%s pathname=soft2(%s) uid=0 gid=8 flags=256(AT_SYMLINK_NOFOLLOW)", a.folderArg(), a.in("soft2"))
	}},
	{"fchmodat2", func(a *actor) string {
		a.call(uintptr(a.folder), a.text("file"), 0o600, unix.AT_SYMLINK_NOFOLLOW)
		return f("res=0 dirfd=%s filename=file(%s) mode=600(S_IWUSR|S_IRUSR) flags=256(AT_SYMLINK_NOFOLLOW)", a.folderArg(), a.in("file"))
	}},
	{"mknod", func(a *actor) string {
		a.call(a.path("fifo"), unix.S_IFIFO|0o600, 0)
		return f("res=0 path=%s mode=10600(S_IWUSR|S_IRUSR|S_IFIFO) dev=0", a.in("fifo"))
	}},
	{"mknodat", func(a *actor) string {
		a.call(uintptr(a.folder), a.text("null"), unix.S_IFCHR|0o600, uintptr(unix.Mkdev(1, 3)))
		return f("res=0 dirfd=%s path=null(%s) mode=20600(S_IWUSR|S_IRUSR|S_IFCHR) dev=259", a.folderArg(), a.in("null"))
	}},

	{"setxattr", func(a *actor) string {
		r := a.call(a.path("file"), a.text("trusted.a"), a.text("value"), 5, unix.XATTR_CREATE)
		return f("%s path=%s name=trusted.a value=value size=5 flags=1(XATTR_CREATE)", res(r), a.in("file"))
	}},
	{"lsetxattr", func(a *actor) string {
		r := a.call(a.path("file"), a.text("trusted.b"), a.text("value"), 5, 0)
		return f("%s path=%s name=trusted.b value=value size=5 flags=0", res(r), a.in("file"))
	}},
	{"fsetxattr", func(a *actor) string {
		r := a.call(uintptr(a.file), a.text("trusted.c"), a.text("value"), 5, 0)
		return f("%s fd=%s name=trusted.c value=value size=5 flags=0", res(r), a.fileArg())
	}},
	{"setxattrat", func(a *actor) string {
		r := a.call(uintptr(a.folder), a.text("file"), unix.AT_SYMLINK_NOFOLLOW, a.text("trusted.d"),
			a.longs(uint64(a.text("value")), 5|unix.XATTR_CREATE<<32), 16)
		return f("%s dirfd=%s path=file(%s) at_flags=256(AT_SYMLINK_NOFOLLOW) name=trusted.d size=5 flags=1(XATTR_CREATE)",
			res(r), a.folderArg(), a.in("file"))
	}},
	{"getxattr", func(a *actor) string {
		r := a.call(a.path("file"), a.text("trusted.a"), a.buffer(8), 8)
		return f("%s path=%s name=trusted.a", res(r), a.in("file"))
	}},
	{"lgetxattr", func(a *actor) string {
		r := a.call(a.path("file"), a.text("trusted.a"), a.buffer(8), 8)
		return f("%s path=%s name=trusted.a", res(r), a.in("file"))
	}},
	{"fgetxattr", func(a *actor) string {
		r := a.call(uintptr(a.file), a.text("trusted.a"), a.buffer(8), 8)
		return f("%s fd=%s name=trusted.a", res(r), a.fileArg())
	}},
	{"getxattrat", func(a *actor) string {
		r := a.call(uintptr(a.folder), a.text("file"), 0, a.text("trusted.a"), a.longs(uint64(a.buffer(8)), 8), 16)
		return f("%s dirfd=%s path=file(%s) at_flags=0 name=trusted.a", res(r), a.folderArg(), a.in("file"))
	}},
	{"removexattr", func(a *actor) string {
		r := a.call(a.path("file"), a.text("trusted.a"))
		return f("%s path=%s name=trusted.a", res(r), a.in("file"))
	}},
	{"lremovexattr", func(a *actor) string {
		r := a.call(a.path("file"), a.text("trusted.b"))
		return f("%s path=%s name=trusted.b", res(r), a.in("file"))
	}},
	{"fremovexattr", func(a *actor) string {
		r := a.call(uintptr(a.file), a.text("trusted.c"))
		return f("%s fd=%s name=trusted.c", res(r), a.fileArg())
	}},
	{"removexattrat", func(a *actor) string {
		r := a.call(uintptr(a.folder), a.text("file"), 0, a.text("trusted.d"))
		return f("%s dirfd=%s path=file(%s) at_flags=0 name=trusted.d", res(r), a.folderArg(), a.in("file"))
	}},
	{"truncate", func(a *actor) string { a.call(a.path("new"), 4096); return f("res=0 path=%s length=4096", a.in("new")) }},
	{"ftruncate", func(a *actor) string { a.call(uintptr(a.file), 7); return f("res=0 fd=%s length=7", a.fileArg()) }},
	{"utimensat", func(a *actor) string {
		a.call(uintptr(a.folder), a.text("file"), a.longs(1, 0, 1, 0), 0)
		return f("res=0 dirfd=%s path=file(%s) flags=0", a.folderArg(), a.in("file"))
	}},
}
