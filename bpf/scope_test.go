package bpf

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func init() {
	acts["obey"] = func(string) error { return obey() }
	acts["open name"] = attempt
	acts["orphan"] = func(name string) error { return ourselves("late", name).Start() }
	acts["late"] = func(name string) error {
		for range 1000 {
			if os.Getenv("SAKER_TEST_PARENT") != strconv.Itoa(os.Getppid()) {
				return attempt(name)
			}
			time.Sleep(time.Millisecond)
		}
		return errors.New("the parent lives on")
	}
}

// obey does what each line of the standard input says, and says when that is done.
func obey() error {
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		what, name, _ := strings.Cut(lines.Text(), " ")
		var err error
		switch what {
		case "open":
			err = attempt(name)
		case "rename":
			err = renameSelf(name)
		case "spawn":
			err = ourselves("open name", name).Run()
		case "orphan":
			err = ourselves("orphan", name).Run()
		}
		if err != nil {
			return err
		}
		fmt.Println(name)
	}
	return nil
}

// attempt opens a file that is not there.
func attempt(name string) error {
	if _, err := unix.Open(name, unix.O_RDONLY, 0); !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("open of %s: %w", name, err)
	}
	return nil
}

// own is a file that nobody but this test asks for.
func own(name string) string { return fmt.Sprintf("/no/such/%d/%s", os.Getpid(), name) }

// ourselves is the test binary as the process of an act.
func ourselves(act, dir string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{"SAKER_TEST_ACT=" + act, "SAKER_TEST_DIR=" + dir, "SAKER_TEST_PARENT=" + strconv.Itoa(os.Getpid())}
	cmd.Stderr = os.Stderr
	return cmd
}

// servant is a process that does as it is told.
type servant struct {
	t   *testing.T
	pid uint32
	in  io.WriteCloser
	out *bufio.Scanner
}

func hire(t *testing.T) *servant {
	t.Helper()
	cmd := ourselves("obey", "")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("servant: %v", err)
		}
	})
	return &servant{t: t, pid: uint32(cmd.Process.Pid), in: in, out: bufio.NewScanner(out)}
}

// has the servant do something, and waits until it is done.
func (s *servant) do(what, name string) {
	s.t.Helper()
	fmt.Fprintln(s.in, what, name)
	if !s.out.Scan() || s.out.Text() != name {
		s.t.Fatalf("%s %s: the servant said %q", what, name, s.out.Text())
	}
}

