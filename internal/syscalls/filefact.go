package syscalls

// fileFactRows are calls on files by path or descriptor that open nothing:
// what a file is, whom it belongs to, its attributes and size.
var fileFactRows = []*Row{
	{Name: "stat", Category: File, Params: []Param{res, path("path", Arg0)}},
	{Name: "lstat", Category: File, Params: []Param{res, itself(path("path", Arg0))}},
	{Name: "fstat", Category: File, Flags: UsesFD, FD: Arg0, Params: []Param{res, fd("fd", Arg0)}},
	{Name: "stat64", Category: File, Params: []Param{res, path("path", Arg0)}},
	{Name: "lstat64", Category: File, Params: []Param{res, itself(path("path", Arg0))}},
	{Name: "fstat64", Category: File, Params: []Param{res}},
	{Name: "newfstatat", Category: File, Flags: UsesFD, FD: Arg0, Params: []Param{
		res, fd("dirfd", Arg0), pathAt("path", Arg1, Arg0), flags("flags", Arg3, statFlags),
	}},
	{Name: "statx", Category: Other, Flags: UsesFD, FD: Arg0, Params: beyond(
		res, fd("dirfd", Arg0), pathAt("path", Arg1, Arg0), flags("flags", Arg2, statFlags), hex(value("mask", Uint32, Arg3)),
	)},
	{Name: "access", Category: File, Params: []Param{res, path("name", Arg0), flags("mode", Arg1, accessModes)}},
	{Name: "getcwd", Category: File, Params: []Param{res, out(text("path", Arg0))}},
	{Name: "getdents", Category: File, Flags: UsesFD, FD: Arg0, Params: []Param{res, fd("fd", Arg0)}},
	{Name: "getdents64", Category: File, Flags: UsesFD, FD: Arg0, Params: []Param{res, fd("fd", Arg0)}},

	{Name: "chown", Inside: true, Category: File, Params: []Param{
		res, path("path", Arg0), value("uid", Uint32, Arg1), value("gid", Uint32, Arg2),
	}},
	{Name: "lchown", Inside: true, Category: File, Params: []Param{
		res, itself(path("path", Arg0)), value("uid", Uint32, Arg1), value("gid", Uint32, Arg2),
	}},
	{Name: "fchown", Category: File, Flags: UsesFD, FD: Arg0, Params: []Param{
		res, fd("fd", Arg0), value("uid", Uint32, Arg1), value("gid", Uint32, Arg2),
	}},
	{Name: "fchownat", Inside: true, Category: File, Flags: UsesFD, FD: Arg0, Params: []Param{
		res, fd("dirfd", Arg0), pathAt("pathname", Arg1, Arg0),
		value("uid", Uint32, Arg2), value("gid", Uint32, Arg3), flags("flags", Arg4, ownerFlags),
	}},
	{Name: "fchmodat2", Inside: true, Category: Other, Flags: UsesFD, FD: Arg0, Params: beyond(
		res, fd("dirfd", Arg0), pathAt("filename", Arg1, Arg0), mode(Arg2), flags("flags", Arg3, ownerFlags),
	)},

	{Name: "mknod", Inside: true, Category: Other, Params: []Param{
		res, itself(path("path", Arg0)), nodeMode(Arg1), value("dev", Uint32, Arg2),
	}},
	{Name: "mknodat", Inside: true, Category: Other, Flags: UsesFD, FD: Arg0, Params: []Param{
		res, fd("dirfd", Arg0), itself(pathAt("path", Arg1, Arg0)), nodeMode(Arg2), value("dev", Uint32, Arg3),
	}},

	{Name: "setxattr", Category: Other, Params: beyond(
		res, path("path", Arg0), text("name", Arg1), bytes("value", Arg2, Arg3), value("size", Uint64, Arg3),
		flags("flags", Arg4, xattrFlags),
	)},
	{Name: "lsetxattr", Category: Other, Params: beyond(
		res, itself(path("path", Arg0)), text("name", Arg1), bytes("value", Arg2, Arg3), value("size", Uint64, Arg3),
		flags("flags", Arg4, xattrFlags),
	)},
	{Name: "fsetxattr", Category: Other, Flags: UsesFD, FD: Arg0, Params: beyond(
		res, fd("fd", Arg0), text("name", Arg1), bytes("value", Arg2, Arg3), value("size", Uint64, Arg3),
		flags("flags", Arg4, xattrFlags),
	)},
	{Name: "setxattrat", Category: Other, Flags: UsesFD, FD: Arg0, Params: beyond(
		res, fd("dirfd", Arg0), pathAt("path", Arg1, Arg0), flags("at_flags", Arg2, ownerFlags), text("name", Arg3),
		member(value("size", Uint32, Arg4), 8, 4), member(flags("flags", Arg4, xattrFlags), 12, 4),
	)},
	{Name: "getxattr", Category: Other, Params: beyond(res, path("path", Arg0), text("name", Arg1))},
	{Name: "lgetxattr", Category: Other, Params: beyond(res, itself(path("path", Arg0)), text("name", Arg1))},
	{Name: "fgetxattr", Category: Other, Flags: UsesFD, FD: Arg0, Params: beyond(res, fd("fd", Arg0), text("name", Arg1))},
	{Name: "getxattrat", Category: Other, Flags: UsesFD, FD: Arg0, Params: beyond(
		res, fd("dirfd", Arg0), pathAt("path", Arg1, Arg0), flags("at_flags", Arg2, ownerFlags), text("name", Arg3),
	)},
	{Name: "removexattr", Category: Other, Params: beyond(res, path("path", Arg0), text("name", Arg1))},
	{Name: "lremovexattr", Category: Other, Params: beyond(res, itself(path("path", Arg0)), text("name", Arg1))},
	{Name: "fremovexattr", Category: Other, Flags: UsesFD, FD: Arg0, Params: beyond(res, fd("fd", Arg0), text("name", Arg1))},
	{Name: "removexattrat", Category: Other, Flags: UsesFD, FD: Arg0, Params: beyond(
		res, fd("dirfd", Arg0), pathAt("path", Arg1, Arg0), flags("at_flags", Arg2, ownerFlags), text("name", Arg3),
	)},

	{Name: "truncate", Inside: true, Calls: "truncate truncate64", Category: Other, Params: beyond(
		res, path("path", Arg0), value("length", Uint64, Arg1),
	)},
	{Name: "ftruncate", Calls: "ftruncate ftruncate64", Category: Other, Flags: UsesFD, FD: Arg0, Params: beyond(
		res, fd("fd", Arg0), value("length", Uint64, Arg1),
	)},
	{Name: "utimensat", Calls: "utimensat utimensat_time64", Category: Other, Flags: UsesFD, FD: Arg0, Params: beyond(
		res, fd("dirfd", Arg0), pathAt("path", Arg1, Arg0), flags("flags", Arg3, ownerFlags),
	)},
	{Name: "readlink", Category: Other, Params: beyond(res, itself(path("path", Arg0)), out(bytes("target", Arg1, Result)))},
	{Name: "readlinkat", Category: Other, Flags: UsesFD, FD: Arg0, Params: beyond(
		res, fd("dirfd", Arg0), itself(pathAt("path", Arg1, Arg0)), out(bytes("target", Arg2, Result)),
	)},
	{Name: "faccessat", Category: Other, Flags: UsesFD, FD: Arg0, Params: beyond(
		res, fd("dirfd", Arg0), pathAt("path", Arg1, Arg0), flags("mode", Arg2, accessModes),
	)},
	{Name: "faccessat2", Category: Other, Flags: UsesFD, FD: Arg0, Params: beyond(
		res, fd("dirfd", Arg0), pathAt("path", Arg1, Arg0), flags("mode", Arg2, accessModes), flags("flags", Arg3, ownerFlags),
	)},
}

// nodeMode is the permissions and kind of a file that mknod makes.
func nodeMode(from From) Param {
	return Param{Name: "mode", Type: Mode, Base: Octal, From: from, Values: nodeModes}
}
