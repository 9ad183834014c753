package state

// regroup moves a child of p into a process group, as a shell does with what it
// starts: the child itself says nothing of that. Numbers are those of p's
// namespace, a group of 0 is the child's own. What lies in another namespace is
// told by the next record of it.
func (s *State) regroup(p *process, pid, group uint32) {
	child := p.member(pid)
	if child == nil || child == p {
		return
	}
	if group == 0 {
		group = pid
	}
	var pgid uint32
	switch leader := p.member(group); {
	case leader != nil:
		pgid = leader.PID
	case group == p.VPGID:
		pgid = p.PGID
	default:
		return
	}
	child.PGID, child.VPGID = pgid, group
	child.GroupLeader = s.leader(child, pgid)
	s.touch(child)
}

// member is p or the child that has a number in p's namespace, nil for none.
func (p *process) member(vpid uint32) *process {
	if p.VPID == vpid {
		return p
	}
	for child := p.child; child != nil; child = child.after {
		if child.VPID == vpid && child.PIDNS == p.PIDNS {
			return child
		}
	}
	return nil
}
