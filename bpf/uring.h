/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What a process has io_uring do, told as the call that does the same.
 *
 * When a request is submitted the kernel has its own copy of names and
 * addresses, and frees it when it is done with them: so they are saved then.
 * The record is built when the request completes.
 *
 * But a program can see to it that there is no completion: it may not want one
 * (IOSQE_CQE_SKIP_SUCCESS), leave no room for it, or not ask for it. So while
 * requests wait, a process that has io_uring is looked at after each of its
 * calls, when it submits another request or runs the ring's work, and when it
 * ends. That a request is done then shows in the request itself.
 */
#ifndef SAKER_URING_H
#define SAKER_URING_H

#include "call.h"
#include "kernel_uring.h"
#include "path_hooks.h"

#define OPERATIONS_MAX	 128 /* opcodes, a power of two */
#define WAITING_MAX	 1024
#define LOOK_MAX	 256 /* a power of two */
#define TEXTS_MAX	 2
#define FILE_INDEX_ALLOC (~0U) /* a direct descriptor in a slot that the kernel chooses */
#define FILE_POINTER	 (~7UL)
#define EEXIST		 17
#define EINPROGRESS	 115
#define ECANCELED	 125

/* Opcode → row + 1; 0: nobody asked for it. */
u16 uring_calls[OPERATIONS_MAX];

/* By opcode. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, OPERATIONS_MAX);
	__type(key, u32);
	__type(value, struct wire_shape);
} shapes SEC(".maps");

/* How many requests wait, and how many of them are in looked_at. */
u64 waiting = 0;
u64 looked = 0;

/* The kernel's copy of what an argument points at. */
struct text {
	u8 arg;
	u32 len;
	u8 data[STRING_MAX];
};

/* A request between its submission and its record. */
struct operation {
	u64 args[6];
	u64 start; /* who submitted it: as in wire_header */
	u32 pid, tid;
	u8 comm[16];
	u64 ring, user_data, flags; /* as they were then */
	u64 serial;		    /* no other operation's */
	s32 fd;
	u32 direct; /* of a new direct descriptor: its slot + 1, or FILE_INDEX_ALLOC */
	u16 row;
	u8 own_file; /* argument + 1 that is the request's file */
	u8 shape;    /* SHAPE_* */
	u8 told;
	u16 look; /* place in looked_at + 1 */
	struct text texts[TEXTS_MAX];
};

/* By the request's address. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, WAITING_MAX);
	__type(key, u64);
	__type(value, struct operation);
} operations SEC(".maps");

/* Those that show when they are done, side by side: walking the map above takes 20 µs. */
struct looked_at {
	u32 pids[LOOK_MAX];
	u64 requests[LOOK_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct looked_at);
} looked_at SEC(".maps");

/* Requests that can have many results, by what all these have in common. */
struct result_of {
	u64 ring, user_data;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, WAITING_MAX);
	__type(key, struct result_of);
	__type(value, u64);
} results SEC(".maps");

static __always_inline struct looked_at *get_looked_at(void)
{
	u32 first = 0;
	return bpf_map_lookup_elem(&looked_at, &first);
}

/* One per CPU, for when no more can wait. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct operation);
} spare SEC(".maps");

#define SPARE 0 /* in place of a request's address */

static __always_inline struct operation *operation_of(u64 request)
{
	u32 first = 0;

	if (request == SPARE)
		return bpf_map_lookup_elem(&spare, &first);
	return bpf_map_lookup_elem(&operations, &request);
}

static __always_inline u64 flags_of(struct io_kiocb *req)
{
	struct io_kiocb___narrow *narrow = (void *)req;

	if (bpf_core_field_size(req->flags) == sizeof(u64))
		return READ(req, flags);
	return READ(narrow, flags);
}

/* The structure that the request's operation has, as type. */
#define COMMAND(type, req) KERNEL(type, (u64)(req) + bpf_core_field_offset(struct io_kiocb, cmd))

