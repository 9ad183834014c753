/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The cgroup that says which service or container a process belongs to. Hosts
 * may have several hierarchies of cgroups; one of them tells.
 */
#ifndef SAKER_CGROUP_H
#define SAKER_CGROUP_H

#include "path.h"

/* A container's node in whichever hierarchy its runtime uses: the first that is not the root. */
static __always_inline u64 cgroup_of(struct task_struct *task)
{
	struct css_set *set = READ(task, cgroups);
	u64 kn = (u64)BPF_CORE_READ(set, dfl_cgrp, kn);
	struct kernfs_node___hidden *hidden = (void *)kn;
	struct kernfs_node *plain = (void *)kn;
	u64 up = bpf_core_field_exists(hidden->__parent) ? (u64)BPF_CORE_READ(hidden, __parent)
							 : (u64)BPF_CORE_READ(plain, parent);
	u64 css = 0;

	if (kn && up)
		return kn;
	if (bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id))
		COPY(&css,
		     &set->subsys[bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id)]);
	if (!css && bpf_core_enum_value_exists(enum cgroup_subsys_id, pids_cgrp_id))
		COPY(&css, &set->subsys[bpf_core_enum_value(enum cgroup_subsys_id, pids_cgrp_id)]);
	return css ? (u64)BPF_CORE_READ((struct cgroup_subsys_state *)css, cgroup, kn) : kn;
}

/* A node's address could be used again, its number is another's in another hierarchy. */
static __always_inline void cgroup_identity(struct wire_cgroup *w, u64 node)
{
	w->node = node;
	w->id = node ? BPF_CORE_READ((struct kernfs_node *)node, id) : 0;
}

/* kernfs keeps its own tree; a cgroup's path is that of its node. */
__noinline int append_cgroup(u32 slot, u64 node)
{
	struct scratch *s = scratch_of(slot);
	struct kernfs_node *kn = (void *)node;

	if (!s)
		return 0;
	for (int i = 0; i < COMPONENTS_MAX && kn; i++) {
		struct kernfs_node___hidden *hidden = (void *)kn;
		struct kernfs_node *up;

		if (bpf_core_field_exists(hidden->__parent))
			up = BPF_CORE_READ(hidden, __parent);
		else
			up = BPF_CORE_READ(kn, parent);
		if (!up)
			return 0;
		long n = bpf_probe_read_kernel_str(&s->data[s->off & (RECORD_MAX - 1)],
						   NAME_MAX + 1, BPF_CORE_READ(kn, name));
		if (n > 0)
			s->off += n;
		kn = up;
	}
	return 0;
}

#endif
