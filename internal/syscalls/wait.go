package syscalls

// waitRows are calls that wait, and those on time.
var waitRows = []*Row{
	{Name: "epoll_create", Category: Wait, Flags: CreatesFD, FD: Result, Params: []Param{res, value("size", Int32, Arg0)}},
	{Name: "epoll_create1", Category: Wait, Flags: CreatesFD, FD: Result, Params: []Param{
		res, flags("flags", Arg0, epollFlags),
	}},
	{Name: "epoll_wait", Category: Wait, Flags: Waits, Params: []Param{res, value("maxevents", Errno, Arg2)}},
	{Name: "poll", Category: Wait, Flags: Waits, Params: []Param{res, ready, value("timeout", Int, Arg2)}},
	{Name: "ppoll", Category: Wait, Flags: Waits, Params: []Param{
		res, ready, timespec("timeout", Arg2), member(value("sigmask", SigSet, Arg3), 0, 4),
	}},
	{Name: "select", Category: Wait, Flags: Waits, Params: []Param{res}},
	{Name: "nanosleep", Category: Sleep, Flags: Waits, Params: []Param{res, timespec("interval", Arg0)}},
	{Name: "timerfd_create", Category: Time, Flags: CreatesFD, FD: Result, Params: []Param{
		fd("res", Result), value("clockid", Uint8, Arg0), hex(value("flags", Uint8, Nowhere)),
	}},
}

// ready is the descriptors that a poll found something at.
var ready = Param{Name: "fds", Type: FDList, From: Arg0, Len: Arg1, Unit: 8, Out: true}
