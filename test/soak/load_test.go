package soak

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/test/uring"
)

// roles are what children do in their directory until their standard input
// ends. Then they print what they did, a line each: how often, and what.
var roles = map[string]func(dir string) error{
	"writer":     write,
	"processes":  startProcesses,
	"containers": makeContainers,
	"container":  beContainer,
	"flood":      flood,
}

// loads are the children of a run. Their paces make of ten minutes what a host
// does in eight hours that has 300 events and one program a second, and a
// container a minute.
var loads = []string{"writer", "writer", "processes", "containers"}

const (
	filesPerSecond       = 3000 // by each writer
	connectionsPerSecond = 50
	programsPerSecond    = 50
	threadsPerSecond     = 100
	containersPerSecond  = 1
)

// pace calls f so many times a second, until the standard input ends.
func pace(perSecond int, f func(i int) error) error {
	ended := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(ended)
	}()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	began := time.Now()
	for i := 0; ; {
		select {
		case <-ended:
			return nil
		case now := <-tick.C:
			for due := int(now.Sub(began).Seconds() * float64(perSecond)); i < due; i++ {
				if err := f(i); err != nil {
					return err
				}
			}
		}
	}
}

// did says what a child has done.
func did(n int, what string) { fmt.Printf("%d %s\n", n, what) }

// write makes, reads, renames and removes files whose names are all new, and
// connects to itself; some it opens through io_uring.
func write(dir string) error {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer l.Close()
	ring, err := uring.New(0)
	if err != nil && !errors.Is(err, uring.ErrRefused) {
		return err
	}
	files, connections, opens := 0, 0, 0
	err = pace(filesPerSecond, func(i int) error {
		switch i % (filesPerSecond / connectionsPerSecond) {
		case 0:
			connections++
			return connect(l)
		case 1:
			if ring != nil {
				opens++
				return openIn(ring, dir)
			}
		}
		files++
		return useFile(filepath.Join(dir, fmt.Sprint("file-", i)))
	})
	did(files, "files")
	did(connections, "connections")
	did(opens, "opens by io_uring")
	return err
}

func openIn(r *uring.Ring, path string) error {
	defer r.Unpin()
	got, err := r.Succeed(uring.Request{Opcode: uring.OpOpenat, FD: unix.AT_FDCWD, Addr: r.Path(path)})
	if err != nil {
		return err
	}
	return unix.Close(int(got[0]))
}

func useFile(path string) error {
	fd, err := unix.Open(path, unix.O_CREAT|unix.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	renamed := path + "-renamed"
	if err := errors.Join(unix.Close(fd), unix.Rename(path, renamed)); err != nil {
		return err
	}
	if fd, err = unix.Open(renamed, unix.O_RDONLY, 0); err != nil {
		return err
	}
	return errors.Join(unix.Close(fd), unix.Unlink(renamed))
}

func connect(l net.Listener) error {
	c, err := net.Dial("tcp4", l.Addr().String())
	if err != nil {
		return err
	}
	a, err := l.Accept()
	if err != nil {
		return errors.Join(err, c.Close())
	}
	return errors.Join(c.Close(), a.Close())
}

// startProcesses starts programs, shells with children of their own, and
// threads that do something and end.
func startProcesses(dir string) error {
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		return err
	}
	programs, threads := 0, 0
	err := pace(programsPerSecond, func(i int) error {
		for range threadsPerSecond / programsPerSecond {
			threads++
			if err := inThread(file); err != nil {
				return err
			}
		}
		programs++
		if i%10 == 0 {
			return exec.Command("sh", "-c", "(true & true); true | true").Run()
		}
		return exec.Command("true", file).Run()
	})
	did(programs, "programs")
	did(threads, "threads")
	return err
}

// inThread opens a file in a new thread, which ends with its goroutine.
func inThread(file string) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		fd, err := unix.Open(file, unix.O_RDONLY, 0)
		done <- errors.Join(err, unix.Close(fd))
	}()
	return <-done
}

// floodOpens is more than the ring holds.
const floodOpens = 150_000

// flood opens a file as fast as it can.
func flood(dir string) error {
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		return err
	}
	for range floodOpens {
		fd, err := unix.Open(file, unix.O_RDONLY, 0)
		if err := errors.Join(err, unix.Close(fd)); err != nil {
			return err
		}
	}
	return nil
}
