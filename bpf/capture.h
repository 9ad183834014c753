/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What a row has copied of a call: each capture is a kind and the arguments that
 * it is made of, and becomes a block of the record, or two.
 */
#ifndef SAKER_CAPTURE_H
#define SAKER_CAPTURE_H

#include "address.h"
#include "entry.h"
#include "message.h"
#include "used_path.h"

#define IOVECS_MAX 8

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ROWS_MAX);
	__type(key, u32);
	__type(value, struct wire_row);
} rows SEC(".maps");

/* The directory that a given path starts from; for an absolute one the process's root. */
static __always_inline void put_start(u32 slot, struct task_struct *task, struct scratch *s,
				      struct call *call, u8 dir, char first)
{
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
static __always_inline bool wanted(struct call *call, struct wire_capture *c)
{
	u32 value = value_of(call, c->when);

	if (c->out && call->ret < 0)
		return false;
	return !c->only || (value < 32 && c->only >> value & 1);
}

/* Puts the block of a descriptor's file. Not by put_capture: most calls have one, and to get there
 * and back costs as much as to find the file; here: not by put_file either. */
static __always_inline void put_descriptor(u32 slot, struct scratch *s, struct wire_capture *c,
					   u16 flags, bool here)
{
	struct call *call = &s->call;
	s32 fd = value_of(call, c->arg);

	if (fd < 0 || call->gone || !wanted(call, c))
		block_none(s);
	else if (flags & ROW_ADDRESSED)
		put_used(slot, file_of(task_of(call), fd));
	else if (here)
		put_file_here(slot, s, file_of(task_of(call), fd));
	else
		put_file(slot, file_of(task_of(call), fd));
}

/* The same of a descriptor that lies in user memory: here, since put_capture leaves it no stack. */
static __always_inline void put_descriptor_at(u32 slot, struct scratch *s, struct wire_capture *c)
{
	struct call *call = &s->call;

	if (wanted(call, c))
		put_file_at(slot, s, value_of(call, c->arg) + c->aux);
	else
		block_none(s);
}

/* Puts the block, or blocks, of capture n of the call's row: of max bytes at most. */
__noinline int put_capture(u32 slot, u32 n, u32 max)
{
	struct scratch *s = scratch_of(slot);
	u32 key = s ? s->call.row : 0;
	struct wire_row *row = bpf_map_lookup_elem(&rows, &key);
	u64 at = BOUND(n, 7);

	if (!s || !row || at >= MAX_CAPTURES)
		return 0;
	struct wire_capture *c = &row->captures[at];
	struct call *call = &s->call;
	u8 kind = c->kind, aux = c->aux, unit = c->unit;
	u64 value = value_of(call, c->arg);
	if (!wanted(call, c) || (kind == CAPTURE_PATH && !value)) {
		block_none(s);
		if (kind == CAPTURE_PATH)
			call->paths++;
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
		if (call->named && put_used_path(slot, call->paths++))
			break;
		if (call->named && call->ret >= 0)
			count(CLASS_CALL, FAULT_PATH);
		put_start(slot, task_of(call), s, call, aux,
			  s->data[(s->block + sizeof(struct wire_block)) & (RECORD_MAX - 1)]);
		break;
	case CAPTURE_STRUCT:
	case CAPTURE_BYTES:
		if (kind == CAPTURE_STRUCT && !s->scan.memory)
			s->scan.memory = s->off;
		if (kind == CAPTURE_STRUCT && aux == PLACE_NOWHERE)
			length = max;
		put_bytes(s, BLOCK_BYTES, value, length, max);
		break;
	case CAPTURE_ADDR:
		s->scan.address = s->off;
		if (put_address(s))
			break;
		put_bytes(s, BLOCK_ADDR, value,
			  aux == PLACE_NOWHERE ? address_size(value) : (s32)length, ADDRESS_MAX);
		break;
	case CAPTURE_MSG:
	case CAPTURE_MSGS:
		s->scan.address = s->off;
		put_message(slot, s, value,
			    kind == CAPTURE_MSG ? call->ret : message_size(value, call->via), max);
		break;
	case CAPTURE_IOVEC:
		block_begin(s, BLOCK_BYTES);
		append_buffers(slot, value, length, call->ret < 0 ? max : call->ret, max);
		block_end(s);
		break;
	}
	return 0;
}

#endif
