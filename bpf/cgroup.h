/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The cgroup that says which service or container a process belongs to. Hosts
 * may have several hierarchies of cgroups; one of them tells.
 */
#ifndef SAKER_CGROUP_H
#define SAKER_CGROUP_H

#include "path.h"

/* How long a container's id is. Whatever is called by one has a name that is no shorter. */
#define ID_LEN 64

#define NODES_MAX 128 /* of a cgroup's path */

static __always_inline u64 node_above(u64 kn)
{
	struct kernfs_node___hidden *hidden = (void *)kn;
	struct kernfs_node *plain = (void *)kn;

	return bpf_core_field_exists(hidden->__parent) ? (u64)BPF_CORE_READ(hidden, __parent)
						       : (u64)BPF_CORE_READ(plain, parent);
}

/* The node of a controller's cgroup in a hierarchy of its own, 0 for none or the root. */
static __always_inline u64 node_of(struct css_set *set, u32 controller)
{
	u64 css = 0;

	COPY(&css, &set->subsys[controller & 15]);
	struct cgroup *cgroup = css ? BPF_CORE_READ((struct cgroup_subsys_state *)css, cgroup) : 0;

	if (!cgroup || BPF_CORE_READ(cgroup, root) == BPF_CORE_READ(set, dfl_cgrp, root))
		return 0;

	u64 kn = (u64)BPF_CORE_READ(cgroup, kn);

	return kn && node_above(kn) ? kn : 0;
}

static __always_inline bool may_have_id(u64 kn)
{
	char name[ID_LEN + 1];

	return bpf_probe_read_kernel_str(name, sizeof(name),
					 BPF_CORE_READ((struct kernfs_node *)kn, name)) > ID_LEN;
}

/*
 * A process's node in whichever hierarchy its runtime uses: the unified one, unless it is
 * at its root there, or a controller's cgroup is called by an id and this is not: some
 * runtimes leave their containers in their own cgroup there.
 */
static __always_inline u64 cgroup_of(struct task_struct *task)
{
	struct css_set *set = READ(task, cgroups);
	u64 unified = (u64)BPF_CORE_READ(set, dfl_cgrp, kn), kn = 0;
	bool below = unified && node_above(unified);

	if (below && may_have_id(unified))
		return unified;
	if (bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id))
		kn = node_of(set, bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id));
	if (!kn && bpf_core_enum_value_exists(enum cgroup_subsys_id, pids_cgrp_id))
		kn = node_of(set, bpf_core_enum_value(enum cgroup_subsys_id, pids_cgrp_id));
	if (!kn || (below && !may_have_id(kn)))
		return unified;
	return kn;
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
	for (int i = 0; i < NODES_MAX && kn; i++) {
		struct kernfs_node *up = (void *)node_above((u64)kn);

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