/* A worker of the ring acts for the process. */
static __always_inline void put_submitter(struct operation *o)
{
	struct task_struct *task = current_task();
	struct task_struct *leader = READ(task, group_leader);

	o->start = READ(leader, start_boottime);
	o->pid = READ(task, tgid);
	if (READ(task, flags) & PF_IO_WORKER) {
		o->tid = o->pid;
		COPY(&o->comm, &leader->comm);
	} else {
		o->tid = READ(task, pid);
		COPY(&o->comm, &task->comm);
	}
}

/* An entry for a request, at *key: its own, or the spare one if too many wait. */
static __always_inline struct operation *entry_for(struct scratch *s, u64 request, u64 *key)
{
	*key = request;
	/* The buffer is memory to make the entry from; what is in it doesn't matter. */
	if (bpf_map_update_elem(&operations, &request, s->data, BPF_NOEXIST))
		*key = SPARE;
	else
		__sync_fetch_and_add(&waiting, 1);
	return operation_of(*key);
}

static __always_inline void put_request(struct operation *o, struct io_kiocb *req, u16 row)
{
	put_submitter(o);
	o->ring = (u64)READ(req, ctx);
	o->user_data = READ(req, cqe.user_data);
	o->flags = flags_of(req);
	o->fd = READ(req, cqe.fd);
	o->row = row;
	o->direct = 0;
	o->own_file = 0;
	o->shape = 0;
	o->told = 0;
	o->serial = bpf_ktime_get_ns() << 10 | (bpf_get_smp_processor_id() & 1023);
	o->look = 0;
	for (int i = 0; i < 6; i++)
		o->args[i] = 0;
	for (int i = 0; i < TEXTS_MAX; i++) {
		o->texts[i].arg = PLACE_NOWHERE;
		o->texts[i].len = 0;
	}
}

/* Has the request looked at; false if too many are. */
static __always_inline bool look_begin(struct operation *o, u64 request)
{
	struct looked_at *l = get_looked_at();

	for (u32 i = 0; l && i < 4; i++) {
		u32 at = BOUND((request >> 8) + i, LOOK_MAX - 1);
		if (l->requests[at])
			continue;
		l->requests[at] = request;
		l->pids[at] = o->pid;
		o->look = at + 1;
		__sync_fetch_and_add(&looked, 1);
		return true;
	}
	return false;
}

static __always_inline void look_end(u64 request, u16 place)
{
	struct looked_at *l = get_looked_at();
	u32 at = BOUND(place - 1, LOOK_MAX - 1);

	if (!place)
		return;
	__sync_fetch_and_add(&looked, -1);
	if (l && l->requests[at] == request) {
		l->pids[at] = 0;
		l->requests[at] = 0;
	}
}

__noinline int await_results(u64 request)
{
	struct operation *o = operation_of(request);
	struct result_of key = {};

	if (!o)
		return 0;
	key.ring = o->ring;
	key.user_data = o->user_data;
	return bpf_map_update_elem(&results, &key, &request, BPF_ANY);
}

__noinline int await_no_results(u64 request)
{
	struct operation *o = operation_of(request);
	struct result_of key = {};

	if (!o)
		return 0;
	key.ring = o->ring;
	key.user_data = o->user_data;
	u64 *awaited = bpf_map_lookup_elem(&results, &key);
	if (awaited && *awaited == request)
		bpf_map_delete_elem(&results, &key);
	return 0;
}

static __always_inline void operation_end(u64 request)
{
	struct operation *o = operation_of(request);
	u16 place = o ? o->look : 0;

	if (o && o->shape & SHAPE_MANY)
		await_no_results(request);
	if (bpf_map_delete_elem(&operations, &request))
		return;
	__sync_fetch_and_add(&waiting, -1);
	look_end(request, place);
}

static __always_inline struct text *free_text(struct operation *o, u8 arg)
{
	struct text *t = o->texts[0].arg == PLACE_NOWHERE ? &o->texts[0] : &o->texts[1];

	t->arg = arg;
	return t;
}

static __always_inline void save_string(struct operation *o, u8 arg, const char *from)
{
	struct text *t = free_text(o, arg);
	long n = bpf_probe_read_kernel_str(t->data, STRING_MAX, from);

	t->len = n > 0 ? n - 1 : 0;
}

