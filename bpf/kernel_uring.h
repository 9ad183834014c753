/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The members of io_uring's structures that uring.h reads; as kernel.h.
 */
#ifndef SAKER_KERNEL_URING_H
#define SAKER_KERNEL_URING_H

#include "kernel.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct filename {
	const char *name;
	const char *uptr; /* where the program has it; to 6.19 */
};

struct io_rsrc_node {
	unsigned long file_ptr; /* the low bits are flags */
};

struct io_rsrc_data {
	struct io_rsrc_node **nodes;
};

struct io_fixed_file {
	unsigned long file_ptr;
};

struct io_file_table {
	struct io_rsrc_data data;
	struct io_fixed_file *files; /* to 6.12 */
};

struct io_ring_ctx {
	struct io_file_table file_table;
};

struct io_cqe {
	u64 user_data;
	s32 res;
	int fd; /* becomes 0 with the result */
};

/* A completion, as the program gets it. */
struct io_uring_cqe {
	u64 user_data;
	s32 res;
};

struct io_cmd_data {
	struct file *file;
};

/* The request. What its operation takes lies in cmd, as one of the structures below. */
struct io_kiocb {
	struct file *file;
	struct io_cmd_data cmd;
	u8 opcode;
	u64 flags;
	struct io_cqe cqe;
	struct io_ring_ctx *ctx;
	void *async_data;
};

/* to 6.8 */
struct io_kiocb___narrow {
	u32 flags;
};

/* What operations have is read by offsets that user space looks up (uring.go), but for these. */
struct io_connect {
	bool in_progress;
};

struct sockaddr_storage {
	u16 ss_family;
};

struct msghdr {
	void *msg_name;
	int msg_namelen;
};

struct io_async_msghdr {
	struct msghdr msg;
	struct sockaddr_storage addr;
};

#pragma clang attribute pop

#endif
