/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Events that no return of a call tells: a signal that is sent, and what a
 * thread may do after whatever could have changed that.
 */
#ifndef SAKER_META_H
#define SAKER_META_H

#include "scope.h"

enum meta {
	META_SIGNAL,
	META_CREDENTIALS,
	METAS,
};

/* Row + 1 of each; 0: nobody asked for it. */
u16 meta_rows[METAS];

#define SIGCHLD		 17
#define SI_TIMER	 (-2)
#define SI_SIGIO	 (-5)
#define CLD_EXITED	 1
#define CLD_CONTINUED	 6
#define SIGNAL_QUEUED	 0
#define SIGNAL_SHORTENED 4 /* queued, without what came with it */

struct kernel_siginfo {
	int si_code;
} __attribute__((preserve_access_index));

/* Whether the task that runs is who sends a signal: not where a timer or a device interrupted it.
 */
static __always_inline bool sends(int sig, struct kernel_siginfo *info)
{
	int code = 0;

	if ((u64)info <= 2) /* in place of an address: sent by a process, or by the kernel */
		return !info;
	COPY(&code, &info->si_code);
	if (code > 0)
		return sig == SIGCHLD && code >= CLD_EXITED && code <= CLD_CONTINUED;
	return code != SI_TIMER && code != SI_SIGIO;
}

/* The event is the receiver's. Its record is on the stack: who sends may have interrupted another
 * program, which uses the buffer. */
static __always_inline int on_signal(int sig, struct kernel_siginfo *info, struct task_struct *to,
				     int result)
{
	struct {
		struct wire_call call;
		u64 args[3];
	} w;

	if (!meta_rows[META_SIGNAL] || (result != SIGNAL_QUEUED && result != SIGNAL_SHORTENED) ||
	    !in_scope(to))
		return 0;
	__builtin_memset(&w, 0, sizeof(w));
	record_header(&w.call.header, to, WIRE_CALL);
	w.call.header.row = meta_rows[META_SIGNAL] - 1;
	w.call.header.nargs = 3;
	COPY(&w.call.comm, &to->comm);
	w.args[0] = sends(sig, info) ? READ(current_task(), tgid) : 0;
	w.args[1] = READ(to, pid);
	w.args[2] = sig;
	ring_send(CLASS_CALL, &w, sizeof(w));
	return 0;
}

/* What the current thread may do after the call, or exec, of a row. */
__noinline int send_credentials(u32 row)
{
	struct task_struct *task = current_task();
	struct cred *cred = READ(task, cred);
	struct wire_credentials w;

	if (!meta_rows[META_CREDENTIALS] || !in_scope(task))
		return 0;
	__builtin_memset(&w, 0, sizeof(w));
	record_header(&w.header, task, WIRE_CREDENTIALS);
	w.header.row = row;
	w.uid = READ(cred, euid.val);
	w.gid = READ(cred, egid.val);
	COPY(&w.cap_inheritable, &cred->cap_inheritable);
	COPY(&w.cap_permitted, &cred->cap_permitted);
	COPY(&w.cap_effective, &cred->cap_effective);
	ring_send(CLASS_PROCESS, &w, sizeof(w));
	return 0;
}

#endif
