/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Which rules can still be true for a call. Each fact that is known of it gives
 * a set of rules: those that are not false with that fact, whatever the rest of
 * the call is. What all the sets have in common is what is left; when nothing
 * is, nobody needs the call. Each set only takes away rules that are false, so
 * a fact may be left out, and a set may hold too many rules, but never too few.
 *
 * User space works the sets out, and replaces them all at once: a filter never
 * changes.
 */
#ifndef SAKER_CANDIDATES_H
#define SAKER_CANDIDATES_H

#include "process.h"

#define MAX_ERRNO 4095

#define NSFS	    0x6e736673
#define PIPEFS	    0x50495045
#define PIDFS	    0x50494446
#define ANON_INODES 0x09041934
#define SECRETMEM   0x5345434d

struct filter_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct wire_filter);
};

/* The filter; nothing: all calls are told. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, u32);
	__array(values, struct filter_map);
} filters SEC(".maps");

static __always_inline struct wire_filter *filter_now(void)
{
	u32 zero = 0;
	void *now = bpf_map_lookup_elem(&filters, &zero);

	return now ? bpf_map_lookup_elem(now, &zero) : 0;
}

static __always_inline void count_left_out(u32 fact)
{
	struct wire_counters *c = counters_here();

	if (c)
		__sync_fetch_and_add(&c->left_out[BOUND(fact, FACTS_MAX - 1)], 1);
}

/* Takes the rules away that aren't in a set; false: none is left. */
static __always_inline bool keep_common(struct wire_candidates *left, struct wire_candidates *set)
{
	u64 any = 0;

	for (int i = 0; i < CANDIDATE_WORDS; i++)
		any |= left->words[i] &= set->words[i];
	return any;
}

/* Whether some of the rules left are in a set. */
static __always_inline bool has_common(struct wire_candidates *left, struct wire_candidates *set)
{
	u64 any = 0;

	for (int i = 0; i < CANDIDATE_WORDS; i++)
		any |= left->words[i] & set->words[i];
	return any;
}

static __always_inline bool keep(struct wire_candidates *left, struct wire_filter *f, u16 set)
{
	return keep_common(left, &f->sets[set & (FILTER_SETS - 1)]);
}

/* The sets of processes' standings: those of the filter, of one era, are never changed. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, STANDING_SETS);
	__type(key, u32);
	__type(value, struct wire_candidates);
} standing_sets SEC(".maps");

/* Whether a thread is named as its process is. */
static __always_inline bool is_namesake(struct task_struct *task)
{
	struct task_struct *leader = READ(task, group_leader);
	struct comm *own = (void *)__builtin_preserve_access_index(&task->comm);
	struct comm *of_process = (void *)__builtin_preserve_access_index(&leader->comm);

	return task == leader || (READ(own, low) == READ(of_process, low) &&
				  READ(own, high) == READ(of_process, high));
}

/* Takes the rules away that are false for whatever a task's process does, if that is known. */
static __always_inline bool keep_of_process(struct scratch *s, struct wire_filter *f,
					    struct task_struct *task)
{
	u32 pid = READ(task, tgid);
	struct wire_standing *at = standing_of(pid);

	if (!at)
		return true;
	u64 set = *(volatile u64 *)&at->set;
	u64 now = (u64)at->begun << STANDING_BEGUN | (u64)pid << STANDING_PID |
		  (u64)f->era << STANDING_ERA;
	if ((set ^ now) >> STANDING_ERA || is_apart(task) || !is_namesake(task))
		return true;
	u32 number = set & (STANDING_SETS - 1);
	struct wire_candidates *possible = bpf_map_lookup_elem(&standing_sets, &number);
	return !possible || keep_common(&s->left, possible);
}

static __always_inline u16 ended_as(struct wire_filter *f, struct wire_facts *facts,
				    struct call *call)
{
	/* Of a 32-bit call only half of the register is the result. */
	s64 ret = call->via == VIA_COMPAT ? (s32)call->ret : call->ret;

	if ((u64)ret < (u64)-MAX_ERRNO)
		return facts->ended[ret ? ENDED_POSITIVE : ENDED_ZERO];
	return facts->ended[f->errors[-ret & MAX_ERRNO] & (ENDED_KINDS - 1)];
}

/* The last of some ranges that begins before a number or with it. */
__noinline int range_of_number(s64 n, u32 first, u32 ranges)
{
	struct wire_filter *f = filter_now();
	u32 at = first;

	if (!f)
		return 0;
	for (u32 step = NUMBER_RANGES / 2; step; step /= 2) {
		u32 next = at + step;
		if (next < first + ranges && f->numbers.from[BOUND(next, NUMBER_PLACES - 1)] <= n)
			at = next;
	}
	return at;
}

