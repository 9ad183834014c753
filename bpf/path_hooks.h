/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The programs that see which paths a call works on. They are on the functions
 * that lead to the security modules, not modules themselves: these would need to
 * be chosen when the machine boots, and they see no more.
 */
#ifndef SAKER_PATH_HOOKS_H
#define SAKER_PATH_HOOKS_H

#include "call.h"

#define PF_IO_WORKER 0x10

/* The entry for what the thread's call works on, NULL if nobody asks for that. */
static __always_inline struct used_paths *on_path(u32 *tid)
{
	struct task_struct *task = current_task();
	u8 via;
	u16 number = find_row(registers_of(task), task, &via);
	u32 key = number - 1;

	*tid = READ(task, pid);
	if (!number || READ(task, flags) & (PF_KTHREAD | PF_IO_WORKER) || !in_scope(task))
		return 0;
	struct wire_row *row = bpf_map_lookup_elem(&rows, &key);
	return row && row->flags & ROW_NAMED ? use_begin(task, key) : 0;
}

/* One path: of a directory's mount, the name in it. */
static __always_inline int on_name(struct vfsmount *mnt, struct dentry *name)
{
	u32 tid;
	struct used_paths *used = on_path(&tid);

	if (!used)
		return 0;
	used->paths[0].mnt = (u64)mnt;
	used->paths[0].dentry = (u64)name;
	return use_path(tid, 0);
}

/* Two paths, which are always in one mount. */
static __always_inline int on_names(struct vfsmount *mnt, struct dentry *from, struct dentry *to)
{
	u32 tid;
	struct used_paths *used = on_path(&tid);

	if (!used)
		return 0;
	used->paths[0].mnt = used->paths[1].mnt = (u64)mnt;
	used->paths[0].dentry = (u64)from;
	used->paths[1].dentry = (u64)to;
	use_path(tid, 0);
	return use_path(tid, 1);
}

/* What changes a directory has it and the name in it. */
#define ON_NAME(act)                                                                               \
	SEC("fentry/security_path_" #act)                                                          \
	int BPF_PROG(path_##act, struct path *dir, struct dentry *name)                            \
	{                                                                                          \
		return on_name(READ(dir, mnt), name);                                              \
	}

ON_NAME(mkdir)
ON_NAME(rmdir)
ON_NAME(unlink)
ON_NAME(symlink)
ON_NAME(mknod)

/* What changes a file has it whole. */
#define ON_FILE(act)                                                                               \
	SEC("fentry/security_path_" #act)                                                          \
	int BPF_PROG(path_##act, struct path *file)                                                \
	{                                                                                          \
		return on_name(READ(file, mnt), READ(file, dentry));                               \
	}

ON_FILE(chmod)
ON_FILE(chown)
ON_FILE(truncate)

SEC("fentry/security_path_link")
int BPF_PROG(path_link, struct dentry *from, struct path *dir, struct dentry *name)
{
	return on_names(READ(dir, mnt), from, name);
}

SEC("fentry/security_path_rename")
int BPF_PROG(path_rename, struct path *from_dir, struct dentry *from, struct path *to_dir,
	     struct dentry *to)
{
	return on_names(READ(to_dir, mnt), from, to);
}

SEC("fentry/security_sb_mount")
int BPF_PROG(path_mount, const char *device, struct path *at)
{
	return on_name(READ(at, mnt), READ(at, dentry));
}

SEC("fentry/security_sb_umount")
int BPF_PROG(path_umount, struct vfsmount *mnt)
{
	return on_name(mnt, READ(mnt, mnt_root));
}

#endif
