package fields

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sakerhq/saker/internal/container"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/internal/state"
	"github.com/sakerhq/saker/internal/syscalls"
	"github.com/sakerhq/saker/test/witness"
)

// loggedIn is who logs in, where the kernel lets him be named.
const loggedIn = 4711

// asking is a shell that somebody logged in to, and that asks for a file for each line.
const asking = `
echo 4711 >/proc/self/loginuid
exec /bin/sh -c 'while read -r name; do true <"/nowhere/$name"; done'`

// writeAccounts writes files with the accounts of a host.
func writeAccounts(t *testing.T, root, name string) {
	t.Helper()
	for file, text := range map[string]string{
		"passwd": fmt.Sprintf("%s:x:%d:0::/home/%[1]s:/bin/%[1]s\nlogin-%[1]s:x:%[3]d:0::/:/bin/sh\n", name, os.Geteuid(), loggedIn),
		"group":  fmt.Sprintf("group-%s:x:%d:\n", name, os.Getegid()),
	} {
		next := filepath.Join(root, "etc", file)
		if err := errors.Join(os.WriteFile(next+".new", []byte(text), 0o600), os.Rename(next+".new", next)); err != nil {
			t.Fatal(err)
		}
	}
}

// hostRoot is a root directory with accounts, and the processes of this machine.
func hostRoot(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	if err := errors.Join(os.Mkdir(filepath.Join(root, "etc"), 0o700), os.Symlink("/proc", filepath.Join(root, "proc"))); err != nil {
		t.Fatal(err)
	}
	return root
}

// TestAccountsChange: what a host's users and groups are called is as its files say, soon
// after they change too; who logged in is as the kernel says.
func TestAccountsChange(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root to log in")
	}
	root := hostRoot(t)
	writeAccounts(t, root, "first")
	a := startAsking(t, root)
	a.until(t, "first")
	writeAccounts(t, root, "second")
	a.until(t, "second")
}

// asker is a process that asks for files, and who follows it.
type asker struct {
	*witness.Witness
	lookup *container.Lookup
	f      *facts
	lines  io.Writer
	said   map[string]string
}

func startAsking(t *testing.T, root string) *asker {
	t.Helper()
	a := &asker{lookup: container.New(container.Options{Root: root})}
	t.Cleanup(func() { _ = a.lookup.Close(context.Background()) })
	sensor := witness.Sensor(t, witness.Options(syscalls.ByName("openat"), syscalls.ByName("open")))
	a.Witness = witness.Follow(t, sensor, state.Options{Root: root, Enrich: true}, func(ev *event.Event) { a.see(t, ev) })
	cmd := exec.Command("/bin/sh", "-c", asking)
	in, err := cmd.StdinPipe()
	if err := errors.Join(err, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = in.Close(), cmd.Wait() })
	a.lines, a.f = in, &facts{t: t, pid: cmd.Process.Pid}
	return a
}

func (a *asker) see(t *testing.T, ev *event.Event) {
	if ev.FD == nil || !strings.HasPrefix(ev.FD.Name, "/nowhere/") || int(ev.Process.PID) != a.f.pid {
		return
	}
	a.said = map[string]string{}
	for name := range a.expected("") {
		a.said[name] = text(field.Eval(field.OfEvent{Event: ev}, refOf(t, name)))
	}
}

// expected is what the fields are to say while the accounts are called after name.
func (a *asker) expected(name string) map[string]string {
	login := a.f.loginUID()
	want := map[string]string{
		"user.name": name, "user.homedir": "/home/" + name, "user.shell": "/bin/" + name, "group.name": "group-" + name,
		"user.loginuid": itoa(login), "user.loginname": "<NA>",
	}
	if login == loggedIn {
		want["user.loginname"] = "login-" + name
	}
	return want
}

// until has the process ask until the fields say what they are to say.
func (a *asker) until(t *testing.T, name string) {
	t.Helper()
	for end := time.Now().Add(patience); !maps.Equal(a.said, a.expected(name)); {
		if time.Now().After(end) {
			t.Fatalf("says %v, want %v", a.said, a.expected(name))
		}
		if _, err := io.WriteString(a.lines, "file\n"); err != nil {
			t.Fatal(err)
		}
		if err := a.Read(); err != nil {
			t.Fatal(err)
		}
		for answer, ok := a.lookup.Next(); ok; answer, ok = a.lookup.Next() {
			a.State.Learn(answer, time.Now())
		}
		for _, q := range a.State.Questions(time.Now()) {
			if !a.lookup.Ask(q) {
				a.State.Learn(q.Unanswered(), time.Now())
			}
		}
	}
}
