/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The programs that see which paths a call works on. They are on the functions
 * that lead to the security modules, before any of these is asked.
 */
#ifndef SAKER_PATH_HOOKS_H
#define SAKER_PATH_HOOKS_H

#include "call.h"

#define PF_IO_WORKER 0x10

/* Keeps the paths if the call that works on them is one that is told, with them. */
static __always_inline int on_paths(struct found first, struct found second)
{
	struct task_struct *task = current_task();
	u8 via;
	u16 number = find_row(registers_of(task), task, &via);
	u32 key = number - 1;

	if (!number || (native_only && via != VIA_NATIVE) ||
	    READ(task, flags) & (PF_KTHREAD | PF_IO_WORKER) || !in_scope(task))
		return 0;
	struct wire_row *row = bpf_map_lookup_elem(&rows, &key);
	if (row && row->flags & ROW_NAMED)
		use_paths(task, key, first, second);
	return 0;
}

static __always_inline struct found path_of(struct path *p)
{
	return (struct found){READ(p, mnt), READ(p, dentry)};
}

/* The name in a directory: in the mount that it was reached by. */
static __always_inline struct found name_in(struct path *dir, struct dentry *name)
{
	return (struct found){READ(dir, mnt), name};
}

static const struct found none;

/* What changes a directory has it and the name in it. */
#define ON_NAME(act)                                                                               \
	SEC("fentry/security_path_" #act)                                                          \
	int BPF_PROG(path_##act, struct path *dir, struct dentry *name)                            \
	{                                                                                          \
		return on_paths(name_in(dir, name), none);                                         \
	}

ON_NAME(mkdir)
ON_NAME(rmdir)
ON_NAME(unlink)
ON_NAME(symlink)
ON_NAME(mknod)

/* What changes a file, or leads to one, has it whole. */
#define ON_FILE(act)                                                                               \
	SEC("fentry/security_path_" #act)                                                          \
	int BPF_PROG(path_##act, struct path *file)                                                \
	{                                                                                          \
		return on_paths(path_of(file), none);                                              \
	}

ON_FILE(chmod)
ON_FILE(chown)
ON_FILE(truncate)
ON_FILE(chroot)

SEC("fentry/security_path_link")
int BPF_PROG(path_link, struct dentry *from, struct path *dir, struct dentry *name)
{
	return on_paths(name_in(dir, from), name_in(dir, name));
}

SEC("fentry/security_path_rename")
int BPF_PROG(path_rename, struct path *from_dir, struct dentry *from, struct path *to_dir,
	     struct dentry *to)
{
	return on_paths(name_in(to_dir, from), name_in(to_dir, to));
}

SEC("fentry/security_sb_mount")
int BPF_PROG(path_mount, const char *device, struct path *at)
{
	return on_paths(path_of(at), none);
}

SEC("fentry/security_sb_umount")
int BPF_PROG(path_umount, struct vfsmount *mnt)
{
	return on_paths((struct found){mnt, READ(mnt, mnt_root)}, none);
}

SEC("fentry/security_sb_pivotroot")
int BPF_PROG(path_pivotroot, struct path *put_old, struct path *new_root)
{
	return on_paths(path_of(new_root), path_of(put_old));
}

SEC("fentry/security_move_mount")
int BPF_PROG(path_move_mount, struct path *from, struct path *to)
{
	return on_paths(path_of(from), path_of(to));
}

#endif
