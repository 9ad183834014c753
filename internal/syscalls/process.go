package syscalls

var processRows = []*Row{
	{Name: "execve", Category: Process, Effect: NewImage, Params: image(path("filename", Arg0))},
	{Name: "execveat", Category: Process, Effect: NewImage, Params: image()},
	{Name: "procexit", Kind: Meta, Category: Process, Params: []Param{
		value("status", Errno, OfProcess), value("ret", Errno, OfProcess), value("sig", SigType, OfProcess),
		value("core", Uint8, OfProcess), value("reaper_tid", PID, OfProcess),
	}},
	// Of the process that gets the signal. spid is 0 for the kernel's own.
	{Name: "signaldeliver", Kind: Meta, Category: Signal, Busy: true, Params: []Param{
		value("spid", PID, Arg0), value("dpid", PID, Arg1), value("sig", SigType, Arg2),
	}},

	{Name: "ptrace", Category: Process, Params: []Param{
		res, hex(value("addr", Dyn, Arg2)), hex(value("data", Dyn, Arg3)),
		enum("request", Enum16, Arg0, ptraceRequests), value("pid", PID, Arg1),
	}},
	{Name: "setns", Category: Process, Flags: UsesFD, Effect: ChangesProcess, FD: Arg0, Params: []Param{
		res, fd("fd", Arg0), flags("nstype", Arg1, cloneFlags),
	}},
	{Name: "unshare", Category: Process, Effect: ChangesProcess, Params: []Param{
		res, flags("flags", Arg0, cloneFlags),
	}},
	{Name: "chroot", Inside: true, Category: Process, Effect: ChangesProcess, Params: []Param{res, path("path", Arg0)}},
	{Name: "setsid", Category: Process, Effect: ChangesProcess, Params: []Param{value("res", PID, Result)}},
	{Name: "setpgid", Category: Process, Effect: ChangesEither, Params: []Param{
		res, value("pid", PID, Arg0), value("pgid", PID, Arg1),
	}},
	{Name: "capset", Category: Process, Effect: ChangesProcess, Params: []Param{
		res, hex(value("cap_inheritable", Uint64, OfProcess)), hex(value("cap_permitted", Uint64, OfProcess)),
		hex(value("cap_effective", Uint64, OfProcess)),
	}},

	{Name: "clone", Category: Process, Params: fork(flags("flags", Arg0, cloneFlags))},
	{Name: "clone3", Category: Process, Params: fork(member(flags("flags", Arg0, cloneFlags), 0, 8))},
	{Name: "fork", Category: Process, Params: fork(flags("flags", Nowhere, cloneFlags))},
	{Name: "vfork", Category: Process, Params: fork(flags("flags", Nowhere, cloneFlags))},
	// The name that it sets is told apart, for all ways of setting one.
	{Name: "prctl", Category: Process, Params: []Param{
		res, enum("option", Enum32, Arg0, prctlOptions), only(text("arg2_str", Arg1), Arg0, prSetName),
		value("arg2_int", Int64, Arg1),
	}},
	{Name: "personality", Category: Other, Params: beyond(value("res", Int64, Result), flags("persona", Arg0, personalities))},
	{Name: "seccomp", Category: Other, Params: []Param{res, value("op", Uint64, Arg0), hex(value("flags", Uint64, Arg1))}},

	{Name: "getrlimit", Calls: "getrlimit ugetrlimit", Category: Process, Params: []Param{
		res, out(long(value("cur", Int64, Arg1), 0)), out(long(value("max", Int64, Arg1), 1)),
		enum("resource", Enum8, Arg0, limits),
	}},
	{Name: "setrlimit", Category: Process, Params: []Param{
		res, long(value("cur", Int64, Arg1), 0), long(value("max", Int64, Arg1), 1), enum("resource", Enum8, Arg0, limits),
	}},
	{Name: "prlimit", Calls: "prlimit64", Category: Process, Params: []Param{
		res, member(value("newcur", Int64, Arg2), 0, 8), member(value("newmax", Int64, Arg2), 8, 8),
		out(member(value("oldcur", Int64, Arg3), 0, 8)), out(member(value("oldmax", Int64, Arg3), 8, 8)),
		value("pid", Int, Arg0), enum("resource", Enum8, Arg1, limits),
	}},

	{Name: "pidfd_open", Category: Process, Flags: CreatesFD, FD: Result, Params: []Param{
		fd("fd", Result), value("pid", PID, Arg0), flags("flags", Arg1, pidfdFlags),
	}},
	{Name: "pidfd_getfd", Category: Process, Flags: CreatesFD, FD: Result, Params: []Param{
		fd("fd", Result), fd("pid_fd", Arg0), value("target_fd", OtherFD, Arg1), hex(value("flags", Uint32, Arg2)),
	}},
	{Name: "pidfd_send_signal", Category: Other, Flags: UsesFD, FD: Arg0, Params: beyond(
		res, fd("fd", Arg0), value("sig", SigType, Arg1), hex(value("flags", Uint32, Arg3)),
	)},
	{Name: "process_vm_readv", Category: IPC, Params: []Param{
		value("res", Int64, Result), value("pid", PID, Arg0), out(vector),
	}},
	{Name: "process_vm_writev", Category: IPC, Params: []Param{
		value("res", Int64, Result), value("pid", PID, Arg0), vector,
	}},
	{Name: "process_madvise", Category: Other, Flags: UsesFD, FD: Arg0, Params: beyond(
		value("res", Int64, Result), fd("pid_fd", Arg0), value("advice", Int32, Arg3),
	)},
}
