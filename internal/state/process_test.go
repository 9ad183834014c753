package state

import (
	"errors"
	"slices"
	"testing"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
)

const (
	system who = 1
	shell  who = 100
	child  who = 101
	grand  who = 102
)

// newTree is a host on which system runs shell.
func newTree(t testing.TB, change ...func(*Options)) *State {
	s := newHost(t, change...)
	feed(t, s, system.process(bpf.CauseFork, 0, "systemd"), shell.process(bpf.CauseFork, system, "bash"))
	must(t, s, system.exec(0, "/sbin/init"))
	must(t, s, shell.exec(system, "/bin/bash", "-l"))
	return s
}

func TestForkInherits(t *testing.T) {
	s := newTree(t)
	feed(t, s, child.process(bpf.CauseFork, shell, "bash"))
	p := s.byWho(child)
	if p == nil || p.Parent != &s.byWho(shell).Process || p.PPID != uint32(shell) {
		t.Fatalf("child of another: %+v", p)
	}
	if p.Exe != "/bin/bash" || !slices.Equal(p.Args, []string{"-l"}) || len(p.Env) != 2 {
		t.Errorf("not as its parent: %q %q %q", p.Exe, p.Args, p.Env)
	}
	if p.File.Path != "/usr/bin/bash" || p.Cwd != "/home/bash" || p.Cgroup != "/user.slice" || p.Container != nil {
		t.Errorf("not as told: %+v", p.Process)
	}
	if p.Born != bootAt+child.start() || p.PIDNSStart != bootAt {
		t.Errorf("born %d, namespace %d", p.Born, p.PIDNSStart)
	}
}