static __always_inline void save_bytes(struct operation *o, u8 arg, const void *from, u32 size)
{
	struct text *t = free_text(o, arg);

	t->len = BOUND(size, ADDRESS_MAX * 2 - 1);
	bpf_probe_read_kernel(t->data, BOUND(size, ADDRESS_MAX * 2 - 1), from);
}

/* The file in a slot of the ring's table of direct descriptors. */
static __always_inline u64 direct_file(u64 ring, u32 i)
{
	struct io_ring_ctx *ctx = KERNEL(struct io_ring_ctx, ring);
	u64 entry = 0, node = 0;

	if (bpf_core_field_exists(ctx->file_table.data)) {
		COPY(&node, READ(ctx, file_table.data.nodes) + i);
		if (node)
			COPY(&entry, node + bpf_core_field_offset(struct io_rsrc_node, file_ptr));
	} else {
		COPY(&entry, READ(ctx, file_table.files) + i);
	}
	return entry & FILE_POINTER;
}

/* The file that an argument, or the result, refers to. */
static __always_inline u64 operation_file(struct scratch *s, struct operation *o, u64 request,
					  u8 arg)
{
	s64 value = value_of(&s->call, arg);

	if (arg + 1 == o->own_file)
		return plain(s, READ(KERNEL(struct io_kiocb, request), file));
	if (arg != PLACE_RESULT || !o->direct)
		return file_of(current_task(), (s32)value);
	if (value < 0)
		return 0;
	return direct_file(o->ring, o->direct == FILE_INDEX_ALLOC ? value : o->direct - 1);
}

/* Puts what was saved of an argument; false: nothing was. */
static __always_inline bool put_text(struct scratch *s, struct operation *o, u16 kind, u8 arg)
{
	for (int i = 0; i < TEXTS_MAX; i++) {
		struct text *t = &o->texts[i];
		if (t->arg != arg)
			continue;
		block_begin(s, kind);
		bpf_probe_read_kernel(&s->data[s->off & (RECORD_MAX - 1)],
				      BOUND(t->len, STRING_MAX - 1), t->data);
		s->off += t->len;
		block_end(s);
		return true;
	}
	return false;
}

/* A thread of the kernel's own, after the process: its memory and descriptors say nothing. */
static __always_inline bool is_foreign(struct operation *o)
{
	return READ(current_task(), tgid) != o->pid;
}

/* The blocks of a request that is gone. */
static __always_inline int put_ended(struct scratch *s, u8 kind)
{
	block_none(s);
	if (kind == CAPTURE_PATH || kind == CAPTURE_MSG)
		block_none(s);
	return 0;
}

/* As put_capture, from what was saved, from the request, and from the program's memory. */
__noinline int put_saved(u32 slot, u64 request, u32 packed, u32 max)
{
	struct scratch *s = scratch_of(slot);
	struct operation *o = operation_of(request);
	u8 kind = packed, arg = packed >> 8, aux = packed >> 16;
	u16 block = kind == CAPTURE_ADDR ? BLOCK_ADDR : BLOCK_BYTES;

	if (!s)
		return 0;
	if (!o)
		return put_ended(s, kind);
	if (kind == CAPTURE_ADDR)
		max = ADDRESS_MAX;
	bool foreign = is_foreign(o);
	switch (kind) {
	case CAPTURE_PATH:
	case CAPTURE_STRING:
		if (!put_text(s, o, BLOCK_STRING, arg))
			block_none(s);
		if (kind == CAPTURE_STRING)
			break;
		if (foreign || !READ(current_task(), fs))
			block_none(s);
		else
			put_start(
				slot, current_task(), s, &s->call, aux,
				s->data[(s->block + sizeof(struct wire_block)) & (RECORD_MAX - 1)]);
		break;
	case CAPTURE_FILE:
		put_file(slot, foreign ? 0 : operation_file(s, o, request, arg));
		break;
	case CAPTURE_FILE_AT:
		put_file_at(slot, s, foreign ? 0 : value_of(&s->call, arg) + aux);
		break;
	default:
		if (put_text(s, o, block, arg))
			break;
		put_bytes(s, block, foreign ? 0 : value_of(&s->call, arg),
			  aux == PLACE_NOWHERE ? max : value_of(&s->call, aux), max);
	}
	return 0;
}

