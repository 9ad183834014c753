package rules

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/internal/syscalls"
)

// officialFiles are the three official rule files.
func officialFiles(t testing.TB) (files []File) {
	dir := conformanceDir()
	if dir == "" {
		t.Skip("no conformance data: set SAKER_CONFORMANCE")
	}
	for _, name := range []string{"falco_rules.yaml", "falco-incubating_rules.yaml", "falco-sandbox_rules.yaml"} {
		data, err := os.ReadFile(filepath.Join(dir, "..", "rules-official", name))
		if err != nil {
			t.Skip("the official rules are absent: ", err)
		}
		files = append(files, File{name, data})
	}
	return files
}

// officialSet is all of the official rules, enabled.
func officialSet(t testing.TB) *Set {
	set, fs := Load(FalcoSchema(), officialFiles(t), Options{All: true, Select: []Selection{{Enable: true, Rule: "*"}}})
	if set == nil {
		t.Fatal(fs.Err())
	}
	return set
}

func BenchmarkLoadOfficial(b *testing.B) {
	files := officialFiles(b)
	for b.Loop() {
		if set, fs := Load(FalcoSchema(), files, Options{}); set == nil {
			b.Fatal(fs.Err())
		}
	}
}

// openEvent is what the fields of an everyday open say.
func openEvent() fixed {
	return fixed{
		"evt.type": field.Str("openat"), "evt.num": field.Unsigned(7), "evt.is_open_read": field.Truth(true),
		"evt.is_open_write": field.Truth(false), "fd.typechar": field.Str("f"), "fd.type": field.Str("file"), "fd.num": field.Num(3),
		"fd.name": field.Str("/usr/lib/x86_64-linux-gnu/libc.so.6"), "fd.nameraw": field.Str("/lib/x86_64-linux-gnu/libc.so.6"),
		"proc.name": field.Str("node"), "proc.pname": field.Str("bash"), "proc.cmdline": field.Str("node server.js --port 80"),
		"proc.exe": field.Str("node"), "proc.exepath": field.Str("/usr/bin/node"), "proc.pid": field.Num(4711), "proc.vpid": field.Num(11),
		"proc.pexepath": field.Str("/usr/bin/bash"), "user.name": field.Str("www"), "user.uid": field.Unsigned(33),
		"container.id": field.Str("host"), "evt.rawres": field.Num(3), "evt.res": field.Str("SUCCESS"),
		"evt.arg.flags": field.Str("O_RDONLY|O_CLOEXEC"), "proc.tty": field.Unsigned(0), "proc.duration": field.Unsigned(1e9),
	}
}

// slots is a source that answers from an array, as a decoded event does.
type slots struct{ byID []field.Value }

func (s *slots) Value(r *field.Ref) field.Value { return s.byID[r.ID()] }

func newSlots(set *Set, f fixed) *slots {
	s := &slots{}
	for _, e := range set.exprs {
		if e.ref != nil {
			for len(s.byID) <= e.ref.ID() {
				s.byID = append(s.byID, field.NoValue)
			}
			s.byID[e.ref.ID()] = f.Value(e.ref)
		}
	}
	return s
}

func BenchmarkMatchOfficial(b *testing.B) {
	set := officialSet(b)
	m, src := set.NewMatcher(), newSlots(set, openEvent())
	p := set.sources[SyscallSource].byType["openat"]
	b.Logf("%d rules, %d gates", len(p.rules), len(p.gates))
	b.ReportAllocs()
	for b.Loop() {
		m.Match(src, SyscallSource, "openat")
	}
}

// realOpen is a decoded open of a library by a server's worker.
func realOpen() field.OfEvent {
	parent := &event.Process{PID: 1}
	for _, name := range []string{"systemd", "containerd-shim", "bash", "npm"} {
		parent = &event.Process{PID: parent.PID + 10, Parent: parent, Name: name, Exe: "/usr/bin/" + name, File: event.ExeFile{Path: "/usr/bin/" + name}}
	}
	p := &event.Process{
		PID: 4711, Start: 5e9, Born: 1.7e18, Parent: parent, PPID: parent.PID, VPID: 11, Name: "node", Exe: "node",
		Args: []string{"server.js", "--port", "80"}, Env: []string{"HOME=/srv", "PATH=/usr/bin"}, Cwd: "/srv", LoginUID: event.NoID,
		File: event.ExeFile{Path: "/usr/bin/node", Ino: 7}, UID: 33, GID: 33, User: event.Account{Known: true, Name: "www"},
		Container: &event.Container{ID: strings.Repeat("ab", 32), Runtime: "containerd"},
	}
	row := syscalls.ByName("openat")
	args := make([]event.Arg, len(row.Params))
	for i := range args {
		args[i] = event.Arg{Valid: true, Num: 3, Path: "/usr/lib/libc.so.6", Text: "/lib/libc.so.6"}
	}
	return field.OfEvent{Event: &event.Event{
		Num: 7, Time: 1.7e18, Row: row, TID: 4711, Result: 3, Args: args, Process: p, FDNum: 3,
		FD: &event.FD{Type: event.FDFile, Name: "/usr/lib/libc.so.6", Ino: 5, Mode: 0o100755},
	}}
}

func BenchmarkMatchEvent(b *testing.B) {
	set := officialSet(b)
	m, src := set.NewMatcher(), realOpen()
	if got := m.Match(src, SyscallSource, "openat"); len(got) > 0 {
		b.Fatal("matches ", got[0].Rule.Name)
	}
	b.ReportAllocs()
	for b.Loop() {
		m.Match(src, SyscallSource, "openat")
	}
}

func TestMatchDoesNotAllocate(t *testing.T) {
	set := officialSet(t)
	m, src := set.NewMatcher(), newSlots(set, openEvent())
	for _, typ := range set.EventTypes() {
		m.Match(src, SyscallSource, typ) // grows what is kept
		if n := testing.AllocsPerRun(100, func() { m.Match(src, SyscallSource, typ) }); n != 0 {
			t.Errorf("%s: %v allocations", typ, n)
		}
	}
}

func TestOutputDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("under the race detector a sync.Pool forgets on purpose")
	}
	set := officialSet(t)
	src := newSlots(set, openEvent())
	buf := make([]byte, 0, 4096)
	for _, r := range set.Rules() {
		r.AppendOutput(buf, src)
		if n := testing.AllocsPerRun(50, func() { r.AppendOutput(buf, src) }); n > 0 {
			t.Errorf("%s: %v allocations", r.Name, n)
		}
	}
}
