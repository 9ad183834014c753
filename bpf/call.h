/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The one body behind every system call: it interprets the call's row, at the
 * call's end, when its arguments are still in the saved registers and its
 * effects are there to be read. Nothing is read at the start of a call: a
 * second thread could change it before the kernel looks.
 */
#ifndef SAKER_CALL_H
#define SAKER_CALL_H

#include "meta.h"
#include "multiplexed.h"
#include "process.h"
#include "answer.h"
#include "candidates.h"
#include "capture.h"
#include "peer.h"

/* Calls are told by the tracepoints of single ones: only those of 64-bit programs. */
bool native_only = false;

/* Begins the record of a call: all but who made it, and its blocks. */
static __always_inline struct wire_call *begin_call(struct scratch *s, struct task_struct *task,
						    struct wire_row *row)
{
	struct wire_call *w = record_begin(s, CLASS_CALL, sizeof(*w));
	struct call *call = &s->at_hand;

	if (!w)
		return 0;
	record_header(&w->header, task, WIRE_CALL);
	w->header.row = call->row;
	w->header.via = call->via;
	w->header.nargs = row->nargs;
	w->ret = call->ret;
	s->call = *call;
	s->marks = 0;
	s->known = s->scan.found;
	s->scan.at = s->scan.memory = s->scan.address = s->scan.message = 0;
	s->call.named = row->flags & ROW_NAMED;
	for (int i = 0; i < 6 && i < row->nargs; i++)
		*APPEND(s, u64) = call->args[i];
	return w;
}

/* Gives the record up of which a fact left no rule; 0: none did. */
static __always_inline bool give_up(struct scratch *s, u32 fact)
{
	if (!fact)
		return false;
	s->busy = 0;
	count_left_out(fact);
	return true;
}

/* Puts capture n of the call's row. */
static __always_inline void put(u32 slot, struct scratch *s, struct wire_row *row, u32 n,
				bool answer, bool here)
{
	struct wire_capture *c = &row->captures[n];
	bool data = c->kind == CAPTURE_BYTES || c->kind == CAPTURE_MSG;

	if (c->kind == CAPTURE_FILE)
		put_descriptor(slot, s, c, row->flags, here);
	else if (c->kind == CAPTURE_FILE_AT)
		put_descriptor_at(slot, s, c);
	else
		put_capture(slot, n, answer && data ? ANSWER_MAX : c->max);
}

/* Sends the call at hand. A function of its own, so that what it keeps takes no stack while
 * requests of io_uring are looked at. */
__noinline int send_call(u32 slot, u32 answer)
{
	struct scratch *s = scratch_of(slot);
	u32 key = s ? s->at_hand.row : 0;
	struct wire_row *row = bpf_map_lookup_elem(&rows, &key);

	if (!s || !row)
		return 0;
	struct task_struct *task = task_of(&s->at_hand);
	struct wire_call *w = begin_call(s, task, row);
	if (!w)
		return 0;
	if (row->flags & ROW_SILENT)
		w->header.type = WIRE_ANSWER;
	copy_comm(w->comm, task);
	if (row->ncaptures) {
		put(slot, s, row, 0, answer, true);
		if (s->scan.path && give_up(s, narrow_by_path(slot)))
			return 0;
		if (s->scan.socket && give_up(s, narrow_by_socket(slot)))
			return 0;
	}
	for (u32 i = 1; i < MAX_CAPTURES && i < row->ncaptures; i++)
		put(slot, s, row, i, answer, false);
	if (s->scan.message && give_up(s, narrow_by_message(slot)))
		return 0;
	if (s->scan.members && give_up(s, narrow_by_members(slot)))
		return 0;
	if (s->scan.given && give_up(s, narrow_by_given(slot)))
		return 0;
	if (s->scan.filter && give_up(s, narrow_by_marks(slot)))
		return 0;
	if (is_apart(task))
		put_thread(slot);
	record_send(s);
	return 0;
}

/* The next record is judged by no rules, unless narrow says by which. */
static __always_inline void know_nothing(struct scratch *s)
{
	if (!s->busy)
		s->scan.filter = s->scan.path = s->scan.given = s->scan.members = s->scan.socket =
			s->scan.directory = s->scan.found = 0;
}

static __always_inline bool is_dup(struct call *call)
{
	u32 command = call->args[1];

	return call->ret >= 0 && (command == F_DUPFD || command == F_DUPFD_CLOEXEC);
}

/* What a call opened by a path, as far as somebody could have put another file in its place. */
static __always_inline u64 opened_by(struct call *call, struct wire_row *row)
{
	struct wire_capture *c = row->captures;

	if (call->ret < 0 || c[0].kind != CAPTURE_FILE || c[0].arg != PLACE_RESULT ||
	    (c[1].kind != CAPTURE_PATH && c[2].kind != CAPTURE_PATH))
		return 0;
	return shared_file_of(task_of(call), call->ret);
}

/*
 * Tells some calls twice: one that made a descriptor of another one as a dup, too; and one whose
 * descriptor may be another file's by now also as if that had no file, so that rules see the path
 * as given. The second one is not judged: the rules that the call left are not its. Who had a table
 * of descriptors alone when the call ended still has.
 */
static __always_inline void send_again(u32 slot, struct scratch *s, struct wire_row *row,
				       u64 opened)
{
	struct call *call = &s->at_hand;

	if (row->flags & ROW_DUPLICATES && is_dup(call)) {
		call->row = numbered(NR_DUP)->row[VIA_NATIVE] - 1;
	} else if (opened == DOUBTFUL || (opened && opened != opened_by(call, row))) {
		call->gone = true;
	} else {
		return;
	}
	know_nothing(s);
	send_call(slot, false);
}

/* Whether no rule can be true for the call at hand. */
static __always_inline bool is_left_out(u32 slot, struct scratch *s)
{
	if (s->busy)
		return false; /* its loss will be counted */
	u32 fact = narrow(slot, s);
	if (fact)
		count_left_out(fact);
	return fact;
}

static __always_inline int on_call(u32 slot, struct scratch *s)
{
	struct call *call = &s->at_hand;
	u32 key = call->row;
	struct wire_row *row = bpf_map_lookup_elem(&rows, &key);

	if (!row || (row->flags & ROW_FAILED_ONLY && call->ret >= 0))
		return 0;
	if (row->flags & ROW_PROCESS && call->ret >= 0) {
		send_process(current_task(), CAUSE_CHANGE);
		send_credentials(call->row);
	}
	know_nothing(s);
	u64 opened = opened_by(call, row);
	bool answer = (row->flags & ROW_ANSWERS && is_answer(call, row->sender)) ||
		      (row->flags & ROW_OTHER && call->args[0] && call->ret >= 0);
	if (answer || !(row->flags & ROW_SILENT || is_left_out(slot, s)))
		send_call(slot, answer);
	if (row->flags & ROW_ADDRESSED)
		forget_address(task_of(call));
	send_again(slot, s, row, opened);
	if (row->flags & ROW_NAMED)
		forget_paths(current_task());
	return 0;
}

#endif
