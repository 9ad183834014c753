/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Which rules can still be true for a call on a socket: by what the socket is, and
 * by its two ends, as the record has them. Ports are numbers as others are;
 * addresses lie in ranges, found by halves, as IPv6 writes them.
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

#define TCP_ESTABLISHED 1
#define TCP_CLOSE	7

/* An address of the internet, as a program gives it. */
struct sockaddr_given {
	u16 family;
	u16 port;
	u8 address4[4];
	u8 address6[16];
};

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

/* The number of the last range that begins before an address or with it. */
__noinline int address_range(u64 high, u64 low, u32 at)
{
	struct wire_filter *f = filter_now();

	if (!f)
		return 0;
	for (u32 step = ADDRESS_RANGES / 2; step; step /= 2) {
		struct wire_address *from = &f->addresses[BOUND(at + step, ADDRESS_RANGES - 1)];
		if (from->high < high || (from->high == high && from->low <= low))
			at += step;
	}
	return at & (ADDRESS_RANGES - 1);
}

/* The same of the address that lies in memory as its family has it. */
static __always_inline u32 range_of(u16 family, void *address)
{
	u64 *wide = address;

	if (family == AF_INET6)
		return address_range(__builtin_bswap64(wide[0]), __builtin_bswap64(wide[1]), 0);
	return address_range(0, 0xffffULL << 32 | __builtin_bswap32(*(u32 *)address), 0);
}

/* Leaves those rules that can be true for an end of the slot's socket, whose address lies at a
 * place of the record; first: the number that is its port. 0, or the fact that left none. An end
 * without a port is none. */
__noinline int narrow_by_end(u32 slot, u32 first, u32 port, u32 at, u32 family)
{
	struct wire_filter *f = filter_now();
	struct scratch *s = scratch_of(slot);

	if (!f || !s || f->number != s->scan.filter || !port)
		return 0;
	struct wire_facts *facts = &f->rows[BOUND(s->call.row, ROWS_MAX - 1)];
	for (int i = 0; i < NUMBERS_MAX && facts->ends; i++) {
		struct wire_number *number = &facts->numbers[i];
		u32 source = number->source;
		u64 n = port;
		if (source != first && source != first + 1)
			continue;
		if (source != first)
			n = range_of(family, &s->data[at & (RECORD_MAX - 1)]);
		if (keep_of_number(&s->left, f, number, n))
			return FACT_PEER;
	}
	return 0;
}

static __always_inline bool is_connected(struct wire_sock *w)
{
	return w->state == TCP_ESTABLISHED && w->remote_port;
}

/* Leaves those rules that can be true for the slot's socket, which was put last, and for its ends:
 * 0, or the fact that left none. */
__noinline int narrow_by_socket(u32 slot)
{
	struct wire_filter *f = filter_now();
	struct scratch *s = scratch_of(slot);

	if (!f || !s)
		return 0;
	struct wire_block *b = (void *)&s->data[s->block & (RECORD_MAX - 1)];
	struct wire_sock *w = (void *)(b + 1);
	struct wire_facts *facts = &f->rows[BOUND(s->call.row, ROWS_MAX - 1)];
	if (b->kind != BLOCK_SOCK || b->flags || f->number != s->scan.filter)
		return 0;
	u32 kind = socket_kind(w), message = facts->message, at = s->block + sizeof(*b);
	if (kind == SOCKET_UDP && message != MESSAGE_SENT && is_connected(w))
		kind = SOCKET_CONNECTED;
	if (!keep(&s->left, f, facts->sockets[BOUND(kind, SOCKET_KINDS - 1)]))
		return FACT_SOCKET;
	s32 ret = s->call.ret;
	if (kind < SOCKET_TCP || (!message && ret < 0 && ret != IN_PROGRESS))
		return 0;
	u32 fact = narrow_by_end(slot, NUMBER_NEAR_PORT, w->local_port,
				 at + __builtin_offsetof(struct wire_sock, local), w->family);
	if (fact)
		return fact;
	if (message && kind == SOCKET_UDP) {
		s->scan.message = at;
		return 0;
	}
	return narrow_by_end(slot, NUMBER_FAR_PORT, w->remote_port,
			     at + __builtin_offsetof(struct wire_sock, remote), w->family);
}

/*
 * Leaves those rules that can be true for the other end of a datagram: of one that was sent the
 * address that it was given, if any, whatever its socket is connected to; of one that was received
 * by a socket without a peer what the kernel wrote. 0, or the fact that left none.
 */
__noinline int narrow_by_message(u32 slot)
{
	struct wire_filter *f = filter_now();
	struct scratch *s = scratch_of(slot);

	if (!f || !s || f->number != s->scan.filter || !s->scan.address)
		return 0;
	struct wire_facts *facts = &f->rows[BOUND(s->call.row, ROWS_MAX - 1)];
	struct wire_sock *w = (void *)&s->data[s->scan.message & (RECORD_MAX - 1)];
	struct wire_block *b = (void *)&s->data[s->scan.address & (RECORD_MAX - 1)];
	struct sockaddr_given *given = (void *)(b + 1);
	u32 family = given->family, from = s->scan.address + sizeof(*b);
	if (facts->message != MESSAGE_SENT && (w->state != TCP_CLOSE || w->remote_port))
		return 0;
	if (b->kind == BLOCK_NONE) {
		if (is_connected(w) && !keep(&s->left, f, facts->sockets[SOCKET_CONNECTED]))
			return FACT_SOCKET;
		return narrow_by_end(slot, NUMBER_FAR_PORT, w->remote_port,
				     s->scan.message + __builtin_offsetof(struct wire_sock, remote),
				     w->family);
	}
	if (b->kind != BLOCK_ADDR || b->flags)
		return 0;
	if (family == AF_INET && b->len >= __builtin_offsetof(struct sockaddr_given, address6))
		from += __builtin_offsetof(struct sockaddr_given, address4);
	else if (family == AF_INET6 && b->len >= sizeof(*given))
		from += __builtin_offsetof(struct sockaddr_given, address6);
	else
		return 0;
	return narrow_by_end(slot, NUMBER_FAR_PORT, __builtin_bswap16(given->port), from, family);
}

#endif
