package pushdown

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/internal/syscalls"
	"github.com/sakerhq/saker/rules"
)

// end is what an automaton says of a path.
func (a *automaton) end(path string) bpf.Candidates { return a.endOf(path)[anyFile] }

// Tests of a path as a rule has them, and some paths that fit and that don't.
var pathTests = []struct{ test, fit, others string }{
	{"fd.name = /etc/shadow", "/etc/shadow", "/etc/shadow- /etc/shado /shadow /x/etc/shadow"},
	{"fd.name != /etc/shadow", "/etc/shadow- /a", "/etc/shadow"},
	{"fd.name in (/etc/shadow, /a)", "/etc/shadow /a", "/etc/a /b"},
	{"fd.name startswith /etc", "/etc /etcd /etc/a", "/et /a/etc"},
	{"fd.name endswith .so", "/a.so /a/b.so /.so", "/a.so.1 /so"},
	{"fd.name contains /.ssh/", "/root/.ssh/a /.ssh/b", "/root/.ssh /root/ssh/a"},
	{"fd.name icontains SSH", "/a/SsH /ssh", "/s/sh"},
	{"fd.name icontains Élan", "/ÉLAN /aÉlan", "/élan /elan /\ufffdlan"},
	{"fd.name glob /?", "/a", "/é /aa"},
	{"fd.name contains aab", "/aaab /aab", "/aa/b"},
	{"fd.name glob /proc/*/mem", "/proc/1/mem /proc/1/2/mem", "/proc/mem /proc/1/memo"},
	{"fd.name glob /a?c", "/abc /a/c", "/ac /abbc"},
	{"fd.name pmatch (/etc, /var/log)", "/etc /etc/a/b /var/log /var/log/a", "/etcd /var /var/logs /x/etc"},
	{"fd.name pmatch (/home/*/.ssh)", "/home/a/.ssh/b /home/b/.ssh", "/home/.ssh/b /home/a/b/.ssh"},
	{"fd.name pmatch (/)", "/a /a/b", ""},
	{"fd.directory = /etc", "/etc/a", "/etc /etc/a/b /a"},
	{"fd.directory = /", "/a", "/a/b"},
	{"fd.directory != /", "/a/b", "/a"},
	{"fd.directory in (/, /etc)", "/a /etc/a", "/etc/a/b"},
	{"fd.directory startswith /et", "/etc/a /etc/a/b", "/etc /e/tc"},
	{"fd.directory contains c", "/etc/a /c/a", "/c /a/c"},
	{"fd.directory endswith /", "/a", "/a/b"},
	{"fd.directory pmatch (/etc)", "/etc/a /etc/b/c", "/etc /etcd/a"},
	{"fd.directory pmatch (/)", "/etc/a /a", ""},
	{"fd.directory glob ?", "/a", "/a/b /b/c/d"},
	{"fd.filename = shadow", "/etc/shadow /shadow", "/shadow/a /etc/shadow-"},
	{"fd.filename in (a, b)", "/a /c/b", "/a/c"},
	{"fd.filename startswith id_", "/root/id_rsa /id_", "/id_/a /aid_"},
	{"fd.filename contains s/h", "", "/s/h /s/s/h"},
	{"fd.filename endswith rc", "/a/.bashrc /rc", "/rc/a"},
	{"fd.filename glob *.k?y", "/a/b.key /.kay", "/a.key/b"},
	{"fd.filename pmatch (a*)", "/a /b/ab", "/a/b"},
	{"fd.filename pmatch (/a/b)", "", "/a/b /b"},
	{"not fd.name startswith /usr", "/etc/a /us", "/usr/bin /usr"},
	{"(fd.name startswith /etc and fd.filename = a)", "/etc/a /etc/b/a", "/etc/b /usr/a"},
	{"fd.type = file and fd.name startswith /a", "/a /ab", "/b"},
}

func TestPaths(t *testing.T) {
	for _, test := range pathTests {
		_, paths := Judge(load(t, "evt.type = openat and "+test.test))
		if paths.Opened.all == nil {
			t.Errorf("%s: paths are not told apart", test.test)
			continue
		}
		for _, path := range strings.Fields(test.fit) {
			if rest := paths.Opened.all.end(path).And(rule0); rest.IsEmpty() {
				t.Errorf("%s: leaves out %s", test.test, path)
			}
		}
		for _, path := range strings.Fields(test.others) {
			if rest := paths.Opened.all.end(path).And(rule0); !rest.IsEmpty() {
				t.Errorf("%s: tells %s", test.test, path)
			}
		}
	}
}

// rule0 is the only rule of a set.
var rule0 = bpf.Candidates{Words: [4]uint64{1}}

