/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The process record: everything that events of a process would otherwise
 * repeat. It is sent when a process starts, executes, changes its credentials,
 * directory, namespaces or cgroup, and for all processes when a capture starts.
 */
#ifndef SAKER_PROCESS_H
#define SAKER_PROCESS_H

#include "file.h"
#include "measure.h"
#include "scope.h"
#include "standing.h"

/* How much of arguments and environment an exec record takes. */
const volatile u32 argv_max = APPEND_MAX;
const volatile u32 env_max = 4096;

/* A process id as namespace level sees it; 0 if that level doesn't know the process. */
static __always_inline u32 pid_at(struct pid *pid, u32 level)
{
	u32 nr = 0;

	if (!pid || level > READ(pid, level))
		return 0;
	COPY(&nr, (u64)pid + bpf_core_field_offset(struct pid, numbers) +
			  level * bpf_core_type_size(struct upid) +
			  bpf_core_field_offset(struct upid, nr));
	return nr;
}

static __always_inline void put_ids(struct wire_process *w, struct task_struct *task)
{
	struct task_struct *parent = READ(task, real_parent);
	struct signal_struct *signal = READ(task, signal);
	struct pid *pid = READ(READ(task, group_leader), thread_pid);
	u64 ns = 0;
	u32 level = pid ? READ(pid, level) : 0;

	w->parent_pid = READ(parent, tgid);
	w->parent_start = READ(READ(parent, group_leader), start_boottime);
	w->vpid = pid_at(pid, level);
	w->vppid = pid_at(READ(READ(parent, group_leader), thread_pid), level);
	w->pgid = pid_at(READ(signal, pids[PIDTYPE_PGID]), 0);
	w->sid = pid_at(READ(signal, pids[PIDTYPE_SID]), 0);
	w->vpgid = pid_at(READ(signal, pids[PIDTYPE_PGID]), level);
	w->vsid = pid_at(READ(signal, pids[PIDTYPE_SID]), level);
	w->pidns = 0;
	w->pidns_start = 0;
	COPY(&ns, (u64)pid + bpf_core_field_offset(struct pid, numbers) +
			  level * bpf_core_type_size(struct upid) +
			  bpf_core_field_offset(struct upid, ns));
	if (!ns)
		return;
	struct pid_namespace *pidns = KERNEL(struct pid_namespace, ns);
	struct task_struct *init = READ(pidns, child_reaper);
	w->pidns = READ(pidns, ns.inum);
	if (init && level)
		w->pidns_start = READ(init, start_boottime);
}

static __always_inline void put_own(struct wire_own *w, struct task_struct *task)
{
	struct cred *cred = READ(task, cred);
	struct user_namespace *userns = READ(cred, user_ns);
	struct nsproxy *ns = READ(task, nsproxy);

	__builtin_memset(w, 0, sizeof(*w));
	w->uid = READ(cred, euid.val);
	w->gid = READ(cred, egid.val);
	w->userns = READ(userns, ns.inum);
	COPY(&w->cap_inheritable, &cred->cap_inheritable);
	COPY(&w->cap_permitted, &cred->cap_permitted);
	COPY(&w->cap_effective, &cred->cap_effective);
	if (!ns)
		return;
	w->mntns = READ(READ(ns, mnt_ns), ns.inum);
	w->netns = READ(READ(ns, net_ns), ns.inum);
}

/* The number that /proc/PID/stat shows. */
static __always_inline u32 tty_of(struct task_struct *task)
{
	struct signal_struct *signal = READ(task, signal);
	struct tty_struct *tty = READ(signal, tty);
	if (!tty)
		return 0;
	struct tty_driver *driver = READ(tty, driver);
	u32 minor = READ(driver, minor_start) + READ(tty, index);
	return (minor & 0xff) | READ(driver, major) << 8 | (minor & ~0xff) << 12;
}

static __always_inline void put_exe(u32 slot, struct scratch *s, struct wire_process *w,
				    struct task_struct *task)
{
	struct mm_struct *mm = READ(task, mm);
	struct file *exe = mm ? READ(mm, exe_file) : 0;

	__builtin_memset(&w->exe, 0, sizeof(w->exe));
	if (!exe) {
		block_none(s);
		return;
	}
	struct inode *inode = READ(exe, f_inode);
	struct dentry *d = READ(exe, f_path.dentry);
	file_facts(&w->exe, inode, d);
	file_times(&w->exe, inode);
	if (writable(inode, READ(task, cred)))
		w->exe.flags |= FILE_WRITABLE;
	put_path(slot, BLOCK_EXE, READ(exe, f_path.mnt), d);
}

