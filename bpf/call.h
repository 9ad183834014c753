/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The one body behind every system call: it interprets the call's row, at the
 * call's end, when its arguments are still in the saved registers and its
 * effects are there to be read. Nothing is read at the start of a call: a
 * second thread could change it before the kernel looks.
 */
#ifndef SAKER_CALL_H
#define SAKER_CALL_H

#include "address.h"
#include "meta.h"
#include "multiplexed.h"
#include "process.h"
#include "answer.h"
#include "candidates.h"
#include "peer.h"
#include "used_path.h"

#define CALLS_MAX  1024 /* highest call number of any table, a power of two */
#define X32_BIT	   0x40000000
#define TS_COMPAT  2
#define TIF_32BIT  22
#define IOVECS_MAX 8

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ROWS_MAX);
	__type(key, u32);
	__type(value, struct wire_row);
} rows SEC(".maps");

/* Rows + 1 of the calls with one number, by the way into the kernel; 0: nobody asked for it. They
 * lie together, so that one load tells that none is asked for. */
union numbered {
	u16 row[4];
	u64 any;
} calls[CALLS_MAX];

static __always_inline union numbered *numbered(u64 nr)
{
	return &calls[nr & (CALLS_MAX - 1)];
}

#if defined(__TARGET_ARCH_x86)
#define NR_EXECVEAT 322
#define NR_DUP	    32

static __always_inline u64 call_number(struct pt_regs *regs)
{
	return READ(regs, orig_ax);
}

static __always_inline u8 via_of(struct task_struct *task, u64 nr)
{
	if (READ(task, thread_info.status) & TS_COMPAT)
		return VIA_COMPAT;
	return nr & X32_BIT ? VIA_X32 : VIA_NATIVE;
}

static __always_inline void read_args(struct call *call, struct pt_regs *regs)
{
	if (call->via == VIA_COMPAT) {
		call->args[0] = (u32)READ(regs, bx);
		call->args[1] = (u32)READ(regs, cx);
		call->args[2] = (u32)READ(regs, dx);
		call->args[3] = (u32)READ(regs, si);
		call->args[4] = (u32)READ(regs, di);
		call->args[5] = (u32)READ(regs, bp);
		return;
	}
	call->args[0] = READ(regs, di);
	call->args[1] = READ(regs, si);
	call->args[2] = READ(regs, dx);
	call->args[3] = READ(regs, r10);
	call->args[4] = READ(regs, r8);
	call->args[5] = READ(regs, r9);
}
#elif defined(__TARGET_ARCH_arm64)
#define NR_EXECVEAT 281
#define NR_DUP	    23

static __always_inline u64 call_number(struct pt_regs *regs)
{
	return (u32)READ(regs, syscallno);
}

static __always_inline u8 via_of(struct task_struct *task, u64 nr)
{
	return READ(task, thread_info.flags) & (1UL << TIF_32BIT) ? VIA_COMPAT : VIA_NATIVE;
}

static __always_inline void read_args(struct call *call, struct pt_regs *regs)
{
	/* The first register already holds the result. */
	call->args[0] = READ(regs, orig_x0);
	call->args[1] = READ(regs, regs[1]);
	call->args[2] = READ(regs, regs[2]);
	call->args[3] = READ(regs, regs[3]);
	call->args[4] = READ(regs, regs[4]);
	call->args[5] = READ(regs, regs[5]);
	if (call->via == VIA_COMPAT)
		for (int i = 0; i < 6; i++)
			call->args[i] = (u32)call->args[i];
}
#endif

/* Most calls end here: nobody asked for them, whatever their way into the kernel. */
static __always_inline bool is_asked(struct pt_regs *regs)
{
	return numbered(call_number(regs))->any;
}

static __always_inline u16 find_row(struct pt_regs *regs, struct task_struct *task, u8 *via)
{
	u64 nr = call_number(regs);

	*via = via_of(task, nr);
	return numbered(nr)->row[*via & 3];
}

static __always_inline u64 value_of(struct call *call, u8 arg)
{
	return arg == PLACE_RESULT ? call->ret : call->args[arg < 6 ? arg : 5];
}

