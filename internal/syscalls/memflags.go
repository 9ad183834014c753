package syscalls

// Sets of bits of calls on memory, processes and other objects; those of files
// are in flags.go. Falco numbers some of them anew.

var protections = &Values{List: []Value{
	same("PROT_READ", 1), same("PROT_WRITE", 2), same("PROT_EXEC", 4), same("PROT_SEM", 8),
	bit("PROT_GROWSDOWN", 0x01000000, 1<<4), bit("PROT_GROWSUP", 0x02000000, 1<<5), bit("PROT_SAO", onARM(0, 0x10), 1<<6),
	absent("PROT_NONE", 0),
}}

var mapFlags = &Values{List: []Value{
	same("MAP_SHARED", 1), same("MAP_PRIVATE", 2), bit("MAP_FIXED", 0x10, 1<<2), bit("MAP_ANONYMOUS", 0x20, 1<<3),
	bit("MAP_32BIT", onARM(0, 0x40), 1<<4), absent("MAP_RENAME", 1<<5), bit("MAP_NORESERVE", 0x4000, 1<<6),
	bit("MAP_POPULATE", 0x8000, 1<<7), bit("MAP_NONBLOCK", 0x10000, 1<<8), bit("MAP_GROWSDOWN", 0x100, 1<<9),
	bit("MAP_DENYWRITE", 0x800, 1<<10), bit("MAP_EXECUTABLE", 0x1000, 1<<11), absent("MAP_INHERIT", 1<<12),
	absent("MAP_FILE", 1<<13), bit("MAP_LOCKED", 0x2000, 1<<14),
}}

var lockAllFlags = &Values{List: []Value{same("MCL_CURRENT", 1), same("MCL_FUTURE", 2), same("MCL_ONFAULT", 4)}}

var lockFlags = &Values{List: []Value{same("MLOCK_ONFAULT", 1)}}

var memfdFlags = &Values{List: []Value{
	same("MFD_CLOEXEC", 1), same("MFD_ALLOW_SEALING", 2), same("MFD_HUGETLB", 4),
	// Beyond Falco's.
	same("MFD_NOEXEC_SEAL", 8), same("MFD_EXEC", 16),
}}

var secretFlags = &Values{List: []Value{same("O_CLOEXEC", 0o2000000)}}

var futexOperations = &Values{List: []Value{
	same("FUTEX_CLOCK_REALTIME", 256), same("FUTEX_PRIVATE_FLAG", 128), same("FUTEX_CMP_REQUEUE_PI", 12),
	same("FUTEX_WAIT_REQUEUE_PI", 11), same("FUTEX_WAKE_BITSET", 10), same("FUTEX_WAIT_BITSET", 9),
	same("FUTEX_TRYLOCK_PI", 8), same("FUTEX_UNLOCK_PI", 7), same("FUTEX_LOCK_PI", 6), same("FUTEX_WAKE_OP", 5),
	same("FUTEX_CMP_REQUEUE", 4), same("FUTEX_REQUEUE", 3), same("FUTEX_FD", 2), same("FUTEX_WAKE", 1),
	same("FUTEX_WAIT", 0),
}}

var semaphoreFlags = &Values{List: []Value{bit("IPC_NOWAIT", 0o4000, 1), bit("SEM_UNDO", 0x1000, 2)}}

var semgetFlags = &Values{List: []Value{bit("IPC_EXCL", 0o2000, 1<<14), bit("IPC_CREAT", 0o1000, 1<<13)}}

// semctlCommands are enumerated, though Falco gives each a bit.
var semctlCommands = &Values{List: []Value{
	command("IPC_STAT", 2, 1<<0), command("IPC_SET", 1, 1<<1), command("IPC_RMID", 0, 1<<2), command("IPC_INFO", 3, 1<<3),
	command("SEM_INFO", 19, 1<<4), command("SEM_STAT", 18, 1<<5), command("GETALL", 13, 1<<6), command("GETNCNT", 14, 1<<7),
	command("GETPID", 11, 1<<8), command("GETVAL", 12, 1<<9), command("GETZCNT", 15, 1<<10), command("SETALL", 17, 1<<11),
	command("SETVAL", 16, 1<<12),
}}

// command is one of semctl, with or without the bit IPC_64 that C libraries add.
func command(name string, kernel, falco uint64) Value {
	return Value{Name: name, Mask: 0xff, Is: kernel, Falco: falco}
}

// quotaCommand is the upper part of quotactl's command; the lower byte is the
// kind of quota.
func quotaCommand(name string, kernel, falco uint64) Value {
	return Value{Name: name, Mask: 0xffffff00, Is: kernel << 8, Falco: falco}
}

var quotaCommands = &Values{List: []Value{
	quotaCommand("Q_QUOTAON", 0x800002, 1<<0), quotaCommand("Q_QUOTAOFF", 0x800003, 1<<1),
	quotaCommand("Q_GETFMT", 0x800004, 1<<2), quotaCommand("Q_GETINFO", 0x800005, 1<<3),
	quotaCommand("Q_SETINFO", 0x800006, 1<<4), quotaCommand("Q_GETQUOTA", 0x800007, 1<<5),
	quotaCommand("Q_SETQUOTA", 0x800008, 1<<6), quotaCommand("Q_SYNC", 0x800001, 1<<7),
	quotaCommand("Q_XQUOTAON", 0x5801, 1<<8), quotaCommand("Q_XQUOTAOFF", 0x5802, 1<<9),
	quotaCommand("Q_XGETQUOTA", 0x5803, 1<<10), quotaCommand("Q_XSETQLIM", 0x5804, 1<<11),
	quotaCommand("Q_XGETQSTAT", 0x5805, 1<<12), quotaCommand("Q_XQUOTARM", 0x5806, 1<<13),
	quotaCommand("Q_XQUOTASYNC", 0x5807, 1<<14),
}}

