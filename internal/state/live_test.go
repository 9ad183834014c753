package state

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/syscalls"
)

// The test binary runs itself as the process that acts: the tests look at no
// process but that.
const actVariable = "SAKER_TEST_ACT"

func TestMain(m *testing.M) {
	act, ok := acts[os.Getenv(actVariable)]
	if !ok {
		code := m.Run()
		if shared != nil {
			shared.Close()
		}
		os.Exit(code)
	}
	if err := act(os.Getenv("SAKER_TEST_DIR")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

var acts = map[string]func(dir string) error{
	"files": func(dir string) error {
		if err := os.Chdir(dir); err != nil {
			return err
		}
		for _, path := range []string{"link", "./sub/../secret", "missing"} {
			if fd, err := unix.Open(path, unix.O_RDONLY, 0); err == nil {
				unix.Close(fd)
			} else if path != "missing" {
				return err
			}
		}
		return nil
	},
	"descriptors": func(string) error {
		for _, d := range descriptors {
			fd, err := d.open()
			if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) {
				continue
			}
			if err != nil {
				return fmt.Errorf("%s: %w", d.want, err)
			}
			if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil {
				return err
			}
			if _, err := unix.Dup(fd); err != nil {
				return err
			}
		}
		return nil
	},
	"sockets":   func(dir string) error { return errors.Join(streams(), datagrams(), local(dir)) },
	"orphan":    orphan,
	"container": enter,
	"names":     func(string) error { return resolve() },
	"program":   func(string) error { return exec.Command("/bin/sh", "-c", ": one; exit 3").Run() },
	"memory": func(string) error {
		fd, err := unix.MemfdCreate("tool", 0)
		if err != nil {
			return err
		}
		program, err := os.ReadFile("/bin/true")
		if err != nil {
			return err
		}
		if _, err := unix.Write(fd, program); err != nil {
			return err
		}
		return exec.Command("/proc/self/fd/" + strconv.Itoa(fd)).Run()
	},
}

// descriptors are those of every type that a process can have without a file.
var descriptors = []struct {
	want event.FDType
	open func() (int, error)
}{
	{event.FDPipe, func() (int, error) { var p [2]int; err := unix.Pipe(p[:]); return p[0], err }},
	{event.FDEvent, func() (int, error) { return unix.Eventfd(0, 0) }},
	{event.FDEventpoll, func() (int, error) { return unix.EpollCreate1(0) }},
	{event.FDInotify, func() (int, error) { return unix.InotifyInit1(0) }},
	{event.FDTimer, func() (int, error) { return unix.TimerfdCreate(unix.CLOCK_MONOTONIC, 0) }},
	{event.FDSignal, func() (int, error) { return unix.Signalfd(-1, &unix.Sigset_t{}, 0) }},
	{event.FDMemfd, func() (int, error) { return unix.MemfdCreate("x", 0) }},
	{event.FDPidfd, func() (int, error) { return unix.PidfdOpen(os.Getpid(), 0) }},
	{event.FDDirectory, func() (int, error) { return unix.Open("/", unix.O_RDONLY, 0) }},
	{event.FDNetlink, func() (int, error) { return unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW, 0) }},
	{event.FDFile, func() (int, error) { return unix.Open("/dev/null", unix.O_RDONLY, 0) }},
}

// streams connects to a listener of its own, then to a port where nobody listens.
func streams() error {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	c, err := net.Dial("tcp4", l.Addr().String())
	if err != nil {
		return err
	}
	a, err := l.Accept()
	if err != nil {
		return err
	}
	if err := errors.Join(c.Close(), a.Close(), l.Close()); err != nil {
		return err
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	if err := unix.Connect(fd, &unix.SockaddrInet4{Port: 1, Addr: [4]byte{127, 0, 0, 1}}); !errors.Is(err, unix.ECONNREFUSED) {
		return fmt.Errorf("connect to port 1: %w", err)
	}
	return nil
}

func datagrams() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	for range 2 {
		to := &unix.SockaddrInet4{Port: 9, Addr: [4]byte{127, 0, 0, 1}}
		if err := unix.Sendto(fd, []byte("hi"), 0, to); err != nil && !errors.Is(err, unix.ECONNREFUSED) {
			return err
		}
	}
	return nil
}

func local(dir string) error {
	l, err := net.Listen("unix", dir+"/s")
	if err != nil {
		return err
	}
	c, err := net.Dial("unix", dir+"/s")
	return errors.Join(err, c.Close(), l.Close())
}

// copied is what a test keeps of an event, which is valid only for a moment.
type copied struct {
	event.Event
	pid, ppid uint32
	name, exe string
	argv      []string
	file      event.ExeFile
	cwd       string
	parent    *event.Process
	container *event.Container
	fd        event.FD
	args      map[string]event.Arg
}

