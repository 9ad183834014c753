/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Paths as the kernel has them: from a dentry up through its mounts to the
 * root of the mount namespace, so that no symlink, "..", directory descriptor
 * or chroot decides what a file is called.
 */
#ifndef SAKER_PATH_H
#define SAKER_PATH_H

#include "record.h"

#define COMPONENTS_MAX 32 /* walked at once: so many the verifier goes through in each program */
#define COMPONENTS_FEW 10 /* as most paths have */
#define WALKS_MAX      64
#define PATH_BYTES_MAX 4096 /* after which no further walk begins */
#define NAME_MAX       255
#define TOP_MOUNTS     3

/* Copies a name, and gives its length. Short ones, which are most, are copied by words: a helper
 * for each costs more than the walk. */
static __always_inline u32 copy_name(u8 *to, struct dentry *d)
{
	u32 len = READ(d, d_name.len);
	const char *name = READ(d, d_name.name);

	if (len > NAME_MAX)
		len = NAME_MAX;
	if (direct_reads && len <= sizeof(struct words)) {
		struct words *from = words_at((u64)name);
		for (u32 i = 0; i < WORDS_MAX; i++)
			if (i * sizeof(u64) < len)
				((struct words *)to)->at[i] = from->at[i];
	} else {
		bpf_probe_read_kernel(to, BOUND(len, NAME_MAX), name);
	}
	return len;
}

static __always_inline void append_name(struct scratch *s, struct dentry *d)
{
	s->off += copy_name(&s->data[s->off & (RECORD_MAX - 1)], d);
	s->data[s->off & (RECORD_MAX - 1)] = 0;
	s->off++;
}

/* Is this the root of the mount namespace? False also if that takes more than some steps to see:
 * what is mounted there first mostly holds the next one and nothing else. */
static __always_inline bool is_top(struct vfsmount *mnt, struct dentry *d)
{
	struct mount *m = KERNEL(struct mount, (u64)mnt - bpf_core_field_offset(struct mount, mnt));

	for (int i = 0; i < TOP_MOUNTS && d == READ(m, mnt.mnt_root); i++) {
		struct mount *below = READ(m, mnt_parent);
		if (below == m)
			return true;
		d = READ(m, mnt_mountpoint);
		m = below;
	}
	return false;
}

/* Walks on some steps; 1: there is more. A mount's root is where the path goes on in the mount
 * below. */
static __always_inline int walk_some(struct scratch *s, int steps)
{
	struct walk *walk = &s->walk;
	struct mount *m = KERNEL(struct mount, walk->mount);
	struct dentry *d = KERNEL(struct dentry, walk->dentry);
	for (int i = 0; i < steps; i++) {
		struct dentry *up = READ(d, d_parent);

		if (d == READ(m, mnt.mnt_root)) {
			struct mount *below = READ(m, mnt_parent);
			if (!walk->crossed) {
				walk->crossed = 1;
				walk->inside = s->off - walk->from;
				walk->root = d == up ? 0 : (u64)d;
			}
			if (below == m)
				return 0;
			d = READ(m, mnt_mountpoint);
			m = below;
			continue;
		}
		walk->names[walk->count++ & (NAMES_MAX - 1)] = s->off;
		append_name(s, d);
		/* Its own parent without being a mount's root: a memfd, a pipe. */
		if (d == up)
			return 0;
		d = up;
	}
	walk->mount = (u64)m;
	walk->dentry = (u64)d;
	return 1;
}

__noinline int walk_path(u32 slot)
{
	struct scratch *s = scratch_of(slot);

	return s ? walk_some(s, COMPONENTS_MAX) : 0;
}

/* Walks to the end. */
static __always_inline void walk_on(u32 slot, struct scratch *s)
{
	for (int i = 0; i < WALKS_MAX; i++) {
		if (!walk_path(slot))
			return;
		if (s->off - s->walk.from > PATH_BYTES_MAX)
			break;
	}
	block_flag(s, BLOCK_CUT);
}

static __always_inline void walk_begin(struct scratch *s, struct vfsmount *mnt,
				       struct dentry *dentry)
{
	s->walk.from = s->off;
	s->walk.mount = plain(s, mnt) - bpf_core_field_offset(struct mount, mnt);
	s->walk.dentry = plain(s, dentry);
	s->walk.inside = 0;
	s->walk.root = 0;
	s->walk.crossed = 0;
	s->walk.count = 0;
}

/* Appends the components of a path, last first, to the open block. */
static __always_inline void append_path(u32 slot, struct scratch *s, struct vfsmount *mnt,
					struct dentry *dentry)
{
	if (!mnt || !dentry)
		return;
	walk_begin(s, mnt, dentry);
	walk_on(slot, s);
}

/* The same without a function's call for most paths: it costs as much as some of their steps. */
static __always_inline void append_path_here(u32 slot, struct scratch *s, struct vfsmount *mnt,
					     struct dentry *dentry)
{
	if (!mnt || !dentry)
		return;
	walk_begin(s, mnt, dentry);
	if (walk_some(s, COMPONENTS_FEW))
		walk_on(slot, s);
}

/* Appends where in its file system the root of the mount lies that the path before was below. */
static __always_inline void append_above(u32 slot, struct scratch *s)
{
	s->walk.mount = 0;
	s->walk.dentry = s->walk.root;
	s->walk.from = s->off;
	walk_on(slot, s);
}

static __always_inline void put_path(u32 slot, u16 kind, struct vfsmount *mnt,
				     struct dentry *dentry)
{
	struct scratch *s = scratch_of(slot);
	if (!s)
		return;
	block_begin(s, kind);
	append_path(slot, s, mnt, dentry);
	block_end(s);
}

#endif
