/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The contract between the kernel programs and user space, and the only one:
 * Go's types are generated from here (bpf2go -type), never written by hand.
 *
 * A ring record is one wire_header, then what its type says:
 *
 * - WIRE_CALL: wire_call, header.nargs arguments (u64, as the registers held them), then one block
 *   per capture of the row, then perhaps THREAD
 * - WIRE_PROCESS: wire_process, then blocks EXE, CWD, CGROUP, after an exec FILENAME, ARGV, ENV,
 *   and of a scan or an exec descriptors 0 to 2 (FILE or SOCK)
 * - WIRE_ANSWER: as WIRE_CALL
 * - WIRE_EXIT, WIRE_RENAME, WIRE_CREDENTIALS: the structure of that name
 *
 * Integers are in the machine's order. Every structure and block starts at a
 * multiple of 8 bytes; a block's data is padded to that.
 *
 * Words: a *call* is a system call that returned; a *row* is its entry in
 * internal/syscalls; a *capture* is one thing that a row has the kernel copy;
 * a *block* is the copy.
 */
#ifndef SAKER_WIRE_H
#define SAKER_WIRE_H

enum wire_type {
	WIRE_CALL = 1,
	WIRE_PROCESS,
	WIRE_EXIT,
	WIRE_RENAME,
	WIRE_CREDENTIALS,
	WIRE_ANSWER, /* as CALL, to learn from: nobody asked for the event */
};

/* How the call came into the kernel; event.Via in Go. */
enum wire_via {
	VIA_NATIVE,
	VIA_COMPAT,
	VIA_X32,
	VIA_IO_URING,
};

/* (pid, start) is the identity of a process for as long as the machine runs. */
struct wire_header {
	__u64 time;  /* ns since boot, suspend included */
	__u64 start; /* start of the thread group's leader, same clock */
	__u32 pid;   /* thread group, host's pid namespace */
	__u32 tid;
	__u16 type; /* enum wire_type */
	__u16 cpu;
	__u16 row; /* CALL, CREDENTIALS, and PROCESS after an exec: the row's number; else
		      ROW_NONE */
	__u8 via;  /* enum wire_via */
	__u8 nargs;
};

struct wire_call {
	struct wire_header header;
	__s64 ret;
	__u8 comm[16]; /* of the thread */
};

/* What a row has the kernel copy.  */
enum wire_capture_kind {
	CAPTURE_NONE,
	CAPTURE_STRING, /* NUL-terminated user string */
	CAPTURE_PATH,	/* the same, and the directory it starts from when relative */
	CAPTURE_BYTES,	/* user bytes; length in argument aux or the result */
	CAPTURE_STRUCT, /* user structure of max bytes */
	CAPTURE_FILE,	/* the open file behind a descriptor */
	CAPTURE_ADDR,	/* user sockaddr; length in argument aux, or its family's */
	CAPTURE_MSG,	/* user msghdr: its address, then the first bytes of its buffers */
	CAPTURE_MSGS,	/* user array of mmsghdr: the same of the first */
	CAPTURE_IOVEC,	/* user array of buffers, as many as argument aux says: their first bytes */
	CAPTURE_FILE_AT, /* the open file behind a descriptor in user memory, aux bytes behind */
};

/* What stands in place of an argument's number. */
enum wire_place {
	PLACE_CWD = 0xfd, /* CAPTURE_PATH: the working directory */
	PLACE_NOWHERE,
	PLACE_RESULT,
};

struct wire_capture {
	__u8 kind; /* enum wire_capture_kind */
	__u8 arg;
	__u8 aux;   /* PATH: argument with the directory; BYTES, ADDR, STRUCT: with the length */
	__u8 unit;  /* BYTES, STRUCT: how many bytes one of aux's is; 0: one */
	__u32 max;  /* bytes at most; 0: the kind's own limit */
	__u32 only; /* bits of those values of argument when that make it count; 0: any */
	__u8 when;
	__u8 out; /* the kernel fills it: there is nothing if the call failed */
	__u8 unused[2];
};

