/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Two of a program on one hook. Where the kernel preempts programs, it does not
 * run the preempted one for who comes next on that CPU; but it runs the second
 * one, behind it. So the first notes that it tells, for the thread; the second
 * tells if there is no note, and takes it away. As only the thread itself makes
 * and takes its note, nothing is told twice; and nothing is lost but where the
 * second was left out: now, or when it should have taken a note away.
 */
#ifndef SAKER_TURN_H
#define SAKER_TURN_H

#include "read.h"

#define TURNS 4096 /* threads between the first and the second */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, TURNS);
	__type(key, u32);
	__type(value, u32);
} turns SEC(".maps");

/* Set by the loader: there are two. */
const volatile bool pairs = false;

/* Whether it is this program's turn to tell: the loader gave the second one a cookie. */
static __always_inline bool is_turn(void *hook)
{
	u32 tid = bpf_get_current_pid_tgid();

	if (!pairs)
		return true;
	if (bpf_get_attach_cookie(hook))
		return bpf_map_delete_elem(&turns, &tid);
	return !bpf_map_update_elem(&turns, &tid, &tid, BPF_ANY);
}

#endif