/* Leaves those rules that can be true for a number: 0, or the fact that left none. */
static __always_inline u32 keep_of_number(struct wire_candidates *left, struct wire_filter *f,
					  struct wire_number *number, u64 n)
{
	u32 place = number->first, high = number->high & 63;

	n <<= high;
	n = number->is_signed ? (s64)n >> high : n >> high;
	if (number->ranges)
		place = range_of_number(n, place, number->ranges);
	else
		for (int i = 0; i < NUMBER_BITS; i++)
			place += (n >> (number->bits[i] & 63) & 1) << i;
	if (keep(left, f, f->numbers.sets[BOUND(place, NUMBER_PLACES - 1)]))
		return 0;
	return number->ranges ? FACT_ARGUMENT : FACT_FLAGS;
}

/* What an open's file is. One that is deleted may be called as others are. */
static __always_inline u32 opened_kind(u64 address)
{
	struct file *file = KERNEL(struct file, address);
	struct inode *inode = READ(file, f_inode);

	return inode && (READ(inode, i_mode) & S_IFMT) == S_IFDIR && READ(inode, i_nlink)
		       ? OPENED_DIRECTORY
		       : OPENED_OTHER;
}

/* The state after a slash and a name of the kernel's. */
__noinline int read_last(u32 slot, u64 name, u32 len, u32 state)
{
	struct wire_filter *f = filter_now();
	struct scratch *s = scratch_of(slot);

	if (!direct_reads || !f || !s || f->number != s->scan.filter)
		return 0;
	struct wire_automaton *a = &f->paths;
	u32 shift = a->shift & 7, settled = a->settled;
	u64 word = 0;
	if (state < settled)
		state = a->next[BOUND(state << shift | a->classes['/'], PATH_STEPS - 1)];
	for (u32 i = 0; i < NAME_MAX; i++) {
		if (i >= len || state >= settled)
			break;
		word = i % sizeof(u64) ? word >> 8 : words_at(name + i)->at[0];
		state = a->next[BOUND(state << shift | a->classes[(u8)word], PATH_STEPS - 1)];
	}
	return state;
}

/* What an open's file can be true for by its path, if its directory is remembered: the number of
 * the set + 1. */
__noinline int recall(u32 slot, u64 address)
{
	struct wire_filter *f = filter_now();
	struct scratch *s = scratch_of(slot);

	if (!direct_reads || !f || !s || f->number != s->scan.filter)
		return 0;
	struct file *file = KERNEL(struct file, address);
	struct inode *inode = READ(file, f_inode);
	struct vfsmount *mnt = READ(file, f_path.mnt);
	struct dentry *d = READ(file, f_path.dentry), *up = READ(d, d_parent);
	u32 kind = READ(inode, i_mode) & S_IFMT;
	if (kind == S_IFDIR || kind == S_IFSOCK || !READ(inode, i_nlink) || d == up ||
	    d == READ(mnt, mnt_root))
		return 0;
	s->scan.mount = s->walk.mount = plain(s, mnt) - bpf_core_field_offset(struct mount, mnt);
	s->scan.dentry = s->walk.dentry = plain(s, up);
	u32 place = directory_place(slot, s->walk.mount, s->walk.dentry);
	struct directory *e = directory_at(place);
	struct super_block *sb = READ(inode, i_sb);
	s->scan.directory = place + 1;
	if (!e || e->filter != f->number || e->mounts != s->scan.mounts ||
	    e->dev != READ(sb, s_dev) || e->magic != (u32)READ(sb, s_magic) ||
	    !is_directory(slot, place))
		return 0;
	u32 state = read_last(slot, plain(s, READ(d, d_name.name)), READ(d, d_name.len), e->state);
	if (!state)
		return 0;
	s->scan.found = place + 1;
	return f->paths.ends[BOUND(state, PATH_STATES - 1)][BOUND(e->own, 1)] + 1;
}

/* Leaves those rules that can be true for the path of an open's file, if its directory is
 * remembered: 0, or the fact that left none. */
static __always_inline u32 narrow_by_remembered(u32 slot, struct scratch *s, struct wire_filter *f,
						u64 address)
{
	u32 set = address && s->scan.path ? recall(slot, address) : 0;

	if (!set)
		return 0;
	s->scan.path = 0;
	return keep(&s->left, f, set - 1) ? 0 : FACT_PATH;
}

/*
 * Leaves those rules that can be true for the call at hand, by what costs next to
 * nothing to know: 0, or the fact that left none.
 */
