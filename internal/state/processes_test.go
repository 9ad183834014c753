package state

import (
	"testing"

	"github.com/sakerhq/saker/bpf"
)

func TestExit(t *testing.T) {
	s := newTree(t)
	feed(t, s, child.process(bpf.CauseFork, shell, "bash"), grand.process(bpf.CauseFork, child, "bash", func(w *bpf.WireProcess) {
		w.Sid, w.Pgid = uint32(child), uint32(child)
	}))
	orphan := s.byWho(grand)
	before := orphan.Image
	ev := must(t, s, child.exit(3<<8, uint32(system)))
	if ev.Row.Name != "procexit" || ev.HasResult() || !ev.Process.Exited || ev.Process.Parent != &s.byWho(shell).Process {
		t.Errorf("%s %+v", ev.Row.Name, ev.Process)
	}
	for name, want := range map[string]int64{"status": 3 << 8, "ret": 3, "sig": 0, "core": 0, "reaper_tid": 1} {
		if got := argOf(t, ev, name); !got.Valid || got.Num != want {
			t.Errorf("%s: %+v, want %d", name, got, want)
		}
	}
	if orphan.Parent != &s.byWho(system).Process || orphan.PPID != 1 || orphan.VPPID != 1 || orphan.Image <= before {
		t.Errorf("orphan is with %+v", orphan.Parent)
	}
	if orphan.Session != ev.Process || orphan.GroupLeader != ev.Process {
		t.Error("orphan lost its session's leader")
	}
	if ok, err := s.Apply(bpf.Raw(child.exit(3<<8, uint32(system))), ev); ok || err != nil {
		t.Errorf("another of its threads ended: %v, %v", ok, err)
	}
	ev = must(t, s, grand.exit(0x80|11, uint32(system)))
	for name, want := range map[string]int64{"ret": 0, "sig": 11, "core": 1, "reaper_tid": 0} {
		if got := argOf(t, ev, name); got.Num != want {
			t.Errorf("%s: %+v, want %d", name, got, want)
		}
	}
}

func TestExitWithUnknownReaper(t *testing.T) {
	s := newTree(t)
	feed(t, s, child.process(bpf.CauseFork, shell, "bash"))
	must(t, s, shell.exit(0, 77))
	if p := s.byWho(child); p.Parent != nil || p.PPID != 77 || p.parent != nil {
		t.Errorf("%+v", p.Process)
	}
}

func TestExitedGoAfterGrace(t *testing.T) {
	s := newTree(t)
	feed(t, s, child.process(bpf.CauseFork, shell, "bash"))
	must(t, s, child.exit(0, 1))
	p := s.byWho(child)
	ev := must(t, s, child.call("listen", 0, 3, 1).none()) // written late by another CPU
	if ev.Process != &p.Process || s.counts.Unknown != 0 {
		t.Error("unknown so soon after its exit")
	}
	r := shell.rename("bash")
	later := fixed[bpf.WireRename](bpf.Raw(r))
	later.Header.Time += 3 * second
	feed(t, s, r)
	if s.byWho(child) != nil || s.processes.byPID[uint32(child)] != nil || p.Parent != nil {
		t.Error("is still there")
	}
	if len(s.processes.known) != 2 {
		t.Errorf("%d processes", len(s.processes.known))
	}
}

func TestNumberUsedAgain(t *testing.T) {
	s := newTree(t)
	feed(t, s, child.process(bpf.CauseFork, shell, "bash"), grand.process(bpf.CauseFork, child, "bash"))
	old, orphan := s.byWho(child), s.byWho(grand)
	again := child.process(bpf.CauseFork, shell, "dash", func(w *bpf.WireProcess) { w.Header.Start++ })
	feed(t, s, again)
	if !old.Exited || s.processes.running(uint32(child)) == old || s.processes.running(uint32(child)).Name != "dash" {
		t.Error("both run under one number")
	}
	if orphan.Parent != nil {
		t.Error("a dead process has a child")
	}
}

func TestLateRecordOfDeadProcess(t *testing.T) {
	s := newTree(t)
	ev := must(t, s, changed(shell.call("listen", 0, 3, 1).none(), func(h *bpf.WireHeader) { h.Start -= 5 }))
	if !ev.Process.Exited || s.processes.running(uint32(shell)) != s.byWho(shell) || s.byWho(shell).Exited {
		t.Error("the dead process took the place of the one that runs")
	}
}

// What a damaged record says must not make a loop of parents, not even through
// a process that has exited: whoever goes up would never end.
func TestNoLoopOfParents(t *testing.T) {
	s := newTree(t)
	feed(t, s, child.process(bpf.CauseFork, shell, "bash"))
	must(t, s, child.exit(0, 1))
	if got := s.byWho(child).Parent; got == nil || got.PID != uint32(shell) {
		t.Fatal("who exited shows no parent")
	}
	feed(t, s, shell.process(bpf.CauseChange, child, "bash"))
	for p, n := &s.byWho(shell).Process, 0; p != nil; p, n = p.Parent, n+1 {
		if n > len(s.processes.known) {
			t.Fatal("a process comes from itself")
		}
	}
}

// A full table gives up who did nothing for the longest, and last of all
// somebody's ancestors.
func TestTableFull(t *testing.T) {
	s := newTree(t, func(o *Options) { o.Processes = 4 })
	const idle, busy = 300, 301
	feed(t, s, who(idle).process(bpf.CauseFork, system, "idle"), who(busy).process(bpf.CauseFork, system, "busy"))
	s.byWho(shell).used, s.byWho(system).used, s.byWho(idle).used = false, false, false
	feed(t, s, child.process(bpf.CauseFork, shell, "bash"))
	if s.processes.known[identity{who(idle).start(), idle}] != nil || s.Counts().ProcessesEvicted != 1 || len(s.processes.known) != 4 {
		t.Errorf("%+v", s.Counts())
	}
	feed(t, s, grand.process(bpf.CauseFork, child, "bash"))
	for p := &s.byWho(grand).Process; p.PID != uint32(system); p = p.Parent {
		if p.Parent == nil {
			t.Fatalf("the ancestors of %d are gone", p.PID)
		}
	}
	must(t, s, child.exit(0, 1)) // makes room
	feed(t, s, who(busy).process(bpf.CauseFork, shell, "bash"))
	if s.byWho(busy) == nil || s.byWho(child) != nil || s.Counts().ProcessesEvicted != 2 {
		t.Error("the exited one should have gone for the new one")
	}
}