#define MAX_CAPTURES 6

enum wire_row_flag {
	ROW_FAILED_ONLY = 1, /* report only calls that returned an error */
	ROW_PROCESS = 2,     /* after success, send the process anew */
	ROW_SILENT = 4,	     /* send no WIRE_CALL */
	ROW_ADDRESSED = 8,   /* an address is passed: the hooks of sockets see it */
	ROW_ANSWERS = 16,    /* send what name servers answered: as WIRE_ANSWER, if silent */
	ROW_DUPLICATES = 32, /* fcntl: what makes a descriptor is told as a dup, too */
	ROW_NAMED = 64,	     /* the hooks of paths see what it works on */
	ROW_OTHER = 128,     /* argument 0 names another that changes: WIRE_ANSWER, if silent */
	ROW_OUTSIDE =
		0xfffe,	   /* in header.row: nothing to tell, its process is outside of the scope */
	ROW_NONE = 0xffff, /* in header.row: a call that no row describes, or no call at all */
};

/* Where a call tells who sent what it received. */
enum wire_sender {
	SENDER_PEER,	/* nowhere: only the socket's peer is known */
	SENDER_ADDRESS, /* sockaddr in the fifth argument */
	SENDER_MESSAGE, /* msghdr in the second argument */
};

struct wire_row {
	__u8 nargs;
	__u8 ncaptures;
	__u16 flags; /* enum wire_row_flag */
	__u8 sender; /* ROW_ANSWERS: enum wire_sender */
	__u8 unused[3];
	struct wire_capture captures[MAX_CAPTURES];
};

/* A set of rules, a bit each. Where there are more rules than bits, some share one. The last bit is
 * no rule's: the call is told for what it says about later ones. */
#define CANDIDATE_WORDS 4

struct wire_candidates {
	__u64 words[CANDIDATE_WORDS];
};

/* What can be known of a call before it is told. */
enum wire_fact {
	FACT_RESULT = 1, /* how it ended */
	FACT_FLAGS,	 /* the flags that it was given */
	FACT_ARGUMENT,	 /* a number that it was given */
	FACT_PROCESS,	 /* whose it is */
	FACT_KIND,	 /* what it opened: a file, a directory */
	FACT_PATH,	 /* the path of the file that it opened */
	FACT_GIVEN,	 /* the path that it was given */
	FACT_SOCKET,	 /* what its socket is */
	FACT_PEER,	 /* its socket's ends */
	FACT_MARKS,	 /* that all of it could be read, and was not changed meanwhile */
	FACTS,
};

/* How a call ended: what rules can tell apart. Errors are of the others. */
enum wire_ended {
	ENDED_ZERO,
	ENDED_POSITIVE,
	ENDED_ERRORS,
	ENDED_KINDS = 16,
};

/* What a call opened. */
enum wire_opened {
	OPENED_OTHER, /* nothing is known of it */
	OPENED_DIRECTORY,
	OPENED_KINDS = 4,
};

/* What a call's socket is. */
enum wire_socket {
	SOCKET_OTHER, /* nothing is known of it */
	SOCKET_UNIX,
	SOCKET_TCP, /* this and the next ones: of the internet */
	SOCKET_UDP,
	SOCKET_CONNECTED, /* of UDP, and the call is about none but the other end */
	SOCKET_KINDS = 8,
};

/* Whether a call takes or gives an address with what it sends or receives. */
enum wire_message {
	MESSAGE_NONE,
	MESSAGE_SENT,
	MESSAGE_RECEIVED,
};

#define ROWS_MAX      512
#define FILTER_SETS   4096 /* distinct sets of rules */
#define NUMBERS_MAX   6	   /* of a row */
#define NUMBER_BITS   6
#define NUMBER_PLACES 8192 /* of all rows */

enum wire_number_limit {
	NUMBER_RANGES = 1024, /* a power of two */
};

/* Where a number of a call lies; below these: in its arguments. An address's number is that of
 * the range that it lies in. */