static __always_inline u32 narrow(u32 slot, struct scratch *s)
{
	struct wire_filter *f = filter_now();

	if (!f)
		return 0;
	struct call *call = &s->at_hand;
	struct wire_facts *facts = &f->rows[call->row & (ROWS_MAX - 1)];
	s->left = f->sets[facts->asked & (FILTER_SETS - 1)];
	if (!keep(&s->left, f, ended_as(f, facts, call)))
		return FACT_RESULT;
	for (int i = 0; i < NUMBERS_MAX; i++) {
		struct wire_number *number = &facts->numbers[i];
		u32 arg = number->source;
		if (arg >= NUMBER_MEMBER)
			break;
		u32 fact = keep_of_number(&s->left, f, number, call->args[BOUND(arg, 7)]);
		if (fact)
			return fact;
	}
	struct task_struct *task = task_of(call);
	if (!keep_of_process(s, f, task))
		return FACT_PROCESS;
	u64 opened = facts->opens ? file_of(task, call->ret) : 0;
	if (opened && !keep(&s->left, f, facts->opened[opened_kind(opened)]))
		return FACT_KIND;
	/* Of a call that is told for certain nothing more is looked at. */
	if (has_common(&s->left, &f->sets[facts->sure & (FILTER_SETS - 1)]))
		return 0;
	s->scan.filter = f->number;
	s->scan.mounts = *(volatile u64 *)&mounts_told;
	s->scan.socket = facts->socket;
	s->scan.members = facts->members;
	s->scan.path = facts->opens && f->paths.start;
	s->scan.given = facts->named && f->given.start;
	return narrow_by_remembered(slot, s, f, opened);
}

/* The state after a slash and the name that lies at a place of the record. */
__noinline int read_name(u32 slot, u32 at, u32 state)
{
	struct wire_filter *f = filter_now();
	struct scratch *s = scratch_of(slot);

	if (!f || !s || f->number != s->scan.filter)
		return 0;
	struct wire_automaton *a = &f->paths;
	u32 shift = a->shift & 7, settled = a->settled;
	u8 c = s->data[at & (RECORD_MAX - 1)];
	/* The roots of pseudo file systems have no names. */
	if (!c || c == '/')
		return 0;
	state = a->next[BOUND(state << shift | a->classes['/'], PATH_STEPS - 1)];
	for (u32 i = 0; i <= NAME_MAX; i++) {
		c = s->data[(at + i) & (RECORD_MAX - 1)];
		if (!c || state >= settled)
			break;
		state = a->next[BOUND(state << shift | a->classes[c], PATH_STEPS - 1)];
	}
	return state;
}

/* Whether user space calls a file by its path, and that is still its name. */
static __always_inline bool is_named(struct wire_file *w)
{
	u32 kind = w->mode & S_IFMT;

	return kind != S_IFDIR && kind != S_IFSOCK && !(w->flags & (FILE_DELETED | FILE_MEMFD)) &&
	       w->magic != NSFS && w->magic != PIPEFS && w->magic != PIDFS &&
	       w->magic != ANON_INODES && w->magic != SECRETMEM;
}

#define GIVEN_STEPS  128 /* bytes of a path as given that are read at once */
#define GIVEN_CHUNKS 8

/* The state after the bytes of a path as given, in which a second slash changes nothing, that lie
 * from one place of the record to another. */
__noinline int read_given(u32 slot, u32 at, u32 end, u32 state)
{
	struct wire_filter *f = filter_now();
	struct scratch *s = scratch_of(slot);

	if (!f || !s || f->number != s->scan.filter)
		return 0;
	struct wire_automaton *a = &f->given;
	u32 shift = a->shift & 7, settled = a->settled;
	for (u32 i = 0; i < GIVEN_STEPS; i++) {
		u32 now = at + i;
		if (now >= end || state >= settled)
			break;
		u8 c = s->data[now & (RECORD_MAX - 1)];
		state = a->next[BOUND(state << shift | a->classes[c], PATH_STEPS - 1)];
	}
	return state;
}

/* Leaves those rules that can be true for the first path of the record as it was given: 0, or the
 * fact that left none. */
__noinline int narrow_by_given(u32 slot)
{
	struct wire_filter *f = filter_now();
	struct scratch *s = scratch_of(slot);

	if (!f || !s)
		return 0;
	struct wire_block *b = (void *)&s->data[s->scan.at & (RECORD_MAX - 1)];
	u64 filter = s->scan.filter;
	u32 at = s->scan.at + sizeof(*b), end = at + b->len;
	u32 state = f->given.start, settled = f->given.settled;
	if (!s->scan.at || b->kind != BLOCK_STRING || b->flags ||
	    b->len > GIVEN_STEPS * GIVEN_CHUNKS)
		return 0;
	for (u32 i = 0; i < GIVEN_CHUNKS; i++) {
		if (at >= end || !state || state >= settled)
			break;
		state = read_given(slot, at, end, state);
		at += GIVEN_STEPS;
	}
	if (f->number != filter)
		return 0;
	return keep(&s->left, f, f->given.ends[BOUND(state, PATH_STATES - 1)][0]) ? 0 : FACT_GIVEN;
}

