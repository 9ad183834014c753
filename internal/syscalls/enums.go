package syscalls

// families are the address families of sockets. A unix socket has two names.
var families = &Values{Enum: true, List: []Value{
	one("AF_NFC", 39, 39), one("AF_ALG", 38, 38), one("AF_CAIF", 37, 37), one("AF_IEEE802154", 36, 36),
	one("AF_PHONET", 35, 35), one("AF_ISDN", 34, 34), one("AF_RXRPC", 33, 33), one("AF_IUCV", 32, 32),
	one("AF_BLUETOOTH", 31, 31), one("AF_TIPC", 30, 30), one("AF_CAN", 29, 29), one("AF_LLC", 26, 26),
	one("AF_WANPIPE", 25, 25), one("AF_PPPOX", 24, 24), one("AF_IRDA", 23, 23), one("AF_SNA", 22, 22),
	one("AF_RDS", 21, 21), one("AF_ATMSVC", 20, 20), one("AF_ECONET", 19, 19), one("AF_ASH", 18, 18),
	one("AF_PACKET", 17, 17), one("AF_ROUTE", 16, 16), one("AF_NETLINK", 16, 16), one("AF_KEY", 15, 15),
	one("AF_SECURITY", 14, 14), one("AF_NETBEUI", 13, 13), one("AF_DECnet", 12, 12), one("AF_ROSE", 11, 11),
	one("AF_INET6", 10, 10), one("AF_X25", 9, 9), one("AF_ATMPVC", 8, 8), one("AF_BRIDGE", 7, 7),
	one("AF_NETROM", 6, 6), one("AF_APPLETALK", 5, 5), one("AF_IPX", 4, 4), one("AF_AX25", 3, 3),
	one("AF_INET", 2, 2), one("AF_LOCAL", 1, 1), one("AF_UNIX", 1, 1), one("AF_UNSPEC", 0, 0),
}}

// ptraceRequests have the kernel's numbers of x86 and Arm: no number means
// two things among them.
var ptraceRequests = &Values{Enum: true, List: []Value{
	one("PTRACE_SINGLEBLOCK", 33, 38), one("PTRACE_SYSEMU_SINGLESTEP", 32, 37), one("PTRACE_SYSEMU", 31, 36),
	one("PTRACE_ARCH_PRCTL", 30, 35), one("PTRACE_SET_THREAD_AREA", 26, 34), one("PTRACE_GET_THREAD_AREA", 25, 33),
	one("PTRACE_OLDSETOPTIONS", 21, 32), one("PTRACE_SETFPXREGS", 19, 31), one("PTRACE_GETFPXREGS", 18, 30),
	one("PTRACE_SETFPREGS", 15, 29), one("PTRACE_GETFPREGS", 14, 28), one("PTRACE_SETREGS", 13, 27),
	one("PTRACE_GETREGS", 12, 26), one("PTRACE_SETSIGMASK", 0x420b, 25), one("PTRACE_GETSIGMASK", 0x420a, 24),
	one("PTRACE_PEEKSIGINFO", 0x4209, 23), one("PTRACE_LISTEN", 0x4208, 22), one("PTRACE_INTERRUPT", 0x4207, 21),
	one("PTRACE_SEIZE", 0x4206, 20), one("PTRACE_SETREGSET", 0x4205, 19), one("PTRACE_GETREGSET", 0x4204, 18),
	one("PTRACE_SETSIGINFO", 0x4203, 17), one("PTRACE_GETSIGINFO", 0x4202, 16), one("PTRACE_GETEVENTMSG", 0x4201, 15),
	one("PTRACE_SETOPTIONS", 0x4200, 14), one("PTRACE_SYSCALL", 24, 13), one("PTRACE_DETACH", 17, 12),
	one("PTRACE_ATTACH", 16, 11), one("PTRACE_SINGLESTEP", 9, 10), one("PTRACE_KILL", 8, 9), one("PTRACE_CONT", 7, 8),
	one("PTRACE_POKEUSR", 6, 7), one("PTRACE_POKEDATA", 5, 6), one("PTRACE_POKETEXT", 4, 5),
	one("PTRACE_PEEKUSR", 3, 4), one("PTRACE_PEEKDATA", 2, 3), one("PTRACE_PEEKTEXT", 1, 2),
	one("PTRACE_TRACEME", 0, 1), absent("PTRACE_UNKNOWN", 0),
}}

var bpfCommands = counted(
	"BPF_MAP_CREATE", "BPF_MAP_LOOKUP_ELEM", "BPF_MAP_UPDATE_ELEM", "BPF_MAP_DELETE_ELEM",
	"BPF_MAP_GET_NEXT_KEY", "BPF_PROG_LOAD", "BPF_OBJ_PIN", "BPF_OBJ_GET", "BPF_PROG_ATTACH",
	"BPF_PROG_DETACH", "BPF_PROG_TEST_RUN", "BPF_PROG_GET_NEXT_ID", "BPF_MAP_GET_NEXT_ID",
	"BPF_PROG_GET_FD_BY_ID", "BPF_MAP_GET_FD_BY_ID", "BPF_OBJ_GET_INFO_BY_FD", "BPF_PROG_QUERY",
	"BPF_RAW_TRACEPOINT_OPEN", "BPF_BTF_LOAD", "BPF_BTF_GET_FD_BY_ID", "BPF_TASK_FD_QUERY",
	"BPF_MAP_LOOKUP_AND_DELETE_ELEM", "BPF_MAP_FREEZE", "BPF_BTF_GET_NEXT_ID", "BPF_MAP_LOOKUP_BATCH",
	"BPF_MAP_LOOKUP_AND_DELETE_BATCH", "BPF_MAP_UPDATE_BATCH", "BPF_MAP_DELETE_BATCH", "BPF_LINK_CREATE",
	"BPF_LINK_UPDATE", "BPF_LINK_GET_FD_BY_ID", "BPF_LINK_GET_NEXT_ID", "BPF_ENABLE_STATS",
	"BPF_ITER_CREATE", "BPF_LINK_DETACH", "BPF_PROG_BIND_MAP",
)