// names reads until a file was asked for, and gives all that were until then,
// in order, judging cgroups as they come up.
func names(t *testing.T, s *Sensor, last string, judge func(Raw)) (told []string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !slices.Contains(told, last); {
		if time.Now().After(deadline) {
			t.Fatalf("%s was not told; what was: %q", last, told)
		}
		if _, err := s.Read(func(raw Raw) {
			judge(raw)
			if r := takeApart(raw); r.Type == TypeCall && r.block(BlockString) != nil {
				if name := string(r.block(BlockString).data); name == own(filepath.Base(name)) {
					told = append(told, filepath.Base(name))
				}
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	return told
}

func expectNames(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
}

// A tree is a process and what comes from it, whoever is its parent later.
func TestScopeTree(t *testing.T) {
	for _, indirect := range waysToRead() {
		t.Run(fmt.Sprintf("indirect=%t", indirect), func(t *testing.T) {
			inside, outside, excluded := hire(t), hire(t), hire(t)
			s := sensorWith(t, Options{
				RingBytes: 1 << 20, indirect: indirect,
				Scope: Scope{Include: []uint32{inside.pid, excluded.pid}, Exclude: []uint32{excluded.pid}},
			}, "openat")
			outside.do("open", own("a"))
			inside.do("open", own("b"))
			inside.do("spawn", own("c"))
			outside.do("spawn", own("d"))
			excluded.do("spawn", own("e"))
			inside.do("orphan", own("f"))
			got := names(t, s, "f", func(Raw) {})
			expectNames(t, got, "b", "c", "f")
		})
	}
}

// Who runs already belongs to the tree of its ancestors.
func TestScopeOfChildren(t *testing.T) {
	child := hire(t)
	s := sensorWith(t, Options{RingBytes: 1 << 20, Scope: Scope{Include: []uint32{uint32(os.Getpid())}}}, "openat")
	child.do("open", own("a"))
	expectNames(t, names(t, s, "a", func(Raw) {}), "a")
}

// Outside of the scope the processes are told all the same, but their programs
// and ends are no events.
func TestScopeProcesses(t *testing.T) {
	inside := hire(t)
	s := sensorWith(t, Options{RingBytes: 1 << 20, Scope: Scope{Include: []uint32{inside.pid}}}, "nanosleep", "futex", "setitimer", "signaldeliver", "credchange")
	_, records := perform(t, s, "alarm", "")
	var exec, exit bool
	for _, r := range records {
		switch {
		case r.Type == TypeCall || r.Type == TypeCredentials:
			t.Errorf("an act outside of the scope: %+v", r)
		case r.process != nil && r.process.Cause == CauseExec:
			exec = r.Row == RowOutside
		case r.exit != nil:
			exit = r.Row == RowOutside
		}
	}
	if !exec || !exit {
		t.Errorf("exec told as outside: %t, exit: %t", exec, exit)
	}
}

// hierarchies are the mounts of cgroups that say where a process belongs.
func hierarchies(t *testing.T) (mounts map[string]string) {
	t.Helper()
	text, err := os.ReadFile("/proc/mounts")
	if err != nil {
		t.Fatal(err)
	}
	mounts = map[string]string{}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		switch {
		case words[2] == "cgroup2":
			mounts["v2"] = words[1]
		case words[2] == "cgroup" && slices.Contains(strings.Split(words[3], ","), "memory"):
			mounts["v1"] = words[1]
		}
	}
	return mounts
}

// newCgroup makes a cgroup that is gone after the test.
func newCgroup(t *testing.T, mount, name string) string {
	t.Helper()
	dir := mount + "/" + name
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Skip("this machine lets nobody make a cgroup: ", err)
	}
	t.Cleanup(func() {
		for range 1000 {
			if unix.Rmdir(dir) == nil {
				return
			}
			time.Sleep(time.Millisecond)
		}
		t.Errorf("%s can't be removed", dir)
	})
	return dir
}

func (s *servant) move(dir string) {
	s.t.Helper()
	if err := os.WriteFile(dir+"/cgroup.procs", []byte(strconv.Itoa(int(s.pid))), 0); err != nil {
		s.t.Fatal(err)
	}
}

// A cgroup is within for who is in it, and in what is below, and for their
// children; it counts as within until it has been judged.
func TestScopeCgroup(t *testing.T) {
	mounts := hierarchies(t)
	for _, version := range []string{"v1", "v2"} {
		t.Run(version, func(t *testing.T) {
			mount, ok := mounts[version]
			if !ok {
				t.Skip("here are no cgroups ", version, " with memory")
			}
			top := fmt.Sprintf("saker-test-%d", os.Getpid())
			cgroup := newCgroup(t, mount, top)
			below := newCgroup(t, cgroup, "below")
			one, other, third := hire(t), hire(t), hire(t)
			one.move(cgroup)
			third.move(below)
			s := sensorWith(t, Options{RingBytes: 1 << 20, Scope: Scope{ByCgroup: true}}, "openat")
			judge := func(raw Raw) {
				r := takeApart(raw)
				if r.process == nil || r.process.Cgroup == (WireCgroup{}) {
					return
				}
				at := path(r.block(BlockCgroup).data)
				if err := s.Judge(r.process.Cgroup, at == "/"+top || strings.HasPrefix(at, "/"+top+"/")); err != nil {
					t.Error(err)
				}
			}
			if err := s.Scan(judge); err != nil {
				t.Fatal(err)
			}
			other.do("open", own("a"))
			one.do("spawn", own("b"))
			third.do("open", own("c"))
			other.move(cgroup)
			other.do("open", own("d"))
			one.move(mount)
			one.do("spawn", own("e"))
			other.move(below)
			other.do("open", own("f"))
			expectNames(t, names(t, s, "f", judge), "b", "c", "d", "f")

			young := newCgroup(t, mount, top+"-young")
			one.move(young)
			one.do("open", own("g"))
			names(t, s, "g", judge) // which judges it
			one.do("open", own("h"))
			other.do("open", own("i"))
			expectNames(t, names(t, s, "i", judge), "i")
			one.move(mount)
			other.move(mount)
			third.move(mount)
		})
	}
}
