package container

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/internal/event"
)

func write(t testing.TB, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, root string, known *Accounts) *Accounts {
	t.Helper()
	a, err := ReadAccounts(root, known)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestReadAccounts(t *testing.T) {
	root := t.TempDir()
	passwd, group := filepath.Join(root, "etc/passwd"), filepath.Join(root, "etc/group")
	write(t, passwd, "# comment\nroot:x:0:0:root:/root:/bin/bash\n+nis\n-nis\n\nshort:x:1\nbad:x:-1:0::/:/bin/sh\n"+
		"huge:x:4294967296:0::/:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/zsh\ntwice:x:1000:1000::/:/bin/false\nlast:x:7:7::/:")
	write(t, group, "root:x:0:\nstaff:x:1000:alice\n")
	a := read(t, root, nil)
	if got, want := a.User(1000), (event.Account{Known: true, Name: "alice", Home: "/home/alice", Shell: "/bin/zsh"}); got != want {
		t.Errorf("%+v", got)
	}
	if a.User(0).Shell != "/bin/bash" || a.Group(1000).Name != "staff" || a.User(1).Known || a.User(7).Name != "last" || a.Group(7).Known {
		t.Errorf("%+v", a)
	}
	if read(t, root, a) != a {
		t.Error("files that have not changed were read again")
	}
	write(t, passwd, "bob:x:1000:1000::/home/bob:/bin/sh\n")
	b := read(t, root, a)
	if b == a || b.User(1000).Name != "bob" || b.Group(1000).Name != "staff" || a.User(1000).Name != "alice" {
		t.Errorf("after a change: %+v", b)
	}
	if root := b.User(0); root != rootUser {
		t.Errorf("without an entry, 0 is %+v", root)
	}
	same := filepath.Join(root, "etc/new")
	write(t, same, "eve:x:1000:1000::/home/eve:/bin/sh\n") // another file of the same size and time
	var st unix.Stat_t
	if err := unix.Stat(passwd, &st); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(same, time.Time{}, time.Unix(st.Mtim.Unix())); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(same, passwd); err != nil {
		t.Fatal(err)
	}
	if c := read(t, root, b); c.User(1000).Name != "eve" {
		t.Errorf("after a replacement: %+v", c)
	}
	if err := os.Remove(passwd); err != nil {
		t.Fatal(err)
	}
	if c := read(t, root, b); c.User(1000).Known || c.Group(1000).Name != "staff" {
		t.Errorf("without the file: %+v", c)
	}
	if _, err := ReadAccounts(filepath.Join(root, "nowhere"), nil); err == nil {
		t.Error("read accounts of no directory")
	}
}

// What a container puts in the place of a file leads nowhere and blocks nobody.
func TestHostileFiles(t *testing.T) {
	outside := t.TempDir()
	write(t, filepath.Join(outside, "secret"), "secret:x:1000:1000::/:/bin/sh\n")
	for name, make := range map[string]func(file string) error{
		"link out":     func(f string) error { return os.Symlink(filepath.Join(outside, "secret"), f) },
		"link up":      func(f string) error { return os.Symlink("../../../../../../"+outside+"/secret", f) },
		"magic link":   func(f string) error { return os.Symlink("/proc/self/root"+outside+"/secret", f) },
		"link to self": func(f string) error { return os.Symlink("passwd", f) },
		"pipe":         func(f string) error { return unix.Mkfifo(f, 0o600) },
		"directory":    func(f string) error { return os.Mkdir(f, 0o700) },
		"no text":      func(f string) error { return os.WriteFile(f, []byte(strings.Repeat("\x00:", 1<<16)), 0o600) },
		"long line":    func(f string) error { return os.WriteFile(f, []byte(strings.Repeat("a", databaseMax+1)), 0o600) },
		"beyond a size": func(f string) error {
			return os.WriteFile(f, []byte(strings.Repeat("\n", databaseMax)+"late:x:1000:1000::/:/\n"), 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			if err := os.Mkdir(filepath.Join(root, "etc"), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := make(filepath.Join(root, "etc/passwd")); err != nil {
				t.Fatal(err)
			}
			a, err := ReadAccounts(root, nil)
			if err == nil && a.User(1000).Known {
				t.Errorf("read %+v", a)
			}
		})
	}
}

func TestIDMap(t *testing.T) {
	a := &Accounts{
		users: map[uint32]event.Account{1000: {Known: true, Name: "in"}},
		uids:  parseIDMap("         0     100000      65536\n bad line\n 70000 5 x\n     65536 1000 1\n"),
	}
	for id, want := range map[uint32]string{100000: "root", 101000: "in", 1000: "", 0: "", 165536: ""} {
		if got := a.User(id); got.Name != want {
			t.Errorf("%d: %q, want %q", id, got.Name, want)
		}
	}
	if inside, ok := a.uids.inside(1000); !ok || inside != 65536 {
		t.Errorf("1000 is %d inside", inside)
	}
	var none *Accounts
	if none.User(0) != rootUser || none.User(1).Known || none.Group(0) != rootGroup || NoAccounts().User(0).Known {
		t.Error("who is known without any file")
	}
}

// A process's number may be that of another by the time it is asked about.
func TestAccountsOfOtherProcess(t *testing.T) {
	q := Question{ID: strings.Repeat("a", 64), PID: uint32(os.Getpid())}
	if _, _, err := accountsOf("/", &q); !errors.Is(err, errGone) {
		t.Errorf("own process as a container's: %v", err)
	}
	cgroup, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	q.ID = string(cgroup[:2]) // as if it were
	if a, outside, err := accountsOf("/", &q); err != nil || !outside || !a.User(0).Known || len(a.uids) == 0 {
		t.Errorf("%+v, %v, %v", a, outside, err)
	}
	q.PID = 1 << 30
	if _, _, err := accountsOf("/", &q); !errors.Is(err, errGone) {
		t.Errorf("accounts of no process: %v", err)
	}
}

func FuzzAccounts(f *testing.F) {
	f.Add("root:x:0:0:root:/root:/bin/bash\n", "0 100000 65536\n", uint32(100000))
	f.Add("+:::::\n#", "0 0 4294967295", uint32(0))
	f.Fuzz(func(t *testing.T, text, ids string, id uint32) {
		a := &Accounts{users: parse(text, userEntry), groups: parse(text, groupEntry), uids: parseIDMap(ids), gids: parseIDMap(ids)}
		if u := a.User(id); u.Known && u != rootUser && !strings.Contains(text, u.Name+":") {
			t.Errorf("%q has no %+v", text, u)
		}
		a.Group(id)
	})
}
