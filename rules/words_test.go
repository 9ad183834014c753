package rules

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/internal/syscalls"
)

// world makes random events as state does: processes stay and change, and what
// changes gets another image.
type world struct {
	*rand.Rand
	processes []*event.Process
	images    uint64
}

func newWorld(seed uint64) *world {
	w := &world{Rand: rand.New(rand.NewPCG(seed, 3))}
	for i := range 12 {
		p := &event.Process{PID: uint32(100 + i), Born: uint64(1e18), LoginUID: event.NoID}
		w.processes = append(w.processes, p)
		w.change(p, i)
	}
	return w
}

func pick[T any](w *world, of ...T) T { return of[w.IntN(len(of))] }

// change makes something else of the process with number i; its parent is an
// elder one.
func (w *world) change(p *event.Process, i int) {
	p.Name = pick(w, "sh", "cat", "sshd", "runc", "httpd")
	p.Exe, p.File.Path = p.Name, pick(w, "/usr/bin/", "/tmp/", "/usr/sbin/")+p.Name
	p.Args = pick(w, nil, []string{"-c", "x"}, []string{"/etc/shadow"})
	p.UID = pick[uint32](w, 0, 1000)
	p.User = event.Account{Known: true, Name: pick(w, "root", "ana")}
	p.Cwd = pick(w, "/", "/root", "/tmp")
	p.Container = pick(w, nil, &event.Container{ID: strings.Repeat("ab", 32), Runtime: "docker"},
		&event.Container{ID: strings.Repeat("cd", 32), Meta: &event.ContainerMeta{Repository: "nginx", Privileged: true}})
	if i > 0 {
		p.Parent = w.processes[w.IntN(i)]
		p.PPID, p.Session = p.Parent.PID, pick(w, w.processes[:i]...)
	}
	w.images++
	p.Image = w.images
}

func (w *world) event(num uint64) *event.Event {
	if i := w.IntN(len(w.processes)); w.IntN(10) == 0 {
		w.change(w.processes[i], i)
	}
	p := pick(w, w.processes...)
	e := &event.Event{
		Num: num, Time: 1e18 + num*1e9, TID: p.PID + uint32(w.IntN(2)), Process: p, Relatives: p.Relatives(), FDNum: -1, Comm: pick(w, "", "", "worker"),
		Row: syscalls.ByName(pick(w, "openat", "openat", "open", "unlinkat", "connect", "execve", "ptrace", "setuid")), Result: int64(w.IntN(9)) - 4,
	}
	if w.IntN(20) == 0 {
		own := *p
		own.UID, own.Cwd = pick[uint32](w, 0, 1000), pick(w, "/", "/root")
		e.Process, e.Apart = &own, true
	}
	e.Args = make([]event.Arg, len(e.Row.Params))
	path := pick(w, "/etc/", "/etc/ssh/", "/tmp/", "/root/.ssh/") + pick(w, "shadow", "passwd", "id_rsa", "x.txt")
	for i := range e.Args {
		e.Args[i] = event.Arg{Valid: w.IntN(9) > 0, Num: int64(w.IntN(512)), Text: path, Path: path}
	}
	switch w.IntN(4) {
	case 0:
	case 1:
		e.FD = &event.FD{
			Type: event.FDIPv4, Proto: event.TCP, Role: pick(w, event.Client, event.Server),
			Local: netip.MustParseAddrPort("10.0.0.1:5000"), Remote: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(w.IntN(3))}), pick[uint16](w, 22, 80)),
		}
	default:
		e.FD = &event.FD{Type: pick(w, event.FDFile, event.FDFile, event.FDDirectory), Name: path, Origin: pick(w, "", "/srv/a", "/srv/b"), Upper: w.IntN(2) == 0, Ino: uint64(w.IntN(3))}
	}
	return e
}

