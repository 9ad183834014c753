/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * How large a process is at the time of its record: what /proc/PID/status and
 * limits say, as far as it can be read without adding up what each CPU counts.
 */
#ifndef SAKER_MEASURE_H
#define SAKER_MEASURE_H

#include "record.h"
#include "wire.h"

#define KIB_OF_PAGES(pages) ((pages) << 2)
#define RLIMIT_NOFILE	    7

enum {
	MM_FILEPAGES,
	MM_ANONPAGES,
	MM_SWAPENTS,
	MM_SHMEMPAGES,
};

/* From 6.2 each count is a percpu_counter, before they were atomic. */
static __always_inline u64 pages_of(struct mm_struct *mm, u32 kind)
{
	struct mm_struct___atomic *old = (void *)mm;
	s64 n = 0;

	if (bpf_core_field_exists(old->rss_stat.count))
		COPY(&n, (u64)mm + bpf_core_field_offset(old->rss_stat) + kind * sizeof(n));
	else
		COPY(&n, (u64)mm + bpf_core_field_offset(mm->rss_stat) +
				 kind * bpf_core_type_size(struct percpu_counter) +
				 bpf_core_field_offset(struct percpu_counter, count));
	return n > 0 ? n : 0;
}

static __always_inline void put_measures(struct wire_measures *w, struct task_struct *task)
{
	struct signal_struct *signal = READ(task, signal);
	struct mm_struct *mm = READ(task, mm);

	__builtin_memset(w, 0, sizeof(*w));
	w->minor_faults = READ(task, min_flt);
	w->major_faults = READ(task, maj_flt);
	w->threads = READ(signal, nr_threads);
	COPY(&w->fd_limit, &signal->rlim[RLIMIT_NOFILE].rlim_cur);
	if (!mm)
		return;
	w->vm_size = KIB_OF_PAGES(READ(mm, total_vm));
	w->vm_rss = KIB_OF_PAGES(pages_of(mm, MM_FILEPAGES) + pages_of(mm, MM_ANONPAGES) +
				 pages_of(mm, MM_SHMEMPAGES));
	w->vm_swap = KIB_OF_PAGES(pages_of(mm, MM_SWAPENTS));
}

#endif
