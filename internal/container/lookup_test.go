package container

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newLookup makes one that is closed when the test ends.
func newLookup(t testing.TB, opts Options) *Lookup {
	t.Helper()
	l := New(opts)
	t.Cleanup(func() {
		if err := l.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return l
}

// wait asks one question and waits for an answer.
func (l *Lookup) wait(t testing.TB, q Question) Answer {
	t.Helper()
	if !l.Ask(q) {
		t.Fatal("turned down")
	}
	return l.answered(t)
}

// answered waits for an answer.
func (l *Lookup) answered(t testing.TB) Answer {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if a, ok := l.Next(); ok {
			return a
		}
	}
	t.Fatal("no answer")
	return Answer{}
}

// silentSocket takes requests and never answers.
func silentSocket(t testing.TB) string {
	return serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
}

func inspections() pages { return pages{"/containers/" + webID + "/json": inspection("{}")} }

func TestOutcomes(t *testing.T) {
	answers, silent, missing := serve(t, inspections()), silentSocket(t), "/nowhere/s"
	denies := serve(t, pages{})
	for _, c := range []struct {
		name    string
		sockets Sockets
		runtime string
		want    Outcome
		told    string
	}{
		{"found", Sockets{Docker: []string{answers}}, "docker", Found, "docker"},
		{"found at the second", Sockets{Docker: []string{denies, answers}}, "docker", Found, "docker"},
		{"found behind one that fails", Sockets{Docker: []string{silent, answers}}, "docker", Found, "docker"},
		{"a pod that docker made", Sockets{CRI: []string{missing}, Docker: []string{answers}}, "containerd", Found, "docker"},
		{"denied", Sockets{Docker: []string{denies}}, "docker", Denied, ""},
		{"denied, and one fails", Sockets{Docker: []string{denies, silent}}, "docker", Failed, ""},
		{"denied, and one is missing", Sockets{Docker: []string{denies, missing}}, "docker", Denied, ""},
		{"silent", Sockets{Docker: []string{silent}}, "docker", Failed, ""},
		{"missing", Sockets{Docker: []string{missing}}, "docker", NoRuntime, ""},
		{"nobody", Sockets{}, "docker", NoRuntime, ""},
		{"another language", Sockets{Podman: []string{answers}}, "docker", NoRuntime, ""},
		{"an unknown runtime", Sockets{Docker: []string{answers}}, "rkt", NoRuntime, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel() // some wait until the time is over
			l := newLookup(t, Options{Sockets: c.sockets, Timeout: 2 * time.Second})
			a := l.wait(t, Question{ID: webID, Runtime: c.runtime})
			if a.Runtime != c.told || (a.Meta != nil) != (c.told != "") || a.ID != webID {
				t.Errorf("%+v", a)
			}
			for _, o := range Outcomes() {
				if got := l.Count(o); (got == 1) != (o == c.want) {
					t.Errorf("%s: %d", o, got)
				}
			}
		})
	}
}

func TestSilentRuntimes(t *testing.T) {
	l := newLookup(t, Options{})
	a := l.wait(t, Question{ID: "web", Runtime: "nspawn", Owner: "7"})
	if a.Meta == nil || a.Meta.Name != "web" || a.Runtime != "nspawn" || a.Owner != "7" {
		t.Errorf("%+v", a)
	}
}

func TestSystemNames(t *testing.T) {
	for _, c := range []struct{ runtime, id, want string }{
		{"lxc", "web", "web"},
		{"lxc", "lxc-1234-web", "lxc-1234-web"},
		{"nspawn", `web\x2d1`, "web-1"},
		{"nspawn", `web\x2`, `web\x2`},
		{"libvirt-lxc", "web", "web"},
		{"libvirt-lxc", "lxc-1234-web-1", "web-1"},
		{"libvirt-lxc", `1234\x2dweb\x2d1`, "web-1"},
		{"libvirt-lxc", "1234", "1234"},
	} {
		if got := systemName(c.runtime, c.id); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.runtime, c.id, got, c.want)
		}
	}
}