// What patterns can't answer is needed of all paths.
func TestUntestedPaths(t *testing.T) {
	for _, condition := range []string{
		"fd.name regex '/etc/.*'", "fd.name glob /[a-b]*", "basename(fd.name) = a", "fd.nameraw = /a", "fd.origin = /a",
		"fd.name = val(fd.directory)", "fd.containername = /a", "(fd.name = /a or proc.name = x)", "(fd.name = /a or not fd.type = file or fd.num = 3)",
	} {
		_, paths := Judge(load(t, "evt.type = openat and "+condition))
		if paths.Opened.all == nil {
			continue
		}
		for _, path := range []string{"/a", "/b", "/etc/a/b"} {
			if rest := paths.Opened.all.end(path).And(rule0); rest.IsEmpty() {
				t.Errorf("%s: leaves out %s", condition, path)
			}
		}
	}
}

// seen is what the kernel does with an event, by the facts as they are.
func (c *Call) seen(n Numbers, paths Paths, e *event.Event, flags uint64) bpf.Candidates {
	f := c.facts(n)
	left, failed := f.Asked, f.Error
	switch {
	case e.Result == 0:
		left = left.And(f.Zero)
	case e.Result > 0:
		left = left.And(f.Positive)
	default:
		if set, named := f.Failed[int(-e.Result)]; named {
			failed = set
		}
		left = left.And(failed)
	}
	for i := range f.Numbers {
		if c.Numbers[i].Param.Name == "flags" {
			left = left.And(f.Numbers[i].Of[placeOf(&f.Numbers[i], flags)])
		}
	}
	if c.Opens && e.Result >= 0 && e.FD.Type == event.FDDirectory {
		left = left.And(f.Opened[bpf.OpenedDirectory])
	}
	if c.Opens && e.Result >= 0 && e.FD.Type == event.FDFile && paths.Opened.all != nil {
		left = left.And(paths.Opened.all.end(e.FD.Name))
	}
	if c.OpensPath() && paths.Given.all != nil {
		left = left.And(paths.Given.all.end(e.Args[slices.IndexFunc(c.Row.Params, isPath)].Text))
	}
	return left
}

// Whatever is left out, no rule is true for it.
func TestNothingIsMissed(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	leftOut, matched := 0, 0
	for range 150 {
		set := load(t, "evt.type in (openat, open, openat2) and "+randomCondition(random, 3))
		calls, paths := Judge(set)
		m, numbers := set.NewMatcher(), NumbersOf(set)
		for range 200 {
			c := calls[random.IntN(len(calls))]
			e, flags := randomOpen(random, c.Row)
			left := c.seen(numbers, paths, e, flags)
			matches := m.Match(field.OfEvent{Event: e}, rules.SyscallSource, c.Row.Name)
			if matched += len(matches); !left.IsEmpty() {
				continue
			}
			leftOut++
			if len(matches) > 0 {
				t.Fatalf("%s: %s %s of %q with flags %#o, result %d is left out", set.Rules()[0].Condition, c.Row.Name, e.FD.Type, e.FD.Name, flags, e.Result)
			}
		}
	}
	if leftOut < 1000 || matched < 1000 {
		t.Errorf("%d events left out, %d matched: too few to tell", leftOut, matched)
	}
}

// randomOpen is an open that succeeded or failed, of a path near what tests name.
func randomOpen(r *rand.Rand, row *syscalls.Row) (e *event.Event, flags uint64) {
	pieces := []string{"etc", "etcd", "shadow", ".ssh", "ssh", "a", "b", "id_rsa", "home", "var", "log", "mem", "proc", "1", "x.so", "aab", "\xff\xfe", "usr"}
	path := ""
	for range 1 + r.IntN(4) {
		path += "/" + pieces[r.IntN(len(pieces))]
	}
	if r.IntN(3) == 0 {
		words := strings.Fields(pathTests[r.IntN(len(pathTests))].fit + " /a")
		path = words[r.IntN(len(words))]
	}
	types := []event.FDType{event.FDFile, event.FDFile, event.FDFile, event.FDDirectory, event.FDPipe}
	e = &event.Event{Row: row, Process: &event.Process{Name: "x"}, FD: &event.FD{Type: types[r.IntN(len(types))], Name: path}, Args: make([]event.Arg, len(row.Params))}
	e.Result, e.FDNum = int64(r.IntN(5)), 0
	e.FDNum = e.Result
	if r.IntN(4) == 0 {
		e.Result, e.FDNum, e.FD.Type = -int64(1+r.IntN(30)), -1, event.FDFile
	}
	flags = uint64(r.IntN(4)) | uint64(r.IntN(1<<16))&0o4003700
	for i, p := range row.Params {
		if p.Name == "name" {
			words := []string{path, "", "a", "../a", "/a/../../b", "//a", "a/", "/", "..//..", "/etc//shadow"}
			e.Args[i] = event.Arg{Valid: true, Text: words[r.IntN(len(words))]}
		}
		if p.Name == "flags" {
			e.Args[i] = event.Arg{Valid: true, Num: int64(flags)}
		}
	}
	return e, flags
}

