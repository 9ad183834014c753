/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The paths that a call really worked on. When a call ends, user memory can hold
 * others than when the kernel read it, and what they named may be gone. What the
 * kernel's security modules hook runs inside the call, behind the look-up, with the
 * directory and the name that were found; only calls that change the tree, or a
 * file's owner or mode, pay for it. What was seen is kept for the thread until its
 * call ends, as in address.h: a call can sleep meanwhile, and go on on another CPU.
 *
 * Nearly all paths are short. Their entry is made once for each thread where the
 * kernel has storage by task; else it lies in memory that is there beforehand. Only a
 * path that has no room there costs an entry of full size.
 */
#ifndef SAKER_USED_PATH_H
#define SAKER_USED_PATH_H

#include "path.h"

#define USED_PATHS   2	  /* of one call, a power of two */
#define USED_WORDS   8	  /* that are copied without a helper's call */
#define USED_CALLS   1024 /* of which an entry is kept that no task has */
#define USED_MAX     4096 /* bytes of a path */
#define SHORT_MAX    512  /* of both in a short entry, a power of two */
#define LONG_MAX     (2 * USED_MAX)
/* Steps up at once, which the verifier goes through, and how often; those to a short entry suffice
 * for one that is full. */
#define SHORT_CLIMB  8
#define SHORT_CLIMBS 8
#define LONG_CLIMB   4
#define LONG_CLIMBS  512

/* Set by the loader: programs that trace may keep something with a task. */
const volatile bool task_storage = false;

