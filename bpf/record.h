/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Building one record in a scratch buffer and sending it.
 *
 * Each CPU has one buffer; who uses it is not preempted there (steady).
 * The task iterator is, so it has a buffer of its own, the last one. What a
 * function calls "slot" is the buffer's index.
 */
#ifndef SAKER_RECORD_H
#define SAKER_RECORD_H

#include "read.h"
#include "wire.h"

#define RECORD_MAX   (64 << 10) /* a power of two */
#define APPEND_MAX   (32 << 10) /* one append at most; also a power of two */
#define STRING_MAX   4096
#define SHORT_STRING 64
#define NAMES_MAX    64 /* a power of two */

struct call {
	u64 args[6];
	s64 ret;
	u64 task; /* who makes it: the helper that tells costs more than all that is read of it */
	u16 row;
	u8 via;
	u8 named; /* the hooks of paths saw what it worked on */
	u8 paths; /* how many of them are put */
	u8 gone;  /* of the file that it opened, only the path as given can be trusted */
};

/* How far a walk up a path is. */
struct walk {
	u64 mount, dentry; /* of the next component */
	u32 from;	   /* where the path begins in the record */
	u32 inside;	   /* bytes of it below the first mount's root */
	u64 root;	   /* that, if it isn't its file system's */
	u32 crossed;
	u32 same; /* bytes of a remembered path that it has found again */
	u32 unused;
	u32 count;	      /* components */
	u32 names[NAMES_MAX]; /* where each of them is */
};

static __always_inline struct task_struct *task_of(struct call *call)
{
	return KERNEL(struct task_struct, call->task);
}

/* What is to be found out of the path that is put next. */
struct scan {
	u64 filter; /* that the rules left are of; 0: none */
	u32 names;
	u16 path;      /* is to be read */
	u16 given;     /* the same, as it was given */
	u32 at;	       /* where the first path as given lies, 0: there is none */
	u32 memory;    /* where the first structure lies, the same */
	u16 members;   /* of it are to be read */
	u16 socket;    /* the first block may be of one */
	u32 directory; /* where the file's may be remembered, + 1; 0: nowhere */
	u64 mounts;    /* as they were told before it is read */
	u32 address;   /* where the address lies that the call was given, 0: it was given none */
	u32 message;   /* where the socket lies of which that can be the other end, 0: it can't */
	u64 mount; /* of the file's directory, and the dentry, if it is one that is remembered */
	u64 dentry;
	u32 found; /* where, + 1; 0: it is none */
	u32 unused;
};

