/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What a descriptor refers to: the file's inode and path, or the socket's two
 * ends. Read from the kernel at the end of the call, so that no close, dup,
 * fcntl or chdir has to be followed to know what a number means.
 */
#ifndef SAKER_FILE_H
#define SAKER_FILE_H

#include "directory.h"

#define S_IFMT		 0170000
#define S_IFDIR		 0040000
#define S_IFSOCK	 0140000
#define OVERLAYFS	 0x794c7630
#define TMPFS		 0x01021994
#define SB_RDONLY	 1
#define S_IMMUTABLE	 8
#define AF_UNIX		 1
#define AF_INET		 2
#define AF_INET6	 10
#define QUERIED		 (1U << 31) /* from 6.13 a flag in the nanoseconds (I_CTIME_QUERIED) */
#define CAP_DAC_OVERRIDE 1
#define FMODE_CREATED	 0x100000

/* The file behind a descriptor of the current task, 0 if there is none. */
static __always_inline u64 file_of(struct task_struct *task, s64 fd)
{
	struct files_struct *files = READ(task, files);
	if (!files || fd < 0)
		return 0;
	struct fdtable *table = READ(files, fdt);
	if (!table || (u64)fd >= READ(table, max_fds))
		return 0;
	struct file **at = READ(table, fd) + (u32)fd;
	u64 file = 0;
	if (direct_reads)
		file = words_at((u64)at)->at[0];
	else
		COPY(&file, at);
	return file;
}

#define DOUBTFUL 1 /* no file lies there */

/*
 * The file behind a descriptor that was just made, if others can change the table; DOUBTFUL: it
 * may not be the one that it was made for, since somebody else has it, too. Who puts a file in
 * another's place keeps it where it was, for a moment at least; one just opened is nobody else's.
 */
static __always_inline u64 shared_file_of(struct task_struct *task, s64 fd)
{
	struct files_struct *files = READ(task, files);

	if (!files || READ(files, count.counter) < 2)
		return 0;
	u64 address = file_of(task, fd);
	if (!address)
		return DOUBTFUL;
	struct file *file = KERNEL(struct file, address);
	struct file___counted *counted = (void *)file;
	bool others = bpf_core_field_exists(file->f_ref) ? READ(file, f_ref.refcnt.counter) > 0
							 : READ(counted, f_count.counter) > 1;
	return others ? DOUBTFUL : address;
}

/* The overlay's own inode ends with the dentry of the upper layer, right after the inode we hold.
 */
static __always_inline u32 overlay_layer(struct inode *inode)
{
	u64 upper = 0, upper_inode = 0;

	COPY(&upper, (u64)inode + bpf_core_type_size(struct inode));
	if (upper)
		COPY(&upper_inode, upper + bpf_core_field_offset(struct dentry, d_inode));
	return upper_inode ? FILE_UPPER : FILE_LOWER;
}

static __always_inline bool is_memfd(struct dentry *d)
{
	char name[8] = {};

	if (d != READ(d, d_parent))
		return false;
	bpf_probe_read_kernel(name, 6, READ(d, d_name.name));
	return __builtin_memcmp(name, "memfd:", 6) == 0;
}

static __always_inline void file_facts(struct wire_file *w, struct inode *inode, struct dentry *d)
{
	struct super_block *sb = READ(inode, i_sb);
	u32 flags = 0;

	w->ino = READ(inode, i_ino);
	w->dev = READ(sb, s_dev);
	w->magic = READ(sb, s_magic);
	w->mode = READ(inode, i_mode);
	w->ctime = 0;
	w->mtime = 0;
	w->open_flags = 0;
	w->inside = 0;
	w->above = 0;
	if (w->magic == OVERLAYFS)
		flags |= overlay_layer(inode);
	if (w->magic == TMPFS && is_memfd(d))
		flags |= FILE_MEMFD;
	if (!READ(inode, i_nlink))
		flags |= FILE_DELETED;
	w->flags = flags;
}

static __always_inline u64 nanoseconds(struct timespec64 *t)
{
	return (u64)t->tv_sec * 1000000000 + ((u32)t->tv_nsec & ~QUERIED);
}

/* The kernel kept these in three shapes over the years. */
static __always_inline void file_times(struct wire_file *w, struct inode *inode)
{
	struct inode___timespec *plain = (void *)inode;
	struct inode___wrapped *wrapped = (void *)inode;
	struct timespec64 ctime = {}, mtime = {};

	if (bpf_core_field_exists(inode->i_ctime_sec)) {
		ctime.tv_sec = BPF_CORE_READ(inode, i_ctime_sec);
		ctime.tv_nsec = BPF_CORE_READ(inode, i_ctime_nsec);
		mtime.tv_sec = BPF_CORE_READ(inode, i_mtime_sec);
		mtime.tv_nsec = BPF_CORE_READ(inode, i_mtime_nsec);
	} else {
		if (bpf_core_field_exists(wrapped->__i_ctime))
			bpf_core_read(&ctime, sizeof(ctime), &wrapped->__i_ctime);
		else
			bpf_core_read(&ctime, sizeof(ctime), &plain->i_ctime);
		if (bpf_core_field_exists(wrapped->__i_mtime))
			bpf_core_read(&mtime, sizeof(mtime), &wrapped->__i_mtime);
		else
			bpf_core_read(&mtime, sizeof(mtime), &plain->i_mtime);
	}
	w->ctime = nanoseconds(&ctime);
	w->mtime = nanoseconds(&mtime);
}

