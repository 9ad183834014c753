/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The life of a request: its arguments are taken when it is submitted, as the
 * shape of its operation says, and it is told when it is done.
 */
#ifndef SAKER_URING_OPERATIONS_H
#define SAKER_URING_OPERATIONS_H

#include "turn.h"
#include "uring.h"

/* Of enum io_uring_op. */
#define IORING_OP_CONNECT 16

/* Is this a connection that has begun and is waited for? */
static __always_inline bool in_progress(struct io_kiocb *req)
{
	struct io_connect *c = COMMAND(struct io_connect, req);

	return READ(req, opcode) == IORING_OP_CONNECT && bpf_core_field_exists(c->in_progress) &&
	       READ(c, in_progress);
}

/* The kernel's copy of the address: alone, or in a message whose first member is a pointer or 0. */
static __always_inline const void *address_of(struct io_kiocb *req)
{
	struct io_async_msghdr *m = KERNEL(struct io_async_msghdr, READ(req, async_data));
	u64 first = 0;

	COPY(&first, m);
	if (!first || (first >> 48 == 0xffff && !(first & 7)))
		return &m->addr;
	return m;
}

/* Where a message of its own address goes. */
static __always_inline void save_peer(struct operation *o, struct io_kiocb *req, u8 arg)
{
	struct io_async_msghdr *m = KERNEL(struct io_async_msghdr, READ(req, async_data));

	if (m && READ(m, msg.msg_name))
		save_bytes(o, arg, READ(m, msg.msg_name), READ(m, msg.msg_namelen));
}

static __always_inline u64 save_name(struct operation *o, u8 arg, u64 address)
{
	struct filename *name = KERNEL(struct filename, address);

	save_string(o, arg, READ(name, name));
	return bpf_core_field_exists(name->uptr) ? (u64)READ(name, uptr) : 0;
}

static __always_inline u64 number_at(u64 at, u8 size, bool is_signed)
{
	u64 value = 0;

	if (size == 8)
		COPY(&value, at);
	else if (size == 4)
		COPY((u32 *)&value, at);
	else if (size == 2)
		COPY((u16 *)&value, at);
	else
		COPY((u8 *)&value, at);
	return is_signed && size == 4 ? (s64)(s32)value : value;
}

/* Takes one argument from a request. */
static __always_inline void take_operand(struct operation *o, struct io_kiocb *req, u8 arg,
					 struct wire_operand *from)
{
	u64 at = (u64)req + bpf_core_field_offset(struct io_kiocb, cmd) + from->offset;
	u64 value = number_at(at, from->size, from->source == SOURCE_SIGNED);

	switch (from->source) {
	case SOURCE_NONE:
		return;
	case SOURCE_NUMBER:
		value = from->offset;
		break;
	case SOURCE_FILE:
		o->own_file = arg + 1;
		value = (s64)READ(req, cqe.fd);
		break;
	case SOURCE_NAME:
		value = save_name(o, arg, value);
		break;
	case SOURCE_STRING:
		save_string(o, arg, (const char *)value);
		break;
	case SOURCE_BYTES:
		save_bytes(o, arg, (void *)at, from->size);
		break;
	case SOURCE_ADDRESS:
		save_bytes(o, arg, address_of(req), value);
		break;
	case SOURCE_PEER:
		save_peer(o, req, arg);
		break;
	}
	o->args[arg] = value;
}

/* Saves what a request that is now submitted asks for. */
__noinline int begin(u64 key, u64 request)
{
	struct operation *o = operation_of(key);
	struct io_kiocb *req = KERNEL(struct io_kiocb, request);
	u32 opcode = READ(req, opcode);
	struct wire_shape *shape = bpf_map_lookup_elem(&shapes, &opcode);

	if (!o || !shape)
		return 0;
	o->shape = shape->flags;
	for (int i = 0; i < 6; i++)
		take_operand(o, req, i, &shape->operands[i]);
	if (shape->slot)
		COPY(&o->direct,
		     request + bpf_core_field_offset(struct io_kiocb, cmd) + shape->slot);
	return 0;
}

/* Set by the loader: the tracepoint gives a completion, not what it consists of. */
const volatile bool result_is_whole = true;

/* One of many results of a request, which another will follow. */
static __always_inline int on_result(u64 ring, u64 *ctx)
{
	struct result_of key = {.ring = ring};
	s64 result = 0;

	if (result_is_whole) {
		struct io_uring_cqe *whole = (void *)ARGUMENT(ctx, 2);
		COPY(&key.user_data, &whole->user_data);
		COPY((s32 *)&result, &whole->res);
		result = (s32)result;
	} else {
		key.user_data = ARGUMENT(ctx, 2);
		result = (s32)ARGUMENT(ctx, 3);
	}
	u64 *request = bpf_map_lookup_elem(&results, &key);
	struct operation *o = request ? operation_of(*request) : 0;
	if (o && !o->told)
		tell(*request, o->serial, result, THEN_AGAIN);
	return 0;
}