func copyOf(ev *event.Event) copied {
	p := ev.Process
	c := copied{
		Event: *ev, pid: p.PID, ppid: p.PPID, name: p.Name, exe: p.Exe, argv: p.Args, file: p.File, cwd: p.Cwd,
		parent: p.Parent, container: p.Container, args: map[string]event.Arg{},
	}
	if ev.FD != nil {
		c.fd = *ev.FD
		c.fd.Name = strings.Clone(c.fd.Name)
	}
	for i, a := range ev.Args {
		a.Text, a.Path = strings.Clone(a.Text), strings.Clone(a.Path)
		c.args[ev.Row.Params[i].Name] = a
	}
	return c
}

// shared is the sensor of most tests: to load one takes a second, ten where the
// kernel is emulated.
var shared *bpf.Sensor

// patience is how long something that must happen may take.
const patience = time.Minute

// perform runs an act and gives the events of its process and of that one's
// children, or skips where the machine can't load the sensor.
func perform(t *testing.T, act, dir string) (s *State, pid uint32, events []copied) {
	t.Helper()
	if shared == nil {
		shared = load(t, bpf.Options{}, func(bpf.Raw) {})
	}
	if _, err := shared.Read(func(bpf.Raw) {}); err != nil { // of the test before
		t.Fatal(err)
	}
	if err := shared.Watch(syscalls.Rows(), nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := shared.Watch(nil, nil); err != nil {
			t.Errorf("watch nothing: %v", err)
		}
	})
	return performOn(t, shared, Options{}, act, dir)
}

