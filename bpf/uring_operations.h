/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The operations of io_uring that have a row: which member of its request is
 * which argument of the call.
 */
#ifndef SAKER_URING_OPERATIONS_H
#define SAKER_URING_OPERATIONS_H

#include "uring.h"

/* Of enum io_uring_op. */
#define IORING_OP_ACCEPT    13
#define IORING_OP_CONNECT   16
#define IORING_OP_OPENAT    18
#define IORING_OP_OPENAT2   28
#define IORING_OP_RENAMEAT  35
#define IORING_OP_UNLINKAT  36
#define IORING_OP_MKDIRAT   37
#define IORING_OP_SYMLINKAT 38
#define IORING_OP_LINKAT    39
#define IORING_OP_SOCKET    45
#define IORING_OP_BIND	    56
#define IORING_OP_LISTEN    57

static __always_inline void begin_open(struct operation *o, struct io_kiocb *req)
{
	struct io_open *c = COMMAND(struct io_open, req);

	o->direct = READ(c, file_slot);
	o->args[0] = READ(c, dfd);
	save_name(o, 0, 1, READ(c, filename));
	if (READ(req, opcode) == IORING_OP_OPENAT2) {
		o->args[3] = sizeof(struct open_how);
		save_bytes(o, 2, &c->how, sizeof(struct open_how));
		return;
	}
	o->args[2] = READ(c, how.flags);
	o->args[3] = READ(c, how.mode);
}

static __always_inline void begin_unlink(struct operation *o, struct io_kiocb *req)
{
	struct io_unlink *c = COMMAND(struct io_unlink, req);

	o->args[0] = READ(c, dfd);
	o->args[2] = READ(c, flags);
	save_name(o, 0, 1, READ(c, filename));
}

static __always_inline void begin_mkdir(struct operation *o, struct io_kiocb *req)
{
	struct io_mkdir *c = COMMAND(struct io_mkdir, req);

	o->args[0] = READ(c, dfd);
	o->args[2] = READ(c, mode);
	save_name(o, 0, 1, READ(c, filename));
}

static __always_inline void begin_rename(struct operation *o, struct io_kiocb *req)
{
	struct io_rename *c = COMMAND(struct io_rename, req);

	o->args[0] = READ(c, old_dfd);
	o->args[2] = READ(c, new_dfd);
	o->args[4] = READ(c, flags);
	save_name(o, 0, 1, READ(c, oldpath));
	save_name(o, 1, 3, READ(c, newpath));
}

static __always_inline void begin_link(struct operation *o, struct io_kiocb *req)
{
	struct io_link *c = COMMAND(struct io_link, req);

	o->args[0] = READ(c, old_dfd);
	o->args[2] = READ(c, new_dfd);
	o->args[4] = READ(c, flags);
	save_name(o, 0, 1, READ(c, oldpath));
	save_name(o, 1, 3, READ(c, newpath));
}

static __always_inline void begin_symlink(struct operation *o, struct io_kiocb *req)
{
	struct io_link *c = COMMAND(struct io_link, req);

	save_name(o, 0, 0, READ(c, oldpath));
	o->args[1] = READ(c, new_dfd);
	save_name(o, 1, 2, READ(c, newpath));
}

static __always_inline void begin_socket(struct operation *o, struct io_kiocb *req)
{
	struct io_socket *c = COMMAND(struct io_socket, req);

	o->direct = READ(c, file_slot);
	o->args[0] = READ(c, domain);
	o->args[1] = READ(c, type);
	o->args[2] = READ(c, protocol);
}

/* The number of the descriptor that the operation works on. */
static __always_inline void begin_on_file(struct operation *o, struct io_kiocb *req)
{
	o->own_file = 1;
	o->args[0] = READ(req, cqe.fd);
}

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

static __always_inline void begin_connect(struct operation *o, struct io_kiocb *req)
{
	struct io_connect *c = COMMAND(struct io_connect, req);

	begin_on_file(o, req);
	o->args[1] = (u64)READ(c, addr);
	o->args[2] = READ(c, addr_len);
	save_bytes(o, 1, address_of(req), READ(c, addr_len));
}

