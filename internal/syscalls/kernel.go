package syscalls

// kernelRows are calls on the kernel itself: its modules, programs, keys,
// rings, restrictions and the next kernel.
var kernelRows = []*Row{
	{Name: "bpf", Category: Other, Flags: CreatesFD, FD: Result, Params: []Param{
		fd("fd", Result), enum("cmd", Enum32, Arg0, bpfCommands),
	}},
	{Name: "init_module", Category: Other, Params: []Param{
		res, {Name: "img", Type: ByteBuf, From: Arg0, Len: Arg1}, value("length", Uint64, Arg1), text("uargs", Arg2),
	}},
	{Name: "finit_module", Category: Other, Flags: UsesFD | ReadsFD, FD: Arg0, Params: []Param{
		res, fd("fd", Arg0), text("uargs", Arg1), flags("flags", Arg2, moduleFlags),
	}},
	{Name: "delete_module", Category: Other, Params: []Param{
		res, text("name", Arg0), flags("flags", Arg1, deleteModuleFlags),
	}},
	{Name: "kexec_load", Category: Other, Params: beyond(
		res, hex(value("entry", Uint64, Arg0)), value("nr_segments", Uint64, Arg1), flags("flags", Arg3, kexecFlags),
	)},
	{Name: "kexec_file_load", Category: Other, Flags: UsesFD, FD: Arg0, Params: beyond(
		res, fd("kernel_fd", Arg0), fd("initrd_fd", Arg1), bytes("cmdline", Arg3, Arg2), flags("flags", Arg4, kexecFileFlags),
	)},
	{Name: "reboot", Category: Other, Params: beyond(
		res, hex(value("magic", Uint32, Arg0)), hex(value("magic2", Uint32, Arg1)), hex(value("op", Uint32, Arg2)),
	)},
	{Name: "sethostname", Category: Other, Params: beyond(res, bytes("name", Arg0, Arg1))},
	{Name: "setdomainname", Category: Other, Params: beyond(res, bytes("name", Arg0, Arg1))},
	{Name: "swapon", Category: Other, Params: beyond(res, path("path", Arg0), flags("flags", Arg1, swapFlags))},
	{Name: "swapoff", Category: Other, Params: beyond(res, path("path", Arg0))},
	{Name: "acct", Category: Other, Params: beyond(res, path("path", Arg0))},
	{Name: "quotactl_fd", Category: Other, Flags: UsesFD, FD: Arg0, Params: beyond(
		res, fd("fd", Arg0), flagsOf(Flags16, "cmd", Arg1, quotaCommands), value("id", Uint32, Arg2),
	)},

	{Name: "add_key", Category: Other, Params: beyond(
		value("res", Int64, Result), text("type", Arg0), text("description", Arg1), value("plen", Uint64, Arg3),
		value("keyring", Int32, Arg4),
	)},
	{Name: "request_key", Category: Other, Params: beyond(
		value("res", Int64, Result), text("type", Arg0), text("description", Arg1), text("callout_info", Arg2),
		value("keyring", Int32, Arg3),
	)},
	{Name: "keyctl", Category: Other, Params: []Param{
		res, enum("operation", Enum32, Arg0, keyctlOperations),
		dynamic(only(text("arg2", Arg1), Arg0, keyctlJoin)), dynamic(only(text("arg3", Arg2), Arg0, keyctlSearch, keyctlRestrict)),
		dynamic(only(text("arg4", Arg3), Arg0, keyctlSearch, keyctlRestrict)), only(value("arg5", Dyn, Arg4), Arg0, 10, 12, 19, 20, 23, 24, 25, 26, 27, 28, 30),
	}},

	{Name: "io_uring_setup", Category: IOOther, Flags: CreatesFD, FD: Result, Params: []Param{
		res, value("entries", Uint32, Arg0),
		member(value("sq_entries", Uint32, Arg1), 0, 4), member(value("cq_entries", Uint32, Arg1), 4, 4),
		member(flags("flags", Arg1, uringSetupFlags), 8, 4), member(value("sq_thread_cpu", Uint32, Arg1), 12, 4),
		member(value("sq_thread_idle", Uint32, Arg1), 16, 4), member(flags("features", Arg1, uringFeatures), 20, 4),
	}},
	{Name: "io_uring_enter", Category: IOOther, Flags: UsesFD, FD: Arg0, Params: []Param{
		res, fd("fd", Arg0), value("to_submit", Uint32, Arg1), value("min_complete", Uint32, Arg2),
		flags("flags", Arg3, uringEnterFlags), member(value("sig", SigSet, Arg4), 0, 4),
	}},
	{Name: "io_uring_register", Category: IOOther, Flags: UsesFD, FD: Arg0, Params: []Param{
		res, fd("fd", Arg0), enum("opcode", Enum16, Arg1, uringRegistrations), hex(value("arg", Uint64, Arg2)),
		value("nr_args", Uint32, Arg3),
	}},

	{Name: "landlock_create_ruleset", Category: Other, Flags: CreatesFD, FD: Result, Params: beyond(
		fd("fd", Result), hex(member(value("handled_access_fs", Uint64, Arg0), 0, 8)), value("size", Uint64, Arg1),
		hex(value("flags", Uint32, Arg2)),
	)},
	{Name: "landlock_add_rule", Category: Other, Flags: UsesFD, FD: Arg0, Params: beyond(
		res, fd("fd", Arg0), enum("rule_type", Enum32, Arg1, landlockRules),
		hex(member(value("allowed_access", Uint64, Arg2), 0, 8)), hex(value("flags", Uint32, Arg3)),
	)},
	{Name: "landlock_restrict_self", Category: Other, Flags: UsesFD, FD: Arg0, Params: beyond(
		res, fd("fd", Arg0), hex(value("flags", Uint32, Arg1)),
	)},
	{Name: "perf_event_open", Category: Other, Flags: CreatesFD, FD: Result, Params: beyond(
		fd("fd", Result), member(enum("type", Enum32, Arg0, perfTypes), 0, 4), hex(member(value("config", Uint64, Arg0), 8, 8)),
		value("pid", PID, Arg1), value("cpu", Int32, Arg2), fd("group_fd", Arg3), flags("flags", Arg4, perfFlags),
	)},
	{Name: "syslog", Category: Other, Params: beyond(res, value("type", Int32, Arg0), value("len", Int32, Arg2))},
	{Name: "iopl", Category: Other, Params: beyond(res, value("level", Uint32, Arg0))},
	{Name: "ioperm", Category: Other, Params: beyond(
		res, hex(value("from", Uint64, Arg0)), value("num", Uint64, Arg1), value("turn_on", Int32, Arg2),
	)},
	{Name: "clock_settime", Category: Other, Params: beyond(
		res, value("clockid", Int32, Arg0), timespec("time", Arg1),
	)},
}

// Operations of keyctl that take texts.
const (
	keyctlJoin     = 1
	keyctlSearch   = 10
	keyctlRestrict = 29
)
