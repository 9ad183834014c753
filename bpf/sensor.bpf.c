//go:build ignore

// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * The programs, each a few lines around a shared body. In reading order:
 * wire.h (contract), kernel.h and read.h (kernel memory), record.h (buffers
 * and the ring), path.h, cgroup.h, scope.h, directory.h, file.h, address.h, standing.h, process.h,
 * meta.h, used_path.h, entry.h, capture.h, candidates.h, peer.h, call.h (the body), path_hooks.h,
 * turn.h, then what goes through io_uring: uring.h, uring_operations.h.
 */
#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/fcntl.h>
#include <bpf/bpf_endian.h>

#include "call.h"
#include "path_hooks.h"
#include "turn.h"
#include "uring_operations.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Keeps in the object what bpf2go -type turns into Go. */
const struct {
	enum wire_type type;
	enum wire_via via;
	enum wire_capture_kind capture_kind;
	enum wire_place place;
	enum wire_row_flag row_flag;
	enum wire_block_kind block_kind;
	enum wire_block_flag block_flag;
	enum wire_file_flag file_flag;
	enum wire_sender sender;
	enum wire_cause cause;
	enum wire_class class;
	enum wire_count count;
	enum wire_fact fact;
	enum wire_number_source number_source;
	enum wire_number_limit number_limit;
	enum wire_ended ended;
	enum wire_opened opened;
	enum wire_socket socket;
	enum wire_message message;
	enum mark mark;
	enum meta meta;
	enum wire_source source;
	enum wire_shape_flag shape_flag;
	enum wire_standing_shift standing_shift;
	struct wire_counters counters;
	struct wire_call call;
	struct wire_process process;
	struct wire_exit exit;
	struct wire_rename rename;
	struct wire_credentials credentials;
	struct wire_block block;
	struct wire_sock sock;
	struct wire_own own;
	struct wire_measures measures;
	struct wire_cgroup cgroup;
	struct wire_row row;
	struct wire_filter filter;
	struct wire_mount mount;
	struct wire_operand operand;
	struct wire_part part;
	struct wire_shape shape;
	struct wire_standing standing;
	struct directory directory;
} *wire __attribute__((unused));

static __always_inline int tell_call(struct pt_regs *regs, long ret)
{
	struct task_struct *task = current_task();
	u32 slot = bpf_get_smp_processor_id();
	struct scratch *s = scratch_of(slot);
	u8 via;
	u16 row = find_row(regs, task, &via);

	if (!s || !row || !in_scope(task))
		return 0;
	struct call *call = &s->at_hand;
	*call = (struct call){.ret = ret, .task = (u64)task, .row = row - 1, .via = via};
	read_args(call, regs);
	demultiplex(call, regs);
	return on_call(slot, s);
}

static __always_inline int on_sys_exit(struct pt_regs *regs, long ret)
{
	steady();
	tell_call(regs, ret);
	unsteady();
	return 0;
}

/* Whose turn it is to tell: sys_exit's, or call_exit's. */
bool by_perf = false;

SEC("tp_btf/sys_exit")
int BPF_PROG(sys_exit, struct pt_regs *regs, long ret)
{
	return by_perf || !is_asked(regs) || !is_turn(ctx) ? 0 : on_sys_exit(regs, ret);
}

/* What the tracepoints of a call's end give. */
struct call_end {
	u64 common, number;
	s64 ret;
};

static __always_inline int on_call_exit(struct call_end *end)
{
	struct pt_regs *regs = registers_of(current_task());

	return is_asked(regs) ? on_sys_exit(regs, end->ret) : 0;
}

/*
 * In place of sys_exit: on those calls that are asked for, as all others then cost half as much;
 * or on all, by way of perf, where the kernel would let sys_exit be preempted. As long as a
 * program is, the kernel does not run it for who comes next on that CPU. Around perf's programs it
 * forbids preemption, before it looks whether they run and until after they ended: what no program
 * can do for itself.
 */
SEC("tracepoint/raw_syscalls/sys_exit")
int call_exit(struct call_end *end)
{
	return by_perf ? on_call_exit(end) : 0;
}

static __always_inline void look_current(void)
{
	struct task_struct *task = current_task();

	if (!READ(task, io_uring))
		return;
	steady();
	look(READ(task, tgid));
	unsteady();
}

/* In place of sys_exit where the kernel has io_uring. What the hook gives is read when it is
 * needed: kept while requests are looked at, it would take stack that older kernels haven't. */
SEC("tp_btf/sys_exit")
int uring_sys_exit(u64 *hook)
{
	if (looked)
		look_current();
	struct pt_regs *regs = (void *)hook[0];
	return by_perf || !is_asked(regs) || !is_turn(hook) ? 0 : on_sys_exit(regs, hook[1]);
}

SEC("tracepoint/raw_syscalls/sys_exit")
int uring_call_exit(struct call_end *end)
{
	if (looked)
		look_current();
	return by_perf ? on_call_exit(end) : 0;
}

/* What the hooks of sockets answer: go on. */
#define ALLOW 1

