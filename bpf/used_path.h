/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The paths that a call really worked on. When a call ends, user memory can hold
 * others than when the kernel read it, and what they named may be gone. What the
 * kernel's security modules hook runs inside the call, behind the look-up, with the
 * directory and the name that were found; only calls that change the tree, or a
 * file's owner or mode, pay for it. What was seen is kept for the thread until its
 * call ends, as in address.h.
 */
#ifndef SAKER_USED_PATH_H
#define SAKER_USED_PATH_H

#include "path.h"

#define USED_PATHS 2	/* of one call, a power of two */
#define USED_MAX   4096 /* bytes of a path, a power of two */
#define USED_CALLS 1024

struct used_path {
	u64 mnt, dentry;
	u32 len; /* 0: not seen */
	u32 cut;
	/* The slack takes a name that starts near the end. */
	u8 data[USED_MAX + NAME_MAX + 1];
};

struct used_paths {
	u64 start; /* of the thread */
	u16 row;
	struct used_path paths[USED_PATHS];
};

/* By thread. Entries go when the call ends. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, USED_CALLS);
	__type(key, u32);
	__type(value, struct used_paths);
} used_paths SEC(".maps");

/* What was seen of the thread's call of a row, NULL if nothing. */
static __always_inline struct used_paths *used_of(struct task_struct *task, u16 row)
{
	u32 tid = READ(task, pid);
	struct used_paths *used = bpf_map_lookup_elem(&used_paths, &tid);

	return used && used->row == row && used->start == READ(task, start_boottime) ? used : 0;
}

/* An entry for the thread's call, of which nothing is seen yet. */
static __always_inline struct used_paths *use_begin(struct task_struct *task, u16 row)
{
	u32 tid = READ(task, pid), slot = bpf_get_smp_processor_id();
	struct used_paths *used = bpf_map_lookup_elem(&used_paths, &tid);
	struct scratch *s = scratch_of(slot);

	if (!used && s) {
		/* The buffer is memory to make the entry from; what is in it doesn't matter. */
		bpf_map_update_elem(&used_paths, &tid, s->data, BPF_NOEXIST);
		used = bpf_map_lookup_elem(&used_paths, &tid);
	}
	if (!used)
		return 0;
	used->start = READ(task, start_boottime);
	used->row = row;
	for (int i = 0; i < USED_PATHS; i++)
		used->paths[i].len = 0;
	return used;
}

static __always_inline void use_name(struct used_path *p, struct dentry *d)
{
	u32 at = p->len & (USED_MAX - 1), len = READ(d, d_name.len);

	if (len > NAME_MAX)
		len = NAME_MAX;
	len = BOUND(len, NAME_MAX);
	bpf_probe_read_kernel(&p->data[at], len, READ(d, d_name.name));
	p->data[at + len] = 0;
	p->len = at + len + 1;
}

/*
 * Goes one step up from *d, which is in mount *m. *name is the dentry whose name is a
 * component of the path, NULL if this step has none. False: there is nothing above.
 */
static __always_inline bool climb(struct mount **m, struct dentry **d, struct dentry **name)
{
	struct dentry *here = *d, *up = READ(here, d_parent);

	*name = 0;
	if (here == READ(*m, mnt.mnt_root)) {
		struct mount *below = READ(*m, mnt_parent);
		if (below == *m)
			return false;
		*d = READ(*m, mnt_mountpoint);
		*m = below;
		return true;
	}
	*name = here;
	*d = up;
	return here != up;
}

/* Fills in a path of the thread's entry, components last first. */
__noinline int use_path(u32 tid, u32 i)
{
	struct used_paths *used = bpf_map_lookup_elem(&used_paths, &tid);

	if (!used)
		return 0;
	struct used_path *p = &used->paths[BOUND(i, USED_PATHS - 1)];
	u64 mnt = p->mnt, dentry = p->dentry;
	struct mount *m = KERNEL(struct mount, mnt - bpf_core_field_offset(struct mount, mnt));
	struct dentry *d = KERNEL(struct dentry, dentry), *name;
	bool more = mnt && dentry;

	for (int n = 0; n < COMPONENTS_MAX && more && p->len < USED_MAX; n++) {
		more = climb(&m, &d, &name);
		if (name)
			use_name(p, name);
	}
	p->cut = more;
	return 0;
}

/* Puts path i of the call that was seen; false: it was not. */
static __always_inline bool put_used_path(struct scratch *s, u32 i)
{
	struct used_paths *used = used_of(current_task(), s->call.row);

	if (!used || i >= USED_PATHS)
		return false;
	struct used_path *p = &used->paths[BOUND(i, USED_PATHS - 1)];
	u32 len = p->len;
	if (!len)
		return false;
	block_begin(s, BLOCK_DIR);
	block_flag(s, BLOCK_WHOLE | (p->cut ? BLOCK_CUT : 0));
	if (len > USED_MAX)
		len = USED_MAX;
	bpf_probe_read_kernel(&s->data[s->off & (RECORD_MAX - 1)], BOUND(len, 2 * USED_MAX - 1),
			      p->data);
	s->off += len;
	block_end(s);
	return true;
}

static __always_inline void forget_paths(struct task_struct *task)
{
	u32 tid = READ(task, pid);

	bpf_map_delete_elem(&used_paths, &tid);
}

#endif
