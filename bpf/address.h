/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The address that a call really used, and the socket. When a call ends, user
 * memory and the descriptor can be others than when the kernel read them. The
 * hooks of a cgroup's sockets run inside the call, with the kernel's copy of the
 * address; only calls that pass an address pay for them. What they saw is kept
 * for the thread until its call ends.
 */
#ifndef SAKER_ADDRESS_H
#define SAKER_ADDRESS_H

#include "file.h"

#define ADDRESS_MAX 128
#define SEEN_MAX    8192
#define PF_KTHREAD  0x00200000

extern void *bpf_cast_to_kern_ctx(void *obj) __ksym __weak;

struct seen {
	u64 sk;
	u64 cookie; /* of the socket: no other one ever has the same */
	u64 start;  /* of the thread */
	u64 ino;
	u16 row;
	u16 size; /* of the address */
	u16 type;
	u16 protocol;
	u8 address[ADDRESS_MAX];
};

/* By thread. Entries go when the call ends, or with the threads that were killed in one. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, SEEN_MAX);
	__type(key, u32);
	__type(value, struct seen);
} addresses SEC(".maps");

/* What the hooks saw in the thread's call of a row, NULL if nothing. */
static __always_inline struct seen *seen_of(struct task_struct *task, u16 row)
{
	u32 tid = READ(task, pid);
	struct seen *seen = bpf_map_lookup_elem(&addresses, &tid);

	return seen && seen->row == row && seen->start == READ(task, start_boottime) ? seen : 0;
}

/* The inode's number of a socket; it lies behind it. */
static __always_inline u64 ino_of(struct sock *sk)
{
	struct socket *socket = READ(sk, sk_socket);
	struct file *file = socket ? READ(socket, file) : 0;

	return file ? READ(READ(file, f_inode), i_ino) : 0;
}

/* Keeps what a hook saw for a call of the row. Of several messages the first counts. */
static __always_inline void keep_address(struct task_struct *task, u16 row,
					 struct bpf_sock_addr *ctx, void *address, u32 size)
{
	struct seen seen = {.row = row, .type = ctx->type, .protocol = ctx->protocol};
	u32 tid = READ(task, pid);

	if (seen_of(task, row))
		return;
	seen.start = READ(task, start_boottime);
	seen.cookie = bpf_get_socket_cookie(ctx);
	seen.sk = (u64)(void *)ctx->sk;
	seen.size = size;
	bpf_probe_read_kernel(seen.address, BOUND(size, ADDRESS_MAX - 1), address);
	if (bpf_map_update_elem(&addresses, &tid, &seen, BPF_ANY))
		return;
	/* From memory of a map, where the verifier forgets that it was a socket. */
	struct seen *kept = bpf_map_lookup_elem(&addresses, &tid);
	if (kept)
		kept->ino = ino_of(KERNEL(struct sock, kept->sk));
}

/* The socket behind a descriptor's file, 0 if there is none. */
static __always_inline u64 sock_of(u64 address)
{
	struct file *file = KERNEL(struct file, address);
	struct inode *inode = address ? READ(file, f_inode) : 0;

	if (!inode || (READ(inode, i_mode) & S_IFMT) != S_IFSOCK)
		return 0;
	struct socket *socket = KERNEL(struct socket, READ(file, private_data));
	return socket ? (u64)READ(socket, sk) : 0;
}

static __always_inline bool is_seen(struct seen *seen, u64 sk)
{
	return sk && READ(KERNEL(struct sock, sk), __sk_common.skc_cookie.counter) == seen->cookie;
}

/* Puts the block of a descriptor's file: of the socket that the call used, should the descriptor
 * be another's by now. */
__noinline int put_used(u32 slot, u64 file)
{
	struct scratch *s = scratch_of(slot);
	struct seen *seen = s ? seen_of(current_task(), s->call.row) : 0;

	if (!seen || is_seen(seen, sock_of(file)))
		return put_file(slot, file);
	block_begin(s, BLOCK_SOCK);
	block_flag(s, BLOCK_REPLACED);
	if (is_seen(seen, seen->sk)) {
		append_sock(s, seen->sk, seen->ino);
	} else {
		struct wire_sock *w = APPEND(s, struct wire_sock);
		__builtin_memset(w, 0, sizeof(*w));
		w->ino = seen->ino;
		w->family = *(u16 *)seen->address;
		w->type = seen->type;
		w->protocol = seen->protocol;
	}
	block_end(s);
	return 0;
}

/* Puts the address that the call used; false: nothing is known of it. */
static __always_inline bool put_address(struct scratch *s)
{
	struct seen *seen = seen_of(current_task(), s->call.row);

	if (!seen)
		return false;
	block_begin(s, BLOCK_ADDR);
	bpf_probe_read_kernel(&s->data[s->off & (RECORD_MAX - 1)],
			      BOUND(seen->size, ADDRESS_MAX - 1), seen->address);
	s->off += seen->size;
	block_end(s);
	return true;
}

static __always_inline void forget_address(struct task_struct *task)
{
	u32 tid = READ(task, pid);

	bpf_map_delete_elem(&addresses, &tid);
}

#endif