var quotaTypes = &Values{List: []Value{
	{Name: "USRQUOTA", Mask: 0xff, Is: 0, Falco: 1}, {Name: "GRPQUOTA", Mask: 0xff, Is: 1, Falco: 2},
}}

var quotaInfoFlags = &Values{None: 1, List: []Value{absent("DQF_NONE", 1), bit("V1_DQF_RSQUASH", 1, 2)}}

var quotaFormats = &Values{None: 1, List: []Value{
	absent("QFMT_NOT_USED", 1),
	{Name: "QFMT_VFS_OLD", Mask: ^uint64(0), Is: 1, Falco: 2},
	{Name: "QFMT_VFS_V0", Mask: ^uint64(0), Is: 2, Falco: 4},
	{Name: "QFMT_VFS_V1", Mask: ^uint64(0), Is: 4, Falco: 8},
}}

var uringSetupFlags = &Values{List: []Value{
	bit("IORING_SETUP_IOPOLL", 1, 1<<0), bit("IORING_SETUP_SQPOLL", 2, 1<<1), absent("IORING_SQ_NEED_WAKEUP", 1<<2),
	bit("IORING_SETUP_SQ_AFF", 4, 1<<3), bit("IORING_SETUP_CQSIZE", 8, 1<<4), bit("IORING_SETUP_CLAMP", 16, 1<<5),
	bit("IORING_SETUP_ATTACH_RW", 32, 1<<6), bit("IORING_SETUP_R_DISABLED", 64, 1<<7),
}}

var uringFeatures = &Values{List: []Value{
	same("IORING_FEAT_SINGLE_MMAP", 1<<0), same("IORING_FEAT_NODROP", 1<<1), same("IORING_FEAT_SUBMIT_STABLE", 1<<2),
	same("IORING_FEAT_RW_CUR_POS", 1<<3), same("IORING_FEAT_CUR_PERSONALITY", 1<<4), same("IORING_FEAT_FAST_POLL", 1<<5),
	same("IORING_FEAT_POLL_32BITS", 1<<6), same("IORING_FEAT_SQPOLL_NONFIXED", 1<<7),
	same("IORING_FEAT_ENTER_EXT_ARG", 1<<8), same("IORING_FEAT_NATIVE_WORKERS", 1<<9), same("IORING_FEAT_RSRC_TAGS", 1<<10),
}}

var uringEnterFlags = &Values{List: []Value{
	same("IORING_ENTER_GETEVENTS", 1), same("IORING_ENTER_SQ_WAKEUP", 2), same("IORING_ENTER_SQ_WAIT", 4),
	same("IORING_ENTER_EXT_ARG", 8),
}}

var deleteModuleFlags = &Values{List: []Value{bit("O_NONBLOCK", 0o4000, 1), bit("O_TRUNC", 0o1000, 2)}}

var pidfdFlags = &Values{List: []Value{bit("PIDFD_NONBLOCK", 0o4000, 1)}}

var kexecFlags = &Values{List: []Value{same("KEXEC_ON_CRASH", 1), same("KEXEC_PRESERVE_CONTEXT", 2), same("KEXEC_UPDATE_ELFCOREHDR", 4)}}

var kexecFileFlags = &Values{List: []Value{
	same("KEXEC_FILE_UNLOAD", 1), same("KEXEC_FILE_ON_CRASH", 2), same("KEXEC_FILE_NO_INITRAMFS", 4),
}}

var swapFlags = &Values{List: []Value{same("SWAP_FLAG_PREFER", 0x8000), same("SWAP_FLAG_DISCARD", 0x10000)}}

var personalities = &Values{List: []Value{
	same("ADDR_NO_RANDOMIZE", 0x0040000), same("READ_IMPLIES_EXEC", 0x0400000), same("MMAP_PAGE_ZERO", 0x0100000),
	same("ADDR_COMPAT_LAYOUT", 0x0200000), same("ADDR_LIMIT_32BIT", 0x0800000), same("ADDR_LIMIT_3GB", 0x8000000),
	same("UNAME26", 0x0020000), same("FDPIC_FUNCPTRS", 0x0080000), same("SHORT_INODE", 0x1000000),
	same("WHOLE_SECONDS", 0x2000000), same("STICKY_TIMEOUTS", 0x4000000),
	{Name: "PER_LINUX32", Mask: 0xff, Is: 8, Falco: 8},
	absent("PER_LINUX", 0),
}}

var perfFlags = &Values{List: []Value{
	same("PERF_FLAG_FD_NO_GROUP", 1), same("PERF_FLAG_FD_OUTPUT", 2), same("PERF_FLAG_PID_CGROUP", 4),
	same("PERF_FLAG_FD_CLOEXEC", 8),
}}