func TestExec(t *testing.T) {
	s := newTree(t)
	feed(t, s, child.process(bpf.CauseFork, shell, "bash"))
	before := s.byWho(child).Image
	ev := must(t, s, child.exec(shell, "/bin/cat", "", "/etc/shadow"))
	p := ev.Process
	if ev.Row.Name != "execve" || ev.Result != 0 || !ev.HasResult() || ev.TID != uint32(child) || ev.Num != 3 {
		t.Errorf("%s %d of %d, number %d", ev.Row.Name, ev.Result, ev.TID, ev.Num)
	}
	if p != &s.byWho(child).Process || p.Exe != "/bin/cat" || !slices.Equal(p.Args, []string{"", "/etc/shadow"}) ||
		p.Name != "cat" || p.Image <= before || p.Env[1] != "PATH=/bin" || p.ArgsCut {
		t.Errorf("%+v", p)
	}
	if ev.Time != bootAt+now {
		t.Errorf("at %d", ev.Time)
	}
	for name, want := range map[string]event.Arg{
		"res":             {Valid: true},
		"exe":             {Valid: true, Text: "/bin/cat"},
		"args":            {Valid: true, Text: "\x00/etc/shadow"},
		"env":             {Valid: true, Text: "HOME=/root\x00PATH=/bin"},
		"ptid":            {Valid: true, Num: int64(shell)},
		"filename":        {Valid: true, Text: "/bin/cat", Path: "/bin/cat", Unresolved: true},
		"trusted_exepath": {Valid: true, Text: "/usr/bin/cat", Path: "/usr/bin/cat"},
		"vm_size":         {Valid: true},
	} {
		if got := argOf(t, ev, name); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}

func argOf(t testing.TB, ev *event.Event, name string) event.Arg {
	t.Helper()
	for i, p := range ev.Row.Params {
		if p.Name == name {
			return ev.Args[i]
		}
	}
	t.Fatalf("%s has no %s", ev.Row.Name, name)
	return event.Arg{}
}

func TestExecveat(t *testing.T) {
	s := newTree(t)
	r := shell.process(bpf.CauseExec, system, "3", func(w *bpf.WireProcess) {
		w.Header.Row = rowNumber("execveat")
		w.Exe = bpf.WireFile{Ino: 7, Flags: bpf.FileMemfd | bpf.FileWritable, Ctime: 5}
	})
	// A file without a name: its one component is what memfd_create was told.
	r = append(r[:len(bytesOf(bpf.WireProcess{}))], record(nil).text(bpf.BlockExe, "memfd:evil\x00").
		none().none().none().text(bpf.BlockArgv, "").text(bpf.BlockEnv, "")...)
	ev := must(t, s, r)
	f := ev.Process.File
	if ev.Row.Name != "execveat" || f.Path != "memfd:evil" || !f.Memfd || !f.Writable || f.Ctime != 5 || f.Ino != 7 {
		t.Errorf("%s %+v", ev.Row.Name, f)
	}
	if argOf(t, ev, "flags").Num != 5 || ev.Process.Exe != "" || ev.Process.Args != nil || ev.Process.Env != nil {
		t.Errorf("%+v", ev.Process)
	}
	if ev.Process.Cwd != "/home/bash" {
		t.Errorf("lost its directory: %q", ev.Process.Cwd)
	}
}

func TestArgumentsCut(t *testing.T) {
	s := newTree(t)
	r := shell.process(bpf.CauseExec, system, "x").block(bpf.BlockArgv, bpf.BlockCut, []byte("x\x00half"))
	if p := must(t, s, r).Process; !p.ArgsCut || !slices.Equal(p.Args, []string{"half"}) {
		t.Errorf("%q cut %v", p.Args, p.ArgsCut)
	}
}

func TestChangeKeepsProgram(t *testing.T) {
	s := newTree(t)
	before := s.byWho(shell).Image
	feed(t, s, shell.process(bpf.CauseChange, system, "bash", func(w *bpf.WireProcess) {
		w.Own.Uid, w.Own.Gid, w.Loginuid, w.Own.CapEffective = 1000, 1000, 0, 3
	}))
	p := s.byWho(shell)
	if p.Exe != "/bin/bash" || p.UID != 1000 || p.CapEffective != 3 || p.Image <= before {
		t.Errorf("%+v", p.Process)
	}
	want := event.Account{Known: true, Name: "alice", Home: "/home/alice", Shell: "/bin/zsh"}
	if p.User != want || p.Group.Name != "staff" || p.Login.Name != "root" {
		t.Errorf("%+v %+v %+v", p.User, p.Group, p.Login)
	}
}

// A thread may have ids and a directory of its own: its acts say so, and nobody
// else's.
func TestThreadApart(t *testing.T) {
	s := newTree(t)
	shut := func() record { return shell.call("shutdown", 0, 3, 1).none() }
	ev := must(t, s, shut().apart(bpf.WireOwn{Uid: 1000, Gid: 1000, CapEffective: 3, Mntns: 9}, "/srv"))
	p := ev.Process
	if !ev.Apart || p.UID != 1000 || p.User.Name != "alice" || p.Group.Name != "staff" || p.CapEffective != 3 || p.MountNS != 9 ||
		p.Cwd != "/srv" || p.Directory() != "/srv/" || p.PID != uint32(shell) || p.CommandLine() != "bash -l" {
		t.Errorf("the thread: %+v", p)
	}
	ev = must(t, s, shut())
	if ev.Apart {
		t.Error("a thread that has nothing of its own is apart")
	}
	for _, p := range []*event.Process{&s.byWho(shell).Process, ev.Process} {
		if p.UID != 0 || p.User.Name != "root" || p.CapEffective != 0 || p.Cwd != "/home/bash" || p.Directory() != "/home/bash/" {
			t.Errorf("its process: %+v", p)
		}
	}
	if _, err := s.Apply(bpf.Raw(shut().block(bpf.BlockThread, 0, nil)), ev); !errors.Is(err, ErrShort) {
		t.Errorf("a thread without facts: %v", err)
	}
}

// What a process runs is what it executed, whatever becomes of the file and of
// what the kernel calls its program.
func TestProgramStays(t *testing.T) {
	s := newTree(t)
	moved := func(exec uint64) func(*bpf.WireProcess) {
		return func(w *bpf.WireProcess) { w.ExecId, w.Exe.Ino = exec, 7 }
	}
	path := func(p who) string { return s.byWho(p).File.Path }
	feed(t, s, shell.process(bpf.CauseChange, system, "innocent", moved(0)))
	if got := path(shell); got != "/usr/bin/bash" || s.byWho(shell).File.Ino != 0 {
		t.Errorf("after its file was renamed: %s", got)
	}
	feed(t, s, child.process(bpf.CauseFork, shell, "innocent", moved(0)))
	if got := path(child); got != "/usr/bin/bash" {
		t.Errorf("its child: %s", got)
	}
	feed(t, s, child.process(bpf.CauseChange, shell, "cat", moved(1)))
	if got := path(child); got != "/usr/bin/cat" {
		t.Errorf("after an exec whose record was lost: %s", got)
	}
}

func TestRename(t *testing.T) {
	s := newTree(t)
	before := s.byWho(shell).Image
	feed(t, s, shell.rename("bash"), who(999).rename("other"))
	if p := s.byWho(shell); p.Image != before {
		t.Error("a name that stays is a change")
	}
	feed(t, s, shell.rename("kworker"))
	if p := s.byWho(shell); p.Name != "kworker" || p.Image <= before || s.byWho(999) != nil {
		t.Errorf("%q", p.Name)
	}
}

func TestClockFollows(t *testing.T) {
	wall := uint64(bootAt)
	s := newTree(t, func(o *Options) { o.Clock = func() (uint64, uint64) { return wall + now, now } })
	wall += 60 * second
	at := func(time uint64) uint64 {
		r := shell.exit(0, 0)
		fixed[bpf.WireExit](bpf.Raw(r)).Header.Time = time
		return must(t, s, r).Time - time
	}
	if got := at(now + second); got != bootAt {
		t.Errorf("offset %d", got)
	}
	if got := at(now + 20*second); got != bootAt+60*second {
		t.Errorf("offset %d", got)
	}
}

func TestBadRecords(t *testing.T) {
	s := newTree(t)
	good := shell.exec(system, "/bin/cat")
	call := shell.call("openat", 3, 0, 0, 0, 0).none().none().given("x", "/")
	before, image := s.Counts(), s.byWho(shell).Image
	for name, tt := range map[string]struct {
		r    record
		want error
	}{
		"empty":           {nil, ErrShort},
		"half a header":   {good[:10], ErrShort},
		"header alone":    {good[:len(bytesOf(bpf.WireHeader{}))], ErrShort},
		"half a block":    {good[:len(good)-17], ErrShort},
		"block without":   {good[:len(bytesOf(bpf.WireProcess{}))+4], ErrShort},
		"no args":         {call[:len(bytesOf(bpf.WireCall{}))+8], ErrShort},
		"too few blocks":  {shell.call("openat", 3, 0, 0, 0, 0).none(), ErrBlock},
		"too many blocks": {append(call[:len(call):len(call)], record(nil).none()...), ErrBlock},
		"another block":   {shell.call("listen", 0, 3, 1).text(bpf.BlockString, "x"), ErrBlock},
		"short file":      {shell.call("listen", 0, 3, 1).text(bpf.BlockFile, "x"), ErrShort},
		"short socket":    {shell.call("listen", 0, 3, 1).text(bpf.BlockSock, "x"), ErrShort},
		"no row":          {changed(call, func(h *bpf.WireHeader) { h.Row = 9999 }), ErrRow},
		"no type":         {changed(call, func(h *bpf.WireHeader) { h.Type = 99 }), ErrType},
		"short exit":      {changed(good[:len(bytesOf(bpf.WireHeader{}))], func(h *bpf.WireHeader) { h.Type = bpf.TypeExit }), ErrShort},
		"short rename":    {changed(good[:len(bytesOf(bpf.WireHeader{}))], func(h *bpf.WireHeader) { h.Type = bpf.TypeRename }), ErrShort},
	} {
		var ev event.Event
		if ok, err := s.Apply(bpf.Raw(tt.r), &ev); ok || !errors.Is(err, tt.want) {
			t.Errorf("%s: %v %v, want %v", name, ok, err, tt.want)
		}
	}
	if p := s.byWho(shell); p.Image != image || p.Exe != "/bin/bash" || s.Counts() != before || len(s.processes.known) != 2 {
		t.Error("a bad record changed something")
	}
}

func changed(r record, f func(*bpf.WireHeader)) record {
	r = slices.Clone(r)
	f(bpf.Raw(r).Header())
	return r
}

// Acts outside of the scope change what is known and are no events.
func TestOutsideOfScope(t *testing.T) {
	s := newTree(t)
	feed(t, s, child.process(bpf.CauseFork, shell, "bash"))
	outside := func(h *bpf.WireHeader) { h.Row = bpf.RowOutside }
	feed(t, s, changed(child.exec(shell, "/bin/cat"), outside))
	p := s.byWho(child)
	if p.Exe != "/bin/cat" {
		t.Errorf("runs %q", p.Exe)
	}
	feed(t, s, changed(child.exit(0, 0), outside))
	if !p.Exited {
		t.Error("lives on")
	}
}

func TestJudge(t *testing.T) {
	var asked []string
	s := newTree(t, func(o *Options) {
		o.Judge = func(_ bpf.WireCgroup, p *event.Process) { asked = append(asked, p.Name+" "+p.Cgroup) }
	})
	feed(t, s, child.process(bpf.CauseFork, shell, "bash", func(w *bpf.WireProcess) { w.Cgroup.Id = 7 }),
		child.process(bpf.CauseCgroup, shell, "bash"))
	if want := []string{"bash /user.slice"}; !slices.Equal(asked, want) {
		t.Errorf("asked about %q, want %q", asked, want)
	}
}

// What changes the credentials is told once, however many threads follow.
func TestCredentials(t *testing.T) {
	s := newTree(t)
	by := func(cause uint16, uid uint32, effective uint64) record {
		h := shell.header(bpf.TypeCredentials)
		h.Row = cause
		return bytesOf(bpf.WireCredentials{Header: h, Uid: uid, CapEffective: effective})
	}
	feed(t, s, by(rowNumber("chdir"), 0, 0))
	ev := must(t, s, by(rowNumber("setresuid"), 1000, 0))
	number := func(name string) int64 { return argOf(t, ev, name).Num }
	if argOf(t, ev, "by").Text != "setresuid" || number("uid_before") != 0 || number("uid") != 1000 ||
		ev.Process.User.Name != "alice" || ev.HasResult() {
		t.Errorf("%s %+v", ev.Row.Name, ev.Args)
	}
	if p := s.byWho(shell); p.UID != 0 || p.User.Name != "root" {
		t.Errorf("a thread's ids became its process's: %d", p.UID)
	}
	feed(t, s, by(rowNumber("setresuid"), 1000, 0))
	h := shell.header(bpf.TypeCredentials)
	h.Row = bpf.RowNone
	ev = must(t, s, bytesOf(bpf.WireCredentials{Header: h, Uid: 1000, CapEffective: 7, CapPermitted: 15, CapInheritable: 1}))
	if ev.Process.CapPermitted != 15 || ev.Process.CapInheritable != 1 || s.byWho(shell).CapPermitted == 15 {
		t.Errorf("the thread may have %x and hand on %x", ev.Process.CapPermitted, ev.Process.CapInheritable)
	}
	if number("cap_effective_before") != 0 || number("cap_effective") != 7 || argOf(t, ev, "by").Valid {
		t.Errorf("%+v", ev.Args)
	}
	if _, err := s.Apply(bpf.Raw(by(0, 0, 0)[:40]), ev); !errors.Is(err, ErrShort) {
		t.Errorf("a short record: %v", err)
	}
}

// Of a process that nobody knew there is nothing to compare with.
func TestCredentialsOfUnknown(t *testing.T) {
	s := newTree(t)
	h := who(77).header(bpf.TypeCredentials)
	feed(t, s, bytesOf(bpf.WireCredentials{Header: h, Uid: 5}))
	ev := must(t, s, bytesOf(bpf.WireCredentials{Header: h, Uid: 6}))
	if got := argOf(t, ev, "uid_before").Num; got != 5 {
		t.Errorf("before: %d", got)
	}
}