// Requests that hang, however many, hold nobody up who reads a file.
func TestRuntimesHang(t *testing.T) {
	l := newLookup(t, Options{Sockets: Sockets{Docker: []string{silentSocket(t)}}, Timeout: time.Hour})
	for range 2 * askers {
		if !l.Ask(Question{ID: webID, Runtime: "docker"}) {
			t.Fatal("turned down")
		}
	}
	cgroup, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []Question{{}, {ID: string(cgroup[:2]), Runtime: "docker", PID: uint32(os.Getpid())}} {
		if a := l.wait(t, q); a.PID != q.PID || a.Failed || !a.Accounts.User(0).Known || a.Outside != (q.PID != 0) {
			t.Errorf("%+v", a)
		}
	}
}

// A file system that hangs, whoever reads from it, holds no runtime's answer up.
func TestFileSystemHangs(t *testing.T) {
	root, socket := filepath.Split(serve(t, inspections()))
	passwd := filepath.Join(root, "etc/passwd")
	write(t, passwd, "alice:x:1000:1000::/home/alice:/bin/zsh\n")
	l := newLookup(t, Options{Root: root, Sockets: Sockets{Docker: []string{socket}}})
	letGo := holdOpens(t, passwd)
	for range 2 * readers {
		if !l.Ask(Question{}) {
			t.Fatal("turned down")
		}
	}
	if a := l.wait(t, Question{ID: webID, Runtime: "docker"}); a.Meta == nil {
		t.Errorf("%+v", a)
	}
	letGo()
	for range 2*readers - 1 {
		l.answered(t)
	}
	if a := l.answered(t); a.Accounts.User(1000).Name != "alice" {
		t.Errorf("%+v", a)
	}
}

// holdOpens has whoever opens a file wait until it is called.
func holdOpens(t *testing.T, file string) (letGo func()) {
	t.Helper()
	fd, err := unix.FanotifyInit(unix.FAN_CLASS_CONTENT|unix.FAN_CLOEXEC|unix.FAN_NONBLOCK, unix.O_RDONLY|unix.O_CLOEXEC)
	if err != nil {
		t.Skip("this kernel, or who we are, can't hold opens: ", err)
	}
	letGo = sync.OnceFunc(func() { _ = unix.Close(fd) }) // then the kernel allows all
	t.Cleanup(letGo)
	if err := unix.FanotifyMark(fd, unix.FAN_MARK_ADD, unix.FAN_OPEN_PERM, unix.AT_FDCWD, file); err != nil {
		t.Skip("this kernel can't hold opens: ", err)
	}
	return letGo
}

func TestHostAccounts(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "etc/passwd"), "alice:x:1000:1000::/home/alice:/bin/zsh\n")
	l := newLookup(t, Options{Root: root})
	a := l.wait(t, Question{})
	if a.Accounts.User(1000).Name != "alice" {
		t.Errorf("%+v", a)
	}
	if err := os.RemoveAll(root); err != nil {
		t.Fatal(err)
	}
	if again := l.wait(t, Question{Accounts: a.Accounts}); again.Accounts != a.Accounts {
		t.Error("what can't be read any more is forgotten")
	}
}

// A user's runtime is asked about that user's containers, and nobody else's.
func TestOwnerDecidesWhomToAsk(t *testing.T) {
	patterns := []string{"/run/docker.sock", "/run/user/{uid}/docker.sock"}
	for owner, want := range map[string]string{"": "/run/docker.sock", "1000": "/run/user/1000/docker.sock"} {
		if got := pathsOf(patterns, owner); len(got) != 1 || got[0] != want {
			t.Errorf("of %q: %q", owner, got)
		}
	}
	hosts := serve(t, inspections())
	l := newLookup(t, Options{Sockets: Sockets{Docker: []string{hosts, filepath.Dir(hosts) + "/{uid}"}}})
	if a := l.wait(t, Question{ID: webID, Runtime: "docker", Owner: "1000"}); a.Meta != nil {
		t.Error("the host's runtime told of a user's container")
	}
}