// load loads and attaches a sensor, or skips where the machine can't.
func load(t *testing.T, opts bpf.Options, known func(bpf.Raw)) *bpf.Sensor {
	t.Helper()
	opts.RingBytes = 1 << 24
	sensor, err := bpf.Load(opts)
	var privilege *bpf.PrivilegeError
	if errors.As(err, &privilege) || errors.Is(err, bpf.ErrNoBTF) {
		t.Skip("this machine can't load the sensor: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := sensor.Attach(known); err != nil {
		t.Fatal(errors.Join(err, sensor.Close()))
	}
	return sensor
}

func performOn(t *testing.T, sensor *bpf.Sensor, opts Options, act, dir string) (s *State, pid uint32, events []copied) {
	t.Helper()
	s = New(opts)
	var ev event.Event
	take := func(raw bpf.Raw) {
		ok, err := s.Apply(raw, &ev)
		if err != nil {
			t.Errorf("record of type %d: %v", raw.Header().Type, err)
		}
		if ok && pid != 0 && (ev.Process.PID == pid || ev.Process.PPID == pid) {
			events = append(events, copyOf(&ev))
		}
	}
	if err := sensor.Scan(take); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "an argument")
	cmd.Env = []string{actVariable + "=" + act, "SAKER_TEST_DIR=" + dir}
	var out strings.Builder
	cmd.Stderr = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid = uint32(cmd.Process.Pid)
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	ended := func() bool {
		return slices.ContainsFunc(events, func(c copied) bool { return c.pid == pid && c.Row.Name == "procexit" })
	}
	for deadline := time.Now().Add(patience); !ended() && time.Now().Before(deadline); {
		if _, err := sensor.Read(take); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-done; err != nil && act != "program" {
		t.Fatalf("%s: %v: %s", act, err, out.String())
	}
	if _, err := sensor.Read(take); err != nil { // the end may be read before the last calls are
		t.Fatal(err)
	}
	return s, pid, events
}

func named(events []copied, name string) (found []copied) {
	for _, c := range events {
		if c.Row.Name == name {
			found = append(found, c)
		}
	}
	return found
}

func TestLiveFiles(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/secret", "x")
	write(t, dir+"/sub/x", "")
	if err := os.Symlink("secret", dir+"/link"); err != nil {
		t.Fatal(err)
	}
	s, pid, events := perform(t, "files", dir)
	var opens []copied
	for _, c := range events {
		if a := c.args["name"]; strings.HasPrefix(a.Path, dir+"/") && c.pid == pid {
			opens = append(opens, c)
		}
	}
	if len(opens) != 3 {
		t.Fatalf("%d opens, want 3", len(opens))
	}
	for i, want := range []struct{ given, asked, opened string }{
		{"link", dir + "/link", dir + "/secret"},
		{"./sub/../secret", dir + "/secret", dir + "/secret"},
		{"missing", dir + "/missing", dir + "/missing"},
	} {
		c := opens[i]
		if a := c.args["name"]; a.Text != want.given || a.Path != want.asked || c.fd.Name != want.opened || c.fd.Type != event.FDFile {
			t.Errorf("%s: asked %q for %q, opened %+v", want.given, a.Text, a.Path, c.fd)
		}
		if c.cwd != dir || c.parent == nil || c.parent.PID != uint32(os.Getpid()) || len(c.argv) != 1 || c.argv[0] != "an argument" {
			t.Errorf("by process in %q, of %v", c.cwd, c.ppid)
		}
		if age := time.Since(time.Unix(0, int64(c.Time))); age < 0 || age > time.Minute {
			t.Errorf("happened %v ago", age)
		}
	}
	self := s.processes.running(uint32(os.Getpid()))
	if self == nil || self.Exe != os.Args[0] || self.Parent == nil || self.Parent.PID != uint32(os.Getppid()) {
		t.Error("the scan did not find the test itself")
	}
}

func TestLiveDescriptors(t *testing.T) {
	_, _, events := perform(t, "descriptors", "")
	got := map[event.FDType]bool{}
	for _, c := range named(events, "dup") {
		got[c.fd.Type] = true
		if old := c.args["oldfd"]; old.FD == nil || c.FDNum != c.Result {
			t.Errorf("dup of %d gave %d", old.Num, c.FDNum)
		}
	}
	for _, d := range descriptors {
		if !got[d.want] {
			t.Errorf("no %s", d.want)
		}
	}
}

func TestLiveSockets(t *testing.T) {
	dir := t.TempDir()
	_, _, events := perform(t, "sockets", dir)
	connects := named(events, "connect")
	if len(connects) < 3 {
		t.Fatalf("%d connects", len(connects))
	}
	first := connects[0].fd
	if first.Type != event.FDIPv4 || first.Role != event.Client || first.Proto != event.TCP || !first.Connected ||
		first.Remote != connects[0].args["addr"].Addr || !first.Local.Addr().IsLoopback() {
		t.Errorf("connect: %+v", first)
	}
	accepted := named(events, "accept4")
	if i := slices.IndexFunc(accepted, func(c copied) bool { return c.Result >= 0 }); i < 0 {
		t.Error("no accept")
	} else if fd := accepted[i].fd; fd.Role != event.Server || fd.Local != first.Remote || fd.Remote != first.Local {
		t.Errorf("accept: %+v", fd)
	}
	if i := slices.IndexFunc(connects, func(c copied) bool { return c.Result == -int64(unix.ECONNREFUSED) }); i < 0 {
		t.Error("no refused connect")
	} else if fd := connects[i].fd; fd.Remote.String() != "127.0.0.1:1" || fd.Connected || fd.NameChanged {
		t.Errorf("refused: %+v", fd)
	}
	if last := connects[len(connects)-1].fd; last.Type != event.FDUnix || last.Name != dir+"/s" {
		t.Errorf("unix: %+v", last)
	}
	sends := named(events, "sendto")
	if len(sends) != 2 || sends[0].fd.Remote.Port() != 9 || !sends[0].fd.NameChanged || sends[1].fd.NameChanged ||
		sends[0].fd.Proto != event.UDP || sends[0].args["data"].Text != "hi" {
		t.Errorf("sends: %+v", sends)
	}
}

func TestLiveProgram(t *testing.T) {
	_, pid, events := perform(t, "program", "")
	i := slices.IndexFunc(events, func(c copied) bool { return c.Row.Name == "execve" && c.ppid == pid && c.Result == 0 })
	if i < 0 {
		t.Fatal("no execve")
	}
	c := events[i]
	if c.exe != "/bin/sh" || !slices.Equal(c.argv, []string{"-c", ": one; exit 3"}) || c.parent.PID != pid || c.file.Ino == 0 {
		t.Errorf("%q %q of %d", c.exe, c.argv, c.ppid)
	}
	if a := c.args["filename"]; a.Path != "/bin/sh" || c.args["args"].Text != "-c\x00: one; exit 3" {
		t.Errorf("%+v", c.args)
	}
	for _, exit := range named(events, "procexit") {
		if exit.pid == c.pid && (exit.args["ret"].Num != 3 || exit.args["sig"].Num != 0) {
			t.Errorf("exit: %+v", exit.args)
		}
	}
}

func TestLiveProgramInMemory(t *testing.T) {
	_, pid, events := perform(t, "memory", "")
	i := slices.IndexFunc(events, func(c copied) bool { return c.Row.Name == "execve" && c.ppid == pid && c.Result == 0 })
	if i < 0 {
		t.Fatal("no execve")
	}
	if f := events[i].file; !f.Memfd || f.Path != "memfd:tool" {
		t.Errorf("%+v", f)
	}
}
