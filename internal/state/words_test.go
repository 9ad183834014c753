package state

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/event/eventtest"
	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/rules"
)

func loadRules(t testing.TB, all bool, files ...rules.File) *rules.Set {
	t.Helper()
	opts := rules.Options{All: true}
	if all {
		opts.Select = []rules.Selection{{Enable: true, Rule: "*"}}
	}
	set, findings := rules.Load(rules.FalcoSchema(), files, opts)
	if set == nil {
		t.Fatal(findings.Err())
	}
	return set
}

func ruleOf(name, condition string) rules.File {
	return rules.File{Name: name, Content: fmt.Appendf(nil,
		"- rule: %s\n  desc: d\n  output: o\n  priority: INFO\n  condition: evt.type = openat and %s\n", name, condition)}
}

// wordly is a matcher that has met the process and the file of each open before
// something happens to them.
type wordly struct {
	t       *testing.T
	s       *State
	matcher *rules.Matcher
}

func (w *wordly) open() record {
	return child.call("openat", 3, atCwd, 1, unix.O_CLOEXEC, 0).file(shadow, "/etc/shadow").none().given("/etc/shadow", "/")
}

// expect has the matcher see the open twice: by a word that is new at most, and by
// one that is known.
func (w *wordly) expect(want rules.Truth, when string) {
	w.t.Helper()
	for range 2 {
		ev, got := must(w.t, w.s, w.open()), rules.False
		for _, m := range w.matcher.Match(field.OfEvent{Event: ev}, rules.SyscallSource, ev.Row.Name) {
			got = m.Verdict
		}
		if got != want {
			w.t.Fatalf("%s: %v, want %v", when, got, want)
		}
	}
}

// learnImage has a runtime tell of the only container.
func learnImage(t *testing.T, s *State, now time.Time, repository string) {
	t.Helper()
	q := s.askedRuntime(t, now)
	a := q.Unanswered()
	a.Runtime, a.Meta = "docker", &event.ContainerMeta{Repository: repository}
	s.Learn(a, now)
}

// TestWordsFollow: what is remembered of a process holds as long as the process is
// the same, and not for one event longer.
func TestWordsFollow(t *testing.T) {
	asked := time.Now()
	for _, c := range []struct {
		name, condition string
		before, after   rules.Truth
		happens         func(t *testing.T, s *State)
	}{
		{"exec", "proc.exepath = /usr/bin/cat", rules.False, rules.True, func(t *testing.T, s *State) {
			must(t, s, child.exec(shell, "/bin/cat"))
		}},
		{"credentials", "user.uid = 1000", rules.True, rules.False, func(t *testing.T, s *State) {
			feed(t, s, child.process(bpf.CauseChange, shell, "bash", func(w *bpf.WireProcess) { w.Own.Uid = 0 }))
		}},
		{"container", "container.image.repository = nginx", rules.Unknown, rules.True, func(t *testing.T, s *State) {
			learnImage(t, s, asked, "nginx")
		}},
		{"another container's image", "container.image.repository = httpd", rules.Unknown, rules.False, func(t *testing.T, s *State) {
			learnImage(t, s, asked, "nginx")
		}},
		{"leaves its container", "container.id != host", rules.True, rules.False, func(t *testing.T, s *State) {
			feed(t, s, child.in("/user.slice", bpf.CauseCgroup, shell))
		}},
		{"a parent's name", "proc.pname = other", rules.False, rules.True, func(t *testing.T, s *State) {
			feed(t, s, shell.rename("other"))
		}},
		{"a parent's exec", "proc.pname = dash", rules.False, rules.True, func(t *testing.T, s *State) {
			must(t, s, shell.exec(system, "/bin/dash"))
		}},
		{"a parent's exit", "proc.aname = bash", rules.True, rules.False, func(t *testing.T, s *State) {
			must(t, s, shell.exit(0, uint32(system)))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newTree(t, enriched)
			feed(t, s, child.in(dockerCgroup, bpf.CauseFork, shell))
			w := wordly{t, s, loadRules(t, false, ruleOf("r", c.condition)).NewMatcher()}
			w.expect(c.before, "before")
			c.happens(t, s)
			w.expect(c.after, "after")
		})
	}
}