/*
 * Is a request done, though no completion told so? The function that performed
 * it cleared a flag with what it freed, then set the result, and the
 * descriptor's number with it to 0. With only the latter an accept, or another
 * that is polled, could also be one that was woken: that is told when the process
 * ends.
 */
static __always_inline bool is_done(struct operation *o, struct io_kiocb *req, bool last)
{
	if (READ(req, cqe.fd))
		return false;
	if (o->flags & ~flags_of(req))
		return true;
	return o->fd && (last || !(o->shape & SHAPE_POLLED));
}

static __always_inline int on_complete(u64 request)
{
	struct io_kiocb *req = KERNEL(struct io_kiocb, request);

	struct operation *o = bpf_map_lookup_elem(&operations, &request);
	if (o)
		tell(request, o->serial, READ(req, cqe.res), THEN_END);
	return 0;
}

/*
 * Tells a waiting request if it is done, or if it is a connection that has
 * begun. At the process's last, what is not done by now never is.
 */
__noinline int look_at(u64 request, u32 last)
{
	struct operation *o = operation_of(request);
	struct io_kiocb *req = KERNEL(struct io_kiocb, request);

	if (!o)
		return 0;
	/* Else its ring is gone. */
	bool there = (u64)READ(req, ctx) == o->ring && READ(req, cqe.user_data) == o->user_data;
	bool done = there && is_done(o, req, last);
	if (done || last)
		tell(request, o->serial, done ? READ(req, cqe.res) : -ECANCELED, THEN_END);
	else if (there && in_progress(req))
		tell(request, o->serial, -EINPROGRESS, THEN_WAIT);
	return 0;
}

/* Looks at the requests of a process that show when they are done. */
static __always_inline void look(u32 pid)
{
	struct looked_at *l = get_looked_at();

	for (u32 i = 0; l && i < LOOK_MAX; i++)
		if (l->pids[i] == pid)
			look_at(l->requests[i], false);
}

struct bpf_map;

static long look_last(struct bpf_map *map, u64 *request, struct operation *o, u32 *pid)
{
	if (o->pid == *pid)
		look_at(*request, true);
	return 0;
}

/* The process ends: nothing of it stays. */
static __always_inline void end_all(u32 pid)
{
	bpf_for_each_map_elem(&operations, look_last, &pid, 0);
}

/* The request that a CPU submitted last. */
struct submitted {
	u64 request;
	u32 tid;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct submitted);
} submitted SEC(".maps");

/* The thread's request before this one may be done, and this one may close its file. */
static __always_inline void look_before(u64 request)
{
	u32 first = 0, tid = bpf_get_current_pid_tgid();
	struct submitted *l = bpf_map_lookup_elem(&submitted, &first);

	if (!l)
		return;
	if (l->tid == tid && l->request)
		look_at(l->request, false);
	l->tid = tid;
	l->request = request;
}

/* Begins a request. What can't be told when it is done is told now. */
static __always_inline int begin_request(struct scratch *s, u64 request, u16 row)
{
	u64 key;
	struct io_kiocb *req = KERNEL(struct io_kiocb, request);
	struct operation *o = entry_for(s, request, &key);

	if (!o)
		return 0;
	put_request(o, req, row);
	begin(key, request);
	if (o->shape & SHAPE_MANY && key != SPARE)
		await_results(request);
	if (key == SPARE)
		return send_operation(SPARE, -EINPROGRESS);
	if (!(o->shape & SHAPE_WAITS) && !look_begin(o, request))
		return send_operation(request, -EINPROGRESS);
	return 0;
}

static __always_inline int on_submit(void *hook, struct io_kiocb *submitted)
{
	struct scratch *s = scratch_of(bpf_get_smp_processor_id());
	struct task_struct *task = current_task();
	u16 row = uring_calls[READ(submitted, opcode) & (OPERATIONS_MAX - 1)];

	/* What a request was before may be told by any of several: the next one finds it gone. */
	if (!s || (!waiting && !row) || (row && !is_turn(hook)))
		return 0;
	u64 request = plain(s, submitted);
	on_complete(request); /* what the request was before */
	look_before(request);
	if (!row || !in_scope(task))
		return 0;
	return begin_request(s, request, row - 1);
}

#endif