var otherTests = []string{
	"evt.is_open_read = true", "evt.is_open_write = true", "evt.is_open_exec = true", "evt.arg.flags contains O_TRUNC", "evt.arg.flags contains O_CREAT",
	"evt.arg.flags contains O_", "fd.num >= 0", "fd.num = -1", "evt.rawres = 3", "evt.rawres < 0", "evt.failed = true", "evt.res = ENOENT", "evt.res startswith E",
	"fd.nameraw contains ..", "fd.nameraw contains ../", "fd.nameraw startswith /a", "fd.nameraw = a", "fd.nameraw endswith /", "fd.nameraw exists",
	"fd.nameraw glob '*../*../*'", "fd.nameraw != /etc/shadow", "fd.nameraw pmatch (/etc)", "fd.nameraw icontains A/",
	"fd.typechar = f", "fd.type = directory", "proc.name = x", "proc.name = y", "evt.type = openat", "evt.rawres in (-2, 0)", "saker.error.type exists",
}

func randomCondition(r *rand.Rand, depth int) string {
	if depth == 0 || r.IntN(4) == 0 {
		if r.IntN(2) == 0 {
			return otherTests[r.IntN(len(otherTests))]
		}
		return pathTests[r.IntN(len(pathTests))].test
	}
	left, right := randomCondition(r, depth-1), randomCondition(r, depth-1)
	return fmt.Sprintf([]string{"(%s or %s)", "(%s and %s)", "(%s and not %s)", "not (%s or %s)"}[r.IntN(4)], left, right)
}

// Two automata as one say what both say.
func TestMerge(t *testing.T) {
	text := func(conditions ...string) Texts {
		var b strings.Builder
		for i, c := range conditions {
			fmt.Fprintf(&b, "- rule: r%d\n  desc: d\n  output: o\n  priority: info\n  condition: evt.type = openat and %s\n", i, c)
		}
		set, findings := rules.Load(rules.FalcoSchema(), []rules.File{{Name: "r.yaml", Content: []byte(b.String())}}, rules.Options{})
		if set == nil {
			t.Fatal(findings.Err())
		}
		_, paths := Judge(set)
		return paths.Opened
	}
	for i, first := range pathTests {
		second := pathTests[(i+7)%len(pathTests)]
		together := text(first.test, second.test)
		for n, test := range []string{first.test, second.test} {
			alone := text(test)
			for _, path := range strings.Fields(first.fit + " " + first.others + " " + second.fit + " " + second.others) {
				told := together.all.end(path).Words[0]>>n&1 != 0
				if single := alone.all.end(path).And(rule0); told == single.IsEmpty() {
					t.Errorf("%s: tells %s together %t", test, path, told)
				}
			}
		}
	}
}

// What costs more than there is room for is told.
func TestTooManyStates(t *testing.T) {
	pattern := "(?:" + strings.Repeat(".", 12) + ")" // any of 12 bytes before the end
	if _, err := determine([]string{".*a" + pattern}, true, 1000); !errors.Is(err, errTooMany) {
		t.Errorf("error %v", err)
	}
	var b strings.Builder
	for i := range 14 {
		fmt.Fprintf(&b, "- rule: r%d\n  desc: d\n  output: o\n  priority: info\n  condition: evt.type = openat and fd.name contains x%dy%dz\n", i, i, i*7)
	}
	set, findings := rules.Load(rules.FalcoSchema(), []rules.File{{Name: "r.yaml", Content: []byte(b.String())}}, rules.Options{})
	if set == nil {
		t.Fatal(findings.Err())
	}
	_, paths := Judge(set)
	if paths.Opened.all == nil {
		t.Fatal("no rule is told apart")
	}
	for i := range 14 {
		if end := paths.Opened.all.end(fmt.Sprintf("/ax%dy%dz", i, i*7)); end.Words[0]>>i&1 == 0 {
			t.Errorf("a path that fits rule %d is left out", i)
		}
	}
	if end := paths.Opened.all.end("/a"); end.Words[0]&(1<<14-1) == 1<<14-1 {
		t.Error("no rule is told apart")
	}
}
