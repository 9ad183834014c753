/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Which rules can still be true for a call on a socket: by what the socket is, and
 * by where the call connected it to. Ports have a set each; addresses lie in ranges,
 * found by halves, as IPv6 writes them.
 */
#ifndef SAKER_PEER_H
#define SAKER_PEER_H

#include "candidates.h"

#define SOCK_STREAM   1
#define SOCK_DGRAM    2
#define IPPROTO_TCP   6
#define IPPROTO_UDP   17
#define IPPROTO_MPTCP 262
#define IN_PROGRESS   (-115)

static __always_inline u32 socket_kind(struct wire_sock *w)
{
	u32 protocol = w->protocol;

	if (w->family == AF_UNIX)
		return SOCKET_UNIX;
	if (w->family != AF_INET && w->family != AF_INET6)
		return SOCKET_OTHER;
	if (w->type == SOCK_STREAM && (protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP))
		return SOCKET_TCP;
	return w->type == SOCK_DGRAM && protocol == IPPROTO_UDP ? SOCKET_UDP : SOCKET_OTHER;
}

/* The number of the last range, of those from at on, that begins before an address or with it. */
__noinline int address_range(u64 high, u64 low, u32 at)
{
	struct wire_filter *f = filter_now();

	if (!f)
		return 0;
	for (u32 step = PEER_RANGES / 2; step; step /= 2) {
		struct wire_address *from = &f->peers.from[BOUND(at + step, PEER_RANGES - 1)];
		if (from->high < high || (from->high == high && from->low <= low))
			at += step;
	}
	return at & (PEER_RANGES - 1);
}

static __always_inline u32 range_of(struct wire_sock *w)
{
	u64 *remote = (void *)w->remote;

	if (w->family == AF_INET6)
		return address_range(__builtin_bswap64(remote[0]), __builtin_bswap64(remote[1]), 0);
	return address_range(0, 0xffffULL << 32 | __builtin_bswap32(remote[0]), 0);
}

/* Leaves those rules that can be true for the slot's socket, which was put last, and for where the
 * call connected it to: 0, or the fact that left none. */
__noinline int narrow_by_socket(u32 slot)
{
	struct wire_filter *f = filter_now();
	struct scratch *s = scratch_of(slot);

	if (!f || !s)
		return 0;
	struct wire_block *b = (void *)&s->data[s->block & (RECORD_MAX - 1)];
	struct wire_sock *w = (void *)(b + 1);
	struct wire_facts *facts = &f->rows[BOUND(s->call.row, ROWS_MAX - 1)];
	u64 filter = s->scan.filter;
	if (b->kind != BLOCK_SOCK || b->flags || f->number != filter)
		return 0;
	u32 kind = socket_kind(w);
	if (!keep(&s->left, f, facts->sockets[BOUND(kind, SOCKET_KINDS - 1)]))
		return FACT_SOCKET;
	s32 ret = s->call.ret;
	if (kind < SOCKET_TCP || !facts->connects || !f->peers.known || !w->remote_port ||
	    (ret && ret != IN_PROGRESS))
		return 0;
	if (!keep(&s->left, f, f->peers.ports[w->remote_port]))
		return FACT_PEER;
	u32 range = range_of(w);
	if (f->number != filter)
		return 0;
	return keep(&s->left, f, f->peers.addresses[BOUND(range, PEER_RANGES - 1)]) ? 0 : FACT_PEER;
}

#endif
