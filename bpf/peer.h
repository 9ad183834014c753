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

static __always_inline bool keep_of_end(struct scratch *s, struct wire_filter *f,
					struct wire_number *number, u16 port, u16 family,
					void *address, bool is_address)
{
	return !port ||
	       !keep_of_number(&s->left, f, number, is_address ? range_of(family, address) : port);
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
	u32 kind = socket_kind(w);
	if (!keep(&s->left, f, facts->sockets[BOUND(kind, SOCKET_KINDS - 1)]))
		return FACT_SOCKET;
	s32 ret = s->call.ret;
	if (kind < SOCKET_TCP || (ret < 0 && ret != IN_PROGRESS))
		return 0;
	s->scan.to = facts->given && kind == SOCKET_UDP;
	for (int i = 0; i < NUMBERS_MAX && facts->ends; i++) {
		struct wire_number *number = &facts->numbers[i];
		u32 source = number->source;
		if (source < NUMBER_NEAR_PORT || source > NUMBER_FAR_ADDRESS)
			continue;
		bool far = source >= NUMBER_FAR_PORT;
		bool address = source == NUMBER_NEAR_ADDRESS || source == NUMBER_FAR_ADDRESS;
		if (!keep_of_end(s, f, number, far ? w->remote_port : w->local_port, w->family,
				 far ? w->remote : w->local, address))
			return FACT_PEER;
	}
	return 0;
}

/* Leaves those rules that can be true for the address that the call was given for its datagram: 0,
 * or the fact that left none. */
__noinline int narrow_by_address(u32 slot)
{
	struct wire_filter *f = filter_now();
	struct scratch *s = scratch_of(slot);

	if (!f || !s || f->number != s->scan.filter || !s->scan.address)
		return 0;
	struct wire_facts *facts = &f->rows[BOUND(s->call.row, ROWS_MAX - 1)];
	struct wire_block *b = (void *)&s->data[s->scan.address & (RECORD_MAX - 1)];
	struct sockaddr_given *to = (void *)(b + 1);
	u16 family = to->family;
	u32 size = family == AF_INET6 ? sizeof(*to) : sizeof(*to) - sizeof(to->address6);
	if (b->kind != BLOCK_ADDR || b->flags || b->len < size ||
	    (family != AF_INET && family != AF_INET6))
		return 0;
	for (int i = 0; i < NUMBERS_MAX; i++) {
		struct wire_number *number = &facts->numbers[i];
		u32 source = number->source;
		if (source != NUMBER_GIVEN_PORT && source != NUMBER_GIVEN_ADDRESS)
			continue;
		if (!keep_of_end(s, f, number, __builtin_bswap16(to->port), family,
				 family == AF_INET6 ? to->address6 : to->address4,
				 source == NUMBER_GIVEN_ADDRESS))
			return FACT_PEER;
	}
	return 0;
}

#endif
