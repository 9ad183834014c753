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

var whences = &Values{Enum: true, Same: true, List: []Value{
	one("SEEK_END", 2, 2), one("SEEK_CUR", 1, 1), one("SEEK_SET", 0, 0),
}}

var shutdowns = &Values{Enum: true, Same: true, List: []Value{
	one("SHUT_RDWR", 2, 2), one("SHUT_WR", 1, 1), one("SHUT_RD", 0, 0),
}}

var limits = &Values{Enum: true, None: 255, List: []Value{
	absent("RLIMIT_UNKNOWN", 255), one("RLIMIT_RTTIME", 15, 15), one("RLIMIT_RTPRIO", 14, 14),
	one("RLIMIT_NICE", 13, 13), one("RLIMIT_MSGQUEUE", 12, 12), one("RLIMIT_SIGPENDING", 11, 11),
	one("RLIMIT_LOCKS", 10, 10), one("RLIMIT_AS", 9, 9), one("RLIMIT_MEMLOCK", 8, 8), one("RLIMIT_NOFILE", 7, 7),
	one("RLIMIT_NPROC", 6, 6), one("RLIMIT_RSS", 5, 5), one("RLIMIT_CORE", 4, 4), one("RLIMIT_STACK", 3, 3),
	one("RLIMIT_DATA", 2, 2), one("RLIMIT_FSIZE", 1, 1), one("RLIMIT_CPU", 0, 0),
}}

var fcntlCommands = &Values{Enum: true, List: []Value{
	one("F_GETPIPE_SZ", 1032, 29), one("F_SETPIPE_SZ", 1031, 28), one("F_NOTIFY", 1026, 27),
	one("F_DUPFD_CLOEXEC", 1030, 26), one("F_CANCELLK", 1029, 25), one("F_GETLEASE", 1025, 24),
	one("F_SETLEASE", 1024, 23), one("F_GETOWN_EX", 16, 22), one("F_SETOWN_EX", 15, 21),
	one("F_SETLKW64", 14, 19), one("F_SETLK64", 13, 18), one("F_GETLK64", 12, 17),
	one("F_GETSIG", 11, 15), one("F_SETSIG", 10, 13), one("F_GETOWN", 9, 12), one("F_SETOWN", 8, 10),
	one("F_SETLKW", 7, 9), one("F_SETLK", 6, 8), one("F_GETLK", 5, 6), one("F_SETFL", 4, 5), one("F_GETFL", 3, 4),
	one("F_SETFD", 2, 3), one("F_GETFD", 1, 2), one("F_DUPFD", 0, 1),
	one("F_OFD_GETLK", 36, 30), one("F_OFD_SETLK", 37, 31), one("F_OFD_SETLKW", 38, 32), absent("UNKNOWN", 0),
}}

var socketLevels = &Values{Enum: true, List: []Value{
	one("SOL_SOCKET", 1, 1), one("SOL_TCP", 6, 2), absent("UNKNOWN", 0),
}}

