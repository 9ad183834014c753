/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Calls of 32-bit programs of x86 that are many calls in one: the first
 * argument of socketcall and ipc says which. They are told as that one.
 */
#ifndef SAKER_MULTIPLEXED_H
#define SAKER_MULTIPLEXED_H

#include "record.h"

#define NR_SOCKETCALL 102
#define NR_IPC	      117
#define PARTS_MAX     32     /* of each */
#define WHICH_MASK    0xffff /* the rest is a version of the interface */

/* In place of a row's number + 1: only as one of the calls in it was it asked for. */
#define MULTIPLEXED 0xffff

/* By the first argument; those of ipc behind those of socketcall. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2 * PARTS_MAX);
	__type(key, u32);
	__type(value, struct wire_part);
} parts SEC(".maps");

#if defined(__TARGET_ARCH_x86)
static __always_inline u32 narrow_register(struct pt_regs *regs, u8 arg)
{
	switch (arg) {
	case 1:
		return READ(regs, cx);
	case 2:
		return READ(regs, dx);
	case 3:
		return READ(regs, si);
	case 4:
		return READ(regs, di);
	}
	return READ(regs, bp);
}

/* Makes the call that which it is. One that nobody asked for stays what it was. */
static __always_inline void demultiplex(struct call *call, struct pt_regs *regs)
{
	u64 nr = READ(regs, orig_ax), array = call->args[1];
	u32 which = call->args[0] & WHICH_MASK;

	if (call->via != VIA_COMPAT || (nr != NR_SOCKETCALL && nr != NR_IPC) || which >= PARTS_MAX)
		return;
	if (nr == NR_IPC)
		which += PARTS_MAX;
	struct wire_part *part = bpf_map_lookup_elem(&parts, &which);
	if (!part || !part->row)
		return;
	call->row = part->row - 1;
	for (int i = 0; i < 6; i++) {
		call->args[i] = 0;
		if (nr == NR_IPC)
			call->args[i] = narrow_register(regs, part->order[i]);
		else
			bpf_probe_read_user(&call->args[i], sizeof(u32), (void *)(array + i * 4));
	}
}
#else
static __always_inline void demultiplex(struct call *call, struct pt_regs *regs)
{
}
#endif

#endif
