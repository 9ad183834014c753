package rules

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/event/eventtest"
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
func officialSet(t testing.TB) *Set { return allOf(t, officialFiles(t)) }

// allOf is all rules of files, enabled.
func allOf(t testing.TB, files []File) *Set {
	set, fs := Load(FalcoSchema(), files, Options{All: true, Select: []Selection{{Enable: true, Rule: "*"}}})
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
	p := set.sources[SyscallSource].byType["openat"].plans[0]
	b.Logf("%d rules, %d gates", len(p.rules), len(p.shared))
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
		PID: 4711, Image: 5, Start: 5e9, Born: 1.7e18, Parent: parent, PPID: parent.PID, VPID: 11, Name: "node", Exe: "node",
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

// opens are everyday opens of a few processes: what a server, a shell's
// children and a package manager read and write.
func opens() (events []field.OfEvent) {
	for i, who := range []string{"node", "sh", "ls", "dpkg", "sshd", "python3", "nginx", "postgres"} {
		for _, file := range []string{
			"/usr/lib/libc.so.6", "/etc/ld.so.cache", "/etc/passwd", "/proc/self/stat", "/srv/app/index.js", "/tmp/x1",
			"/var/lib/postgresql/base/1", "/dev/null", "/usr/share/zoneinfo/UTC", "/home/ana/notes.txt",
		} {
			e := realOpen()
			p := *e.Process
			p.Name, p.Exe, p.File.Path, p.Image, p.Args = who, who, "/usr/bin/"+who, uint64(i+1), nil
			if i%2 == 0 {
				p.Container = nil
			}
			e.Process = &p
			e.FD.Name = file
			for a := range e.Args {
				e.Args[a].Num = 0 // O_RDONLY
				if strings.HasPrefix(file, "/tmp") || strings.HasPrefix(file, "/var") {
					e.Args[a].Num = 2 // O_RDWR
				}
			}
			events = append(events, e)
		}
	}
	return events
}

// BenchmarkMatch matches opens with the stable official rules and with all of
// them: by candidate words; by words, each time a file that was never seen;
// without words; and as engines commonly do, by closures in a bucket for each
// type: the yardstick.
func BenchmarkMatch(b *testing.B) {
	files := officialFiles(b)
	for _, set := range []*Set{allOf(b, files[:1]), allOf(b, files)} {
		b.Run(fmt.Sprintf("%d rules", len(set.Rules())), func(b *testing.B) { benchmarkMatch(b, set) })
	}
}

func benchmarkMatch(b *testing.B, set *Set) {
	events := opens()
	matcher := set.NewMatcher()
	var alone []field.OfEvent
	for _, e := range events {
		alone = append(alone, unnumbered(e.Event))
	}
	novel, names := realOpen(), freshNames()
	closures, r := newClosures(set), newReader(set)
	for _, way := range []struct {
		name  string
		match func(i int)
	}{
		{"words", func(i int) { matcher.Match(events[i%len(events)], SyscallSource, "openat") }},
		{"new files", func(i int) {
			novel.FD.Name = names[i%len(names)]
			matcher.Match(novel, SyscallSource, "openat")
		}},
		{"plain", func(i int) { matcher.Match(alone[i%len(alone)], SyscallSource, "openat") }},
		{"closures", func(i int) { closures.match(&r, events[i%len(events)], "openat") }},
	} {
		b.Run(way.name, func(b *testing.B) {
			for i := range events {
				way.match(i)
			}
			b.ReportAllocs()
			defer eventtest.Cost(b)()
			for i := 0; b.Loop(); i++ {
				way.match(i)
			}
		})
	}
}

// freshNames are more files than a Matcher remembers.
func freshNames() (names []string) {
	for i := range 2 * maxRecent {
		names = append(names, fmt.Sprintf("/var/cache/build/%d/object.o", i))
	}
	return names
}

// closures are the conditions of a set's rules by event type.
type closures map[string][]func(*reader) Truth

func newClosures(set *Set) closures {
	c := closures{}
	for _, r := range set.Rules() {
		for _, t := range FalcoSchema().Events {
			if r.types.has(t) {
				c[t] = append(c[t], closure(r.cond))
			}
		}
	}
	return c
}

func (c closures) match(r *reader, src field.Source, typ string) (n int) {
	r.begin(src)
	r.know(field.OfAll)
	for _, rule := range c[typ] {
		if rule(r) != False {
			n++
		}
	}
	return n
}

func closure(c *cond) func(*reader) Truth {
	if c.kind == condPred {
		return c.pred.answer
	}
	kids := make([]func(*reader) Truth, len(c.kids))
	for i, k := range c.kids {
		kids[i] = closure(k)
	}
	switch c.kind {
	case condNot:
		return func(r *reader) Truth { return True - kids[0](r) }
	case condAnd:
		return func(r *reader) Truth {
			t := True
			for i := 0; i < len(kids) && t != False; i++ {
				t = min(t, kids[i](r))
			}
			return t
		}
	case condOr:
		return func(r *reader) Truth {
			t := False
			for i := 0; i < len(kids) && t != True; i++ {
				t = max(t, kids[i](r))
			}
			return t
		}
	}
	return func(*reader) Truth { return truth(c.kind == condTrue) }
}

// TestYardstick: the yardstick finds as many matches as the matcher does.
func TestYardstick(t *testing.T) {
	set := newWorld(1).set(t, 60, true)
	w, m, r, c := newWorld(5), set.NewMatcher(), newReader(set), newClosures(set)
	for i := range 300 {
		e := field.OfEvent{Event: w.event(uint64(i))}
		if got, want := c.match(&r, e, e.Row.Name), len(m.Match(e, SyscallSource, e.Row.Name)); got != want {
			t.Errorf("event %d: %d matches, want %d", i, got, want)
		}
	}
}

func TestMatchDoesNotAllocate(t *testing.T) {
	set := officialSet(t)
	m, src := set.NewMatcher(), newSlots(set, openEvent())
	events := opens()
	for _, e := range events {
		m.Match(e, SyscallSource, "openat")
	}
	if n := testing.AllocsPerRun(10, func() {
		for _, e := range events {
			m.Match(e, SyscallSource, "openat")
		}
	}); n != 0 {
		t.Errorf("events: %v allocations", n)
	}
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