enum wire_number_source {
	NUMBER_MEMBER = 6, /* in the first structure that is put in the record */
	NUMBER_NEAR_PORT,  /* of the call's socket */
	NUMBER_NEAR_ADDRESS,
	NUMBER_FAR_PORT, /* where a message came from or went to */
	NUMBER_FAR_ADDRESS,
	NUMBER_NONE,
};

/* A number of a row's calls: what rules tell apart of it. */
struct wire_number {
	__u16 first;  /* of its places */
	__u16 ranges; /* a place for each, in order; 0: one for each value of the bits */
	__u8 source;  /* of a row's numbers those in arguments come first */
	__u8 offset;  /* in the structure */
	__u8 size;    /* the same */
	__u8 high;    /* upper bits of 64 that don't count */
	__u8 is_signed;
	__u8 bits[NUMBER_BITS];
	__u8 unused;
};

/* The sets for what numbers can be. */
struct wire_numbers {
	__s64 from[NUMBER_PLACES]; /* where a range begins */
	__u16 sets[NUMBER_PLACES];
};

/* What the facts of a row's calls say: numbers of sets, in which 0 is the one of all rules. */
struct wire_facts {
	__u16 asked; /* rules that ask for the call */
	__u16 ended[ENDED_KINDS];
	__u16 opened[OPENED_KINDS];
	__u16 unmarked; /* when all could be read, and no descriptor was replaced */
	__u16 sockets[SOCKET_KINDS];
	__u16 sure; /* when nothing but the process, arguments, the result and what was opened is
		       known: rules that no other fact takes away */
	struct wire_number numbers[NUMBERS_MAX];
	__u8 opens;   /* the result is a descriptor */
	__u8 named;   /* of what the first path names */
	__u8 socket;  /* the first capture is of the file that can be one */
	__u8 members; /* some number is one of a structure's */
	__u8 ends;    /* some is one of the socket's ends */
	__u8 message; /* enum wire_message */
};

#define MOUNT_MAX   60
#define PATH_STATES 8192
#define PATH_STEPS  (1 << 17)

/* Reads a path byte by byte. Of state 0 nothing is known. */
struct wire_automaton {
	__u16 start;   /* 0: there is no automaton */
	__u16 settled; /* states from here on stay whatever comes */
	__u32 shift;
	__u8 classes[256]; /* of bytes */
	/* By state: the sets for paths that end there, then those for files whose mount is the
	 * first one of their file system, so that they have no other name. */
	__u16 ends[PATH_STATES][2];
	__u16 next[PATH_STEPS]; /* by state << shift | class */
};

/* Where a file system's root is mounted first, as a path travels. */
struct wire_mount {
	__u32 len;
	__u8 at[MOUNT_MAX];
};

#define ADDRESS_RANGES 1024

/* An address of IPv6; those of IPv4 are mapped. */
struct wire_address {
	__u64 high, low;
};

struct wire_filter {
	__u64 number; /* no other filter has had it */
	struct wire_candidates sets[FILTER_SETS];
	struct wire_facts rows[ROWS_MAX];
	struct wire_numbers numbers;
	__u8 errors[4096];	     /* enum wire_ended, by error */
	struct wire_automaton paths; /* of files that were opened */
	struct wire_automaton given; /* as they were given, without doubled slashes */
	struct wire_address addresses[ADDRESS_RANGES]; /* where ranges begin, the first one at 0 */
	__u8 era;				       /* of the processes' sets, never 0 */
};

/* A call that is one of those in a multiplexed call. */
struct wire_part {
	__u16 row;     /* + 1; 0: nobody asked for it */
	__u8 order[6]; /* of ipc: which of its arguments is which */
};

/* Where a request of io_uring has an argument of the call that does the same. */
enum wire_source {
	SOURCE_NONE,
	SOURCE_UNSIGNED, /* a number of size bytes at offset */
	SOURCE_SIGNED,
	SOURCE_NUMBER, /* offset itself */
	SOURCE_FILE,   /* the descriptor that the request works on */
	SOURCE_NAME,   /* at offset the address of the kernel's copy of a path */
	SOURCE_STRING, /* at offset the address of a text of the kernel's */
	SOURCE_BYTES,  /* the size bytes at offset are the kernel's copy of what the argument points
			  at */
	SOURCE_ADDRESS, /* the kernel's copy of a socket's address, whose length is at offset */
	SOURCE_PEER,	/* the kernel's copy of where a message goes, if it says so */
};