static __always_inline int on_address(struct bpf_sock_addr *ctx, void *address, u32 size)
{
	struct task_struct *task = current_task();
	u8 via;
	u16 number = find_row(registers_of(task), task, &via);
	u32 key = number - 1;

	if (!number || READ(task, flags) & PF_KTHREAD || !in_scope(task))
		return ALLOW;
	struct wire_row *row = bpf_map_lookup_elem(&rows, &key);
	if (row && row->flags & ROW_ADDRESSED)
		keep_address(task, key, ctx, address, size);
	return ALLOW;
}

static __always_inline int on_address4(struct bpf_sock_addr *ctx)
{
	u32 address[] = {AF_INET | ctx->user_port << 16, ctx->user_ip4, 0, 0};

	return on_address(ctx, address, sizeof(address));
}

static __always_inline int on_address6(struct bpf_sock_addr *ctx)
{
	u32 address[] = {AF_INET6 | ctx->user_port << 16,
			 0,
			 ctx->user_ip6[0],
			 ctx->user_ip6[1],
			 ctx->user_ip6[2],
			 ctx->user_ip6[3],
			 0};

	return on_address(ctx, address, sizeof(address));
}

static __always_inline int on_address_unix(struct bpf_sock_addr *ctx)
{
	struct bpf_sock_addr_kern *kernel = bpf_cast_to_kern_ctx(ctx);
	u32 size = READ(kernel, uaddrlen);

	return on_address(ctx, READ(kernel, uaddr), size);
}

SEC("cgroup/connect4")
int address_connect4(struct bpf_sock_addr *ctx)
{
	return on_address4(ctx);
}

SEC("cgroup/connect6")
int address_connect6(struct bpf_sock_addr *ctx)
{
	return on_address6(ctx);
}

SEC("cgroup/connect_unix")
int address_connect_unix(struct bpf_sock_addr *ctx)
{
	return on_address_unix(ctx);
}

SEC("cgroup/sendmsg4")
int address_send4(struct bpf_sock_addr *ctx)
{
	return on_address4(ctx);
}

SEC("cgroup/sendmsg6")
int address_send6(struct bpf_sock_addr *ctx)
{
	return on_address6(ctx);
}

SEC("cgroup/sendmsg_unix")
int address_send_unix(struct bpf_sock_addr *ctx)
{
	return on_address_unix(ctx);
}

SEC("cgroup/bind4")
int address_bind4(struct bpf_sock_addr *ctx)
{
	return on_address4(ctx);
}

SEC("cgroup/bind6")
int address_bind6(struct bpf_sock_addr *ctx)
{
	return on_address6(ctx);
}

static __always_inline void on_exec(struct task_struct *task, struct linux_binprm *bprm)
{
	u32 slot = bpf_get_smp_processor_id();
	struct scratch *s = begin_process(slot, task, CAUSE_EXEC);

	if (!s)
		return;
	struct wire_process *w = (void *)s->data;
	struct pt_regs *regs = registers_of(task);
	/* x86 pretends here that it was execve, entered in the new program's mode: so no via. */
	u8 via;
	u16 row = find_row(regs, task, &via);
	if (bpf_core_field_exists(bprm->fdpath) && READ(bprm, fdpath))
		row = numbered(NR_EXECVEAT)->row[VIA_NATIVE];
	w->header.row = !in_scope(task) ? ROW_OUTSIDE : row ? row - 1 : ROW_NONE;
	put_program(s, task, READ(bprm, filename));
	put_standard(slot, task);
	record_send(s);
	send_credentials(row ? row - 1 : ROW_NONE);
}

