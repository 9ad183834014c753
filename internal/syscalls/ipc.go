package syscalls

// ipcRows are calls by which processes talk: pipes, events, signals, semaphores.
var ipcRows = []*Row{
	{Name: "pipe", Category: IPC, Flags: CreatesFD, FD: Arg0, FDOffset: 4, FDSize: 4, Params: []Param{
		res, descriptor("fd1", Arg0, 0), descriptor("fd2", Arg0, 4), ino,
	}},
	{Name: "pipe2", Category: IPC, Flags: CreatesFD, FD: Arg0, FDOffset: 4, FDSize: 4, Params: []Param{
		res, descriptor("fd1", Arg0, 0), descriptor("fd2", Arg0, 4), ino, flags("flags", Arg1, pipeFlags),
	}},
	{Name: "eventfd", Category: IPC, Flags: CreatesFD, FD: Result, Params: []Param{
		fd("res", Result), value("initval", Uint64, Arg0), hex(value("flags", Uint32, Nowhere)),
	}},
	{Name: "eventfd2", Category: IPC, Flags: CreatesFD, FD: Result, Params: []Param{
		fd("res", Result), flagsOf(Flags16, "flags", Arg1, descriptorFlags), value("initval", Uint64, Arg0),
	}},
	{Name: "inotify_init", Category: IPC, Flags: CreatesFD, FD: Result, Params: []Param{
		fd("res", Result), hex(value("flags", Uint8, Nowhere)),
	}},
	{Name: "inotify_init1", Category: IPC, Flags: CreatesFD, FD: Result, Params: []Param{
		fd("res", Result), flagsOf(Flags16, "flags", Arg0, descriptorFlags),
	}},
	{Name: "futex", Calls: "futex futex_time64", Category: IPC, Params: []Param{
		res, hex(value("addr", Uint64, Arg0)), flagsOf(Flags16, "op", Arg1, futexOperations), value("val", Uint, Arg2),
	}},

	{Name: "kill", Category: Signal, Params: []Param{res, value("pid", PID, Arg0), value("sig", SigType, Arg1)}},
	{Name: "tkill", Category: Signal, Params: []Param{res, value("tid", PID, Arg0), value("sig", SigType, Arg1)}},
	{Name: "tgkill", Category: Signal, Params: []Param{
		res, value("pid", PID, Arg0), value("tid", PID, Arg1), value("sig", SigType, Arg2),
	}},
	{Name: "signalfd", Category: Signal, Flags: CreatesFD, FD: Result, Params: []Param{
		fd("res", Result), fd("fd", Arg0), hex(member(value("mask", Uint32, Arg1), 0, 4)), hex(value("flags", Uint8, Nowhere)),
	}},
	{Name: "signalfd4", Category: Signal, Flags: CreatesFD, FD: Result, Params: []Param{
		fd("res", Result), flagsOf(Flags16, "flags", Arg3, descriptorFlags), fd("fd", Arg0),
		hex(member(value("mask", Uint32, Arg1), 0, 4)),
	}},

	{Name: "semget", Category: Process, Params: []Param{
		res, hex(value("key", Int32, Arg0)), value("nsems", Int32, Arg1), flags("semflg", Arg2, semgetFlags),
	}},
	{Name: "semop", Category: Process, Params: []Param{
		res, value("nsops", Uint32, Arg2),
		operation(value("sem_num_0", Uint16, Arg1), 0), operation(value("sem_op_0", Int16, Arg1), 2),
		operation(flagsOf(Flags16, "sem_flg_0", Arg1, semaphoreFlags), 4),
		operation(value("sem_num_1", Uint16, Arg1), 6), operation(value("sem_op_1", Int16, Arg1), 8),
		operation(flagsOf(Flags16, "sem_flg_1", Arg1, semaphoreFlags), 10),
		value("semid", Int32, Arg0),
	}},
	{Name: "semctl", Category: Process, Params: []Param{
		res, value("semid", Int32, Arg0), value("semnum", Int32, Arg1), flagsOf(Flags16, "cmd", Arg2, semctlCommands),
		value("val", Int32, Arg3),
	}},
	{Name: "mq_open", Category: Other, Flags: CreatesFD, FD: Result, Params: beyond(
		fd("fd", Result), text("name", Arg0), flags("flags", Arg1, openFlags), openMode(Arg2),
	)},
	{Name: "mq_unlink", Category: Other, Params: beyond(res, text("name", Arg0))},
}

// operation is a member of semop's operations; the call says how many there are.
func operation(p Param, offset uint8) Param { return each(member(p, offset, 2), Arg2, 6) }