struct wire_operand {
	__u8 source; /* enum wire_source */
	__u8 size;
	__u16 offset; /* in the structure of the operation */
};

enum wire_shape_flag {
	SHAPE_POLLED = 1, /* can be woken to try again, which looks as if it were done */
	SHAPE_WAITS = 2,  /* can wait for ever, so it isn't looked at */
	SHAPE_MANY = 4,	  /* can have many results, each told */
};

/* How a request of an operation is the call that does the same. */
struct wire_shape {
	__u16 slot;  /* where a new direct descriptor's slot is, 0: it makes none */
	__u16 flags; /* SHAPE_* */
	struct wire_operand operands[6];
};

enum wire_block_kind {
	BLOCK_NONE,
	BLOCK_STRING, /* bytes up to but without the NUL */
	BLOCK_BYTES,
	BLOCK_ADDR, /* struct sockaddr as the program passed it */
	BLOCK_DIR,  /* path of the directory that the path before it starts from */
	BLOCK_FILE, /* wire_file, then the path, then perhaps what is above its mount */
	BLOCK_SOCK, /* wire_sock, then a unix socket's path, then its peer's, each NUL-terminated */
	BLOCK_EXE,  /* path */
	BLOCK_CWD,  /* path */
	BLOCK_CGROUP,	/* path */
	BLOCK_FILENAME, /* string: what exec was asked to run */
	BLOCK_ARGV,	/* NUL-separated */
	BLOCK_ENV,	/* NUL-separated */
	BLOCK_THREAD,	/* wire_own of a thread that is not as its process is, then its directory's
			   path */
};

/*
 * A path travels as its components from the last to the first, each
 * NUL-terminated, the root left out: /etc/shadow is "shadow\0etc\0".
 */

enum wire_block_flag {
	BLOCK_FAULT = 1,    /* user memory could not be read; data is what was read before */
	BLOCK_CUT = 2,	    /* longer than the limit */
	BLOCK_REPLACED = 4, /* SOCK: what the call used; its descriptor is another's by now */
	BLOCK_WHOLE = 8,    /* DIR: no directory, but the path itself that the call worked on */
};

struct wire_block {
	__u16 kind; /* enum wire_block_kind; NONE: there is nothing (no such descriptor) */
	__u16 flags;
	__u32 len; /* of the data, without padding */
};

enum wire_file_flag {
	FILE_UPPER = 1,	  /* overlay: has its data in the upper layer */
	FILE_LOWER = 2,	  /* overlay: only in a lower layer */
	FILE_DELETED = 4, /* no name left */
	FILE_MEMFD = 8,
	FILE_WRITABLE = 16, /* executables: the process may write it */
	FILE_CREATED = 32,  /* made by the open that this descriptor comes from */
};

struct wire_file {
	__u64 ino;
	__u64 ctime; /* ns since 1970; executables only */
	__u64 mtime;
	__u32 dev;   /* kernel's encoding: major << 20 | minor */
	__u32 magic; /* of the superblock */
	__u32 mode;
	__u32 open_flags; /* f_flags */
	__u32 flags;	  /* FILE_* */
	__u16 inside; /* FILE: bytes of the path below the root of the mount that it was reached by
		       */
	__u16 above;  /* FILE: where the path ends and that of this root in the file system begins;
			 0: it is the file system's */
};

struct wire_sock {
	__u64 ino;	/* of the socket's inode */
	__u8 local[16]; /* address, IPv4 in the first four bytes */
	__u8 remote[16];
	__u16 local_port; /* host's byte order */
	__u16 remote_port;
	__u16 family;
	__u16 type;
	__u16 protocol;
	__u8 state; /* TCP_* */
	__u8 unused[5];
	__u32 peer_pid; /* unix: who made the other end, host's pid namespace; 0: nobody */
	__u32 peer_uid;
};