// socketOptions are those of SOL_SOCKET.
var socketOptions = &Values{Enum: true, List: []Value{
	one("SO_COOKIE", 57, 53), one("SO_MEMINFO", 55, 52), one("SO_PEERGROUPS", 59, 51), one("SO_ATTACH_BPF", 50, 50),
	one("SO_INCOMING_CPU", 49, 49), one("SO_BPF_EXTENSIONS", 48, 48), one("SO_MAX_PACING_RATE", 47, 47),
	one("SO_BUSY_POLL", 46, 46), one("SO_SELECT_ERR_QUEUE", 45, 45), one("SO_LOCK_FILTER", 44, 44),
	one("SO_NOFCS", 43, 43), one("SO_PEEK_OFF", 42, 42), one("SO_WIFI_STATUS", 41, 41), one("SO_RXQ_OVFL", 40, 40),
	one("SO_DOMAIN", 39, 39), one("SO_PROTOCOL", 38, 38), one("SO_TIMESTAMPING", 37, 37), one("SO_MARK", 36, 36),
	one("SO_TIMESTAMPNS", 35, 35), one("SO_PASSSEC", 34, 34), one("SO_PEERSEC", 31, 31), one("SO_ACCEPTCONN", 30, 30),
	one("SO_TIMESTAMP", 29, 29), one("SO_PEERNAME", 28, 28), one("SO_DETACH_FILTER", 27, 27),
	one("SO_ATTACH_FILTER", 26, 26), one("SO_BINDTODEVICE", 25, 25), one("SO_SECURITY_ENCRYPTION_NETWORK", 24, 24),
	one("SO_SECURITY_ENCRYPTION_TRANSPORT", 23, 23), one("SO_SECURITY_AUTHENTICATION", 22, 22),
	one("SO_SNDTIMEO", 21, 21), one("SO_RCVTIMEO", 20, 20), one("SO_SNDLOWAT", 19, 19), one("SO_RCVLOWAT", 18, 18),
	one("SO_PEERCRED", 17, 17), one("SO_PASSCRED", 16, 16), one("SO_REUSEPORT", 15, 15), one("SO_BSDCOMPAT", 14, 14),
	one("SO_LINGER", 13, 13), one("SO_PRIORITY", 12, 12), one("SO_NO_CHECK", 11, 11), one("SO_OOBINLINE", 10, 10),
	one("SO_KEEPALIVE", 9, 9), one("SO_RCVBUFFORCE", 33, 33), one("SO_SNDBUFFORCE", 32, 32), one("SO_RCVBUF", 8, 8),
	one("SO_SNDBUF", 7, 7), one("SO_BROADCAST", 6, 6), one("SO_DONTROUTE", 5, 5), one("SO_ERROR", 4, 4),
	one("SO_TYPE", 3, 3), one("SO_REUSEADDR", 2, 2), one("SO_DEBUG", 1, 1), absent("UNKNOWN", 0),
}}

var uringRegistrations = &Values{Enum: true, List: []Value{
	one("IORING_REGISTER_BUFFERS", 0, 1), one("IORING_UNREGISTER_BUFFERS", 1, 2), one("IORING_REGISTER_FILES", 2, 3),
	one("IORING_UNREGISTER_FILES", 3, 4), one("IORING_REGISTER_EVENTFD", 4, 5), one("IORING_UNREGISTER_EVENTFD", 5, 6),
	one("IORING_REGISTER_FILES_UPDATE", 6, 7), one("IORING_REGISTER_EVENTFD_ASYNC", 7, 8),
	one("IORING_REGISTER_PROBE", 8, 9), one("IORING_REGISTER_PERSONALITY", 9, 10),
	one("IORING_UNREGISTER_PERSONALITY", 10, 11), one("IORING_REGISTER_RESTRICTIONS", 11, 12),
	one("IORING_REGISTER_ENABLE_RINGS", 12, 13), one("IORING_REGISTER_FILES2", 13, 14),
	one("IORING_REGISTER_FILES_UPDATE2", 14, 15), one("IORING_REGISTER_BUFFERS2", 15, 16),
	one("IORING_REGISTER_BUFFERS_UPDATE", 16, 17), one("IORING_REGISTER_IOWQ_AFF", 17, 18),
	one("IORING_UNREGISTER_IOWQ_AFF", 18, 19), one("IORING_REGISTER_IOWQ_MAX_WORKERS", 19, 20),
	one("IORING_REGISTER_RING_FDS", 20, 21), one("IORING_UNREGISTER_RING_FDS", 21, 22),
	// Beyond Falco's: also what a ring sends to another by a request.
	one("IORING_REGISTER_SEND_MSG_RING", 31, 32),
}}

var fsconfigCommands = counted(
	"FSCONFIG_SET_FLAG", "FSCONFIG_SET_STRING", "FSCONFIG_SET_BINARY", "FSCONFIG_SET_PATH",
	"FSCONFIG_SET_PATH_EMPTY", "FSCONFIG_SET_FD", "FSCONFIG_CMD_CREATE", "FSCONFIG_CMD_RECONFIGURE",
)