/* The same for data that lies in several places of the program's memory. */
__noinline int put_scattered(u32 slot, u64 request, u32 packed, u32 max)
{
	struct scratch *s = scratch_of(slot);
	struct operation *o = operation_of(request);
	u8 kind = packed, arg = packed >> 8, aux = packed >> 16;

	if (!s)
		return 0;
	if (!o)
		return put_ended(s, kind);
	u64 value = is_foreign(o) ? 0 : value_of(&s->call, arg);
	if (kind == CAPTURE_MSG) {
		put_message(slot, s, value, s->call.ret, max);
		return 0;
	}
	block_begin(s, BLOCK_BYTES);
	append_buffers(slot, value, value_of(&s->call, aux), s->call.ret < 0 ? max : s->call.ret,
		       max);
	block_end(s);
	return 0;
}

static __always_inline void put_operation_capture(u32 slot, u64 request, struct wire_capture *c,
						  s64 ret)
{
	struct scratch *s = scratch_of(slot);
	u32 packed = c->kind | c->arg << 8 | c->aux << 16;

	if (c->out && ret < 0 && s)
		block_none(s);
	else if (c->kind == CAPTURE_MSG || c->kind == CAPTURE_IOVEC)
		put_scattered(slot, request, packed, c->max);
	else
		put_saved(slot, request, packed, c->max);
}

/* Begins the record of a request: all but its blocks. */
static __always_inline bool begin_operation(struct scratch *s, struct operation *o, s64 ret,
					    u8 nargs)
{
	struct wire_call *w = record_begin(s, CLASS_CALL, sizeof(*w));

	if (!w)
		return false;
	record_header(&w->header, current_task(), WIRE_CALL);
	w->header.start = o->start;
	w->header.pid = o->pid;
	w->header.tid = o->tid;
	w->header.row = s->call.row = o->row;
	w->header.via = s->call.via = VIA_IO_URING;
	w->header.nargs = nargs;
	w->ret = s->call.ret = ret;
	__builtin_memcpy(w->comm, o->comm, sizeof(w->comm));
	for (int i = 0; i < 6; i++) {
		s->call.args[i] = o->args[i];
		if (i < nargs)
			*APPEND(s, u64) = o->args[i];
	}
	return true;
}

/* Sends the record of a request. */
__noinline int send_operation(u64 request, s64 ret)
{
	struct operation *o = operation_of(request);
	u32 slot = bpf_get_smp_processor_id(), key = o ? o->row : 0;
	struct scratch *s = scratch_of(slot);
	struct wire_row *row = bpf_map_lookup_elem(&rows, &key);

	if (!s || !o || !row || o->told)
		return 0;
	o->told = 1;
	if (begin_operation(s, o, ret, row->nargs)) {
		for (int i = 0; i < MAX_CAPTURES && i < row->ncaptures; i++)
			put_operation_capture(slot, request, &row->captures[i], ret);
		record_send(s);
	}
	return 0;
}

/* Operations that a CPU tells of now, by serial: two may see at once that one is done. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WAITING_MAX);
	__type(key, u64);
	__type(value, u64);
} claims SEC(".maps");

/* What becomes of an operation that was told. */
enum then {
	THEN_END,
	THEN_WAIT, /* it is told no more */
	THEN_AGAIN /* its next result is told too */
};

/* Tells of an operation, unless another CPU does or has. */
static __always_inline void tell(u64 request, u64 serial, s64 ret, enum then then)
{
	if (bpf_map_update_elem(&claims, &serial, &serial, BPF_NOEXIST) == -EEXIST)
		return;
	struct operation *o = operation_of(request);
	if (o && o->serial == serial) {
		send_operation(request, ret);
		if (then == THEN_END)
			operation_end(request);
		else if (then == THEN_AGAIN)
			o->told = 0;
	}
	bpf_map_delete_elem(&claims, &serial);
}

#endif
