/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Whose acts are told. Our own never are; a scope limits them further, to
 * cgroups and to trees of processes.
 *
 * What the scope says of a process is a mark, found by the process's number:
 * an act outside costs one look-up. A process gets its mark at first sight,
 * from its ancestors; a child inherits it at its start, whoever becomes its
 * parent later; a move to another cgroup makes it anew.
 *
 * What a cgroup is to the scope only user space can say, by its path. Until it
 * has, the cgroup counts as within, and user space leaves its processes out.
 */
#ifndef SAKER_SCOPE_H
#define SAKER_SCOPE_H

#include "cgroup.h"

#define PIDS_MAX      (1 << 22) /* the most that Linux has */
#define MARKS_A_ENTRY 4096
#define TREE_DEPTH    64
#define TREES_MAX     1024
#define CGROUPS_MAX   16384

enum mark {
	MARK_TREES = 1,	   /* the two below are known */
	MARK_INCLUDED = 2, /* is, or descends from, a process that the scope includes */
	MARK_EXCLUDED = 4,
	MARK_MADE = 8, /* the one below is known */
	MARK_OUTSIDE = 16,
	OF_TREES = MARK_TREES | MARK_INCLUDED | MARK_EXCLUDED,
};

/* Our own process; 0 until the scan has told. */
u32 self = 0;

/* Set by the loader: which kinds of limits there are. */
const volatile bool limited = false;
const volatile bool limited_to_trees = false;
const volatile bool limited_by_cgroup = false;

struct marks {
	u8 of[MARKS_A_ENTRY];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, PIDS_MAX / MARKS_A_ENTRY); /* the loader: 1 without limits */
	__type(key, u32);
	__type(value, struct marks);
} marks SEC(".maps");

/* Processes whose trees the scope names: MARK_INCLUDED or MARK_EXCLUDED. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, TREES_MAX);
	__type(key, u32);
	__type(value, u8);
} trees SEC(".maps");

/* Cgroups that user space told of: 0 or MARK_OUTSIDE. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CGROUPS_MAX);
	__type(key, struct wire_cgroup);
	__type(value, u8);
} cgroups SEC(".maps");

static __always_inline u8 *mark_of(u32 pid)
{
	u32 entry = pid / MARKS_A_ENTRY;
	struct marks *m = bpf_map_lookup_elem(&marks, &entry);
	return m ? &m->of[pid % MARKS_A_ENTRY] : 0;
}

/* Of which trees a process is that was there before its mark: what its ancestors say. */
static __always_inline u8 trees_of(struct task_struct *task)
{
	u8 found = MARK_TREES;

	for (int i = 0; i < TREE_DEPTH; i++) {
		u32 pid = READ(task, tgid);
		u8 *mark = mark_of(pid), *root = bpf_map_lookup_elem(&trees, &pid);

		if (mark && *mark & MARK_TREES)
			return found | (*mark & OF_TREES);
		if (root)
			found |= *root;
		if (pid <= 1)
			break;
		task = READ(task, real_parent);
	}
	return found;
}

/* What a task's cgroup is to the scope, NULL as long as user space has not told. */
static __always_inline u8 *cgroup_mark(struct wire_cgroup *cgroup, struct task_struct *task)
{
	cgroup_identity(cgroup, cgroup_of(task));
	return bpf_map_lookup_elem(&cgroups, cgroup);
}

/* Makes the mark of a task's process, and gives it. */
__noinline int make_mark(u64 address)
{
	struct task_struct *task = KERNEL(struct task_struct, address);
	u8 *mark = mark_of(READ(task, tgid)), *of_cgroup = 0;
	struct wire_cgroup cgroup;

	if (!mark)
		return 0;
	u8 made = *mark & MARK_TREES ? *mark & OF_TREES : trees_of(task);
	if (made & MARK_EXCLUDED || (limited_to_trees && !(made & MARK_INCLUDED)))
		made |= MARK_MADE | MARK_OUTSIDE;
	else if (!limited_by_cgroup)
		made |= MARK_MADE;
	else if ((of_cgroup = cgroup_mark(&cgroup, READ(task, group_leader))))
		made |= MARK_MADE | *of_cgroup;
	*mark = made;
	return made;
}

static __always_inline u8 get_mark(struct task_struct *task)
{
	u8 *mark = mark_of(READ(task, tgid));
	struct scratch *s = scratch_of(bpf_get_smp_processor_id());

	if (mark && *mark & MARK_MADE)
		return *mark;
	if (!s)
		return 0;
	/* A signal's program may have interrupted another one that uses this. */
	u64 before = s->pointer;
	u8 made = make_mark(plain(s, task));
	s->pointer = before;
	return made;
}

/* Whether what a task does is told. */
static __always_inline bool in_scope(struct task_struct *task)
{
	if (READ(task, tgid) == self)
		return false;
	return !limited || !(get_mark(task) & MARK_OUTSIDE);
}

/* A new process is of the trees of who made it. */
static __always_inline void scope_fork(struct task_struct *parent, struct task_struct *child)
{
	u8 *mark = mark_of(READ(child, tgid));

	if (limited && mark)
		*mark = get_mark(parent) & OF_TREES;
}

/* In another cgroup it is still of the same trees. */
static __always_inline void scope_move(struct task_struct *task)
{
	u8 *mark = mark_of(READ(task, tgid));

	if (limited && mark)
		*mark &= OF_TREES;
}

/* The task's cgroup if user space has yet to say what it is, else zeros. */
static __always_inline void put_unjudged(struct wire_cgroup *w, struct task_struct *task)
{
	if (!limited_by_cgroup || cgroup_mark(w, task))
		__builtin_memset(w, 0, sizeof(*w));
}

#endif