// A socket that failed rests, each time longer, and works again at once when it
// answered.
func TestSocketRests(t *testing.T) {
	path := serve(t, pages{})
	s := &socket{path: path}
	talks := &flaky{err: errors.New("broken")}
	s.connect = func(string) (client, error) { return talks, nil }
	ask := func() error {
		_, err := s.describe(context.Background(), webID, time.Second)
		return err
	}
	for i, rest := range []time.Duration{shortRest, 2 * shortRest, 4 * shortRest} {
		if err := ask(); !errors.Is(err, talks.err) {
			t.Fatalf("%d: %v", i, err)
		}
		if err := ask(); !errors.Is(err, errResting) || talks.asked != i+1 || s.rest != rest {
			t.Errorf("%d: %v, asked %d times, rests %s", i, err, talks.asked, s.rest)
		}
		s.until = time.Time{}
	}
	for range 20 {
		s.note(talks.err)
	}
	if s.rest != longRest {
		t.Errorf("rests %s", s.rest)
	}
	s.until, talks.err = time.Time{}, errDenied
	if err := ask(); !errors.Is(err, errDenied) || s.rest != 0 {
		t.Errorf("%v, rests %s", err, s.rest)
	}
}

// flaky is a client that answers what it is told to.
type flaky struct {
	err   error
	asked int
}

func (f *flaky) describe(context.Context, string) (*description, error) {
	f.asked++
	return nil, f.err
}
func (f *flaky) version(context.Context) (string, error) { return "", f.err }
func (f *flaky) close()                                  {}

// Asking never waits: what is too much is turned down.
func TestAskDoesNotWait(t *testing.T) {
	l := newLookup(t, Options{Sockets: Sockets{Docker: []string{silentSocket(t)}}, Timeout: time.Minute})
	taken := 0
	for range 2 * (questions + askers) {
		if l.Ask(Question{ID: webID, Runtime: "docker"}) {
			taken++
		}
	}
	if taken < questions || taken > questions+askers {
		t.Errorf("%d questions taken", taken)
	}
}

func TestCloseEndsRequests(t *testing.T) {
	l := New(Options{Sockets: Sockets{Docker: []string{silentSocket(t)}}, Timeout: time.Hour})
	l.Ask(Question{ID: webID, Runtime: "docker"})
	if err := l.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(context.Background()); err != nil {
		t.Errorf("closed again: %v", err)
	}
}

// Two hundred containers at once: each gets its own answer, over few connections.
func TestManyContainers(t *testing.T) {
	const many = 200
	answers := pages{}
	for i := range many {
		answers[fmt.Sprintf("/containers/%064x/json", i)] = inspection(fmt.Sprintf(`{"Name":"/c%d"}`, i))
	}
	l := newLookup(t, Options{Sockets: Sockets{Docker: []string{serve(t, answers)}}, Timeout: time.Minute})
	for i := range many {
		if !l.Ask(Question{ID: fmt.Sprintf("%064x", i), Runtime: "docker"}) {
			t.Fatal("turned down")
		}
	}
	names := map[string]string{}
	for end := time.Now().Add(time.Minute); len(names) < many && time.Now().Before(end); time.Sleep(time.Millisecond) {
		for a, ok := l.Next(); ok; a, ok = l.Next() {
			if a.Meta == nil {
				t.Fatalf("%+v", a)
			}
			names[a.ID] = a.Meta.Name
		}
	}
	for i := range many {
		if got, want := names[fmt.Sprintf("%064x", i)], fmt.Sprintf("c%d", i); got != want {
			t.Errorf("%d is %q", i, got)
		}
	}
}

func TestSockets(t *testing.T) {
	s := WellKnown()
	if err := s.Validate(); err != nil {
		t.Error(err)
	}
	for _, l := range languages {
		if len(l.sockets(&s)) == 0 {
			t.Errorf("nobody is asked in %s", l.name)
		}
	}
	wrong := Sockets{Docker: []string{"unix:///a", "a", "/a/"}}
	if err := wrong.Validate(); err == nil || strings.Count(err.Error(), "docker: ") != 3 {
		t.Errorf("%v", err)
	}
}

func TestExamine(t *testing.T) {
	answers := serve(t, pages{"/version": `{"Version":"20.10"}`})
	dead := filepath.Join(t.TempDir(), "dead")
	write(t, dead, "")
	list := Examine(context.Background(), Options{Sockets: Sockets{
		Docker: []string{answers, "/nowhere", filepath.Join(filepath.Dir(filepath.Dir(answers)), "{uid}", filepath.Base(answers)+".none")},
		CRI:    []string{dead},
	}, Timeout: time.Minute})
	if len(list) != 2 || list[0].API != "cri" || list[0].Err == nil || list[1].Version != "docker 20.10" || list[1].Path != answers || list[1].Err != nil {
		t.Errorf("%+v", list)
	}
}
