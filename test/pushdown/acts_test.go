package pushdown

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// asActor is set, to a directory of its own, for the process that acts.
const asActor = "SAKER_PUSHDOWN_ACTOR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(asActor); dir != "" {
		act(dir)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// act does what rules look for, what succeeds and what fails, in many ways.
// What the calls return is for the sensor to tell.
func act(dir string) {
	file, missing := filepath.Join(dir, "file"), filepath.Join(dir, "none", "file")
	for _, path := range []string{file, missing, dir, "/etc/shadow", "/etc/none", "/proc/self/mem"} {
		for _, flags := range []int{unix.O_RDONLY, unix.O_WRONLY, unix.O_RDWR, unix.O_RDONLY | unix.O_DIRECTORY, unix.O_WRONLY | unix.O_CREAT | unix.O_EXCL} {
			if path != file && path != missing && flags&unix.O_CREAT != 0 {
				continue
			}
			if fd, err := unix.Open(path, flags, 0o700); err == nil {
				_ = unix.Close(fd)
			}
		}
	}
	_, _ = unix.Open(string([]byte{0}), unix.O_RDONLY, 0)
	for i := range 2 { // the second time they fail
		_ = unix.Mkdir(filepath.Join(dir, "made"), 0o700)
		_ = unix.Symlink("/etc/shadow", filepath.Join(dir, "link"))
		_ = unix.Link(file, filepath.Join(dir, "hard"))
		_ = unix.Rename(filepath.Join(dir, "hard"), filepath.Join(dir, fmt.Sprint("renamed", i)))
	}
	for range 2 {
		_ = unix.Rmdir(filepath.Join(dir, "made"))
		_ = unix.Unlink(filepath.Join(dir, "link"))
	}
	_ = unix.Chmod(file, 0o4755)
	_ = unix.Chmod(missing, 0o4755)
	_, _ = unix.Dup(0)
	_, _ = unix.Dup(9999)
	_ = unix.Dup3(0, 77, 0)
	_ = unix.Dup3(9999, 77, 0)
	_ = unix.Exec(missing, nil, nil)
	_ = unix.Kill(os.Getpid(), 0)
	connect()
}

// connect connects to where nobody listens, and without waiting.
func connect() {
	for _, kind := range []int{unix.SOCK_STREAM, unix.SOCK_STREAM | unix.SOCK_NONBLOCK, unix.SOCK_DGRAM} {
		fd, err := unix.Socket(unix.AF_INET, kind, 0)
		if err != nil {
			continue
		}
		_ = unix.Connect(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: 9})
		_ = unix.Close(fd)
	}
	_ = unix.Connect(9999, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: 9})
}