/* May a process with these credentials write the file? Access lists are not read. */
static __always_inline bool writable(struct inode *inode, struct cred *cred)
{
	struct super_block *sb = READ(inode, i_sb);
	u16 mode = READ(inode, i_mode);
	u64 caps = 0;

	if (READ(sb, s_flags) & SB_RDONLY || READ(inode, i_flags) & S_IMMUTABLE)
		return false;
	COPY(&caps, &cred->cap_effective);
	if (caps & (1ULL << CAP_DAC_OVERRIDE) || READ(inode, i_uid.val) == READ(cred, fsuid.val))
		return true;
	if (READ(inode, i_gid.val) == READ(cred, fsgid.val))
		return mode & 0020;
	return mode & 0002;
}

static __always_inline void append_unix(struct scratch *s, struct sock *sk)
{
	struct unix_sock *u = KERNEL(struct unix_sock, sk);
	struct unix_address *a = READ(u, addr);
	u32 len = a ? READ(a, len) : 0;

	if (len > 2 && len <= sizeof(struct sockaddr_un)) {
		len -= 2; /* the family */
		if (len > 108)
			len = 108;
		bpf_probe_read_kernel(&s->data[s->off & (RECORD_MAX - 1)], BOUND(len, 127),
				      (char *)a + bpf_core_field_offset(struct unix_address, name) +
					      2);
		s->off += len;
	}
	/* An abstract name starts with a NUL and has none at its end. */
	s->data[s->off & (RECORD_MAX - 1)] = 0;
	s->off++;
}

static __always_inline void sock_ends(struct wire_sock *w, struct sock *sk)
{
	w->local_port = READ(sk, __sk_common.skc_num);
	w->remote_port = bpf_ntohs(READ(sk, __sk_common.skc_dport));
	__builtin_memset(w->local, 0, sizeof(w->local));
	__builtin_memset(w->remote, 0, sizeof(w->remote));
	if (w->family == AF_INET) {
		*(u32 *)w->local = READ(sk, __sk_common.skc_rcv_saddr);
		*(u32 *)w->remote = READ(sk, __sk_common.skc_daddr);
	} else if (w->family == AF_INET6) {
		bpf_core_read(w->local, 16, &sk->__sk_common.skc_v6_rcv_saddr);
		bpf_core_read(w->remote, 16, &sk->__sk_common.skc_v6_daddr);
	}
}

/* Who made a unix socket's other end, as SO_PEERCRED tells. */
static __always_inline void sock_maker(struct wire_sock *w, struct sock *sk)
{
	struct pid *pid = READ(sk, sk_peer_pid);
	struct cred *cred = READ(sk, sk_peer_cred);

	if (!pid || !cred)
		return;
	COPY(&w->peer_pid, (u64)pid + bpf_core_field_offset(struct pid, numbers) +
				   bpf_core_field_offset(struct upid, nr));
	w->peer_uid = READ(cred, euid.val);
}

static __always_inline void append_sock(struct scratch *s, u64 address, u64 ino)
{
	struct wire_sock *w = APPEND(s, struct wire_sock);
	struct sock *sk = KERNEL(struct sock, address);

	w->ino = ino;
	w->family = READ(sk, __sk_common.skc_family);
	w->state = READ(sk, __sk_common.skc_state);
	w->type = READ(sk, sk_type);
	w->protocol = READ(sk, sk_protocol);
	__builtin_memset(w->unused, 0, sizeof(w->unused));
	sock_ends(w, sk);
	w->peer_pid = w->peer_uid = 0;
	if (w->family != AF_UNIX)
		return;
	sock_maker(w, sk);
	append_unix(s, sk);
	struct sock *peer = READ(KERNEL(struct unix_sock, address), peer);
	if (peer)
		append_unix(s, peer);
}

/* Puts the block of an open file: FILE, SOCK, or NONE if there is no file. */
static __always_inline void put_file_here(u32 slot, struct scratch *s, u64 address)
{
	struct file *file = KERNEL(struct file, address);
	struct inode *inode = address ? READ(file, f_inode) : 0;

	if (!inode) {
		block_none(s);
		return;
	}
	if ((READ(inode, i_mode) & S_IFMT) == S_IFSOCK) {
		struct socket *socket = KERNEL(struct socket, READ(file, private_data));
		u64 sk = socket ? (u64)READ(socket, sk) : 0;
		if (sk) {
			block_begin(s, BLOCK_SOCK);
			append_sock(s, sk, READ(inode, i_ino));
			block_end(s);
			return;
		}
	}
	block_begin(s, BLOCK_FILE);
	struct wire_file *w = APPEND(s, struct wire_file);
	struct dentry *d = READ(file, f_path.dentry);
	file_facts(w, inode, d);
	w->open_flags = READ(file, f_flags);
	if (READ(file, f_mode) & FMODE_CREATED)
		w->flags |= FILE_CREATED;
	if (!append_known(s, READ(file, f_path.mnt), d))
		append_path_here(slot, s, READ(file, f_path.mnt), d);
	w->inside = s->walk.inside;
	s->scan.names = s->walk.count;
	if (s->walk.root) {
		w->above = s->off - s->walk.from;
		append_above(slot, s);
	}
	block_end(s);
}

__noinline int put_file(u32 slot, u64 address)
{
	struct scratch *s = scratch_of(slot);

	if (s)
		put_file_here(slot, s, address);
	return 0;
}

#endif