static __always_inline void begin_bind(struct operation *o, struct io_kiocb *req)
{
	begin_on_file(o, req);
	if (!bpf_core_type_exists(struct io_bind))
		return;
	o->args[2] = READ(COMMAND(struct io_bind, req), addr_len);
	save_bytes(o, 1, address_of(req), o->args[2]);
}

static __always_inline void begin_accept(struct operation *o, struct io_kiocb *req)
{
	struct io_accept *c = COMMAND(struct io_accept, req);

	begin_on_file(o, req);
	o->direct = READ(c, file_slot);
	o->args[1] = (u64)READ(c, addr);
	o->args[2] = (u64)READ(c, addr_len);
	o->args[3] = READ(c, flags);
}

static __always_inline void begin_listen(struct operation *o, struct io_kiocb *req)
{
	begin_on_file(o, req);
	if (bpf_core_type_exists(struct io_listen))
		o->args[1] = READ(COMMAND(struct io_listen, req), backlog);
}

/* Saves what a request that is now submitted asks for. */
static __always_inline void begin(struct operation *o, struct io_kiocb *req)
{
	switch (READ(req, opcode)) {
	case IORING_OP_OPENAT:
	case IORING_OP_OPENAT2:
		begin_open(o, req);
		break;
	case IORING_OP_UNLINKAT:
		begin_unlink(o, req);
		break;
	case IORING_OP_MKDIRAT:
		begin_mkdir(o, req);
		break;
	case IORING_OP_RENAMEAT:
		begin_rename(o, req);
		break;
	case IORING_OP_LINKAT:
		begin_link(o, req);
		break;
	case IORING_OP_SYMLINKAT:
		begin_symlink(o, req);
		break;
	case IORING_OP_SOCKET:
		begin_socket(o, req);
		break;
	case IORING_OP_CONNECT:
		begin_connect(o, req);
		break;
	case IORING_OP_ACCEPT:
		begin_accept(o, req);
		break;
	case IORING_OP_BIND:
		begin_bind(o, req);
		break;
	case IORING_OP_LISTEN:
		begin_listen(o, req);
		break;
	}
}

/*
 * Is a request done, though no completion told so? The function that performed
 * it cleared a flag with what it freed, then set the result, and the
 * descriptor's number with it to 0. With only the latter an accept could also
 * be one that was woken: that is told when the process ends.
 */
static __always_inline bool is_done(struct operation *o, struct io_kiocb *req, bool last)
{
	u8 opcode = READ(req, opcode);

	if (READ(req, cqe.fd))
		return false;
	if (o->flags & ~flags_of(req))
		return true;
	return o->fd && (last || opcode == IORING_OP_SOCKET || opcode == IORING_OP_LISTEN);
}

static __always_inline int on_complete(u64 request)
{
	struct io_kiocb *req = KERNEL(struct io_kiocb, request);

	if (!bpf_map_lookup_elem(&operations, &request))
		return 0;
	send_operation(request, READ(req, cqe.res));
	operation_end(request);
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
	if (done || last) {
		send_operation(request, done ? READ(req, cqe.res) : -ECANCELED);
		operation_end(request);
	} else if (there && in_progress(req)) {
		send_operation(request, -EINPROGRESS);
	}
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
	begin(o, req);
	if (key == SPARE)
		return send_operation(SPARE, -EINPROGRESS);
	/* An accept often waits long, and doesn't show that it is done. */
	if (READ(req, opcode) != IORING_OP_ACCEPT && !look_begin(o, request))
		return send_operation(request, -EINPROGRESS);
	return 0;
}

static __always_inline int on_submit(struct io_kiocb *submitted)
{
	struct scratch *s = scratch_of(bpf_get_smp_processor_id());
	struct task_struct *task = current_task();
	u16 row = uring_calls[READ(submitted, opcode) & (OPERATIONS_MAX - 1)];

	if (!s || (!waiting && !row))
		return 0;
	u64 request = plain(s, submitted);
	on_complete(request); /* what the request was before */
	look_before(request);
	if (!row || !in_scope(task))
		return 0;
	return begin_request(s, request, row - 1);
}

#endif
