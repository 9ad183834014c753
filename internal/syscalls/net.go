package syscalls

var netRows = []*Row{
	{Name: "socket", Category: Net, Flags: CreatesFD, FD: Result, Params: []Param{
		fd("fd", Result), enum("domain", Enum32, Arg0, families), value("type", Uint32, Arg1),
		value("proto", Uint32, Arg2), flags("flags", Arg1, descriptorFlags),
	}},
	{Name: "connect", Category: Net, Flags: UsesFD, FD: Arg0, Params: []Param{
		res, tuple, fd("fd", Arg0), {Name: "addr", Type: SockAddr, From: Arg1, Len: Arg2},
	}},
	{Name: "bind", Category: Net, Flags: UsesFD, FD: Arg0, Params: []Param{
		res, {Name: "addr", Type: SockAddr, From: Arg1, Len: Arg2}, fd("fd", Arg0),
	}},
	{Name: "listen", Category: Net, Flags: UsesFD, FD: Arg0, Params: []Param{
		res, fd("fd", Arg0), value("backlog", Int32, Arg1),
	}},
	// The queue is the listening socket's, which an accept doesn't capture: it
	// would cost each of them a second socket, for what is past by then.
	{Name: "accept", Category: Net, Flags: CreatesFD, FD: Result, Params: []Param{
		fd("fd", Result), tuple,
		value("queuepct", Uint8, Nowhere), value("queuelen", Uint32, Nowhere), value("queuemax", Uint32, Nowhere),
	}},
	{Name: "accept4", Category: Net, Flags: CreatesFD, FD: Result, Params: []Param{
		fd("fd", Result), tuple,
		value("queuepct", Uint8, Nowhere), value("queuelen", Uint32, Nowhere), value("queuemax", Uint32, Nowhere),
		hex(value("flags", Int32, Arg3)),
	}},

	{Name: "socketpair", Category: IPC, Flags: CreatesFD, FD: Arg3, FDOffset: 4, FDSize: 4, Params: []Param{
		res, descriptor("fd1", Arg3, 0), descriptor("fd2", Arg3, 4),
		// Addresses of the kernel's own objects, which nobody should know.
		hex(value("source", Uint64, Nowhere)), hex(value("peer", Uint64, Nowhere)),
		enum("domain", Enum32, Arg0, families), value("type", Uint32, Arg1), value("proto", Uint32, Arg2),
	}},
	{Name: "shutdown", Category: Net, Flags: UsesFD, FD: Arg0, Params: []Param{
		res, fd("fd", Arg0), hex(enum("how", Enum8, Arg1, shutdowns)),
	}},
	{Name: "getsockname", Category: Net},
	{Name: "getpeername", Category: Net},
	{Name: "setsockopt", Category: Net, Flags: UsesFD, FD: Arg0, Params: []Param{
		res, fd("fd", Arg0), enum("level", Enum8, Arg1, socketLevels),
		only(enum("optname", Enum8, Arg2, socketOptions), Arg1, solSocket),
		each(member(value("val", Dyn, Arg3), 0, 4), Arg4, 1), value("optlen", Uint32, Arg4),
	}},
	{Name: "getsockopt", Category: Net, Flags: UsesFD, FD: Arg0, Params: []Param{
		res, fd("fd", Arg0), enum("level", Enum8, Arg1, socketLevels),
		only(enum("optname", Enum8, Arg2, socketOptions), Arg1, solSocket),
		out(member(value("val", Dyn, Arg3), 0, 4)), out(member(value("optlen", Uint32, Arg4), 0, 4)),
	}},

	{Name: "send", Category: IOWrite, Flags: UsesFD | WritesFD, FD: Arg0, Busy: true, Params: []Param{
		res, data(Arg2), fd("fd", Arg0), value("size", Uint32, Arg2), tuple,
	}},
	{Name: "recv", Category: IORead, Flags: UsesFD | ReadsFD, FD: Arg0, Busy: true, Params: []Param{
		res, data(Result), fd("fd", Arg0), value("size", Uint32, Arg2), tuple,
	}},
	{Name: "sendto", Category: IOWrite, Flags: UsesFD | WritesFD, FD: Arg0, Params: []Param{
		res, data(Arg2), fd("fd", Arg0), value("size", Uint32, Arg2), peer(Arg4, Arg5),
	}},
	{Name: "sendmsg", Category: IOWrite, Flags: UsesFD | WritesFD, FD: Arg0, Params: []Param{
		res, message(Arg1), fd("fd", Arg0), value("size", Uint32, Result), tuple,
	}},
	{Name: "recvfrom", Category: IORead, Flags: UsesFD | ReadsFD, FD: Arg0, Params: []Param{
		res, data(Result), peer(Arg4, Nowhere), fd("fd", Arg0), value("size", Uint32, Arg2),
	}},
	{Name: "recvmsg", Category: IORead, Flags: UsesFD | ReadsFD, FD: Arg0, Params: []Param{
		res, value("size", Uint32, Result), message(Arg1), tuple, value("msgcontrol", ByteBuf, Nowhere),
		fd("fd", Arg0),
	}},
	// Of several messages the first is told; the result is how many there were.
	{Name: "sendmmsg", Category: IOWrite, Flags: UsesFD | WritesFD, FD: Arg0, Params: []Param{
		res, fd("fd", Arg0), messageSize, messages(Arg1), tuple,
	}},
	{Name: "recvmmsg", Calls: "recvmmsg recvmmsg_time64", Category: IORead, Flags: UsesFD | ReadsFD, FD: Arg0, Params: []Param{
		res, fd("fd", Arg0), messageSize, messages(Arg1), tuple, value("msgcontrol", ByteBuf, Nowhere),
	}},
}

const solSocket = 1

// messageSize is how much of a message was sent or received: msg_len, behind
// the seven longs of the message's header.
var messageSize = Param{Name: "size", Type: Uint32, From: Arg1, Offset: 56, Size: 4, Longs: true, Out: true}
