package syscalls

// mountRows are calls on mounts, old and new.
var mountRows = []*Row{
	{Name: "mount", Inside: true, Category: File, Params: []Param{
		res, text("dev", Arg0), path("dir", Arg1), text("type", Arg2), flags("flags", Arg3, mountFlags),
	}},
	{Name: "umount", Inside: true, Category: File, Params: []Param{res, path("name", Arg0)}},
	{Name: "umount2", Inside: true, Category: File, Params: []Param{res, path("name", Arg0), flags("flags", Arg1, unmountFlags)}},
	{Name: "pivot_root", Inside: true, Category: Other, Effect: ChangesProcess, Params: beyond(
		res, path("new_root", Arg0), path("put_old", Arg1),
	)},

	{Name: "fsopen", Category: Other, Flags: CreatesFD, FD: Result, Params: beyond(
		fd("fd", Result), text("fsname", Arg0), flags("flags", Arg1, fsopenFlags),
	)},
	{Name: "fspick", Category: Other, Flags: CreatesFD, FD: Result, Params: beyond(
		fd("fd", Result), fd("dirfd", Arg0), pathAt("path", Arg1, Arg0), hex(value("flags", Uint32, Arg2)),
	)},
	{Name: "fsconfig", Category: System, Flags: UsesFD, FD: Arg0, Params: []Param{
		res, fd("fd", Arg0), enum("cmd", Enum32, Arg1, fsconfigCommands), text("key", Arg2),
		only(bytes("value_bytebuf", Arg3, Arg4), Arg1, fsconfigBinary),
		only(text("value_charbuf", Arg3), Arg1, fsconfigString, fsconfigPath, fsconfigPathEmpty), value("aux", Int32, Arg4),
	}},
	{Name: "fsmount", Category: Other, Flags: CreatesFD, FD: Result, Params: beyond(
		fd("fd", Result), fd("fs_fd", Arg0), flags("flags", Arg1, fsmountFlags), flags("attr_flags", Arg2, mountAttributes),
	)},
	{Name: "move_mount", Inside: true, Category: Other, Flags: UsesFD, FD: Arg0, Params: beyond(
		res, fd("from_dfd", Arg0), pathAt("from_path", Arg1, Arg0), fd("to_dfd", Arg2), pathAt("to_path", Arg3, Arg2),
		flags("flags", Arg4, moveMountFlags),
	)},
	{Name: "open_tree", Category: Other, Flags: CreatesFD, FD: Result, Params: beyond(
		fd("fd", Result), fd("dirfd", Arg0), pathAt("path", Arg1, Arg0), flags("flags", Arg2, openTreeFlags),
	)},
	{Name: "open_tree_attr", Category: Other, Flags: CreatesFD, FD: Result, Params: beyond(
		fd("fd", Result), fd("dirfd", Arg0), pathAt("path", Arg1, Arg0), flags("flags", Arg2, openTreeFlags),
		member(flags("attr_set", Arg3, mountAttributes), 0, 8), member(flags("attr_clr", Arg3, mountAttributes), 8, 8),
	)},
	{Name: "mount_setattr", Category: Other, Flags: UsesFD, FD: Arg0, Params: beyond(
		res, fd("dirfd", Arg0), pathAt("path", Arg1, Arg0), flags("flags", Arg2, openTreeFlags),
		member(flags("attr_set", Arg3, mountAttributes), 0, 8), member(flags("attr_clr", Arg3, mountAttributes), 8, 8),
		member(flags("propagation", Arg3, mountFlags), 16, 8),
	)},
}