/* Where the root of a file system is mounted first, by device; what is not here is not known. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, u32);
	__type(value, struct wire_mount);
} first_mounts SEC(".maps");

/* Whether a file has no other name on the host; from and end: where its path lies. */
static __always_inline bool is_own(struct scratch *s, struct wire_file *w, u32 from, u32 end)
{
	u32 dev = w->dev, len = end - from - w->inside;

	if (w->magic == OVERLAYFS)
		return true;
	struct wire_mount *first = w->above ? 0 : bpf_map_lookup_elem(&first_mounts, &dev);
	if (!first || first->len != len)
		return false;
	for (u32 i = 0; i < MOUNT_MAX; i++) {
		if (i >= len)
			return true;
		if (s->data[(end - len + i) & (RECORD_MAX - 1)] != first->at[i])
			return false;
	}
	return len == MOUNT_MAX;
}

/* Leaves those rules that can be true for the path of the slot's file, which was put last: 0, or
 * the fact that left none. */
__noinline int narrow_by_path(u32 slot)
{
	struct wire_filter *f = filter_now();
	struct scratch *s = scratch_of(slot);

	if (!f || !s)
		return 0;
	struct wire_block *b = (void *)&s->data[s->block & (RECORD_MAX - 1)];
	u64 filter = s->scan.filter;
	u32 names = s->scan.names, state = f->paths.start, settled = f->paths.settled;
	u32 above_last = state; /* before the last name was read */
	if (b->kind != BLOCK_FILE || b->flags || !is_named((void *)(b + 1)) || !names ||
	    names > NAMES_MAX || s->walk.count > NAMES_MAX)
		return 0;
	for (u32 i = 0; i < NAMES_MAX; i++) {
		if (i >= names)
			break;
		above_last = state;
		if (!state || state >= settled)
			break;
		state = read_name(slot, s->walk.names[BOUND(names - 1 - i, NAMES_MAX - 1)], state);
	}
	if (f->number != filter)
		return 0;
	struct wire_file *w = (void *)(b + 1);
	u32 from = s->block + sizeof(*b) + sizeof(*w);
	u32 end = w->above ? from + w->above : s->block + sizeof(*b) + b->len;
	u32 own = is_own(s, w, from, end);
	remember(s, w, from, end, above_last, own);
	return keep(&s->left, f, f->paths.ends[BOUND(state, PATH_STATES - 1)][BOUND(own, 1)])
		       ? 0
		       : FACT_PATH;
}

/* Leaves those rules that can be true for what the first structure of the record holds: 0, or the
 * fact that left none. */
__noinline int narrow_by_members(u32 slot)
{
	struct wire_filter *f = filter_now();
	struct scratch *s = scratch_of(slot);

	if (!f || !s || f->number != s->scan.filter || !s->scan.memory)
		return 0;
	struct wire_facts *facts = &f->rows[BOUND(s->call.row, ROWS_MAX - 1)];
	struct wire_block *b = (void *)&s->data[s->scan.memory & (RECORD_MAX - 1)];
	u32 at = s->scan.memory + sizeof(*b);
	if (b->kind != BLOCK_BYTES || b->flags & BLOCK_FAULT)
		return 0;
	for (int i = 0; i < NUMBERS_MAX; i++) {
		struct wire_number *number = &facts->numbers[i];
		if (number->source != NUMBER_MEMBER || number->offset + number->size > b->len)
			continue;
		/* What lies behind it does not count. */
		u64 n = *(u64 *)&s->data[(at + number->offset) & (RECORD_MAX - 1)];
		u32 fact = keep_of_number(&s->left, f, number, n);
		if (fact)
			return fact;
	}
	return 0;
}

/* Leaves those rules that can be true for a record that is complete: 0, or the fact that left
 * none. */
__noinline int narrow_by_marks(u32 slot)
{
	struct wire_filter *f = filter_now();
	struct scratch *s = scratch_of(slot);

	if (!f || !s || f->number != s->scan.filter || s->marks & (BLOCK_FAULT | BLOCK_REPLACED))
		return 0;
	struct wire_facts *facts = &f->rows[BOUND(s->call.row, ROWS_MAX - 1)];
	return keep(&s->left, f, facts->unmarked) ? 0 : FACT_MARKS;
}

#endif
