/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The structure that messages are sent and received with, as 64 and 32-bit programs lay it out. */
#ifndef SAKER_MESSAGE_H
#define SAKER_MESSAGE_H

#include "process.h"

struct user_msghdr64 {
	u64 name;
	u32 namelen, pad;
	u64 iov, iovlen;
};

struct user_msghdr32 {
	u32 name, namelen, iov, iovlen;
};

/* Whether the program's longs and pointers have 32 bits. */
static __always_inline bool is_narrow(u8 via)
{
	return via == VIA_COMPAT || via == VIA_X32;
}

static __always_inline bool read_msghdr(struct user_msghdr64 *m, u64 address, u8 via)
{
	if (!is_narrow(via))
		return !bpf_probe_read_user(m, sizeof(*m), (void *)address);
	struct user_msghdr32 narrow;
	if (bpf_probe_read_user(&narrow, sizeof(narrow), (void *)address))
		return false;
	m->name = narrow.name;
	m->namelen = narrow.namelen;
	m->iov = narrow.iov;
	m->iovlen = narrow.iovlen;
	return true;
}

#endif
