package pushdown

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/rules"
)

// crowd are more rules than the kernel has room for if each is told apart: of some kinds,
// each with paths of its own, and paths that they fit.
func crowd(t *testing.T, n int) (set *rules.Set, fit []string) {
	shapes := []struct{ test, fit string }{
		{"fd.name contains .key%d_", "/home/x/.key%d_rsa"},
		{"fd.name in (/etc/app%d/shadow, /opt/app%[1]d/passwd) and evt.is_open_read = true", "/opt/app%d/passwd"},
		{"fd.name startswith /var/lib/app%d/ and evt.is_open_write = true", "/var/lib/app%d/db/base"},
		{"fd.name endswith .secret%d", "/srv/data.secret%d"},
		{"fd.directory = /root/.app%d and not proc.name = app", "/root/.app%d/rc"},
		{"fd.name glob /home/*/.config%d/*", "/home/me/.config%d/token"},
	}
	var b strings.Builder
	for i := range n {
		s := shapes[i%len(shapes)]
		fmt.Fprintf(&b, "- rule: r%d\n  desc: d\n  output: o\n  priority: info\n  condition: evt.type in (open, openat) and %s\n", i, fmt.Sprintf(s.test, i*7919))
		fit = append(fit, fmt.Sprintf(s.fit, i*7919))
	}
	set, findings := rules.Load(rules.FalcoSchema(), []rules.File{{Name: "r.yaml", Content: []byte(b.String())}}, rules.Options{})
	if set == nil {
		t.Fatal(findings.Err())
	}
	return set, fit
}

// TestManyRules: however many rules there are, paths that none of them names are left out,
// and those that some rule names are told for it.
func TestManyRules(t *testing.T) {
	for _, n := range []int{12, 60, 400} {
		set, fit := crowd(t, n)
		calls, paths := Judge(set)
		if paths.Opened.all == nil {
			t.Fatalf("%d rules: paths are not told apart", n)
		}
		numbers := NumbersOf(set)
		asked := calls[0].facts(numbers).Asked
		for i, path := range fit {
			set := numbers.only([]*rules.Rule{set.Rules()[i]})
			if end := paths.Opened.all.end(path); end.And(set) != set {
				t.Fatalf("%d rules: %s is left out of rule %d's", n, path, i)
			}
		}
		for _, path := range []string{"/usr/lib/libc.so.6", "/etc/passwd", "/proc/1/stat", "/home/me/notes.txt", "/srv/data", "/dev/null"} {
			if end := paths.Opened.all.end(path).And(asked); !end.IsEmpty() {
				t.Errorf("%d rules: %s is told for %v", n, path, end)
			}
		}
	}
}

// TestCut: what is cut tells all that the whole did, and of what begins as nothing that a
// rule names, no more.
func TestCut(t *testing.T) {
	set, fit := crowd(t, 30)
	_, paths := Judge(set)
	whole := paths.Opened.all
	for depth := range 24 {
		cut := whole.cut(depth)
		if len(cut.next) > len(whole.next) {
			t.Errorf("depth %d: %d states, were %d", depth, len(cut.next), len(whole.next))
		}
		for _, path := range append(fit, "/usr/lib/libc.so.6", "/etc/app", "/x") {
			if full, end := whole.endOf(path), cut.endOf(path); end.or(full) != end {
				t.Errorf("depth %d: %s has %v, needs %v", depth, path, end, full)
			}
		}
		if end := cut.end("/usr"); depth > 8 && !end.IsEmpty() {
			t.Errorf("depth %d: /usr is told", depth)
		}
	}
}

// TestSharedPlaces: where rules share places, those do that ask for the same fields of the
// same calls.
func TestSharedPlaces(t *testing.T) {
	var b strings.Builder
	asks := []string{"evt.type = open and fd.name =", "evt.type = connect and proc.name =", "evt.type = open and proc.name ="}
	for i := range 600 {
		fmt.Fprintf(&b, "- rule: r%d\n  desc: d\n  output: o\n  priority: info\n  condition: %s x%d\n", i, asks[i%len(asks)], i)
	}
	set, findings := rules.Load(rules.FalcoSchema(), []rules.File{{Name: "r.yaml", Content: []byte(b.String())}}, rules.Options{})
	if set == nil {
		t.Fatal(findings.Err())
	}
	numbers, owner, places := NumbersOf(set), map[int]int{}, map[int]bool{}
	for i, r := range set.Rules() {
		place := numbers[r]
		if first, taken := owner[place]; taken && first != i%len(asks) {
			t.Fatalf("%q and %q share place %d", asks[first], asks[i%len(asks)], place)
		}
		owner[place], places[place] = i%len(asks), true
	}
	if n := len(places); n > bpf.MaxCandidates || n < bpf.MaxCandidates-len(asks) {
		t.Errorf("%d places are used", n)
	}
}

// TestBroadRules: what rules about whole directories take isn't taken by rules of another
// kind about files there, though together they have no room.
func TestBroadRules(t *testing.T) {
	var b strings.Builder
	add := func(condition string) {
		fmt.Fprintf(&b, "- rule: r%d\n  desc: d\n  output: o\n  priority: info\n  condition: evt.type = openat and %s\n", strings.Count(b.String(), "- rule"), condition)
	}
	for i := range 150 {
		add(fmt.Sprintf("evt.is_open_read = true and (fd.name = /etc/secret%d or fd.name contains /.key%[1]d_)", i*7919))
		add(fmt.Sprintf("evt.is_open_write = true and (fd.name startswith /opt/app%d/ or fd.name startswith /etc/ or fd.name startswith /usr/)", i*7919))
	}
	set, findings := rules.Load(rules.FalcoSchema(), []rules.File{{Name: "r.yaml", Content: []byte(b.String())}}, rules.Options{})
	if set == nil {
		t.Fatal(findings.Err())
	}
	calls, paths := Judge(set)
	numbers, reads, writes := NumbersOf(set), []*rules.Rule(nil), []*rules.Rule(nil)
	for i, r := range set.Rules() {
		if i%2 == 0 {
			reads = append(reads, r)
		} else {
			writes = append(writes, r)
		}
	}
	if calls[0].Row.Name != "openat" || paths.Opened.all == nil {
		t.Fatal("paths are not told apart")
	}
	for _, path := range []string{"/etc/passwd", "/usr/lib/libc.so.6"} {
		end := paths.Opened.all.end(path)
		if some := end.And(numbers.only(reads)); !some.IsEmpty() {
			t.Errorf("%s is told for rules about reading others", path)
		}
		if some := end.And(numbers.only(writes)); some.IsEmpty() {
			t.Errorf("%s is left out, though rules about writing take it", path)
		}
	}
}
