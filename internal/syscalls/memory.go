package syscalls

// memoryRows are calls on the memory of a process.
var memoryRows = []*Row{
	{Name: "brk", Category: Memory, Params: []Param{
		hex(value("res", Uint64, Result)), vmSize, vmRSS, vmSwap, hex(value("addr", Uint64, Arg0)),
	}},
	{Name: "mmap", Category: Memory, Flags: UsesFD, FD: Arg4, Params: []Param{
		hex(res), vmSize, vmRSS, vmSwap, hex(value("addr", Uint64, Arg0)), value("length", Uint64, Arg1),
		flags("prot", Arg2, protections), flags("flags", Arg3, mapFlags), fd("fd", Arg4), value("offset", Uint64, Arg5),
	}},
	{Name: "mmap2", Category: Memory, Flags: UsesFD, FD: Arg4, Params: []Param{
		hex(res), vmSize, vmRSS, vmSwap, hex(value("addr", Uint64, Arg0)), value("length", Uint64, Arg1),
		flags("prot", Arg2, protections), flags("flags", Arg3, mapFlags), fd("fd", Arg4), value("pgoffset", Uint64, Arg5),
	}},
	{Name: "munmap", Category: Memory, Params: []Param{
		res, vmSize, vmRSS, vmSwap, hex(value("addr", Uint64, Arg0)), value("length", Uint64, Arg1),
	}},
	{Name: "mprotect", Category: Memory, Params: []Param{
		res, hex(value("addr", Uint64, Arg0)), value("length", Uint64, Arg1), flags("prot", Arg2, protections),
	}},
	{Name: "pkey_mprotect", Category: Other, Params: beyond(
		res, hex(value("addr", Uint64, Arg0)), value("length", Uint64, Arg1), flags("prot", Arg2, protections),
		value("pkey", Int32, Arg3),
	)},
	{Name: "mseal", Category: Other, Params: beyond(
		res, hex(value("addr", Uint64, Arg0)), value("length", Uint64, Arg1), hex(value("flags", Uint64, Arg2)),
	)},
	{Name: "mremap", Category: Other, Params: beyond(
		hex(res), hex(value("addr", Uint64, Arg0)), value("old_length", Uint64, Arg1), value("length", Uint64, Arg2),
		hex(value("flags", Uint32, Arg3)), hex(value("new_addr", Uint64, Arg4)),
	)},

	{Name: "mlock", Category: Memory, Params: []Param{res, hex(value("addr", Uint64, Arg0)), value("len", Uint64, Arg1)}},
	{Name: "munlock", Category: Memory, Params: []Param{res, hex(value("addr", Uint64, Arg0)), value("len", Uint64, Arg1)}},
	{Name: "mlockall", Category: Memory, Params: []Param{res, flags("flags", Arg0, lockAllFlags)}},
	{Name: "munlockall", Category: Memory, Params: []Param{res}},
	{Name: "mlock2", Category: Memory, Params: []Param{
		res, hex(value("addr", Uint64, Arg0)), value("len", Uint64, Arg1), flags("flags", Arg2, lockFlags),
	}},

	{Name: "memfd_create", Category: Memory, Flags: CreatesFD, FD: Result, Params: []Param{
		fd("fd", Result), text("name", Arg0), flags("flags", Arg1, memfdFlags),
	}},
	{Name: "memfd_secret", Category: Other, Flags: CreatesFD, FD: Result, Params: beyond(
		fd("fd", Result), flags("flags", Arg0, secretFlags),
	)},
	{Name: "userfaultfd", Category: File, Flags: CreatesFD, FD: Result, Params: []Param{
		res, flags("flags", Arg0, openFlags),
	}},
}
