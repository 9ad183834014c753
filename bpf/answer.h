/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Answers of name servers, as programs receive them: user space learns from
 * them which name an address was asked by. Only calls of rows with ROW_ANSWERS
 * are looked at, and only what comes from a server's port is sent.
 */
#ifndef SAKER_ANSWER_H
#define SAKER_ANSWER_H

#include "message.h"

#define PORT_DOMAIN	53
#define ANSWER_SHORTEST 12   /* the header of a message */
#define ANSWER_MAX	4096 /* bytes of it that are sent */

/* The port that an address names, 0 if it names none. */
static __always_inline u16 port_at(u64 address)
{
	u16 start[2] = {};

	if (!address || bpf_probe_read_user(start, sizeof(start), (void *)address))
		return 0;
	return start[0] == AF_INET || start[0] == AF_INET6 ? bpf_ntohs(start[1]) : 0;
}

/* Who sent what a call received: the peer of a connected socket, else whom the call tells, at
 * where, if it does. */
static __always_inline u16 port_of_sender(struct sock *sk, u64 where, u8 sender, u8 via)
{
	u16 port = bpf_ntohs(READ(sk, __sk_common.skc_dport));
	u64 name = 0;

	if (port)
		return port;
	switch (sender) {
	case SENDER_ADDRESS:
		return port_at(where);
	case SENDER_MESSAGE:
		/* The message's header begins with where its address is. */
		bpf_probe_read_user(&name, is_narrow(via) ? sizeof(u32) : sizeof(u64),
				    (void *)where);
		return port_at(name);
	}
	return 0;
}

__noinline int from_domain_port(s32 fd, u64 where, u8 sender, u8 via)
{
	u64 address = file_of(current_task(), fd);
	if (!address)
		return false;
	struct file *file = KERNEL(struct file, address);
	struct inode *inode = READ(file, f_inode);
	if ((READ(inode, i_mode) & S_IFMT) != S_IFSOCK)
		return false;
	struct socket *socket = KERNEL(struct socket, READ(file, private_data));
	u64 sk = socket ? (u64)READ(socket, sk) : 0;
	if (!sk)
		return false;
	struct sock *sock = KERNEL(struct sock, sk);
	u16 family = READ(sock, __sk_common.skc_family);
	return (family == AF_INET || family == AF_INET6) &&
	       port_of_sender(sock, where, sender, via) == PORT_DOMAIN;
}

static __always_inline bool is_answer(struct call *call, u8 sender)
{
	u64 where = call->args[sender == SENDER_MESSAGE ? 1 : 4];

	return call->ret >= ANSWER_SHORTEST &&
	       from_domain_port(call->args[0], where, sender, call->via);
}

#endif