/* The directory that a given path starts from; for an absolute one the process's root. */
static __always_inline void put_start(u32 slot, struct scratch *s, struct call *call, u8 dir,
				      char first)
{
	struct task_struct *task = current_task();
	struct fs_struct *fs = READ(task, fs);
	s32 fd = dir == PLACE_CWD ? AT_FDCWD : (s32)value_of(call, dir);

	if (first == '/') {
		if (is_top(READ(fs, root.mnt), READ(fs, root.dentry))) {
			block_begin(s, BLOCK_DIR);
			block_end(s);
			return;
		}
		put_path(slot, BLOCK_DIR, READ(fs, root.mnt), READ(fs, root.dentry));
		return;
	}
	if (fd == AT_FDCWD) {
		put_path(slot, BLOCK_DIR, READ(fs, pwd.mnt), READ(fs, pwd.dentry));
		return;
	}
	u64 address = file_of(task, fd);
	if (!address) {
		block_none(s);
		return;
	}
	struct file *file = KERNEL(struct file, address);
	put_path(slot, BLOCK_DIR, READ(file, f_path.mnt), READ(file, f_path.dentry));
}

static __always_inline void put_string(struct scratch *s, u64 address)
{
	if (!address) {
		block_none(s);
		return;
	}
	block_begin(s, BLOCK_STRING);
	append_string(s, address);
	block_end(s);
}

static __always_inline void put_bytes(struct scratch *s, u16 kind, u64 address, s64 size, u32 max)
{
	if (!address || size <= 0) {
		block_none(s);
		return;
	}
	block_begin(s, kind);
	append_user(s, address, size, max);
	block_end(s);
}

/* An address that the kernel filled in: as long as its family's are. */
static __always_inline s32 address_size(u64 address)
{
	u16 family = 0;

	if (!address || bpf_probe_read_user(&family, sizeof(family), (void *)address))
		return 0;
	return family == AF_INET ? 16 : family == AF_INET6 ? 28 : family == AF_UNIX ? 110 : 16;
}

static __always_inline bool read_iovec(u64 *base, u64 *size, u64 iov, u32 i, u8 via)
{
	u64 wide[2];
	u32 narrow[2];

	if (!is_narrow(via)) {
		if (bpf_probe_read_user(wide, sizeof(wide), (void *)(iov + i * sizeof(wide))))
			return false;
		*base = wide[0];
		*size = wide[1];
		return true;
	}
	if (bpf_probe_read_user(narrow, sizeof(narrow), (void *)(iov + i * sizeof(narrow))))
		return false;
	*base = narrow[0];
	*size = narrow[1];
	return true;
}

/* Appends the first bytes of buffer i, left at most, to the open block; gives how many it has of
 * them, -1 if that can't be read. */
__noinline int append_buffer(u32 slot, u64 iov, u32 i, u32 left)
{
	struct scratch *s = scratch_of(slot);
	u64 base, size;

	if (!s)
		return -1;
	if (!read_iovec(&base, &size, iov, i, s->call.via)) {
		block_flag(s, BLOCK_FAULT);
		return -1;
	}
	if (size > left)
		size = left;
	append_user(s, base, size, left);
	return size;
}

/* Appends the first bytes of n buffers, left in all, to the open block. */
static __always_inline void append_buffers(u32 slot, u64 iov, u32 n, u32 left, u32 max)
{
	if (left > max)
		left = max;
	for (u32 i = 0; i < IOVECS_MAX && i < n && left; i++) {
		int size = append_buffer(slot, iov, i, left);
		if (size < 0)
			break;
		left -= size;
	}
}

/* Two blocks: the address, and the first of the size bytes sent or received. */
static __always_inline void put_message(u32 slot, struct scratch *s, u64 address, s64 size, u32 max)
{
	struct user_msghdr64 m = {};

	if (!read_msghdr(&m, address, s->call.via)) {
		if (!put_address(s)) {
			block_begin(s, BLOCK_ADDR);
			block_flag(s, BLOCK_FAULT);
			block_end(s);
		}
		block_none(s);
		return;
	}
	if (!put_address(s))
		put_bytes(s, BLOCK_ADDR, m.name, m.namelen, ADDRESS_MAX);
	block_begin(s, BLOCK_BYTES);
	append_buffers(slot, m.iov, m.iovlen, size > 0 ? size : 0, max);
	block_end(s);
}

