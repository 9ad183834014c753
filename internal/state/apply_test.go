package state

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/event/eventtest"
	"github.com/sakerhq/saker/internal/syscalls"
)

// hot are records of acts that hosts do all day.
var hot = map[string]record{
	"open": shell.call("openat", 3, atCwd, 1, unix.O_CLOEXEC, 0).
		file(shadow, "/etc/ssl/certs/ca.pem").none().given("/etc/ssl/cert.pem", "/"),
	"open by a thread apart": shell.call("openat", 3, atCwd, 1, unix.O_CLOEXEC, 0).
		file(shadow, "/etc/shadow").none().given("/etc/shadow", "/").apart(bpf.WireOwn{Uid: 1000}, "/home/bash"),
	"open relative": shell.call("openat", 3, 5, 1, unix.O_CLOEXEC, 0).
		file(shadow, "/etc/shadow").file(etc, "/etc").given("./shadow", "/etc"),
	"open failed": shell.call("openat", -2, atCwd, 1, 0, 0).none().none().given("../x", "/home/a"),
	"connect":     connectTo(0, tcp(established, clientEnd, serverEnd), sockaddr(serverEnd)),
	"send": shell.call("sendto", 2, 3, 0, 2, 0, 1, 16).
		sock(udp(tcpClose, clientEnd, clientEnd), "").text(bpf.BlockBytes, "hello").addr(sockaddr(serverEnd)...),
	"change": shell.process(bpf.CauseChange, system, "bash"),
	"rename": shell.rename("bash"),
	"pipe":   structures["pipe"].r,
	"poll":   structures["ready"].r,
	"semop":  structures["one operation"].r,
	"keyctl": structures["texts of keyctl"].r,
}