/* How large a process is; memory in KiB. */
struct wire_measures {
	__u64 vm_size, vm_rss, vm_swap;
	__u64 minor_faults, major_faults; /* of the acting thread */
	__u64 fd_limit;
	__u32 threads;
	__u32 unused;
};

/* What each thread has of its own, though most share it with their process. */
struct wire_own {
	__u64 cap_inheritable, cap_permitted, cap_effective;
	__u32 uid, gid; /* effective */
	__u32 userns, mntns, netns;
	__u32 unused;
};

/* Why a process record was sent. */
enum wire_cause {
	CAUSE_SCAN = 1, /* was there when the capture started */
	CAUSE_FORK,
	CAUSE_EXEC,
	CAUSE_CHANGE, /* a call changed credentials, directory, namespaces */
	CAUSE_CGROUP, /* moved to another cgroup */
};

/* A cgroup, for as long as the machine runs. */
struct wire_cgroup {
	__u64 node;
	__u64 id;
};

struct wire_process {
	struct wire_header header;
	__u64 parent_start;
	__u32 parent_pid; /* real parent's thread group, host's namespace */
	__u32 cause;	  /* enum wire_cause */
	__u32 vpid, vppid;
	__u32 pgid, sid;
	__u32 vpgid, vsid;
	__u32 loginuid;
	__u32 tty;
	__u64 exec_id;	   /* grows with each exec; a child's begins as its parent's */
	__u64 pidns_start; /* start of the pid namespace's init, ns since boot */
	__u32 pidns;
	__u32 unused;
	struct wire_own own; /* of the first thread */
	struct wire_measures measures;
	__u8 comm[16];
	struct wire_file exe;
	struct wire_cgroup
		cgroup; /* zeros but where user space has to say what it is to the scope */
};

struct wire_exit {
	struct wire_header header;
	__s32 status; /* as wait(2) gives it */
	__u32 reaper; /* pid of the children's new parent, 0: no children */
};

struct wire_rename {
	struct wire_header header;
	__u8 comm[16];
};

/* What a thread may do, after whatever could have changed that; header.row: what it was. */
struct wire_credentials {
	struct wire_header header;
	__u64 cap_inheritable, cap_permitted, cap_effective;
	__u32 uid, gid; /* effective */
};

/* What user space found out about a process; see standing.h. */
struct wire_standing {
	__u32 begun; /* records about it */
	__u32 ended; /* of them, those that were sent or lost */
	__u64 set;   /* begun << STANDING_BEGUN | pid << STANDING_PID | era << STANDING_ERA | number
			of the set; 0: none */
};

#define STANDINGS     (1 << 16)
#define STANDING_SETS 1024

enum wire_standing_shift {
	STANDING_ERA = 10, /* of the filter that the set is for */
	STANDING_PID = 18,
	STANDING_BEGUN = 40,
};

/* What a record is about: each class has a ring and counters of its own. */
enum wire_class {
	CLASS_CALL,    /* WIRE_CALL */
	CLASS_PROCESS, /* all others */
	CLASSES,
};

/* What happened to a record. */
enum wire_count {
	COUNT_SENT,   /* in the ring */
	LOST_RING,    /* ring full */
	LOST_SCRATCH, /* no scratch buffer free */
	LOST_SIZE,    /* did not fit a record */
	FAULT_USER,   /* user memory not readable: sent, marked */
	FAULT_PATH,   /* a path that the hooks should have seen: sent as memory has it */
	COUNTS,
};

#define FACTS_MAX  16 /* a power of two */
#define CACHE_LINE 64

/* What a CPU counts. */
struct wire_counters {
	u64 calls[COUNTS];
	u64 processes[COUNTS];
	u64 left_out[FACTS_MAX]; /* calls, by the fact that left no rule */
} __attribute__((aligned(CACHE_LINE)));

#endif
