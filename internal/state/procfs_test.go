package state

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
)

func TestScanInAnyOrder(t *testing.T) {
	s := newHost(t)
	write(t, filepath.Join(s.opts.Root, "proc/101/cmdline"), "bash\x00-c\x00sleep 9\x00")
	write(t, filepath.Join(s.opts.Root, "proc/101/environ"), "A=1\x00B=\x00")
	feed(t, s,
		child.process(bpf.CauseScan, shell, "bash", func(w *bpf.WireProcess) { w.Sid, w.Pgid = uint32(shell), uint32(shell) }),
		shell.process(bpf.CauseScan, system, "bash"),
		system.process(bpf.CauseScan, 0, "systemd"))
	feed(t, s, grand.process(bpf.CauseFork, child, "bash"))
	p := s.byWho(child)
	if p.Parent != &s.byWho(shell).Process || p.Parent.Parent != &s.byWho(system).Process || p.Parent.Parent.Parent != nil {
		t.Errorf("parent %+v", p.Parent)
	}
	if p.Session != &s.byWho(shell).Process || p.GroupLeader != p.Session {
		t.Error("no session")
	}
	if p.Exe != "bash" || !slices.Equal(p.Args, []string{"-c", "sleep 9"}) || !slices.Equal(p.Env, []string{"A=1", "B="}) {
		t.Errorf("%q %q %q", p.Exe, p.Args, p.Env)
	}
	if s.byWho(grand).Exe != "bash" {
		t.Error("fork did not inherit what the scan found")
	}
}

func TestScanReadsNoMoreThanAllowed(t *testing.T) {
	s := newHost(t)
	write(t, filepath.Join(s.opts.Root, "proc/101/cmdline"), "sh\x00"+strings.Repeat("a", argsMax))
	write(t, filepath.Join(s.opts.Root, "proc/101/environ"), strings.Repeat("A=1\x00", envMax))
	feed(t, s, child.process(bpf.CauseScan, shell, "sh"))
	p := s.byWho(child)
	if !p.ArgsCut || len(p.Args) != 1 || len(p.Args[0]) != argsMax-3 || len(p.Env) != envMax/4 && len(p.Env) != envMax/4+1 {
		t.Errorf("%d arguments, cut %v; %d variables", len(p.Args), p.ArgsCut, len(p.Env))
	}
}

func TestScanDoesNotForget(t *testing.T) {
	s := newTree(t)
	feed(t, s, shell.process(bpf.CauseScan, system, "bash"))
	if p := s.byWho(shell); p.Exe != "/bin/bash" || p.Parent == nil {
		t.Errorf("%+v", p.Process)
	}
}

func TestUnknownProcess(t *testing.T) {
	s := newTree(t)
	ev := must(t, s, child.call("listen", 0, 3, 1).none())
	p := ev.Process
	if p.Name != "<NA>" || p.Exe != "<NA>" || p.PID != uint32(child) || p.UID != event.NoID || p.User.Known {
		t.Errorf("%+v", p)
	}
	if again := must(t, s, child.call("listen", 0, 3, 1).none()); again.Process != p {
		t.Error("made twice")
	}
	if c := s.Counts(); c.Unknown != 1 || c.Found != 0 {
		t.Errorf("%+v", c)
	}
	feed(t, s, child.process(bpf.CauseChange, shell, "late"))
	if p.Name != "late" || p.Parent != &s.byWho(shell).Process {
		t.Errorf("stays unknown: %+v", p)
	}
}

func TestUnknownProcessFoundInProc(t *testing.T) {
	s := newTree(t)
	dir := filepath.Join(s.opts.Root, "proc/101")
	stat := "101 (a (b) c) S 100 101 100 34816 " + strings.Repeat("0 ", 14) + "10100 0\n"
	write(t, filepath.Join(dir, "stat"), stat)
	write(t, filepath.Join(dir, "cmdline"), "prog\x00x\x00")
	write(t, filepath.Join(dir, "status"), "Name:\tprog\nUid:\t0\t1000\t0\t0\nGid:\t0\t1000\t0\t0\nNSpid:\t101\t7\nCapEff:\t000001ffffffffff\n")
	write(t, filepath.Join(dir, "loginuid"), "1000")
	write(t, filepath.Join(dir, "cgroup"), "5:memory:/docker/"+strings.Repeat("a", 64)+"\n0::/\n")
	if err := os.Symlink("/memfd:run (deleted)", filepath.Join(dir, "exe")); err != nil {
		t.Fatal(err)
	}
	p := must(t, s, child.call("listen", 0, 3, 1).none()).Process
	if p.Name != "a (b) c" || p.Exe != "prog" || p.Args[0] != "x" || p.UID != 1000 || p.VPID != 7 || p.TTY != 34816 ||
		p.CapEffective != 0x1ffffffffff || p.LoginUID != 1000 || p.Parent != &s.byWho(shell).Process ||
		p.Session != p.Parent || p.GroupLeader != p {
		t.Errorf("%+v", p)
	}
	if !p.File.Memfd || p.File.Path != "memfd:run" || p.Container == nil || p.Container.Runtime != "docker" {
		t.Errorf("%+v %+v", p.File, p.Container)
	}
	if p.User.Known {
		t.Error("a container's user has the name of the host's")
	}
	if s.Counts().Found != 1 {
		t.Errorf("%+v", s.Counts())
	}
}

func TestAnotherProcessInProc(t *testing.T) {
	s := newTree(t)
	write(t, filepath.Join(s.opts.Root, "proc/101/stat"), "101 (other) S 100 101 100 0 "+strings.Repeat("0 ", 14)+"99999 0\n")
	if p := must(t, s, child.call("listen", 0, 3, 1).none()).Process; p.Name != "<NA>" {
		t.Errorf("took %q for it", p.Name)
	}
}
