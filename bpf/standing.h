/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What user space found out about a process: the set of rules that are not
 * false for whatever it does, by what is known of the process alone.
 *
 * All that user space knows of a process it has from records. So its standing
 * ends, here and at once, before a record about the process is begun; and user
 * space gives it another only when it has read all that were begun. How it
 * knows: it looks at the two counters, which agree when no record is being
 * written, then at where the ring ends, reads as far, and names the counter with
 * the set. If any record was begun since, the set is not for this process as it
 * is now, and nobody uses it.
 *
 * Processes whose numbers end alike share a place; the set says whose it is.
 */
#ifndef SAKER_STANDING_H
#define SAKER_STANDING_H

#include "read.h"
#include "wire.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, STANDINGS);
	__type(key, u32);
	__type(value, struct wire_standing);
} standings SEC(".maps");

static __always_inline struct wire_standing *standing_of(u32 pid)
{
	u32 place = pid & (STANDINGS - 1);
	return bpf_map_lookup_elem(&standings, &place);
}

/* Before a record about the task's process is begun. */
static __always_inline void change_begin(struct task_struct *task)
{
	struct wire_standing *s = standing_of(READ(task, tgid));

	if (!s)
		return;
	__sync_fetch_and_add(&s->begun, 1);
	s->set = 0;
}

/* After it was sent, or lost. */
static __always_inline void change_end(struct task_struct *task)
{
	struct wire_standing *s = standing_of(READ(task, tgid));

	if (s)
		__sync_fetch_and_add(&s->ended, 1);
}

#endif
