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

extern void *bpf_rdonly_cast(const void *obj, __u32 btf_id) __ksym __weak;

#define KERNEL(type, address)                                                                      \
	(direct_reads ? (type *)bpf_rdonly_cast((void *)(address), bpf_core_type_id_kernel(type))  \
		      : (type *)(address))

#define READ(p, member)                                                                            \
	({                                                                                         \
		__typeof__(p) base = (p);                                                          \
		__typeof__(base->member) value = 0;                                                \
		if (direct_reads)                                                                  \
			value = base->member;                                                      \
		else                                                                               \
			bpf_probe_read_kernel(&value, sizeof(value), &base->member);               \
		value;                                                                             \
	})

/* For what a typed load can't reach: arrays by a variable index, odd sizes. */
#define COPY(to, from) bpf_probe_read_kernel(to, sizeof(*(to)), (const void *)(from))

#endif