func TestApplyDoesNotAllocate(t *testing.T) {
	s := newTree(t)
	for name, r := range hot {
		var ev event.Event
		raw := bpf.Raw(r)
		n := testing.AllocsPerRun(100, func() {
			if _, err := s.Apply(raw, &ev); err != nil {
				t.Fatal(err)
			}
		})
		if n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// TestNothingIsLeftOver: an event says nothing of another one before it, whose memory it has.
func TestNothingIsLeftOver(t *testing.T) {
	fresh, used := newTree(t), newTree(t)
	for i := range 12 {
		fresh.args = append(fresh.args, event.Arg{})
		used.args = append(used.args, event.Arg{
			Valid: true, Num: -1 - int64(i), Text: "left", Path: "/left", FD: &event.FD{Name: "/left"},
			Addr: clientEnd, Cut: true, Fault: true, Unresolved: true,
		})
	}
	for i := range used.plans {
		for at := range used.plans[i].steps {
			if st := &used.plans[i].steps[at]; st.param.Type == syscalls.OpenMode && st.open > at {
				t.Errorf("%s: the mode is read before the flags", syscalls.Rows()[i].Name)
			}
		}
	}
	dirty := slices.Clone(used.args)
	for name, r := range hot {
		copy(used.args, dirty)
		clear(fresh.args)
		got, isEvent := apply(t, used, r)
		want, _ := apply(t, fresh, r)
		if isEvent && equal(got.Args, want.Args) != "" {
			t.Errorf("%s: arguments (-want +got):\n%s", name, equal(want.Args, got.Args))
		}
	}
}

func BenchmarkApply(b *testing.B) {
	for name, r := range hot {
		b.Run(name, func(b *testing.B) {
			s := newTree(b)
			for i := range 10_000 {
				feed(b, s, who(1000+i).process(bpf.CauseFork, shell, "bash"))
			}
			var ev event.Event
			raw := bpf.Raw(r)
			b.ReportAllocs()
			defer eventtest.Cost(b)()
			for b.Loop() {
				if _, err := s.Apply(raw, &ev); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkApplyMany has events of many processes on many files in turn, so
// that the look-ups miss what the last event left at hand.
func BenchmarkApplyMany(b *testing.B) {
	s := newTree(b)
	var raws []bpf.Raw
	for i := range 5000 {
		p := who(1000 + i)
		feed(b, s, p.process(bpf.CauseFork, shell, "bash"))
		path := fmt.Sprintf("/usr/lib/python3/dist-packages/m%d/__init__.py", i)
		raws = append(raws, bpf.Raw(p.call("openat", 3, atCwd, 1, 0, 0).file(shadow, path).none().given(path, "/")))
	}
	var ev event.Event
	b.ReportAllocs()
	defer eventtest.Cost(b)()
	for i := 0; b.Loop(); i++ {
		if _, err := s.Apply(raws[i%len(raws)], &ev); err != nil {
			b.Fatal(err)
		}
	}
}

// FuzzApply feeds two foreign records, and checks that the state stays whole.
func FuzzApply(f *testing.F) {
	for _, r := range hot {
		f.Add([]byte(r), []byte(child.process(bpf.CauseFork, shell, "bash")))
	}
	f.Add([]byte(shell.exec(system, "/bin/cat", "x")), []byte(shell.exit(0, 1)))
	f.Add([]byte(child.exit(9, 100)), []byte(child.process(bpf.CauseScan, shell, "bash")))
	root := newHost(f).opts.Root
	f.Fuzz(func(t *testing.T, one, two []byte) {
		s := New(Options{Root: root, Processes: 5, Sockets: 2, PathBytes: 1000})
		feed(t, s, system.process(bpf.CauseFork, 0, "systemd"), shell.process(bpf.CauseFork, system, "bash"))
		var ev event.Event
		paths := map[uint64]string{}
		for _, raw := range [][]byte{one, two, one, two} {
			ok, err := s.Apply(align(raw), &ev)
			if ok && (err != nil || ev.Process == nil || ev.Row == nil || len(ev.Args) != len(ev.Row.Params)) {
				t.Fatalf("event %+v, error %v", ev, err)
			}
			if ok && ev.FD != nil && ev.FD.Path != 0 {
				if name, met := paths[ev.FD.Path]; met && name != ev.FD.Name {
					t.Fatalf("path %d is %q and %q", ev.FD.Path, name, ev.FD.Name)
				}
				paths[ev.FD.Path] = strings.Clone(ev.FD.Name)
			}
			whole(t, s)
		}
	})
}

// TestBounds: whatever there is more of than may be kept is given up, and counted.
func TestBounds(t *testing.T) {
	s := newTree(t, func(o *Options) {
		o.Processes, o.PathBytes, o.ProgramBytes, o.Sockets, o.Names = 8, 3000, 3000, 1, true
	})
	s.names.limit = 2
	for i := range 100 {
		p := who(1000 + i)
		feed(t, s, p.process(bpf.CauseFork, shell, "bash"))
		must(t, s, p.exec(shell, "/bin/echo", fmt.Sprint("number ", i)))
		dir := fmt.Sprintf("/dir%d", i)
		must(t, s, p.call("open", -2, 1, 0, 0).none().given("x", dir))
		must(t, s, connectTo(0, bpf.WireSock{Ino: uint64(i), Family: unix.AF_INET, LocalPort: 1, RemotePort: 1}, nil))
		s.names.learn(1, answerOf(t, "example.com", 1, fmt.Sprintf("192.0.2.%d", i)), now)
	}
	kept := map[string]bool{
		"processes": len(s.processes.known) <= 8, "paths": s.paths.bytes <= 3000, "programs": len(s.programs.young)+len(s.programs.old) <= 30,
		"sockets": len(s.sockets.past) <= 1, "names": len(s.names.known) <= 2,
	}
	for what, ok := range kept {
		if !ok {
			t.Errorf("more %s are kept than may be", what)
		}
	}
	c := s.Counts()
	if c.ProcessesEvicted < 90 || c.PathsEvicted == 0 || c.ProgramsEvicted < 60 || c.SocketsEvicted < 98 || c.NamesEvicted != 98 {
		t.Errorf("%+v", c)
	}
}

// align puts a record where the ring would: at a multiple of 8.
func align(b []byte) bpf.Raw {
	words := make([]uint64, len(b)/8+1)
	raw := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(words))), 8*len(words))[:len(b)]
	copy(raw, b)
	return raw
}

// whole checks what must hold between the tables of a state.
func whole(t *testing.T, s *State) {
	t.Helper()
	if len(s.processes.known) > s.opts.Processes || s.paths.bytes > s.paths.limit && len(s.paths.known) > 1 {
		t.Fatalf("%d processes, %d bytes of paths", len(s.processes.known), s.paths.bytes)
	}
	inside := map[*container]int{}
	for id, p := range s.processes.known {
		if p.identity() != id {
			t.Fatalf("%v is known as %v", p.identity(), id)
		}
		if p.container != nil {
			inside[p.container]++
		}
		if p.parent != nil && (p.Parent != &p.parent.Process || s.processes.known[p.parent.identity()] != p.parent) {
			t.Fatalf("%v has a parent that is not known", id)
		}
		for c := p.child; c != nil; c = c.after {
			if c.parent != p || c.after != nil && c.after.before != c {
				t.Fatalf("%v and its child %v disagree", id, c.identity())
			}
		}
	}
	for _, c := range s.containers.known {
		if len(c.members) != inside[c] || (c.ended != 0) != (len(c.members) == 0) {
			t.Fatalf("%d processes in container, of %d, ended %d", inside[c], len(c.members), c.ended)
		}
	}
}
