package calls

import "golang.org/x/sys/unix"

var mountTriggers = []trigger{
	{"mount", func(a *actor) string {
		if err := unix.Mkdir(a.in("mnt"), 0o700); err != nil {
			panic(err)
		}
		a.call(a.text("here"), a.path("mnt"), a.text("tmpfs"), unix.MS_NOSUID|unix.MS_NODEV, 0)
		return f("res=0 dev=here dir=%s type=tmpfs flags=6(NOSUID|NODEV)", a.in("mnt"))
	}},
	{"umount2", func(a *actor) string {
		a.call(a.path("mnt"), unix.MNT_DETACH)
		return f("res=0 name=%s flags=2(DETACH)", a.in("mnt"))
	}},
	{"umount", func(a *actor) string { r := a.call(a.path("mnt")); return f("%s name=%s", res(r), a.in("mnt")) }},
	{"pivot_root", func(a *actor) string {
		a.call(a.path("nowhere"), a.path("file"))
		return f("res=-2(ENOENT) new_root=%s put_old=%s", a.in("nowhere"), a.in("file"))
	}},
	{"fsopen", func(a *actor) string {
		r := a.call(a.text("tmpfs"), unix.FSOPEN_CLOEXEC)
		return f("%s fsname=tmpfs flags=1(FSOPEN_CLOEXEC)", descriptor("fd", r, "<o>[fscontext]"))
	}},
	{"fspick", func(a *actor) string {
		r := a.call(minus(cwd), a.text("/"), 0)
		return f("%s dirfd=-100(AT_FDCWD) path=/ flags=0", descriptor("fd", r, "<o>[fscontext]"))
	}},
	{"fsconfig", func(a *actor) string {
		fd := context()
		a.call(fd, 1, a.text("mode"), a.text("0700"), 0)
		return f("res=0 fd=%d(<o>[fscontext]) cmd=1(FSCONFIG_SET_STRING) key=mode value_bytebuf=<NA> value_charbuf=0700 aux=0", fd)
	}},
	{"fsmount", func(a *actor) string {
		fd := context()
		if err := unix.FsconfigCreate(int(fd)); err != nil {
			panic(err)
		}
		r := a.call(fd, unix.FSMOUNT_CLOEXEC, unix.MOUNT_ATTR_NODEV)
		return f("%s fs_fd=%d(<o>[fscontext]) flags=1(FSMOUNT_CLOEXEC) attr_flags=4(MOUNT_ATTR_NODEV)", descriptor("fd", r, "<d>/"), fd)
	}},
	{"open_tree", func(a *actor) string {
		r := a.call(minus(cwd), a.text(a.dir), unix.OPEN_TREE_CLONE)
		return f("fd=%d(<d>*) dirfd=-100(AT_FDCWD) path=%s flags=1(OPEN_TREE_CLONE)", r, a.dir)
	}},
	{"open_tree_attr", func(a *actor) string {
		r := a.call(minus(cwd), a.text(a.dir), unix.OPEN_TREE_CLONE, a.longs(unix.MOUNT_ATTR_RDONLY, 0, 0, 0), 32)
		return f("%s* dirfd=-100(AT_FDCWD) path=%s flags=1(OPEN_TREE_CLONE) attr_set=1(MOUNT_ATTR_RDONLY) attr_clr=0", result("fd", r), a.dir)
	}},
	{"move_mount", func(a *actor) string {
		a.call(uintptr(a.folder), a.text("file"), minus(cwd), a.path("new"), 0)
		return f("res=-22(EINVAL) from_dfd=%s from_path=file(%s) to_dfd=-100(AT_FDCWD) to_path=%s flags=0", a.folderArg(), a.in("file"), a.in("new"))
	}},
	{"mount_setattr", func(a *actor) string {
		a.call(minus(cwd), a.path("file"), unix.AT_SYMLINK_NOFOLLOW, a.longs(unix.MOUNT_ATTR_NOEXEC, 0, 0, 0), 32)
		return f("res=-22(EINVAL) dirfd=-100(AT_FDCWD) path=%s flags=256(AT_SYMLINK_NOFOLLOW) attr_set=8(MOUNT_ATTR_NOEXEC) attr_clr=0 propagation=0", a.in("file"))
	}},
}

// context is a new tmpfs that is not mounted.
func context() uintptr {
	fd, err := unix.Fsopen("tmpfs", 0)
	if err != nil {
		panic(err)
	}
	return uintptr(fd)
}
