/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * How a program came into the kernel: with which call, by which way, with which
 * arguments. All is still in the saved registers when the call ends.
 */
#ifndef SAKER_ENTRY_H
#define SAKER_ENTRY_H

#include "record.h"

#define CALLS_MAX 1024 /* highest call number of any table, a power of two */
#define X32_BIT	  0x40000000
#define TS_COMPAT 2
#define TIF_32BIT 22

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

#endif