// tests are what random conditions are made of.
var tests = []string{
	"proc.name = %s", "proc.name in (sh, %s)", "proc.pname = %s", "proc.aname = %s", "proc.aname[2] = %s", "proc.sname = %s",
	"proc.cmdline contains %s", "proc.exepath startswith /%s", "user.name != root", "user.uid = 0", "proc.cwd startswith /root",
	"container.id != host", "container.image.repository = nginx", "container.privileged = true", "thread.ismain = true",
	"fd.name = /etc/shadow", "fd.name startswith /etc", "fd.directory in (/tmp, /etc)", "fd.filename glob *.txt", "fd.name pmatch (/root)",
	"fd.typechar = d", "fd.sip = 10.0.0.2", "fd.sport = 22", "fd.net = 10.0.0.0/24", "fd.num >= 0", "fd.name exists", "fd.ino = 1", "fd.origin = /srv/a",
	"evt.type in (open, openat)", "evt.type != ptrace", "evt.type startswith open", "syscall.type = connect", "evt.failed = true",
	"evt.is_open_write = true", "evt.arg.flags contains O_CREAT", "evt.rawres >= 0", "proc.duration < 500000000000", "evt.num > 700",
	"toupper(proc.name) = CAT", "proc.name = val(proc.pname)", "fd.name startswith val(proc.cwd)", "concat(proc.name, fd.name) contains sshd",
	"fs.path.name startswith /etc", "proc.loginshellid > 0", "fd.l4proto = tcp", "evt.hostname = here", "len(fd.name) > 11",
}

func (w *world) condition(depth int) string {
	if depth == 0 || w.IntN(4) == 0 {
		test := pick(w, tests...)
		if strings.Contains(test, "%s") {
			test = fmt.Sprintf(test, pick(w, "sh", "cat", "sshd", "httpd", "worker"))
		}
		return test
	}
	return pick(w, "(%s and %s)", "(%s and %s)", "(%s or %s)", "(%s and not %s)", "(not %s or %s)")
}

// fill puts conditions into the places of a condition.
func (w *world) fill(depth int) string {
	c := w.condition(depth)
	if strings.Count(c, "%s") < 2 {
		return c
	}
	return fmt.Sprintf(c, w.fill(depth-1), w.fill(depth-1))
}

func (w *world) set(t *testing.T, rules int, all bool) *Set {
	var b strings.Builder
	for i := range rules {
		types := pick(w, "evt.type in (open, openat)", "evt.type in (open, openat)", "evt.type = connect", "evt.type in (execve, ptrace, unlinkat)", "evt.num > 0")
		fmt.Fprintf(&b, "- rule: r%d\n  desc: d\n  output: o\n  priority: INFO\n  condition: %s and %s\n", i, types, w.fill(3))
	}
	set, fs := Load(FalcoSchema(), []File{{"random.yaml", []byte(b.String())}}, Options{All: all})
	if set == nil {
		t.Fatal(fs.Err())
	}
	return set
}

// TestWords: what is remembered of processes and files changes no match.
func TestWords(t *testing.T) {
	sets := map[string]*Set{}
	for seed := range uint64(6) {
		sets[fmt.Sprintf("random %d", seed)] = newWorld(seed).set(t, 5+int(seed)*40, seed%2 == 0)
	}
	if conformanceDir() != "" {
		sets["official"] = officialSet(t)
	}
	for name, set := range sets {
		w, m, plain := newWorld(99), set.NewMatcher(), set.NewMatcher()
		matched := 0
		for i := range 4000 {
			e := w.event(uint64(i))
			want := slices.Clone(plain.Match(unnumbered(e), SyscallSource, e.Row.Name))
			got := m.Match(field.OfEvent{Event: e}, SyscallSource, e.Row.Name)
			if !slices.Equal(got, want) {
				t.Fatalf("%s, event %d, %s by %s, fd %+v: %v, want %v", name, i, e.Row.Name, e.Process.Name, e.FD, names(got), names(want))
			}
			matched += len(want)
		}
		if matched == 0 {
			t.Errorf("%s: nothing matched", name)
		}
	}
}