/* Here, not at the end of the call: the kernel executes programs of its own accord too. */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(process_exec, struct task_struct *task, u32 old_pid, struct linux_binprm *bprm)
{
	if (!is_turn(ctx))
		return 0;
	steady();
	change_begin(task);
	on_exec(task, bprm);
	change_end(task);
	unsteady();
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(process_fork, struct task_struct *parent, struct task_struct *child)
{
	if (READ(child, pid) != READ(child, tgid) || !is_turn(ctx))
		return 0;
	steady();
	scope_fork(parent, child);
	send_process(child, CAUSE_FORK);
	unsteady();
	return 0;
}

static __always_inline u32 level_of(struct task_struct *task)
{
	return READ(READ(task, thread_pid), level);
}

/* Who becomes the parent of a dead process's children: the next subreaper above it in its
 * namespace, else the namespace's init. */
static __always_inline u32 reaper_of(struct task_struct *task)
{
	struct signal_struct *signal = READ(task, signal);
	struct task_struct *up = READ(task, real_parent);
	u32 level = level_of(task);

	if (BPF_CORE_READ_BITFIELD_PROBED(signal, has_child_subreaper))
		for (int i = 0; i < 64 && level_of(up) == level; i++) {
			if (BPF_CORE_READ_BITFIELD_PROBED(READ(up, signal), is_child_subreaper))
				return READ(up, tgid);
			up = READ(up, real_parent);
		}
	u64 ns = 0;
	COPY(&ns, (u64)READ(task, thread_pid) + bpf_core_field_offset(struct pid, numbers) +
			  level * bpf_core_type_size(struct upid) +
			  bpf_core_field_offset(struct upid, ns));
	struct pid_namespace *pidns = KERNEL(struct pid_namespace, ns);
	return READ(READ(pidns, child_reaper), tgid);
}

#define SIGNAL_GROUP_EXIT 4

static __always_inline int on_exit(struct task_struct *task)
{
	struct signal_struct *signal = READ(task, signal);
	struct wire_exit w;

	__builtin_memset(&w, 0, sizeof(w));
	record_header(&w.header, task, WIRE_EXIT);
	if (!in_scope(task))
		w.header.row = ROW_OUTSIDE;
	w.status = READ(signal, flags) & SIGNAL_GROUP_EXIT
			   ? READ(signal, group_exit_code)
			   : READ(READ(task, group_leader), exit_code);
	w.reaper = reaper_of(task);
	ring_send(CLASS_PROCESS, &w, sizeof(w));
	return 0;
}

/* Set by the loader: the tracepoint says whether the thread is the last one. */
const volatile bool exit_says_last = true;

/* Threads end too; the process ends with the last of them. Where the tracepoint doesn't say which
 * one that is, of some that end at once each is the last: user space takes the first. */
static __always_inline bool is_last(u64 *ctx, struct task_struct *task)
{
	return exit_says_last ? (u8)ARGUMENT(ctx, 1) : !READ(READ(task, signal), live.counter);
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(process_exit, struct task_struct *task)
{
	return is_last(ctx, task) && is_turn(ctx) ? on_exit(task) : 0;
}

/* In place of process_exit where the kernel has io_uring. */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(uring_process_exit, struct task_struct *task)
{
	if (!is_last(ctx, task) || !is_turn(ctx))
		return 0;
	if (waiting) {
		steady();
		end_all(READ(task, tgid));
		unsteady();
	}
	return on_exit(task);
}

SEC("tp_btf/task_rename")
int BPF_PROG(process_rename, struct task_struct *task, const char *comm)
{
	struct wire_rename w;

	if (READ(task, pid) != READ(task, tgid) || !is_turn(ctx))
		return 0;
	__builtin_memset(&w, 0, sizeof(w));
	record_header(&w.header, task, WIRE_RENAME);
	bpf_probe_read_kernel_str(w.comm, sizeof(w.comm), comm);
	change_begin(task);
	ring_send(CLASS_PROCESS, &w, sizeof(w));
	change_end(task);
	return 0;
}

SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(process_cgroup, struct cgroup *to, const char *path, struct task_struct *task)
{
	steady();
	scope_move(task);
	send_process(task, CAUSE_CGROUP);
	unsteady();
	return 0;
}

/* Where a signal is sent, not where it arrives: there the sender is known, of SIGKILL too. */
SEC("tp_btf/signal_generate")
int BPF_PROG(signal_sent, int sig, struct kernel_siginfo *info, struct task_struct *task, int group,
	     int result)
{
	return on_signal(sig, info, task, result);
}

SEC("tp_btf/io_uring_submit_req")
int BPF_PROG(uring_submit, struct io_kiocb *req)
{
	steady();
	on_submit(ctx, req);
	unsteady();
	return 0;
}

SEC("tp_btf/io_uring_complete")
int uring_complete(u64 *ctx)
{
	u64 ring = ARGUMENT(ctx, 0), request = ARGUMENT(ctx, 1);

	if (!waiting)
		return 0;
	steady();
	if (request)
		on_complete(request);
	else if (is_turn(ctx))
		on_result(ring, ctx);
	unsteady();
	return 0;
}

/* Also how a thread of the kernel's that polls a ring gets here. */
SEC("tp_btf/io_uring_task_work_run")
int BPF_PROG(uring_work)
{
	if (!looked)
		return 0;
	steady();
	look(bpf_get_current_pid_tgid() >> 32);
	unsteady();
	return 0;
}

struct bpf_iter_meta {
	struct seq_file *seq;
} __attribute__((preserve_access_index));

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
} __attribute__((preserve_access_index));

/* What already runs when the capture starts. Read by our own process: it learns here which one that
 * is. */
SEC("iter/task")
int processes(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct scratch *s;
	u64 size;

	self = bpf_get_current_pid_tgid() >> 32;
	if (!task || task->pid != task->tgid)
		return 0;
	s = begin_process(iterator_slot, task, CAUSE_SCAN);
	if (!s)
		return 0;
	put_standard(iterator_slot, task);
	size = s->off;
	if (size <= RECORD_MAX) {
		/* A copy, since older verifiers forget the bounds of what lies on the stack. */
		u64 head = size;
		bpf_seq_write(ctx->meta->seq, &head, sizeof(head));
		bpf_seq_write(ctx->meta->seq, s->data, size);
	}
	s->busy = 0;
	return 0;
}
