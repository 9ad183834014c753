package syscalls

var netRows = []*Row{
	{Name: "socket", Category: Net, Flags: CreatesFD, FD: Result, Params: []Param{
		fd("fd", Result), enum("domain", Enum32, Arg0, families), value("type", Uint32, Arg1),
		value("proto", Uint32, Arg2), flags("flags", Arg1, descriptorFlags),
	}},
	{Name: "connect", Category: Net, Flags: UsesFD, FD: Arg0, Params: []Param{
		res, tuple, fd("fd", Arg0), {Name: "addr", Type: SockAddr, From: Arg1, Len: Arg2},
	}},
	{Name: "listen", Category: Net, Flags: UsesFD, FD: Arg0, Params: []Param{
		res, fd("fd", Arg0), value("backlog", Int32, Arg1),
	}},
	{Name: "accept", Category: Net, Flags: CreatesFD, FD: Result, Params: []Param{
		fd("fd", Result), tuple,
		value("queuepct", Uint8, Nowhere), value("queuelen", Uint32, Nowhere), value("queuemax", Uint32, Nowhere),
	}},
	{Name: "accept4", Category: Net, Flags: CreatesFD, FD: Result, Params: []Param{
		fd("fd", Result), tuple,
		value("queuepct", Uint8, Nowhere), value("queuelen", Uint32, Nowhere), value("queuemax", Uint32, Nowhere),
		hex(value("flags", Int32, Arg3)),
	}},

	{Name: "sendto", Category: IOWrite, Flags: UsesFD | WritesFD, FD: Arg0, Params: []Param{
		res, data(Arg1, Arg2), fd("fd", Arg0), value("size", Uint32, Arg2), peer(Arg4, Arg5),
	}},
	{Name: "sendmsg", Category: IOWrite, Flags: UsesFD | WritesFD, FD: Arg0, Params: []Param{
		res, message(Arg1), fd("fd", Arg0), value("size", Uint32, Result), tuple,
	}},
	{Name: "recvfrom", Category: IORead, Flags: UsesFD | ReadsFD, FD: Arg0, Params: []Param{
		res, data(Arg1, Result), peer(Arg4, Nowhere), fd("fd", Arg0), value("size", Uint32, Arg2),
	}},
	{Name: "recvmsg", Category: IORead, Flags: UsesFD | ReadsFD, FD: Arg0, Params: []Param{
		res, value("size", Uint32, Result), message(Arg1), tuple, value("msgcontrol", ByteBuf, Nowhere),
		fd("fd", Arg0),
	}},
}
