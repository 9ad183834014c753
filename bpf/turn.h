/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Several of a program on one hook. Where the kernel preempts programs, it does not
 * run the preempted one for who comes next on that CPU; but it runs those behind it.
 * So each notes for the thread which one of them it is, and tells if the one before
 * it in the note is not before it on the hook: then none has told yet. As only the
 * thread itself has its note, nothing is told twice. Something is lost where all were
 * left out; or where those behind the one that told were, and those up to it are the
 * next time.
 */
#ifndef SAKER_TURN_H
#define SAKER_TURN_H

#include "read.h"

/* Set by the loader: there are several. */
const volatile bool in_turns = false;

/* How many are behind the one that ran last for a thread. With several the loader makes it one
 * by task. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u32);
} notes SEC(".maps");

/* Whether it is this program's turn to tell. Its cookie is how many are behind it. */
static __always_inline bool is_turn(void *hook)
{
	if (!in_turns)
		return true;
	u32 behind = bpf_get_attach_cookie(hook);
	u32 *note = bpf_task_storage_get(&notes, current_task(), 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!note)
		return !behind;
	bool told = *note > behind;
	*note = behind;
	return !told;
}

#endif