// TestWordsOfFiles: what is remembered of a file is by its path, whatever its inode was
// called before, and whichever paths were given up meanwhile.
func TestWordsOfFiles(t *testing.T) {
	s := newTree(t, func(o *Options) { o.PathBytes = 3 * (pathCost + 30) })
	matcher := loadRules(t, false, ruleOf("r", "fd.name = /etc/shadow")).NewMatcher()
	for i := range 100 {
		path, file := [...]string{"/etc/shadow", "/etc/passwd", "/etc/hosts", "/etc/group", "/etc/fstab"}[i%5], shadow
		file.Ino = uint64(i % 3)
		ev := must(t, s, shell.call("openat", 3, atCwd, 1, unix.O_CLOEXEC, 0).file(file, path).none().given(path, "/"))
		if matches := matcher.Match(field.OfEvent{Event: ev}, rules.SyscallSource, ev.Row.Name); (len(matches) == 1) != (i%5 == 0) {
			t.Fatalf("open %d, of %s: %d matches", i, path, len(matches))
		}
	}
	if s.paths.evicted == 0 {
		t.Error("no path was given up")
	}
}

// A reload is another matcher: it has nothing of what the rules before said of
// the same process and file.
func TestWordsOfAnotherSet(t *testing.T) {
	s := newTree(t)
	feed(t, s, child.process(bpf.CauseFork, shell, "bash"))
	w := wordly{t: t, s: s}
	for i, c := range []struct {
		condition string
		want      rules.Truth
	}{{"proc.pname = bash", rules.True}, {"proc.pname = zsh", rules.False}, {"fd.name = /etc/shadow", rules.True}} {
		w.matcher = loadRules(t, false, ruleOf("r", c.condition)).NewMatcher()
		w.expect(c.want, fmt.Sprint("set ", i))
	}
}

// BenchmarkVerdict takes records of opens to their verdict: 200 processes in
// turn read and write 100 files, with all of the official rules.
func BenchmarkVerdict(b *testing.B) {
	s, matcher := newTree(b), loadRules(b, true, officialFiles(b)...).NewMatcher()
	write(b, filepath.Join(s.opts.Root, "proc/1/mountinfo"), "26 1 8:1 / / rw - ext4 /dev/sda1 rw\n")
	s.refreshMounts()
	var raws []bpf.Raw
	for i := range 200 {
		p := who(1000 + i)
		feed(b, s, p.process(bpf.CauseFork, shell, "cat"))
		path, file := fmt.Sprintf("/usr/lib/python3/m%d/__init__.py", i%100), shadow
		file.Ino, file.Inside = uint64(i%100), uint16(len(path))
		raws = append(raws, bpf.Raw(p.call("openat", 3, atCwd, 1, uint64(i%10/9), 0).file(file, path).none().given(path, "/")))
	}
	var ev event.Event
	verdict := func(i int) {
		if _, err := s.Apply(raws[i%len(raws)], &ev); err != nil {
			b.Fatal(err)
		}
		matcher.Match(field.OfEvent{Event: &ev}, rules.SyscallSource, ev.Row.Name)
	}
	for i := range raws {
		verdict(i)
	}
	b.ReportAllocs()
	defer eventtest.Cost(b)()
	for i := 0; b.Loop(); i++ {
		verdict(i)
	}
}

// officialFiles are the official rule files.
func officialFiles(t testing.TB) (files []rules.File) {
	t.Helper()
	for _, name := range []string{"falco_rules.yaml", "falco-incubating_rules.yaml", "falco-sandbox_rules.yaml"} {
		dir := cmp.Or(os.Getenv("SAKER_CONFORMANCE"), filepath.Join("..", "..", "..", "shared", "conformance"))
		text, err := os.ReadFile(filepath.Join(dir, "..", "rules-official", name))
		if err != nil {
			t.Skip("the official rules are absent: ", err)
		}
		files = append(files, rules.File{Name: name, Content: text})
	}
	return files
}
