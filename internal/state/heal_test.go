package state

import (
	"path/filepath"
	"testing"

	"github.com/sakerhq/saker/bpf"
)

// TestHeal: after lost records, a scan shows who runs, who doesn't, who is
// whose child, and what they run.
func TestHeal(t *testing.T) {
	s := newTree(t)
	feed(t, s, child.process(bpf.CauseFork, shell, "bash"), grand.process(bpf.CauseFork, child, "bash"))
	const lost, later = 400, 6000
	ev := must(t, s, who(lost).call("shutdown", 0, 3, 1).none()) // its start was lost
	if ev.Process.Name != notKnown || s.Counts().Unknown != 1 {
		t.Fatalf("%+v", ev.Process)
	}
	feed(t, s, who(later).process(bpf.CauseFork, shell, "bash")) // begins during the scan
	s.BeginScan()
	feed(t, s, system.process(bpf.CauseScan, 0, "systemd"), shell.process(bpf.CauseScan, system, "bash"),
		grand.process(bpf.CauseScan, system, "sleep", func(w *bpf.WireProcess) { w.ExecId = 9 }),
		who(lost).process(bpf.CauseScan, grand, "worker"))
	if healed := s.EndScan(true); healed != (Healed{Found: 2, Ended: 1}) {
		t.Errorf("%+v", healed)
	}
	if p := s.byWho(child); !p.Exited {
		t.Error("a process that no longer runs is still there")
	}
	if p := s.byWho(grand); p.Exited || p.Parent != &s.byWho(system).Process || p.File.Path != "/usr/bin/sleep" {
		t.Errorf("an orphan: %+v", p.Process)
	}
	if p := s.byWho(lost); p.Name != "worker" || p.Parent != &s.byWho(grand).Process || p.unknown {
		t.Errorf("an unknown process: %+v", p.Process)
	}
	if s.byWho(later).Exited {
		t.Error("a process that began after the scan has ended")
	}
	for _, whole := range []bool{true, false} { // a scan that finds nothing, or not all
		s.BeginScan()
		if !whole {
			feed(t, s, system.process(bpf.CauseScan, 0, "systemd"))
		}
		if healed := s.EndScan(whole); !healed.Empty() {
			t.Errorf("a bad scan ended processes: %+v", healed)
		}
	}
	s.BeginScan()
	feed(t, s, system.process(bpf.CauseScan, 0, "systemd"), shell.process(bpf.CauseScan, system, "bash"),
		grand.process(bpf.CauseScan, system, "sleep", func(w *bpf.WireProcess) { w.ExecId = 9 }), who(lost).process(bpf.CauseScan, grand, "worker"))
	if healed := s.EndScan(true); !healed.Empty() {
		t.Errorf("nothing was wrong: %+v", healed)
	}
}

// TestEndedBeforeScan: what is read of a process after a scan that did not find
// it is old, and how it ended may be lost.
func TestEndedBeforeScan(t *testing.T) {
	s := newTree(t)
	s.BeginScan()
	feed(t, s, system.process(bpf.CauseScan, 0, "systemd"), shell.process(bpf.CauseScan, system, "bash"))
	if s.EndScan(true); s.byWho(shell).Exited {
		t.Fatal("the shell has ended")
	}
	at := func(time uint64) func(*bpf.WireProcess) {
		return func(w *bpf.WireProcess) { w.Header.Time = time }
	}
	feed(t, s, child.process(bpf.CauseFork, shell, "bash", at(now-1)), grand.process(bpf.CauseFork, shell, "bash", at(now+1)))
	if p := s.byWho(child); !p.Exited || p.Parent != &s.byWho(shell).Process {
		t.Errorf("made before the scan: %+v", p.Process)
	}
	if s.byWho(grand).Exited {
		t.Error("made after the scan")
	}
}

// TestHiddenFromScan: a machine may hide processes from the scan that are
// parents of others, and in /proc.
func TestHiddenFromScan(t *testing.T) {
	s := newHost(t)
	write(t, filepath.Join(s.opts.Root, "proc/1/stat"), "1 (init) S 0 1 1 0 -1 0 0 0 0 0 0 0 0 0 0 0 0 0 100 0 0")
	write(t, filepath.Join(s.opts.Root, "proc/1/status"), "NSpid:\t1\nUid:\t0\t0\t0\t0\n")
	for range 2 {
		s.BeginScan()
		feed(t, s, shell.process(bpf.CauseScan, system, "bash"))
		if healed := s.EndScan(true); healed.Ended > 0 {
			t.Errorf("%+v", healed)
		}
		if p := s.byWho(shell).Parent; p == nil || p.Name != "init" || p.PID != 1 {
			t.Fatalf("the parent is %+v", p)
		}
	}
}

// TestLookupsAreLimited: a flood of unknown processes is not looked up.
func TestLookupsAreLimited(t *testing.T) {
	s := newTree(t)
	s.lookups = 0
	before := s.Counts().Lookups
	for i := range 3 * lookupsMax {
		must(t, s, who(1000+i).call("shutdown", 0, 3, 1).none())
	}
	if c := s.Counts(); c.Lookups-before != lookupsMax || c.Unknown != 3*lookupsMax {
		t.Errorf("%+v", c)
	}
}

// TestOlderThanScan: what was told before a scan, and is read after it, is no news, but for which
// program was executed.
func TestOlderThanScan(t *testing.T) {
	s := newTree(t)
	with := func(time uint64, uid uint32) func(*bpf.WireProcess) {
		return func(w *bpf.WireProcess) { w.Header.Time, w.Own.Uid, w.ExecId = time, uid, 9 }
	}
	feed(t, s, child.process(bpf.CauseScan, shell, "worker", with(now+2, 33)),
		child.process(bpf.CauseFork, shell, "bash", with(now, 0)))
	if p := s.byWho(child); p.UID != 33 || p.Name != "worker" {
		t.Errorf("after an older record: %+v", p.Process)
	}
	ev := must(t, s, child.process(bpf.CauseExec, shell, "other", with(now+1, 0)))
	if p := ev.Process; p.UID != 33 || p.Name != "worker" || p.File.Path != "/usr/bin/other" {
		t.Errorf("after an older exec: %+v", p)
	}
	feed(t, s, child.process(bpf.CauseChange, shell, "worker", with(now+3, 34)))
	if p := s.byWho(child); p.UID != 34 {
		t.Errorf("after news: %+v", p.Process)
	}
}