/* How many bytes the message of an mmsghdr had: it stands behind the seven longs of the msghdr. */
static __always_inline s64 message_size(u64 address, u8 via)
{
	u32 size = 0;

	address += is_narrow(via) ? 7 * sizeof(u32) : 7 * sizeof(u64);
	bpf_probe_read_user(&size, sizeof(size), (void *)address);
	return size;
}

/* The file behind a descriptor that lies in user memory. */
static __always_inline void put_file_at(u32 slot, struct scratch *s, u64 address)
{
	s32 fd = -1;

	if (bpf_probe_read_user(&fd, sizeof(fd), (void *)address))
		block_none(s);
	else
		put_file(slot, file_of(current_task(), fd));
}

/* Whether a capture counts for this call. */
static __always_inline bool wanted(struct call *call, u32 only, u8 when, u8 out)
{
	u32 value = value_of(call, when);

	if (out && call->ret < 0)
		return false;
	return !only || (value < 32 && only >> value & 1);
}

/* Puts the block, or blocks, of one capture. */
__noinline int put_capture(u32 slot, u32 packed, u32 max, u32 only, u32 rest)
{
	struct scratch *s = scratch_of(slot);
	u8 kind = packed, arg = packed >> 8, aux = packed >> 16, unit = packed >> 24;

	if (!s)
		return 0;
	struct call *call = &s->call;
	u64 value = value_of(call, arg);
	if (!wanted(call, only, rest, rest >> 8) || (kind == CAPTURE_PATH && !value)) {
		block_none(s);
		if (kind == CAPTURE_PATH || kind == CAPTURE_MSG || kind == CAPTURE_MSGS)
			block_none(s);
		return 0;
	}
	u64 length = value_of(call, aux);
	if (unit)
		length = (u64)(u32)length * unit;
	switch (kind) {
	case CAPTURE_STRING:
		put_string(s, value);
		break;
	case CAPTURE_PATH:
		if (!s->scan.at)
			s->scan.at = s->off;
		put_string(s, value);
		if (call->named && put_used_path(s, call->paths++))
			break;
		put_start(slot, s, call, aux,
			  s->data[(s->block + sizeof(struct wire_block)) & (RECORD_MAX - 1)]);
		break;
	case CAPTURE_STRUCT:
	case CAPTURE_BYTES:
		if (kind == CAPTURE_STRUCT && aux == PLACE_NOWHERE)
			length = max;
		put_bytes(s, BLOCK_BYTES, value, length, max);
		break;
	case CAPTURE_ADDR:
		if (put_address(s))
			break;
		put_bytes(s, BLOCK_ADDR, value,
			  aux == PLACE_NOWHERE ? address_size(value) : (s32)length, ADDRESS_MAX);
		break;
	case CAPTURE_MSG:
	case CAPTURE_MSGS:
		put_message(slot, s, value,
			    kind == CAPTURE_MSG ? call->ret : message_size(value, call->via), max);
		break;
	case CAPTURE_IOVEC:
		block_begin(s, BLOCK_BYTES);
		append_buffers(slot, value, length, call->ret < 0 ? max : call->ret, max);
		block_end(s);
		break;
	case CAPTURE_FILE_AT:
		put_file_at(slot, s, value + aux);
		break;
	case CAPTURE_FILE:
		if ((s32)value < 0)
			block_none(s);
		else if (rest >> 16 & ROW_ADDRESSED)
			put_used(slot, file_of(current_task(), (s32)value));
		else
			put_file(slot, file_of(current_task(), (s32)value));
		break;
	}
	return 0;
}

/* Begins the record of a call: all but who made it, and its blocks. */
static __always_inline struct wire_call *begin_call(u32 slot, struct call *call,
						    struct wire_row *row)
{
	struct wire_call *w = record_begin(slot, CLASS_CALL, sizeof(*w));
	struct scratch *s = scratch_of(slot);

	if (!w || !s)
		return 0;
	record_header(&w->header, current_task(), WIRE_CALL);
	w->header.row = call->row;
	w->header.via = call->via;
	w->header.nargs = row->nargs;
	w->ret = call->ret;
	s->call = *call;
	s->marks = 0;
	s->scan.at = 0;
	s->call.named = row->flags & ROW_NAMED;
	for (int i = 0; i < 6 && i < row->nargs; i++)
		*APPEND(s, u64) = call->args[i];
	return w;
}