static __always_inline void put_cwd(u32 slot, struct scratch *s, struct task_struct *task)
{
	struct fs_struct *fs = READ(task, fs);
	if (fs)
		put_path(slot, BLOCK_CWD, READ(fs, pwd.mnt), READ(fs, pwd.dentry));
	else
		block_none(s);
}

/* The thread that stands for its process: the first one, until it has ended. */
static __always_inline struct task_struct *first_of(struct task_struct *task)
{
	struct task_struct *leader = READ(task, group_leader);
	return READ(leader, fs) ? leader : task;
}

__noinline int put_process(u32 slot, u64 address, u32 cause)
{
	struct task_struct *task = KERNEL(struct task_struct, address);
	struct task_struct *first = first_of(task);
	struct scratch *s = scratch_of(slot);
	struct wire_process *w = record_begin(s, CLASS_PROCESS, sizeof(*w));

	if (!w)
		return 0;
	record_header(&w->header, task, WIRE_PROCESS);
	w->cause = cause;
	w->tty = tty_of(task);
	put_ids(w, task);
	put_own(&w->own, first);
	put_measures(&w->measures, task);
	w->loginuid = bpf_core_field_exists(task->loginuid) ? READ(first, loginuid.val) : ~0U;
	w->exec_id = READ(task, self_exec_id);
	w->unused = 0;
	COPY(&w->comm, &READ(task, group_leader)->comm);
	put_exe(slot, s, w, task);
	put_cwd(slot, s, first);
	put_unjudged(&w->cgroup, task);
	block_begin(s, BLOCK_CGROUP);
	append_cgroup(slot, cgroup_of(task));
	block_end(s);
	return 1;
}

/*
 * Begins the record of a task's process in the slot: the fixed part, EXE, CWD
 * and CGROUP. NULL if the slot's buffer is taken.
 */
static __always_inline struct scratch *begin_process(u32 slot, struct task_struct *task, u32 cause)
{
	struct scratch *s = scratch_of(slot);
	return s && put_process(slot, plain(s, task), cause) ? s : 0;
}

/* Puts the block of what the current thread has of its own. */
__noinline int put_thread(u32 slot)
{
	struct task_struct *task = current_task();
	struct scratch *s = scratch_of(slot);
	struct fs_struct *fs = READ(task, fs);

	if (!s)
		return 0;
	block_begin(s, BLOCK_THREAD);
	put_own(APPEND(s, struct wire_own), task);
	append_path(slot, s, READ(fs, pwd.mnt), READ(fs, pwd.dentry));
	block_end(s);
	return 0;
}

/* Whether a thread may differ from its process in credentials, directory or namespaces. */
static __always_inline bool is_apart(struct task_struct *task)
{
	struct task_struct *leader = READ(task, group_leader);

	return task != leader &&
	       (READ(task, cred) != READ(leader, cred) || READ(task, fs) != READ(leader, fs) ||
		READ(task, nsproxy) != READ(leader, nsproxy));
}

static __always_inline void send_process(struct task_struct *task, u32 cause)
{
	struct scratch *s;

	change_begin(task);
	if ((s = begin_process(bpf_get_smp_processor_id(), task, cause)))
		record_send(s);
	change_end(task);
}

static __always_inline void put_strings(struct scratch *s, u16 kind, u64 start, u64 end, u32 max)
{
	block_begin(s, kind);
	if (end > start)
		append_user(s, start, end - start, max);
	block_end(s);
}

/* Descriptors 0 to 2: what a program is given to read from and write to. */
static __always_inline void put_standard(u32 slot, struct task_struct *task)
{
	for (int fd = 0; fd < 3; fd++)
		put_file(slot, file_of(task, fd));
}

/* After an exec: what was asked for, and the new program's arguments and environment. */
static __always_inline void put_program(struct scratch *s, struct task_struct *task,
					const char *filename)
{
	struct mm_struct *mm = READ(task, mm);
	if (!mm)
		return;
	block_begin(s, BLOCK_FILENAME);
	long n = bpf_probe_read_kernel_str(&s->data[s->off & (RECORD_MAX - 1)], STRING_MAX,
					   filename);
	if (n > 0)
		s->off += n - 1;
	block_end(s);
	put_strings(s, BLOCK_ARGV, READ(mm, arg_start), READ(mm, arg_end), argv_max);
	put_strings(s, BLOCK_ENV, READ(mm, env_start), READ(mm, env_end), env_max);
}

#endif
