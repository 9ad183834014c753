package syscalls

var fileRows = []*Row{
	{Name: "open", Category: File, Flags: CreatesFD, FD: Result, Params: []Param{
		fd("fd", Result), path("name", Arg0), flags("flags", Arg1, openFlags), openMode(Arg2), dev, ino,
	}},
	{Name: "openat", Category: File, Flags: CreatesFD, FD: Result, Params: []Param{
		fd("fd", Result), fd("dirfd", Arg0), pathAt("name", Arg1, Arg0),
		flags("flags", Arg2, openFlags), openMode(Arg3), dev, ino,
	}},
	{Name: "openat2", Category: File, Flags: CreatesFD, FD: Result, Params: []Param{
		fd("fd", Result), fd("dirfd", Arg0), pathAt("name", Arg1, Arg0),
		member(flags("flags", Arg2, openFlags), 0, 8), member(openMode(Arg2), 8, 8),
		member(flags("resolve", Arg2, resolveFlags), 16, 8), dev, ino,
	}},
	{Name: "creat", Category: File, Flags: CreatesFD, FD: Result, Params: []Param{
		fd("fd", Result), path("name", Arg0), octal(value("mode", Uint32, Arg1)), dev, ino,
		{Name: "creat_flags", Type: Flags16, Base: Hex, From: OfFile, Values: layerFlags},
	}},

	// The path is that of what was opened: the call itself is given none.
	{Name: "open_by_handle_at", Category: File, Flags: CreatesFD, FD: Result, Params: []Param{
		fd("fd", Result), fd("mountfd", Arg0), flags("flags", Arg2, openFlags), value("path", FSPath, OfFile), dev, ino,
	}},
	{Name: "name_to_handle_at", Category: Other, Flags: UsesFD, FD: Arg0, Params: beyond(
		res, fd("dirfd", Arg0), pathAt("path", Arg1, Arg0), flags("flags", Arg4, handleFlags),
	)},

	{Name: "mkdir", Inside: true, Category: File, Params: []Param{
		res, itself(path("path", Arg0)), hex(value("mode", Uint32, Arg1)),
	}},
	{Name: "mkdirat", Inside: true, Category: File, Flags: UsesFD, FD: Arg0, Params: []Param{
		res, fd("dirfd", Arg0), itself(pathAt("path", Arg1, Arg0)), hex(value("mode", Uint32, Arg2)),
	}},
	{Name: "rmdir", Inside: true, Category: File, Params: []Param{res, itself(path("path", Arg0))}},
	{Name: "unlink", Inside: true, Category: File, Params: []Param{res, itself(path("path", Arg0))}},
	{Name: "unlinkat", Inside: true, Category: File, Flags: UsesFD, FD: Arg0, Params: []Param{
		res, fd("dirfd", Arg0), itself(pathAt("name", Arg1, Arg0)), flags("flags", Arg2, unlinkFlags),
	}},

	{Name: "link", Inside: true, Category: File, Params: []Param{res, itself(path("oldpath", Arg0)), itself(path("newpath", Arg1))}},
	{Name: "linkat", Inside: true, Category: File, Params: []Param{
		res, fd("olddir", Arg0), pathAt("oldpath", Arg1, Arg0), fd("newdir", Arg2), itself(pathAt("newpath", Arg3, Arg2)),
		flags("flags", Arg4, linkFlags),
	}},
	{Name: "symlink", Inside: true, Category: File, Params: []Param{res, text("target", Arg0), itself(path("linkpath", Arg1))}},
	{Name: "symlinkat", Inside: true, Category: File, Flags: UsesFD, FD: Arg1, Params: []Param{
		res, text("target", Arg0), fd("linkdirfd", Arg1), itself(pathAt("linkpath", Arg2, Arg1)),
	}},

	{Name: "rename", Inside: true, Category: File, Params: []Param{res, itself(path("oldpath", Arg0)), itself(path("newpath", Arg1))}},
	{Name: "renameat", Inside: true, Category: File, Params: []Param{
		res, fd("olddirfd", Arg0), itself(pathAt("oldpath", Arg1, Arg0)),
		fd("newdirfd", Arg2), itself(pathAt("newpath", Arg3, Arg2)),
	}},
	{Name: "renameat2", Inside: true, Category: File, Params: []Param{
		res, fd("olddirfd", Arg0), itself(pathAt("oldpath", Arg1, Arg0)),
		fd("newdirfd", Arg2), itself(pathAt("newpath", Arg3, Arg2)), flags("flags", Arg4, renameFlags),
	}},

	{Name: "chmod", Inside: true, Category: File, Params: []Param{
		res, path("filename", Arg0), mode(Arg1),
	}},
	{Name: "fchmod", Category: File, Flags: UsesFD, FD: Arg0, Params: []Param{
		res, fd("fd", Arg0), mode(Arg1),
	}},
	{Name: "fchmodat", Inside: true, Category: File, Flags: UsesFD, FD: Arg0, Params: []Param{
		res, fd("dirfd", Arg0), pathAt("filename", Arg1, Arg0), mode(Arg2),
	}},

	{Name: "chdir", Category: File, Effect: ChangesProcess, Params: []Param{res, text("path", Arg0)}},
	{Name: "fchdir", Category: File, Flags: UsesFD, Effect: ChangesProcess, FD: Arg0, Params: []Param{
		res, fd("fd", Arg0),
	}},

	{Name: "dup", Category: IOOther, Flags: CreatesFD | UsesFD, FD: Result, Params: []Param{
		fd("res", Result), fd("oldfd", Arg0),
	}},
	{Name: "dup2", Category: IOOther, Flags: CreatesFD | UsesFD, FD: Result, Params: []Param{
		fd("res", Result), fd("oldfd", Arg0), fd("newfd", Arg1),
	}},
	{Name: "dup3", Category: IOOther, Flags: CreatesFD | UsesFD, FD: Result, Params: []Param{
		fd("res", Result), fd("oldfd", Arg0), fd("newfd", Arg1), flags("flags", Arg2, descriptorFlags),
	}},
}
