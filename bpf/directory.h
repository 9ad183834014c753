/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Directories of which the rules' automaton has read the path, and the state it was
 * in then: of a file in one of these only the last name is still to be read.
 *
 * Nothing here can be out of date, for nothing is looked up by what a directory is.
 * What is remembered is the text of a path, and it counts only if the walk up from
 * the file, done now, finds this text name by name, and the same mount's root at the
 * same place in it. So it does not matter what was renamed, exchanged, mounted, or
 * made in memory that was another's. Where to look, an address says; a wrong one
 * finds a text that is not the path's.
 *
 * Each CPU has its own. Kernels that can't cast (read.h) remember nothing: to walk
 * would cost them as much as what it saves.
 */
#ifndef SAKER_DIRECTORY_H
#define SAKER_DIRECTORY_H

#include "path.h"

#define DIRECTORIES	256 /* of each CPU, a power of two */
#define DIRECTORY_MAX	128 /* bytes of a path, a power of two */
#define DIRECTORY_STEPS 24  /* names and mounts on the way up */
#define DIRECTORY_WORDS 9   /* of one name */

struct directory {
	u64 filter; /* that its state is of; 0: nothing is remembered */
	u64 mounts; /* as they were told when it was read */
	u32 len;    /* of its path */
	u32 inside; /* bytes of that below the root of its mount */
	u32 dev;
	u32 magic;
	u16 state;
	u8 above; /* that root is not its file system's */
	u8 own;	  /* its files have no other name on the host */
	u32 unused;
	/* As a path travels. The slack takes a word that starts near the end. */
	u8 path[DIRECTORY_MAX + sizeof(u64)];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, DIRECTORIES); /* the loader: for each CPU */
	__type(key, u32);
	__type(value, struct directory);
} directories SEC(".maps");

/* How often user space told where file systems are mounted. */
u64 mounts_told = 0;

static __always_inline struct directory *directory_at(u32 place)
{
	return bpf_map_lookup_elem(&directories, &place);
}

/* Where a directory is remembered on a CPU, whose dentry and mount are at these addresses. */
static __always_inline u32 directory_place(u32 slot, u64 mount, u64 dentry)
{
	u64 mixed = (mount ^ dentry) * 0x9e3779b97f4a7c15;

	return slot * DIRECTORIES + (mixed >> 56 & (DIRECTORIES - 1));
}

/* Whether a name of the kernel's, of len bytes, is the one at a place of a directory's path. */
__noinline int is_name(u32 place, u32 at, u64 name, u32 len)
{
	struct directory *e = directory_at(place);

	if (!direct_reads || !e || len > DIRECTORY_WORDS * sizeof(u64))
		return false;
	for (u32 i = 0; i < DIRECTORY_WORDS; i++) {
		u32 done = i * sizeof(u64);
		if (done >= len)
			break;
		u64 differ = words_at(name + done)->at[0] ^
			     *(u64 *)&e->path[BOUND(at + done, DIRECTORY_MAX - 1)];
		if (len - done < sizeof(u64))
			differ <<= 64 - 8 * (len - done);
		if (differ)
			return false;
	}
	return !e->path[BOUND(at + len, DIRECTORY_MAX - 1)];
}

/* Whether the path of the directory where the slot's walk begins is the one that is remembered at a
 * place. How far it is the same lies in memory, where the verifier does not follow it. */
__noinline int is_directory(u32 slot, u32 place)
{
	struct scratch *s = scratch_of(slot);
	struct directory *e = directory_at(place);

	if (!direct_reads || !s || !e)
		return false;
	struct walk *walk = &s->walk;
	struct mount *m = KERNEL(struct mount, walk->mount);
	struct dentry *d = KERNEL(struct dentry, walk->dentry);
	walk->crossed = 0;
	walk->same = 0;
	for (int i = 0; i < DIRECTORY_STEPS; i++) {
		struct dentry *up = READ(d, d_parent);
		u32 at = walk->same;

		if (d == READ(m, mnt.mnt_root)) {
			struct mount *below = READ(m, mnt_parent);
			if (!walk->crossed && (at != e->inside || (d != up) != e->above))
				return false;
			walk->crossed = 1;
			if (below == m)
				return at == e->len;
			d = READ(m, mnt_mountpoint);
			m = below;
			continue;
		}
		u32 len = READ(d, d_name.len);
		if (d == up || at + len >= e->len ||
		    !is_name(place, at, plain(s, READ(d, d_name.name)), len))
			return false;
		walk->same = at + len + 1;
		d = up;
	}
	return false;
}

/*
 * Appends a path whose directory was found to be remembered when this call was judged, to the open
 * block: its last name as it is now, and that text. Where its names lie is not noted: it is judged.
 * False: this is not known.
 */
static __always_inline bool append_known(struct scratch *s, struct vfsmount *mnt, struct dentry *d)
{
	struct directory *e = s->known ? directory_at(s->known - 1) : 0;

	if (!direct_reads || !e || e->above || d == READ(mnt, mnt_root) ||
	    plain(s, READ(d, d_parent)) != s->scan.dentry ||
	    plain(s, mnt) - bpf_core_field_offset(struct mount, mnt) != s->scan.mount)
		return false;
	s->walk.from = s->off;
	append_name(s, d);
	s->walk.inside = s->off - s->walk.from + e->inside;
	s->walk.root = 0;
	s->walk.count = 0;
	u64 *to = (void *)&s->data[s->off & (RECORD_MAX - 1)], *text = (void *)e->path;
	for (u32 i = 0; i < DIRECTORY_MAX / sizeof(u64); i++)
		to[i] = text[i];
	s->off += e->len;
	return true;
}

/*
 * Remembers the directory of the slot's file, whose path lies in the record from one
 * place to another and was read as far as to its last name.
 */
static __always_inline void remember(struct scratch *s, struct wire_file *w, u32 from, u32 end,
				     u16 state, bool own)
{
	struct directory *e = s->scan.directory ? directory_at(s->scan.directory - 1) : 0;
	u32 start = s->scan.names > 1 ? s->walk.names[1] : end;
	u32 len = end - start, name = start - from;

	/* A file that is a mount's root is not in its directory's mount. */
	if (!e || !state || len >= DIRECTORY_MAX || w->inside < name)
		return;
	e->filter = 0;
	bpf_probe_read_kernel(e->path, BOUND(len, DIRECTORY_MAX - 1),
			      &s->data[start & (RECORD_MAX - 1)]);
	e->mounts = s->scan.mounts;
	e->len = len;
	e->inside = w->inside - name;
	e->dev = w->dev;
	e->magic = w->magic;
	e->state = state;
	e->above = w->above != 0;
	e->own = own;
	e->filter = s->scan.filter;
}

#endif
