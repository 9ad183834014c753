package state

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
)

func TestReverse(t *testing.T) {
	for raw, want := range map[string]string{
		"shadow\x00etc\x00": "/etc/shadow",
		"":                  "/",
		"/\x00":             "/",
		"a\x00":             "/a",
		"a":                 "/a", // cut off without its NUL
		"c\x00b\x00a\x00":   "/a/b/c",
		"x\x00\x00y\x00":    "/y/x",
	} {
		if got := reverse([]byte(raw)); got != want {
			t.Errorf("%q: %q, want %q", raw, got, want)
		}
	}
}

func TestOnly(t *testing.T) {
	for raw, want := range map[string]string{"memfd:a\x00": "memfd:a", "a\x00b\x00": "", "": "", "a": "", "\x00": ""} {
		if got := string(only([]byte(raw))); got != want {
			t.Errorf("%q: %q, want %q", raw, got, want)
		}
	}
}

func TestJoin(t *testing.T) {
	for _, tt := range []struct{ dir, name, want string }{
		{"/", "/etc/shadow", "/etc/shadow"},
		{"/home/a", "b/c", "/home/a/b/c"},
		{"/home/a", "../b", "/home/b"},
		{"/home/a", "../../../../b", "/b"},
		{"/", "//etc///shadow/", "/etc/shadow"},
		{"/", "/etc/./../etc/shadow", "/etc/shadow"},
		{"/", "..", "/"},
		{"/", "", "/"},
		{"/home", "", "/home"},
		{"/srv/jail", "/../../etc/passwd", "/srv/jail/etc/passwd"},
		{"/srv/jail", "/etc/passwd", "/srv/jail/etc/passwd"},
		{".../a/b", "c", ".../a/b/c"},
		{".../a/b", "../../../c", ".../c"},
		{"/", ".../x", "/.../x"},
		{"/a", "...", "/a/..."},
	} {
		if got := string(join(nil, tt.dir, tt.name)); got != tt.want {
			t.Errorf("%q from %q: %q, want %q", tt.name, tt.dir, got, tt.want)
		}
	}
}

func TestIsDirect(t *testing.T) {
	for _, tt := range []struct {
		name          string
		itself, means bool // a link at its end
	}{
		{"", true, true},
		{".", true, true},
		{"/", true, true},
		{"/.", true, true},
		{"a", true, false},
		{"/a", true, false},
		{"...", true, false},
		{"..", false, false},
		{"/..", false, false},
		{"../a", false, false},
		{"a/", false, false},
		{"a/b", false, false},
		{"/a/b", false, false},
		{"//a", false, false},
		{"./a", false, false},
		{"a/..", false, false},
	} {
		if isDirect(tt.name, true) != tt.itself || isDirect(tt.name, false) != tt.means {
			t.Errorf("%q: not %v if it is meant itself, %v if what it leads to is", tt.name, tt.itself, tt.means)
		}
	}
}

func FuzzJoin(f *testing.F) {
	f.Add("/home/a", "../b")
	f.Add("/", "/etc//shadow/.")
	f.Add("/a", "/..")
	f.Fuzz(func(t *testing.T, dir, name string) {
		if !strings.HasPrefix(dir, "/") {
			return
		}
		got := string(join([]byte("x"), dir, name))
		want := filepath.Join(dir, name)
		if strings.HasPrefix(name, "/") {
			want = filepath.Join(filepath.Clean(dir), filepath.Clean(name))
		}
		if got != "x"+want {
			t.Errorf("%q from %q: %q, want %q", name, dir, got, want)
		}
		if isClean(name) != (strings.HasPrefix(name, "/") && filepath.Clean(name) == name) {
			t.Errorf("%q is clean: %v", name, isClean(name))
		}
	})
}

func TestPathsEvict(t *testing.T) {
	table := newPaths(20 * (pathCost + 20))
	kept := leafFirst("/kept/kept")
	first := table.of(kept, false)
	for i := range 1000 {
		name := fmt.Sprintf("/dir/%05d", i)
		if got := table.of(leafFirst(name), false); got != name {
			t.Fatalf("%q, want %q", got, name)
		}
		if got := table.of(kept, false); got != first {
			t.Fatalf("%q, want %q", got, first)
		}
	}
	queued := len(table.queue) - table.first
	if len(table.known) > 20 || queued != len(table.known) || len(table.queue) > 2*queued+1 || table.bytes > table.limit {
		t.Errorf("%d known, %d queued, %d bytes", len(table.known), queued, table.bytes)
	}
	// Of those that were met once the last came stay, as many as there is room for.
	for i := 1000 - (queued - 1); i < 1000; i++ {
		if name := fmt.Sprintf("/dir/%05d", i); table.known[string(leafFirst(name))] == nil {
			t.Errorf("%s was evicted before older ones", name)
		}
	}
	if want := uint64(1001 - len(table.known)); table.evicted != want {
		t.Errorf("%d evicted, want %d", table.evicted, want)
	}
	if _, stayed := table.known[string(kept)]; !stayed {
		t.Error("the path in use was evicted")
	}
}

// TestPathNumbers: whatever files are called, and whichever paths are given up, a number
// stands for one path, and who is known by inode takes no more memory than all may.
func TestPathNumbers(t *testing.T) {
	table := newPaths(50 * (pathCost + 20))
	of := map[uint64]string{}
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		name, ino := fmt.Sprintf("/dir/%d", random.IntN(200)), uint64(random.IntN(60))
		got, number := table.ofFile(ino, leafFirst(name), false)
		before, met := of[number]
		if got != name || number == 0 || met && before != name {
			t.Fatalf("%q has number %d, as %q, want %q", got, number, before, name)
		}
		of[number] = name
	}
	for _, p := range table.near {
		if p != nil && table.known[p.raw] != p {
			t.Errorf("%s is near, but given up", p.text)
		}
	}
	if table.evicted == 0 || len(of) == 200 {
		t.Error("none was given up")
	}
	for raw, cut := range map[string]bool{"": false, "b\x00": true} {
		if text, number := table.ofFile(7, []byte(raw), cut); number != 0 || text != table.of([]byte(raw), cut) {
			t.Errorf("%q: %q, %d", raw, text, number)
		}
	}
}

func TestPathCutIsNotAbsolute(t *testing.T) {
	table := newPaths(1000)
	if got := table.of([]byte("b\x00a\x00"), true); got != ".../a/b" || len(table.known) != 0 {
		t.Errorf("%q, %d known", got, len(table.known))
	}
}
