package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// load is an act that is repeated; do does it n times.
type load struct {
	name string
	what string
	do   func(w *worker, n int) error
}

var loads = []load{
	{"null call", "getppid", (*worker).nullCalls},
	{"write", "write of a byte to /dev/null", (*worker).writes},
	{opens, "open and close of a file, five components deep", (*worker).opens},
	{"failed open", "open of a file that isn't there", (*worker).failedOpens},
	{"connect", "TCP over loopback: socket, connect, accept, two closes", (*worker).connects},
	{"thread", "start and end of a thread", (*worker).threads},
	{"fork+exec", "start and end of /bin/true", (*worker).execs},
}

// opens is the load whose rate is measured.
const opens = "open+close"

// worker is the process that acts, with what its acts need.
type worker struct {
	dir      string
	file     *byte
	missing  *byte
	null     uintptr
	listener int
	address  unix.Sockaddr
}

func newWorker() (*worker, error) {
	dir, err := os.MkdirTemp("", "saker-bench-")
	if err != nil {
		return nil, err
	}
	w := &worker{dir: dir}
	deep := filepath.Join(dir, "a", "b")
	if err := os.MkdirAll(deep, 0o755); err != nil {
		return nil, err
	}
	file := filepath.Join(deep, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		return nil, err
	}
	w.file, _ = unix.BytePtrFromString(file)
	w.missing, _ = unix.BytePtrFromString(file + "-missing")
	null, err := unix.Open("/dev/null", unix.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	w.null = uintptr(null)
	return w, w.listen()
}

func (w *worker) listen() (err error) {
	if w.listener, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0); err != nil {
		return err
	}
	if err := unix.Bind(w.listener, &unix.SockaddrInet4{Addr: [4]byte(net.IPv4(127, 0, 0, 1).To4())}); err != nil {
		return err
	}
	if err := unix.Listen(w.listener, 8); err != nil {
		return err
	}
	w.address, err = unix.Getsockname(w.listener)
	return err
}

func (w *worker) close() { _ = os.RemoveAll(w.dir) }

// The bare calls: Go's wrappers would cost more than what is measured.

func (w *worker) nullCalls(n int) error {
	for range n {
		_, _, _ = syscall.RawSyscall(unix.SYS_GETPPID, 0, 0, 0)
	}
	return nil
}

func (w *worker) writes(n int) error {
	b := byte('x')
	for range n {
		if _, _, e := syscall.RawSyscall(unix.SYS_WRITE, w.null, addressOf(&b), 1); e != 0 {
			return e
		}
	}
	return nil
}

// at is AT_FDCWD as a register holds it.
const at = ^uintptr(99)

func (w *worker) opens(n int) error {
	for range n {
		fd, _, e := syscall.RawSyscall6(unix.SYS_OPENAT, at, addressOf(w.file), unix.O_RDONLY, 0, 0, 0)
		if e != 0 {
			return e
		}
		if _, _, e := syscall.RawSyscall(unix.SYS_CLOSE, fd, 0, 0); e != 0 {
			return e
		}
	}
	return nil
}

func (w *worker) failedOpens(n int) error {
	for range n {
		if _, _, e := syscall.RawSyscall6(unix.SYS_OPENAT, at, addressOf(w.missing), unix.O_RDONLY, 0, 0, 0); e != unix.ENOENT {
			return fmt.Errorf("open of a missing file: %w", e)
		}
	}
	return nil
}

func (w *worker) connects(n int) error {
	for range n {
		client, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
		if err != nil {
			return err
		}
		// No TIME_WAIT, or the ports run out.
		if err := unix.SetsockoptLinger(client, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1}); err != nil {
			return err
		}
		if err := unix.Connect(client, w.address); err != nil {
			return err
		}
		server, _, err := unix.Accept(w.listener)
		if err := errors.Join(err, unix.Close(client), unix.Close(server)); err != nil {
			return err
		}
	}
	return nil
}

// threads makes use of that a goroutine which ends with its thread locked ends the thread.
func (w *worker) threads(n int) error {
	for range n {
		done := make(chan struct{})
		go func() {
			runtime.LockOSThread()
			close(done)
		}()
		<-done
	}
	return nil
}

func (w *worker) execs(n int) error {
	for range n {
		pid, err := syscall.ForkExec("/bin/true", []string{"true"}, &syscall.ProcAttr{})
		if err != nil {
			return err
		}
		if _, err := syscall.Wait4(pid, nil, 0, nil); err != nil {
			return err
		}
	}
	return nil
}
