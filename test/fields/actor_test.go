package fields

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

const actVariable = "SAKER_TEST_FIELDS"

// told is what the actor says of itself.
type told struct {
	Opened, Connected, Sent int
	TID                     int
}

func TestMain(m *testing.M) {
	if os.Getenv(actVariable) == "" {
		os.Exit(m.Run())
	}
	if err := act(os.Getenv("SAKER_TEST_ADDRESS")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(7)
}

// act does in the working directory what the table asks about, says so, and
// waits until it has been looked at.
func act(address string) error {
	var t told
	var err error
	if t.Opened, err = unix.Openat(unix.AT_FDCWD, "./new", unix.O_CREAT|unix.O_RDWR|unix.O_CLOEXEC, 0o640); err != nil {
		return err
	}
	if _, err := unix.Openat(unix.AT_FDCWD, "link", unix.O_RDONLY|unix.O_CLOEXEC, 0); err != nil {
		return err
	}
	if _, err := unix.Openat(unix.AT_FDCWD, "missing", unix.O_RDONLY, 0); !errors.Is(err, unix.ENOENT) {
		return err
	}
	dir, err := unix.Open(".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(unix.Mkdirat(dir, "sub", 0o700), unix.Rename("old", "./sub/../newer")); err != nil {
		return err
	}
	conn, err := net.Dial("unix", "socket")
	if err != nil {
		return err
	}
	tcp, err := net.ResolveTCPAddr("tcp4", address)
	if err != nil {
		return err
	}
	if t.Connected, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0); err != nil {
		return err
	}
	if err := unix.Connect(t.Connected, &unix.SockaddrInet4{Port: tcp.Port, Addr: [4]byte(tcp.IP.To4())}); err != nil {
		return err
	}
	if err := unix.Sendto(t.Connected, []byte("payload"), 0, nil); err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(t); err != nil {
		return err
	}
	_, err = io.ReadAll(os.Stdin)
	return errors.Join(err, conn.Close())
}