/* Gives the record up of which a fact left no rule; 0: none did. */
static __always_inline bool give_up(u32 slot, u32 fact)
{
	struct scratch *s = scratch_of(slot);

	if (!fact || !s)
		return false;
	s->busy = 0;
	count_left_out(fact);
	return true;
}

/* A function of its own, so that what it keeps takes no stack while requests of io_uring are
 * looked at. */
static __noinline int send_call(u32 slot, struct call *call, struct wire_row *row, bool answer)
{
	struct wire_call *w = begin_call(slot, call, row);
	struct scratch *s = scratch_of(slot);

	if (!w || !s)
		return 0;
	if (row->flags & ROW_SILENT)
		w->header.type = WIRE_ANSWER;
	copy_comm(w->comm, current_task());
	for (int i = 0; i < MAX_CAPTURES && i < row->ncaptures; i++) {
		struct wire_capture *c = &row->captures[i];
		bool data = c->kind == CAPTURE_BYTES || c->kind == CAPTURE_MSG;
		put_capture(slot, c->kind | c->arg << 8 | c->aux << 16 | (u32)c->unit << 24,
			    answer && data ? ANSWER_MAX : c->max, c->only,
			    c->when | c->out << 8 | row->flags << 16);
		if (!i && s->scan.path && give_up(slot, narrow_by_path(slot)))
			return 0;
		if (!i && s->scan.socket && give_up(slot, narrow_by_socket(slot)))
			return 0;
	}
	if (s->scan.given && give_up(slot, narrow_by_given(slot)))
		return 0;
	if (s->scan.filter && give_up(slot, narrow_by_marks(slot)))
		return 0;
	if (is_apart(current_task()))
		put_thread(slot);
	record_send(slot);
	return 0;
}

/* The next record is judged by no rules, unless narrow says by which. */
static __always_inline void know_nothing(u32 slot)
{
	struct scratch *s = scratch_of(slot);

	if (s && !s->busy)
		s->scan.filter = s->scan.path = s->scan.given = s->scan.socket = 0;
}

/* Tells a call that made a descriptor of another one as a dup. The rules that are left are those of
 * the other call. */
static __always_inline void send_dup(u32 slot, struct call *call)
{
	u32 key = numbered(NR_DUP)->row[VIA_NATIVE] - 1;
	struct wire_row *row = bpf_map_lookup_elem(&rows, &key);

	call->row = key;
	know_nothing(slot);
	if (row)
		send_call(slot, call, row, false);
}

static __always_inline bool is_dup(struct call *call)
{
	u32 command = call->args[1];

	return call->ret >= 0 && (command == F_DUPFD || command == F_DUPFD_CLOEXEC);
}

/* Whether no rule can be true for the call. */
static __always_inline bool is_left_out(u32 slot, struct call *call)
{
	struct scratch *s = scratch_of(slot);

	if (!s || s->busy)
		return false; /* its loss will be counted */
	s->call = *call;
	u32 fact = narrow(slot);
	if (fact)
		count_left_out(fact);
	return fact;
}

static __always_inline int on_call(struct call *call)
{
	u32 slot = bpf_get_smp_processor_id(), key = call->row;
	struct wire_row *row = bpf_map_lookup_elem(&rows, &key);

	if (!row || (row->flags & ROW_FAILED_ONLY && call->ret >= 0))
		return 0;
	if (row->flags & ROW_PROCESS && call->ret >= 0) {
		send_process(current_task(), CAUSE_CHANGE);
		send_credentials(call->row);
	}
	know_nothing(slot);
	bool answer = (row->flags & ROW_ANSWERS && is_answer(call, row->sender)) ||
		      (row->flags & ROW_OTHER && call->args[0] && call->ret >= 0);
	if (answer || !(row->flags & ROW_SILENT || is_left_out(slot, call)))
		send_call(slot, call, row, answer);
	if (row->flags & ROW_ADDRESSED)
		forget_address(current_task());
	if (row->flags & ROW_DUPLICATES && is_dup(call))
		send_dup(slot, call);
	if (row->flags & ROW_NAMED)
		forget_paths(current_task());
	return 0;
}

#endif
