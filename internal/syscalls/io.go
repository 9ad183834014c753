package syscalls

// ioRows are calls that move data, and others on open descriptors.
var ioRows = []*Row{
	// The file is no longer there when the call ends, and another thread may
	// have got the number: of the descriptor only that is told.
	{Name: "close", Category: IOOther, Flags: DestroysFD | UsesFD, FD: Arg0, Params: []Param{res, fd("fd", Arg0)}},
	{Name: "close_range", Category: IOOther, Params: []Param{
		res, value("first", Uint32, Arg0), value("last", Uint32, Arg1), flags("flags", Arg2, closeRangeFlags),
	}},

	{Name: "read", Category: IORead, Flags: UsesFD | ReadsFD, FD: Arg0, Busy: true, Params: []Param{
		res, data(Result), fd("fd", Arg0), value("size", Uint32, Arg2),
	}},
	{Name: "write", Category: IOWrite, Flags: UsesFD | WritesFD, FD: Arg0, Busy: true, Params: []Param{
		res, data(Arg2), fd("fd", Arg0), value("size", Uint32, Arg2),
	}},
	{Name: "pread", Calls: "pread64", Category: IORead, Flags: UsesFD | ReadsFD, FD: Arg0, Busy: true, Params: []Param{
		res, data(Result), fd("fd", Arg0), value("size", Uint32, Arg2), value("pos", Wide, Arg3),
	}},
	{Name: "pwrite", Calls: "pwrite64", Category: IOWrite, Flags: UsesFD | WritesFD, FD: Arg0, Busy: true, Params: []Param{
		res, data(Arg2), fd("fd", Arg0), value("size", Uint32, Arg2), value("pos", Wide, Arg3),
	}},
	{Name: "readv", Category: IORead, Flags: UsesFD | ReadsFD, FD: Arg0, Busy: true, Params: []Param{
		res, value("size", Uint32, Result), out(vector), fd("fd", Arg0),
	}},
	{Name: "writev", Category: IOWrite, Flags: UsesFD | WritesFD, FD: Arg0, Busy: true, Params: []Param{
		res, vector, fd("fd", Arg0), value("size", Uint32, Result),
	}},
	{Name: "preadv", Category: IORead, Flags: UsesFD | ReadsFD, FD: Arg0, Busy: true, Params: []Param{
		res, value("size", Uint32, Result), out(vector), fd("fd", Arg0), value("pos", Wide, Arg3),
	}},
	{Name: "pwritev", Category: IOWrite, Flags: UsesFD | WritesFD, FD: Arg0, Busy: true, Params: []Param{
		res, vector, fd("fd", Arg0), value("size", Uint32, Result), value("pos", Wide, Arg3),
	}},
	{Name: "preadv2", Category: Other, Flags: UsesFD | ReadsFD, FD: Arg0, Busy: true, Params: beyond(
		res, out(vector), fd("fd", Arg0), value("pos", Wide, Arg3), hex(value("flags", Uint32, Arg5)),
	)},
	{Name: "pwritev2", Category: Other, Flags: UsesFD | WritesFD, FD: Arg0, Busy: true, Params: beyond(
		res, vector, fd("fd", Arg0), value("pos", Wide, Arg3), hex(value("flags", Uint32, Arg5)),
	)},

	{Name: "sendfile", Calls: "sendfile sendfile64", Category: IOWrite, Flags: UsesFD, FD: Arg0, Busy: true, Params: []Param{
		res, member(value("offset", Uint64, Arg2), 0, 8), fd("out_fd", Arg0), fd("in_fd", Arg1), value("size", Uint64, Result),
	}},
	{Name: "splice", Category: IOOther, Flags: UsesFD, FD: Arg0, Params: []Param{
		res, fd("fd_in", Arg0), fd("fd_out", Arg2), value("size", Uint64, Arg4), flags("flags", Arg5, spliceFlags),
	}},
	{Name: "copy_file_range", Category: File, Flags: UsesFD | ReadsFD | WritesFD, FD: Arg0, Params: []Param{
		res, fd("fdout", Arg2), member(value("offout", Uint64, Arg3), 0, 8),
		fd("fdin", Arg0), member(value("offin", Uint64, Arg1), 0, 8), value("len", Uint64, Arg4),
	}},

	{Name: "lseek", Category: File, Flags: UsesFD, FD: Arg0, Params: []Param{
		res, fd("fd", Arg0), value("offset", Uint64, Arg1), enum("whence", Enum8, Arg2, whences),
	}},
	// Only 32-bit programs have it, with the offset's upper half in front.
	{Name: "llseek", Calls: "_llseek", Category: File, Flags: UsesFD, FD: Arg0, Params: []Param{
		res, fd("fd", Arg0), value("offset", WideHigh, Arg1), enum("whence", Enum8, Arg4, whences),
	}},
	{Name: "ioctl", Category: IOOther, Flags: UsesFD, FD: Arg0, Params: []Param{
		res, fd("fd", Arg0), hex(value("request", Uint64, Arg1)), hex(value("argument", Uint64, Arg2)),
	}},
	{Name: "fcntl", Calls: "fcntl fcntl64", Category: IOOther, Flags: UsesFD, FD: Arg0, Params: []Param{
		value("res", OtherFD, Result), fd("fd", Arg0), enum("cmd", Enum8, Arg1, fcntlCommands),
		hex(value("arg", Uint64, Arg2)),
	}},
	{Name: "flock", Category: File, Flags: UsesFD, FD: Arg0, Params: []Param{
		res, fd("fd", Arg0), flags("operation", Arg1, lockOperations),
	}},
	{Name: "fallocate", Category: Other, Flags: UsesFD, FD: Arg0, Params: beyond(
		res, fd("fd", Arg0), hex(value("mode", Uint32, Arg1)), value("offset", Uint64, Arg2), value("len", Uint64, Arg3),
	)},
}