struct scratch {
	u32 busy;
	u32 off;   /* end of what is written */
	u32 block; /* start of the open block */
	u32 class; /* enum wire_class */
	u64 pointer;
	struct call at_hand;	     /* only the program at the call's end uses it, and it alone */
	struct call call;	     /* of the record */
	struct wire_candidates left; /* rules that can be true for the call at hand */
	u32 marks;		     /* enum wire_block_flag: of all blocks of the record */
	u32 known;		     /* scan.found when the record was begun; 0 of all but calls */
	struct walk walk;
	struct scan scan;
	/* Masking off keeps the verifier content; the slack takes what starts near the end. */
	u8 data[RECORD_MAX + APPEND_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* the loader: CPUs + 1 */
	__type(key, u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

/* What processes do. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 23); /* the loader sets the size asked for */
} call_ring SEC(".maps");

/* How processes start, change and end: apart, so that a flood of calls can't drown it. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 22);
} process_ring SEC(".maps");

/*
 * By CPU, and no map of that kind, so that user space can have it in its memory: a
 * call of bpf(2) that reads a map keeps programs of perf's from running for whoever
 * comes next on the reader's CPU.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* the loader: CPUs */
	__type(key, u32);
	__type(value, struct wire_counters);
} counters SEC(".maps");

/* Wake the reader when a ring has this many bytes. */
const volatile u32 call_wake_bytes = 1 << 21;
const volatile u32 process_wake_bytes = 1 << 20;
/* Index of the iterator's buffer. */
const volatile u32 iterator_slot = 0;

static __always_inline struct wire_counters *counters_here(void)
{
	u32 cpu = bpf_get_smp_processor_id();
	return bpf_map_lookup_elem(&counters, &cpu);
}

static __always_inline void count(u32 class, u32 what)
{
	struct wire_counters *c = counters_here();
	/* Though each CPU has its own: an interrupt may send a record in between. */
	if (c)
		__sync_fetch_and_add(class == CLASS_CALL ? &c->calls[what] : &c->processes[what],
				     1);
}

static __always_inline struct scratch *scratch_of(u32 slot)
{
	return bpf_map_lookup_elem(&scratches, &slot);
}

/* x, shown to the verifier to be at most mask; the compiler would leave out what it can prove
 * itself. */
#define BOUND(x, mask)                                                                             \
	({                                                                                         \
		u64 bounded = (x);                                                                 \
		asm volatile("%0 &= %1" : "+r"(bounded) : "i"(mask));                              \
		bounded;                                                                           \
	})

/* Takes a buffer for a record whose fixed part has size bytes; NULL and counted if it is taken. */
static __always_inline void *record_begin(struct scratch *s, u32 class, u32 size)
{
	if (!s || s->busy) {
		count(class, LOST_SCRATCH);
		return 0;
	}
	s->busy = 1;
	s->class = class;
	s->off = size;
	s->known = 0;
	return s->data;
}

static __always_inline void record_header(struct wire_header *h, struct task_struct *task, u16 type)
{
	struct task_struct *leader = READ(task, group_leader);

	h->time = bpf_ktime_get_boot_ns();
	h->start = READ(leader, start_boottime);
	h->pid = READ(task, tgid);
	h->tid = READ(task, pid);
	h->type = type;
	h->cpu = bpf_get_smp_processor_id();
	h->row = ROW_NONE;
	h->via = VIA_NATIVE;
	h->nargs = 0;
}

struct comm {
	u64 low, high;
};

static __always_inline void copy_comm(u8 *to, struct task_struct *task)
{
	struct comm *from = (void *)__builtin_preserve_access_index(&task->comm);

	if (direct_reads)
		*(struct comm *)to = *from;
	else
		bpf_probe_read_kernel(to, sizeof(*from), from);
}

/*
 * The reader polls while records come, and is woken once, when a ring fills faster
 * than that. By itself the kernel wakes it for the record that lies where the reader
 * says that it is: so that it says only when it wants to be (ring.go). The helper that
 * tells how much waits would look at the same two numbers.
 */
static __always_inline u64 wake(void *map, u32 size, u32 limit)
{
	struct bpf_ringbuf *ring = ((struct bpf_ringbuf_map *)map)->rb;
	u64 waiting = ring->producer_pos - ring->consumer_pos;
	return waiting < limit && waiting + size >= limit ? BPF_RB_FORCE_WAKEUP : 0;
}

static __always_inline void ring_send(u32 class, void *data, u32 size)
{
	long err;

	if (class == CLASS_CALL)
		err = bpf_ringbuf_output(&call_ring, data, size,
					 wake(&call_ring, size, call_wake_bytes));
	else
		err = bpf_ringbuf_output(&process_ring, data, size,
					 wake(&process_ring, size, process_wake_bytes));
	count(class, err ? LOST_RING : COUNT_SENT);
}

/* Sends a buffer's record and gives the buffer back. */
static __always_inline void record_send(struct scratch *s)
{
	u32 size = s->off;
	if (size <= RECORD_MAX)
		ring_send(s->class, s->data, size);
	else
		count(s->class, LOST_SIZE);
	s->busy = 0;
}

/*
 * A kernel pointer as a plain number, the only form in which a function that
 * is verified on its own may get it. Memory of a map is where the verifier
 * forgets what a number was.
 */
static __always_inline u64 plain(struct scratch *s, const void *p)
{
	volatile u64 *pointer = &s->pointer;

	*pointer = (u64)p;
	return *pointer;
}

static __always_inline void block_begin(struct scratch *s, u16 kind)
{
	struct wire_block *b = (void *)&s->data[s->off & (RECORD_MAX - 1)];

	b->kind = kind;
	b->flags = 0;
	b->len = 0;
	s->block = s->off;
	s->off += sizeof(*b);
}

static __always_inline void block_flag(struct scratch *s, u16 flag)
{
	struct wire_block *b = (void *)&s->data[s->block & (RECORD_MAX - 1)];

	b->flags |= flag;
	s->marks |= flag;
	if (flag & BLOCK_FAULT)
		count(s->class, FAULT_USER);
}

static __always_inline void block_end(struct scratch *s)
{
	struct wire_block *b = (void *)&s->data[s->block & (RECORD_MAX - 1)];

	b->len = s->off - s->block - sizeof(*b);
	s->off = (s->off + 7) & ~7;
}

static __always_inline void block_none(struct scratch *s)
{
	block_begin(s, BLOCK_NONE);
}

/* Room for size bytes of a structure at the end of the record. */
#define APPEND(s, type)                                                                            \
	({                                                                                         \
		type *at = (void *)&(s)->data[(s)->off & (RECORD_MAX - 1)];                        \
		(s)->off += sizeof(type);                                                          \
		at;                                                                                \
	})

/* Bytes before the NUL in some words of memory; all that there are if there is none. */
static __always_inline u32 length_in(u64 *words, u32 bytes)
{
	for (u32 i = 0; i < bytes / sizeof(u64); i++) {
		/* The lowest bit left is the highest one of the first byte that is 0. */
		u64 zero = (words[i] - 0x0101010101010101) & ~words[i] & 0x8080808080808080;
		if (zero)
			return i * sizeof(u64) + (((zero & -zero) >> 7) * 0x0001020304050607 >> 56);
	}
	return bytes;
}

/*
 * Appends a user string without its NUL to the open block. Most are short, and these are read as
 * bytes: the helper for strings has the kernel look, under a lock, whether what it writes to is
 * one piece of memory.
 */
static __always_inline void append_string(struct scratch *s, u64 address)
{
	u8 *to = &s->data[s->off & (RECORD_MAX - 1)];
	u32 short_len = SHORT_STRING;

	if (!bpf_probe_read_user(to, SHORT_STRING, (void *)address))
		short_len = length_in((u64 *)to, SHORT_STRING);
	if (short_len < SHORT_STRING) {
		s->off += short_len;
		return;
	}
	long n = bpf_probe_read_user_str(&s->data[s->off & (RECORD_MAX - 1)], STRING_MAX,
					 (void *)address);
	if (n < 0) {
		block_flag(s, BLOCK_FAULT);
		return;
	}
	if (n == STRING_MAX)
		block_flag(s, BLOCK_CUT);
	if (n > 0)
		s->off += n - 1;
}

/* Appends size user bytes, max at most, to the open block. */
static __always_inline void append_user(struct scratch *s, u64 address, u64 size, u32 max)
{
	if (max > APPEND_MAX - 1)
		max = APPEND_MAX - 1;
	if (size > max) {
		size = max;
		block_flag(s, BLOCK_CUT);
	}
	if (bpf_probe_read_user(&s->data[s->off & (RECORD_MAX - 1)], BOUND(size, APPEND_MAX - 1),
				(void *)address)) {
		block_flag(s, BLOCK_FAULT);
		return;
	}
	s->off += size;
}

#endif