// Commands of fsconfig whose value is a text, and that with bytes.
const (
	fsconfigString = iota + 1
	fsconfigBinary
	fsconfigPath
	fsconfigPathEmpty
)

var prctlOptions = &Values{Enum: true, Same: true, List: []Value{
	one("PR_GET_DUMPABLE", 3, 3), one("PR_SET_DUMPABLE", 4, 4), one("PR_GET_KEEPCAPS", 7, 7), one("PR_SET_KEEPCAPS", 8, 8),
	one("PR_SET_NAME", prSetName, prSetName), one("PR_GET_NAME", 16, 16), one("PR_GET_SECCOMP", 21, 21),
	one("PR_SET_SECCOMP", 22, 22), one("PR_CAPBSET_READ", 23, 23), one("PR_CAPBSET_DROP", 24, 24),
	one("PR_GET_SECUREBITS", 27, 27), one("PR_SET_SECUREBITS", 28, 28), one("PR_MCE_KILL", 33, 33),
	one("PR_SET_MM", 35, 35), one("PR_SET_CHILD_SUBREAPER", 36, 36), one("PR_GET_CHILD_SUBREAPER", 37, 37),
	one("PR_SET_NO_NEW_PRIVS", 38, 38), one("PR_GET_NO_NEW_PRIVS", 39, 39), one("PR_GET_TID_ADDRESS", 40, 40),
	one("PR_SET_THP_DISABLE", 41, 41), one("PR_GET_THP_DISABLE", 42, 42), one("PR_CAP_AMBIENT", 47, 47),
	// Beyond Falco's.
	one("PR_SET_PDEATHSIG", 1, 1), one("PR_SET_PTRACER", 0x59616d61, 0x59616d61), one("PR_SET_MDWE", 65, 65),
	one("PR_SET_VMA", 0x53564d41, 0x53564d41), one("PR_SET_SYSCALL_USER_DISPATCH", 59, 59),
	one("PR_SET_SPECULATION_CTRL", 53, 53), one("PR_SET_TIMERSLACK", 29, 29), one("PR_SET_TSC", 26, 26),
}}

const prSetName = 15

var keyctlOperations = counted(
	"KEYCTL_GET_KEYRING_ID", "KEYCTL_JOIN_SESSION_KEYRING", "KEYCTL_UPDATE", "KEYCTL_REVOKE", "KEYCTL_CHOWN",
	"KEYCTL_SETPERM", "KEYCTL_DESCRIBE", "KEYCTL_CLEAR", "KEYCTL_LINK", "KEYCTL_UNLINK", "KEYCTL_SEARCH",
	"KEYCTL_READ", "KEYCTL_INSTANTIATE", "KEYCTL_NEGATE", "KEYCTL_SET_REQKEY_KEYRING", "KEYCTL_SET_TIMEOUT",
	"KEYCTL_ASSUME_AUTHORITY", "KEYCTL_GET_SECURITY", "KEYCTL_SESSION_TO_PARENT", "KEYCTL_REJECT",
	"KEYCTL_INSTANTIATE_IOV", "KEYCTL_INVALIDATE", "KEYCTL_GET_PERSISTENT", "KEYCTL_DH_COMPUTE",
	"KEYCTL_PKEY_QUERY", "KEYCTL_PKEY_ENCRYPT", "KEYCTL_PKEY_DECRYPT", "KEYCTL_PKEY_SIGN", "KEYCTL_PKEY_VERIFY",
	"KEYCTL_RESTRICT_KEYRING", "KEYCTL_MOVE", "KEYCTL_CAPABILITIES", "KEYCTL_WATCH_KEY",
)

var landlockRules = &Values{Enum: true, Same: true, List: []Value{
	one("LANDLOCK_RULE_PATH_BENEATH", 1, 1), one("LANDLOCK_RULE_NET_PORT", 2, 2),
}}

var perfTypes = counted(
	"PERF_TYPE_HARDWARE", "PERF_TYPE_SOFTWARE", "PERF_TYPE_TRACEPOINT", "PERF_TYPE_HW_CACHE", "PERF_TYPE_RAW",
	"PERF_TYPE_BREAKPOINT",
)
