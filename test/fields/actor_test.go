package fields

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

const (
	actVariable     = "SAKER_TEST_FIELDS"
	addressVariable = "SAKER_TEST_ADDRESS"
	threadName      = "deed"
)

// told is what the actor says of itself: of its descriptors, and the thread that acts.
type told struct {
	Opened, Connected, Datagrams int
	Made                         map[string]int // descriptors by what was made
	TID                          int
	Tags                         map[string]int // threads by the file that they asked for
}

// acts are what actors may do.
var acts = map[string]func(*told) error{
	"fields":      everything,
	"descriptors": (*told).descriptors,
	"threads":     (*told).threads,
	"exec":        (*told).exec,
	"executed":    (*told).executed,
}

// The first thread stays the first one's, so that what acts is another.
func init() { runtime.LockOSThread() }

// first is what the first thread is to do.
var first = make(chan func())

func TestMain(m *testing.M) {
	act := acts[os.Getenv(actVariable)]
	if act == nil {
		os.Exit(m.Run())
	}
	go func() {
		runtime.LockOSThread()
		if err := tell(act); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(7)
	}()
	for do := range first {
		do()
	}
}

// tell acts, says what it did, and waits until that has been looked at.
func tell(act func(*told) error) error {
	t := told{TID: unix.Gettid()}
	if err := act(&t); err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(t); err != nil {
		return err
	}
	_, err := io.ReadAll(os.Stdin)
	return err
}

// everything does in the working directory what the table asks about. What is
// sent last is seen last.
func everything(t *told) error {
	comm := fmt.Sprintf("/proc/self/task/%d/comm", t.TID)
	return errors.Join(os.WriteFile(comm, []byte(threadName), 0), t.files(), names(), failures(), t.datagrams(), t.connection())
}

// files opens, reads and writes some.
func (t *told) files() (err error) {
	if t.Opened, err = unix.Openat(unix.AT_FDCWD, "./new", unix.O_CREAT|unix.O_RDWR|unix.O_CLOEXEC, 0o640); err != nil {
		return err
	}
	link, err := unix.Openat(unix.AT_FDCWD, "link", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	if _, err := unix.Openat(unix.AT_FDCWD, "missing", unix.O_RDONLY, 0); !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("open what is not there: %w", err)
	}
	_, errTool := unix.Openat(unix.AT_FDCWD, "tool", unix.O_CREAT|unix.O_WRONLY|unix.O_CLOEXEC, 0o750)
	_, errRead := unix.Read(link, make([]byte, 64))
	_, errWrite := unix.Write(t.Opened, []byte("hello"))
	return errors.Join(errTool, errRead, errWrite)
}

// names makes and changes names of files, and writes to the system's log.
func names() error {
	dir, err := unix.Open(".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(unix.Mkdirat(dir, "sub", 0o700), unix.Rename("old", "./sub/../newer")); err != nil {
		return err
	}
	for _, name := range []string{"socket", "dev/log"} {
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		if err := unix.Connect(fd, &unix.SockaddrUnix{Name: name}); err != nil {
			return fmt.Errorf("connect to %s: %w", name, err)
		}
		if _, err := unix.Write(fd, []byte("line")); err != nil {
			return err
		}
	}
	return nil
}

// failures are calls that the kernel refuses.
func failures() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	if err := unix.Connect(fd, &unix.SockaddrInet4{Port: 1, Addr: [4]byte{127, 0, 0, 1}}); err == nil {
		return errors.New("somebody serves port 1")
	}
	if err := unix.Kill(unix.Getpid(), 999); !errors.Is(err, unix.EINVAL) {
		return fmt.Errorf("send no signal: %w", err)
	}
	if _, _, e := unix.Syscall(unix.SYS_MUNMAP, 1, 1, 0); e != unix.EINVAL {
		return fmt.Errorf("unmap half a page: %w", e)
	}
	return nil
}

// datagrams sends one to itself and waits for it.
func (t *told) datagrams() (err error) {
	if t.Datagrams, err = unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0); err != nil {
		return err
	}
	if err := unix.Bind(t.Datagrams, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return err
	}
	self, err := unix.Getsockname(t.Datagrams)
	if err != nil {
		return err
	}
	if err := unix.Sendto(t.Datagrams, []byte("datagram"), 0, self); err != nil {
		return err
	}
	_, errPoll := unix.Poll([]unix.PollFd{{Fd: int32(t.Datagrams), Events: unix.POLLIN}}, -1)
	_, _, err = unix.Recvfrom(t.Datagrams, make([]byte, 64), 0)
	return errors.Join(errPoll, err)
}

// connection connects to the test, and sends.
func (t *told) connection() error {
	tcp, err := net.ResolveTCPAddr("tcp4", os.Getenv(addressVariable))
	if err != nil {
		return err
	}
	if t.Connected, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0); err != nil {
		return err
	}
	if err := unix.Connect(t.Connected, &unix.SockaddrInet4{Port: tcp.Port, Addr: [4]byte(tcp.IP.To4())}); err != nil {
		return err
	}
	return unix.Sendto(t.Connected, []byte("payload"), 0, nil)
}
