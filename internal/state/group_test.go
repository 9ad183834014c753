package state

import (
	"testing"

	"github.com/sakerhq/saker/bpf"
)

// TestRegroup: a shell moves its children into groups.
func TestRegroup(t *testing.T) {
	inside := func(pid uint32) func(*bpf.WireProcess) { // another namespace
		return func(w *bpf.WireProcess) { w.Vpid, w.Pidns = pid, 7 }
	}
	for _, test := range []struct {
		name       string
		result     int64
		pid, group uint64
		want       who
	}{
		{"its own", 0, 101, 0, child},
		{"its own by number", 0, 101, 101, child},
		{"a sibling's", 0, 101, 102, grand},
		{"the shell's", 0, 101, 100, shell},
		{"one that nobody knows", 0, 101, 999, shell},
		{"the shell itself", 0, 0, 101, shell},
		{"a failed call", -1, 101, 0, shell},
		{"a child in another namespace", 0, 50, 0, shell},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newTree(t)
			mine := func(w *bpf.WireProcess) { w.Pgid, w.Vpgid = uint32(shell), uint32(shell) }
			const other = 300
			feed(t, s, shell.process(bpf.CauseChange, system, "bash", mine), child.process(bpf.CauseFork, shell, "bash", mine),
				grand.process(bpf.CauseFork, shell, "bash"), who(other).process(bpf.CauseFork, shell, "bash", mine, inside(50)))
			before := s.byWho(child).Image
			must(t, s, shell.call("setpgid", test.result, test.pid, test.group))
			p := s.byWho(child)
			if p.PGID != uint32(test.want) || p.VPGID != p.PGID || p.GroupLeader != &s.byWho(test.want).Process {
				t.Errorf("group %d %d, leader %+v", p.PGID, p.VPGID, p.GroupLeader)
			}
			if (p.Image != before) != (test.want != shell || test.name == "the shell's") {
				t.Errorf("image %d, before %d", p.Image, before)
			}
			if got := s.byWho(other).PGID; got != uint32(shell) {
				t.Errorf("the other namespace's is in group %d", got)
			}
		})
	}
}

// TestParentEndsMeanwhile: while the record of an exec is made, the parent that
// it names may end, and tell that first.
func TestParentEndsMeanwhile(t *testing.T) {
	s := newTree(t)
	feed(t, s, child.process(bpf.CauseFork, shell, "bash"), grand.process(bpf.CauseFork, child, "bash"))
	must(t, s, child.exit(0, uint32(system)))
	must(t, s, grand.exec(child, "/bin/sleep", "9"))
	if p := s.byWho(grand); p.Parent != &s.byWho(system).Process || p.PPID != uint32(system) {
		t.Errorf("child of %+v", p.Parent)
	}
}
