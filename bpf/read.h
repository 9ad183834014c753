/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Reading kernel memory.
 *
 * A pointer into the kernel goes from function to function as a plain number,
 * so that each function is verified once, and becomes typed again by KERNEL().
 * READ() is then one load where the kernel has bpf_rdonly_cast (6.2), else a
 * call of bpf_probe_read_kernel: 3 to 30 times dearer, hence only the fallback.
 */
#ifndef SAKER_READ_H
#define SAKER_READ_H

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "kernel.h"

/* Set by the loader: this kernel casts. */
const volatile bool direct_reads = true;
/* Set by the loader: how large a task's stack in the kernel is. */
const volatile u64 stack_size = 16 << 10;

/* Set by the loader: this kernel lets programs forbid to be preempted. */
const volatile bool steadies = true;

extern void bpf_preempt_disable(void) __ksym __weak;
extern void bpf_preempt_enable(void) __ksym __weak;

/*
 * Newer kernels (7.3, not 6.18) can preempt programs on tracepoints. What one then has half built
 * in the CPU's buffer would be in the way of who comes next there, so it does not let itself be
 * preempted meanwhile. It still can be before and after, as long as which the kernel does not run
 * it for others on that CPU, and counts that: hence call_exit.
 */
static __always_inline void steady(void)
{
	if (steadies)
		bpf_preempt_disable();
}

static __always_inline void unsteady(void)
{
	if (steadies)
		bpf_preempt_enable();
}

extern void *bpf_rdonly_cast(const void *obj, __u32 btf_id) __ksym __weak;

#define KERNEL(type, address)                                                                      \
	(direct_reads ? (type *)bpf_rdonly_cast((void *)(address), bpf_core_type_id_kernel(type))  \
		      : (type *)(address))

/* The barriers keep the compiler from joining what the two ways have in common: it would work out
 * the address apart and load from there, which makes five instructions of one. */
#define READ(p, member)                                                                            \
	({                                                                                         \
		__typeof__(p) base = (p);                                                          \
		__typeof__(base->member) value;                                                    \
		if (direct_reads) {                                                                \
			value = base->member;                                                      \
		} else {                                                                           \
			__typeof__(base->member) copy;                                             \
			barrier_var(base);                                                         \
			bpf_probe_read_kernel(&copy, sizeof(copy), &base->member);                 \
			value = copy;                                                              \
			barrier_var(value);                                                        \
		}                                                                                  \
		value;                                                                             \
	})

/* For what a typed load can't reach: arrays by a variable index, odd sizes. */
#define COPY(to, from) bpf_probe_read_kernel(to, sizeof(*(to)), (const void *)(from))

#define WORDS_MAX 5

struct words {
	u64 at[WORDS_MAX];
};

/* Plain memory of the kernel's, where it casts: of its types one that begins with so many numbers.
 */
static __always_inline struct words *words_at(u64 address)
{
	return (void *)KERNEL(struct pt_regs, address);
}

/* The current task. Before 5.11 no helper gives it typed. */
static __always_inline struct task_struct *current_task(void)
{
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf))
		return bpf_get_current_task_btf();
	return (void *)bpf_get_current_task();
}

/* What a task's program had in its registers: at the top of the task's stack, where no helper
 * before 5.15 gets it from. */
static __always_inline struct pt_regs *registers_of(struct task_struct *task)
{
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs))
		return (void *)bpf_task_pt_regs(task);
	return (void *)((u64)READ(task, stack) + stack_size - bpf_core_type_size(struct pt_regs));
}

/* A tracepoint's argument. The compiler would go through a moved pointer, which kernels before 6.18
 * refuse. */
#define ARGUMENT(ctx, n)                                                                           \
	({                                                                                         \
		u64 argument;                                                                      \
		asm volatile("%0 = *(u64 *)(%1 + %2)"                                              \
			     : "=r"(argument)                                                      \
			     : "r"(ctx), "i"((n) * sizeof(u64)));                                  \
		argument;                                                                          \
	})

#endif
