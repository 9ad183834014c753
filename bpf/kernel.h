/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The members of kernel structures that the programs read, and no others:
 * offsets come from the running kernel's BTF (CO-RE), so order and size here
 * mean nothing. A name with a ___ suffix is the shape that some kernels have.
 */
#ifndef SAKER_KERNEL_H
#define SAKER_KERNEL_H

#include <linux/types.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 s32;
typedef __s64 s64;

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long r10, r9, r8, dx, cx, bx, si, di, bp, orig_ax;
};
struct thread_info {
	u32 status;
};
#elif defined(__TARGET_ARCH_arm64)
struct pt_regs {
	u64 regs[31];
	u64 orig_x0;
	s32 syscallno;
};
struct thread_info {
	unsigned long flags;
};
#endif

struct qstr {
	u32 len;
	const char *name;
};

struct super_block {
	u32 s_dev;
	unsigned long s_flags;
	unsigned long s_magic;
};

typedef struct {
	u32 val;
} kid_t;

struct timespec64 {
	s64 tv_sec;
	long tv_nsec;
};

struct inode {
	u16 i_mode;
	kid_t i_uid;
	kid_t i_gid;
	u32 i_flags;
	struct super_block *i_sb;
	unsigned long i_ino;
	u32 i_nlink;
	s64 i_mtime_sec;
	s64 i_ctime_sec;
	u32 i_mtime_nsec;
	u32 i_ctime_nsec;
};

/* to 6.5 both times, to 6.6 the modification time */
struct inode___timespec {
	struct timespec64 i_mtime;
	struct timespec64 i_ctime;
};

/* 6.6 to 6.10 */
struct inode___wrapped {
	struct timespec64 __i_mtime;
	struct timespec64 __i_ctime;
};

struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
};

struct vfsmount {
	struct dentry *mnt_root;
	int mnt_flags;
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

typedef struct {
	s64 counter;
} atomic64_t;

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	atomic64_t refcnt;
} file_ref_t;

struct file {
	struct path f_path;
	struct inode *f_inode;
	u32 f_flags;
	u32 f_mode;
	void *private_data;
	file_ref_t f_ref; /* from 6.13: one less than there are */
};

/* to 6.12 */
struct file___counted {
	atomic64_t f_count;
};

struct fdtable {
	u32 max_fds;
	struct file **fd;
};

struct files_struct {
	atomic_t count;
	struct fdtable *fdt;
};

struct fs_struct {
	struct path root;
	struct path pwd;
};

struct percpu_counter {
	s64 count;
};

struct mm_struct {
	unsigned long total_vm;
	struct percpu_counter rss_stat[4];
	unsigned long arg_start, arg_end, env_start, env_end;
	struct file *exe_file;
};

struct mm_rss_stat {
	s64 count[4];
};

/* to 6.1 */
struct mm_struct___atomic {
	struct mm_rss_stat rss_stat;
};

struct user_namespace;

struct ns_common {
	u32 inum;
};

struct user_namespace {
	struct ns_common ns;
};

struct mnt_namespace {
	struct ns_common ns;
};

struct net {
	struct ns_common ns;
};

/* One number or, before 6.3, two halves. */
typedef struct {
	u64 val;
} kernel_cap_t;

struct cred {
	kid_t euid, egid, fsuid, fsgid;
	kernel_cap_t cap_inheritable, cap_permitted, cap_effective;
	struct user_namespace *user_ns;
};

struct task_struct;

struct pid_namespace {
	struct task_struct *child_reaper;
	struct ns_common ns;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	u32 level;
	struct upid numbers[1];
};

struct nsproxy {
	struct mnt_namespace *mnt_ns;
	struct net *net_ns;
};

struct tty_driver {
	int major;
	int minor_start;
};

struct tty_struct {
	struct tty_driver *driver;
	int index;
};

enum pid_type {
	PIDTYPE_PID,
	PIDTYPE_TGID,
	PIDTYPE_PGID,
	PIDTYPE_SID,
};

struct rlimit {
	u64 rlim_cur;
};

struct signal_struct {
	int nr_threads;
	struct rlimit rlim[16];
	atomic_t live;
	int group_exit_code;
	u32 flags;
	u32 is_child_subreaper : 1;
	u32 has_child_subreaper : 1;
	struct pid *pids[4];
	struct tty_struct *tty;
};

struct kernfs_node {
	u64 id;
	const char *name;
	struct kernfs_node *parent; /* to 6.14 */
};

struct kernfs_node___hidden {
	struct kernfs_node *__parent;
};

struct cgroup {
	struct kernfs_node *kn;
	struct cgroup_root *root;
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
};

enum cgroup_subsys_id {
	cpuset_cgrp_id,
	memory_cgrp_id,
	pids_cgrp_id,
};

struct css_set {
	struct cgroup_subsys_state *subsys[16];
	struct cgroup *dfl_cgrp;
};

struct list_head {
	struct list_head *next;
};

struct io_uring_task;

struct task_struct {
	struct thread_info thread_info;
	void *stack;
	struct mm_struct *mm;
	u32 flags;
	u32 pid, tgid;
	int exit_code;
	struct task_struct *real_parent;
	struct list_head children;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	u64 start_boottime;
	struct cred *cred;
	unsigned long min_flt, maj_flt;
	u64 self_exec_id;
	struct io_uring_task *io_uring;
	char comm[16];
	struct fs_struct *fs;
	struct files_struct *files;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	kid_t loginuid;
	struct css_set *cgroups;
};

struct linux_binprm {
	const char *filename;
	const char *fdpath; /* set for a program named relative to a descriptor */
};

struct in6_addr {
	u8 in6_u[16];
};

struct sock_common {
	u32 skc_daddr;
	u32 skc_rcv_saddr;
	u16 skc_dport; /* network's byte order */
	u16 skc_num;   /* host's */
	u16 skc_family;
	u8 skc_state;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
	atomic64_t skc_cookie;
};

struct socket;

struct sock {
	struct sock_common __sk_common;
	u16 sk_type;
	u16 sk_protocol;
	struct socket *sk_socket;
	struct pid *sk_peer_pid;
	struct cred *sk_peer_cred;
};

struct socket {
	struct file *file;
	struct sock *sk;
};

struct bpf_sock_addr_kern {
	void *uaddr;
	u32 uaddrlen;
};

struct sockaddr_un {
	u16 sun_family;
	char sun_path[108];
};

struct unix_address {
	int len;
	struct sockaddr_un name[1];
};

struct unix_sock {
	struct unix_address *addr;
	struct sock *peer;
};

struct bpf_ringbuf {
	unsigned long consumer_pos, producer_pos;
};

/* What a map's address is to the verifier. */
struct bpf_ringbuf_map {
	struct bpf_ringbuf *rb;
};

#pragma clang attribute pop

#endif