/* What a look-up found. */
struct found {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct used_path {
	u64 mount, dentry; /* of the next component */
	u32 from, end;	   /* what is there of the path */
	u32 more;	   /* it goes on above */
	u32 seen;	   /* there is one: of the root nothing else is there */
};

struct used {
	u64 start; /* of the thread */
	u16 row;   /* of its call; ROW_NONE: nothing is seen */
	u8 is_long;
	struct used_path of[USED_PATHS];
};

/* The slack takes a name that starts near the end. */
struct short_paths {
	struct used used;
	u8 data[SHORT_MAX + NAME_MAX + 1];
};

struct long_paths {
	struct used used;
	u8 data[LONG_MAX + NAME_MAX + 1];
};

/* By thread. With task_storage the loader makes it one by task, else entries go when the call
 * ends. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, USED_CALLS);
	__type(key, u32);
	__type(value, struct short_paths);
} used_short SEC(".maps");

/* By thread. Entries go when the call ends. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, USED_CALLS);
	__type(key, u32);
	__type(value, struct long_paths);
} used_long SEC(".maps");

/* The thread's entry, NULL if it has none. */
static __always_inline struct short_paths *short_of(struct task_struct *task)
{
	u32 tid;

	if (task_storage)
		return bpf_task_storage_get(&used_short, task, 0, 0);
	tid = READ(task, pid);
	return bpf_map_lookup_elem(&used_short, &tid);
}

static __always_inline struct long_paths *long_of(struct task_struct *task)
{
	u32 tid = READ(task, pid);

	return bpf_map_lookup_elem(&used_long, &tid);
}

/* Memory to make an entry from; what is in it doesn't matter. */
static __always_inline void *any_bytes(void)
{
	struct scratch *s = scratch_of(bpf_get_smp_processor_id());

	return s ? s->data : 0;
}

static __always_inline struct short_paths *make_short(struct task_struct *task)
{
	struct short_paths *made;
	u32 tid;
	void *bytes;

	if (task_storage)
		return bpf_task_storage_get(&used_short, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	made = short_of(task);
	if (made || !(bytes = any_bytes()))
		return made;
	tid = READ(task, pid);
	bpf_map_update_elem(&used_short, &tid, bytes, BPF_NOEXIST);
	return short_of(task);
}

static __always_inline struct long_paths *make_long(struct task_struct *task)
{
	struct long_paths *made = long_of(task);
	u32 tid = READ(task, pid);
	void *bytes;

	if (made || !(bytes = any_bytes()))
		return made;
	bpf_map_update_elem(&used_long, &tid, bytes, BPF_NOEXIST);
	return long_of(task);
}

/* What was seen of the thread's call of a row, NULL if nothing. */
static __always_inline struct short_paths *used_of(struct task_struct *task, u16 row)
{
	struct short_paths *s = short_of(task);

	return s && s->used.row == row && s->used.start == READ(task, start_boottime) ? s : 0;
}

/* Where a path begins: at what a hook has of it. */
static __always_inline void use_from(struct used_path *p, struct found found)
{
	p->mount = (u64)found.mnt - bpf_core_field_offset(struct mount, mnt);
	p->dentry = (u64)found.dentry;
	p->seen = p->more = found.mnt && found.dentry;
	p->from = p->end = 0;
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

/* Takes some steps of path i, components last first; true: there is more. */
static __always_inline bool climb_some(struct used *u, u8 *data, u32 max, u32 i, int steps)
{
	struct used_path *p = &u->of[BOUND(i, USED_PATHS - 1)];
	struct mount *m = KERNEL(struct mount, p->mount);
	struct dentry *d = KERNEL(struct dentry, p->dentry), *name;
	u32 end = p->end, last = p->from + USED_MAX, more = p->more;

	if (last > max)
		last = max;
	for (int n = 0; n < steps && more && end < last; n++) {
		more = climb(&m, &d, &name);
		if (!name)
			continue;
		/* The same bounds after each name, whatever its length: for the verifier. */
		end = BOUND(end, max - 1);
		end += BOUND(copy_name(&data[end], name), NAME_MAX);
		data[end++] = 0;
	}
	p->mount = (u64)m;
	p->dentry = (u64)d;
	p->end = end;
	p->more = more;
	return more;
}

/* The same of the thread's short entry; 1: there is more. */
__noinline int climb_short(u32 i)
{
	struct short_paths *s = short_of(current_task());

	return s ? climb_some(&s->used, s->data, SHORT_MAX, i, SHORT_CLIMB) : 0;
}

/* The same of the thread's long entry; 1: there is more. */
__noinline int climb_long(u32 i)
{
	struct long_paths *l = long_of(current_task());

	return l ? climb_some(&l->used, l->data, LONG_MAX, i, LONG_CLIMB) : 0;
}

/* Begins an entry for the thread's call: of a path, and of another one if that is not NULL. */
static __always_inline void use_begin(struct used *u, struct task_struct *task, u16 row,
				      struct found first, struct found second)
{
	u->start = READ(task, start_boottime);
	u->row = row;
	u->is_long = 0;
	use_from(&u->of[0], first);
	use_from(&u->of[1], second);
}

/* The second path begins where the first one ends. */
static __always_inline void use_behind(struct used *u)
{
	u->of[1].from = u->of[1].end = u->of[0].end;
}

/* False: there is no room, or a path goes on above. */
static __always_inline bool use_short(struct short_paths *s, bool both)
{
	u32 more = 1;

	for (int n = 0; n < SHORT_CLIMBS && more; n++)
		more = climb_short(0);
	if (more || !both)
		return !more;
	use_behind(&s->used);
	more = 1;
	for (int n = 0; n < SHORT_CLIMBS && more; n++)
		more = climb_short(1);
	return !more;
}

static __always_inline void use_long(struct long_paths *l, bool both)
{
	for (int n = 0; n < LONG_CLIMBS && climb_long(0); n++)
		;
	if (!both)
		return;
	use_behind(&l->used);
	for (int n = 0; n < LONG_CLIMBS && climb_long(1); n++)
		;
}

/* Keeps the path that the thread's call of a row works on, and a second one if that has a dentry.
 */
static __always_inline void use_paths(struct task_struct *task, u16 row, struct found first,
				      struct found second)
{
	struct short_paths *s = make_short(task);
	struct long_paths *l;
	bool both = second.dentry;

	if (!s)
		return;
	use_begin(&s->used, task, row, first, second);
	if (use_short(s, both) || !(l = make_long(task)))
		return;
	use_begin(&l->used, task, row, first, second);
	use_long(l, both);
	s->used.is_long = 1;
}

/* Puts the block of a path; false: nothing was seen of it. */
static __always_inline bool put_seen(struct scratch *s, struct used_path *p, u8 *data, u32 max)
{
	u32 len = p->end - p->from;

	if (!p->seen || len > USED_MAX + NAME_MAX)
		return false;
	block_begin(s, BLOCK_DIR);
	block_flag(s, BLOCK_WHOLE | (p->more ? BLOCK_CUT : 0));
	u8 *to = &s->data[s->off & (RECORD_MAX - 1)], *from = &data[p->from & (max - 1)];
	if (len <= USED_WORDS * sizeof(u64))
		for (u32 i = 0; i < USED_WORDS; i++)
			((u64 *)to)[i] = ((u64 *)from)[i];
	else
		bpf_probe_read_kernel(to, BOUND(len, LONG_MAX - 1), from);
	s->off += len;
	block_end(s);
	return true;
}

/* Puts path i of the call that was seen; false: it was not. */
__noinline int put_used_path(u32 slot, u32 i)
{
	struct task_struct *task = current_task();
	struct scratch *s = scratch_of(slot);
	struct short_paths *seen = s ? used_of(task, s->call.row) : 0;
	u32 n = BOUND(i, USED_PATHS - 1);

	if (!seen || i >= USED_PATHS)
		return false;
	if (!seen->used.is_long)
		return put_seen(s, &seen->used.of[n], seen->data, SHORT_MAX);
	struct long_paths *l = long_of(task);
	return l && put_seen(s, &l->used.of[n], l->data, LONG_MAX);
}

static __always_inline void forget_paths(struct task_struct *task)
{
	struct short_paths *s = short_of(task);
	u32 tid = READ(task, pid);

	if (!s)
		return;
	if (s->used.is_long)
		bpf_map_delete_elem(&used_long, &tid);
	if (task_storage)
		s->used.row = ROW_NONE;
	else
		bpf_map_delete_elem(&used_short, &tid);
}

#endif
