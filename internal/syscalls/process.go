package syscalls

var processRows = []*Row{
	{Name: "execve", Category: Process, Effect: NewImage, Params: image(path("filename", Arg0))},
	{Name: "execveat", Category: Process, Effect: NewImage, Params: image()},
	{Name: "procexit", Kind: Meta, Category: Process, Params: []Param{
		value("status", Errno, OfProcess), value("ret", Errno, OfProcess), value("sig", SigType, OfProcess),
		value("core", Uint8, OfProcess), value("reaper_tid", PID, OfProcess),
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
	{Name: "chroot", Category: Process, Effect: ChangesProcess, Params: []Param{res, path("path", Arg0)}},
	{Name: "pivot_root", Category: Other, Effect: ChangesProcess, Params: generic()},
	{Name: "setsid", Category: Process, Effect: ChangesProcess, Params: []Param{value("res", PID, Result)}},
	{Name: "setpgid", Category: Process, Effect: ChangesProcess, Params: []Param{
		res, value("pid", PID, Arg0), value("pgid", PID, Arg1),
	}},
	{Name: "capset", Category: Process, Effect: ChangesProcess, Params: []Param{
		res, hex(value("cap_inheritable", Uint64, OfProcess)), hex(value("cap_permitted", Uint64, OfProcess)),
		hex(value("cap_effective", Uint64, OfProcess)),
	}},

	{Name: "setuid", Category: User, Effect: ChangesProcess, Params: []Param{res, value("uid", UID, Arg0)}},
	{Name: "setgid", Category: User, Effect: ChangesProcess, Params: []Param{res, value("gid", GID, Arg0)}},
	{Name: "setreuid", Category: User, Effect: ChangesProcess, Params: []Param{
		res, value("ruid", UID, Arg0), value("euid", UID, Arg1),
	}},
	// Falco types the groups of setregid as users; rules and outputs see that.
	{Name: "setregid", Category: User, Effect: ChangesProcess, Params: []Param{
		res, value("rgid", UID, Arg0), value("egid", UID, Arg1),
	}},
	{Name: "setresuid", Category: User, Effect: ChangesProcess, Params: []Param{
		res, value("ruid", UID, Arg0), value("euid", UID, Arg1), value("suid", UID, Arg2),
	}},
	{Name: "setresgid", Category: User, Effect: ChangesProcess, Params: []Param{
		res, value("rgid", GID, Arg0), value("egid", GID, Arg1), value("sgid", GID, Arg2),
	}},
	{Name: "setfsuid", Category: Other, Effect: ChangesProcess, Params: generic()},
	{Name: "setfsgid", Category: Other, Effect: ChangesProcess, Params: generic()},
	{Name: "setgroups", Category: Other, Effect: ChangesProcess, Params: generic()},

	{Name: "bpf", Category: Other, Flags: CreatesFD, FD: Result, Params: []Param{
		fd("fd", Result), enum("cmd", Enum32, Arg0, bpfCommands),
	}},
	{Name: "init_module", Category: Other, Params: []Param{
		res, {Name: "img", Type: ByteBuf, From: Arg0, Len: Arg1}, value("length", Uint64, Arg1), text("uargs", Arg2),
	}},
	{Name: "finit_module", Category: Other, Flags: UsesFD | ReadsFD, FD: Arg0, Params: []Param{
		res, fd("fd", Arg0), text("uargs", Arg1), flags("flags", Arg2, moduleFlags),
	}},
}