// TestForgotten: words that there was no room for are counted, and found out
// again when they are needed.
func TestForgotten(t *testing.T) {
	text := "- rule: r\n  desc: d\n  output: o\n  priority: INFO\n  condition: evt.type = openat and fd.name endswith 7\n"
	set, fs := Load(FalcoSchema(), []File{{"r.yaml", []byte(text)}}, Options{})
	if set == nil {
		t.Fatal(fs.Err())
	}
	m, e := set.NewMatcher(), realOpen()
	for round := range 2 {
		for i := range 2 * maxRecent {
			e.FD.Name = fmt.Sprint("/f", i)
			if got, want := len(m.Match(e, SyscallSource, "openat")), i%10 == 7; (got == 1) != want {
				t.Fatalf("round %d, %s: %d matches", round, e.FD.Name, got)
			}
		}
		kept := uint64(len(m.words.ofFile.young) + len(m.words.ofFile.old))
		if made := uint64(round+1) * 2 * maxRecent; m.Forgotten() != made-kept || kept > maxRecent {
			t.Errorf("round %d: %d forgotten and %d kept of %d", round, m.Forgotten(), kept, made)
		}
	}
}

// unnumbered is an event by a process of which nothing can be remembered.
func unnumbered(e *event.Event) field.OfEvent {
	alone, p := *e, *e.Process
	p.Image, alone.Process = 0, &p
	return field.OfEvent{Event: &alone}
}

func names(ms []Match) (out []string) {
	for _, m := range ms {
		out = append(out, m.Rule.Name+" "+m.Verdict.String())
	}
	return out
}

// TestManyRules: a type may have more rules than a word has bits.
func TestManyRules(t *testing.T) {
	var b strings.Builder
	for i := range 150 {
		fmt.Fprintf(&b, "- rule: r%d\n  desc: d\n  output: o\n  priority: INFO\n  condition: evt.type = openat and fd.num = %d\n", i, i%75)
	}
	set := load(t, b.String(), Options{All: true})
	m := set.NewMatcher()
	got := names(m.Match(fixed{"fd.num": field.Num(70), "evt.type": field.Str("openat")}, SyscallSource, "openat"))
	if want := []string{"r70 true", "r145 true"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// one is a single word.
func one(rules int) []word { return []word{{0, uint64(rules)}} }

func TestRecent(t *testing.T) {
	var r recent[int]
	get := func(key int) ([]word, bool) { return r.get(uint64(key), &key) }
	for i := range 3 * maxRecent {
		if _, met := get(i); met {
			t.Fatalf("%d is there already", i)
		}
		r.put(uint64(i), &i, one(i))
		if words, met := get(7); !met || words[0].rules != 7 {
			if i >= 7 {
				t.Fatalf("after %d: 7, asked for often, is forgotten", i)
			}
		}
		if len(r.young)+len(r.old) > maxRecent {
			t.Fatalf("%d words", len(r.young)+len(r.old))
		}
	}
	if words, met := get(3*maxRecent - 5); !met || words[0].rules != 3*maxRecent-5 {
		t.Error("a new one is forgotten")
	}
	if all := uint64(3 * maxRecent); r.forgotten != all-uint64(len(r.young)+len(r.old)) {
		t.Errorf("%d forgotten of %d, %d there", r.forgotten, all, len(r.young)+len(r.old))
	}
}

// TestRecentWords: keys with many words take no more room than all may have.
func TestRecentWords(t *testing.T) {
	var r recent[int]
	const each = 100
	for i := range 3 * maxWords / each {
		r.put(uint64(i), &i, make([]word, each))
		if n := (len(r.young) + len(r.old)) * each; n > maxWords+2*each {
			t.Fatalf("%d words", n)
		}
	}
	if r.forgotten == 0 {
		t.Error("nothing is forgotten")
	}
}

// Keys may have one sum: then the later is remembered, and never mistaken.
func TestRecentSums(t *testing.T) {
	var r recent[string]
	for turn, key := range []string{"a", "b", "a"} {
		if _, met := r.get(1, &key); met {
			t.Fatalf("%s is known", key)
		}
		r.put(1, &key, one(turn))
		if words, met := r.get(1, &key); !met || words[0].rules != uint64(turn) || r.forgotten != uint64(turn) {
			t.Fatalf("%s: %v, %v, %d forgotten", key, words, met, r.forgotten)
		}
	}
}
