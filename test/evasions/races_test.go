package evasions

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/test/pages"
)

// openPage opens the path that a page holds.
func openPage(b *pages.Page) (int, error) {
	fd, _, errno := unix.Syscall6(unix.SYS_OPENAT, uintptr(at), b.Address(), unix.O_RDONLY, 0, 0, 0)
	if errno != 0 {
		return -1, errno
	}
	return int(fd), nil
}

// at is AT_FDCWD as an argument.
var at = int64(unix.AT_FDCWD)

// blockedOpen opens a pipe, which takes until somebody opens its other end, and
// meanwhile does something to the path.
func blockedOpen(dir string, meanwhile func(*pages.Page)) error {
	b, err := pages.New(dir + "/pipe")
	if err != nil {
		return err
	}
	writer := make(chan error)
	go func() {
		awaitSleep(unix.SYS_OPENAT)
		meanwhile(b)
		fd, err := unix.Open(dir+"/pipe", unix.O_WRONLY, 0)
		_ = unix.Close(fd)
		writer <- err
	}()
	fd, err := openPage(b)
	_ = unix.Close(fd)
	return errors.Join(err, <-writer)
}

// awaitSleep waits until the first thread, which is about to make a call that takes until
// somebody else acts, sleeps in it. Before, it may sleep in others: Go's runtime has it wait.
func awaitSleep(call uintptr) {
	for {
		said, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/syscall", os.Getpid()))
		if err != nil || strings.HasPrefix(string(said), fmt.Sprintf("%d ", call)) {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// rounds is how often a race is run at least. On a busy machine the second
// thread may not have run by then: until it made the act happen once, there are
// up to patience more, with time for it between them.
const (
	rounds   = 1000
	patience = 10000
)

// race calls try in rounds and says how often it reported the act.
func race(rounds int, try func() (bool, error)) error {
	n := 0
	for i := 0; i < rounds || n == 0 && i < rounds+patience; i++ {
		if i >= rounds {
			time.Sleep(time.Millisecond)
		}
		hit, err := try()
		if err != nil {
			return err
		}
		if hit {
			n++
		}
	}
	fmt.Println(n)
	return nil
}

// swapPath opens what a second thread changes between two names, and says how
// often that was the secret.
func swapPath(dir string) error {
	b, err := pages.New(dir + "/secret")
	if err != nil {
		return err
	}
	names := [2][]byte{[]byte("secret"), []byte("public")}
	last := b.Bytes[len(dir)+1:]
	defer whileRunning(func(i int) { copy(last, names[i&1]) })()
	return countSecrets(dir, func() (int, error) { return openPage(b) })
}

// dropPage opens a path that lies in a file's page, which a second thread
// takes out of memory.
func dropPage(dir string) error {
	file := dir + "/path"
	if err := os.WriteFile(file, append([]byte(dir+"/secret"), make([]byte, os.Getpagesize())...), 0o600); err != nil {
		return err
	}
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	page, err := unix.Mmap(int(f.Fd()), 0, os.Getpagesize(), unix.PROT_READ, unix.MAP_PRIVATE)
	if err != nil {
		return err
	}
	b := &pages.Page{Bytes: page}
	defer whileRunning(func(int) { _ = unix.Madvise(page, unix.MADV_DONTNEED) })()
	return countSecrets(dir, func() (int, error) { return openPage(b) })
}

// whileRunning calls f in a second thread until stop is called.
func whileRunning(f func(i int)) (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; ; i++ {
			select {
			case <-quit:
				return
			default:
				f(i)
			}
		}
	}()
	return func() {
		close(quit)
		<-done
	}
}

// countSecrets opens in rounds and says how often the file was the secret.
func countSecrets(dir string, open func() (int, error)) error {
	var want, got unix.Stat_t
	if err := unix.Stat(dir+"/secret", &want); err != nil {
		return err
	}
	return race(rounds, func() (bool, error) {
		fd, err := open()
		switch {
		case errors.Is(err, unix.ENOENT): // half of each name
			return false, nil
		case err != nil:
			return false, err
		}
		err = errors.Join(unix.Fstat(fd, &got), unix.Close(fd))
		return got.Ino == want.Ino, err
	})
}

// swapAddress connects to what a second thread changes between two addresses,
// and says how often that was the first.
func swapAddress(string) error {
	port, _, err := listenOn(rounds, target, decoy)
	if err != nil {
		return err
	}
	b, err := pages.New("")
	if err != nil {
		return err
	}
	to := (*unix.RawSockaddrInet4)(unsafe.Pointer(&b.Bytes[0]))
	*to = unix.RawSockaddrInet4{Family: unix.AF_INET, Port: port<<8 | port>>8, Addr: target}
	defer whileRunning(func(i int) { to.Addr[3] = byte(1 + i&1) })()
	return race(rounds/4, func() (bool, error) { return connectTo(b, target) })
}

// connectTo connects to the address in b and reports whether that was target.
func connectTo(b *pages.Page, target [4]byte) (bool, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		return false, err
	}
	defer unix.Close(fd)
	if _, _, errno := unix.Syscall(unix.SYS_CONNECT, uintptr(fd), b.Address(), unix.SizeofSockaddrInet4); errno != 0 {
		return false, errno
	}
	peer, err := unix.Getpeername(fd)
	if err != nil {
		return false, err
	}
	return peer.(*unix.SockaddrInet4).Addr == target, nil
}

// swapDescriptor opens the secret, and as soon as it has a descriptor a second thread keeps
// the file by another one, and puts a decoy in its place. It says how often it opened.
func swapDescriptor(dir string) error {
	const kept = 200
	decoy, err := unix.Open(dir+"/public", unix.O_RDONLY, 0)
	if err != nil {
		return err
	}
	next, err := unix.Dup(decoy) // what the next open gets
	if err != nil {
		return err
	}
	if err := unix.Close(next); err != nil {
		return err
	}
	defer whileRunning(func(int) {
		if copied, err := unix.FcntlInt(uintptr(next), unix.F_DUPFD, kept); err == nil {
			_ = unix.Dup3(decoy, next, 0)
			_ = unix.Close(copied)
			_ = unix.Close(next)
		}
	})()
	return race(rounds, func() (bool, error) {
		fd, err := unix.Open(dir+"/secret", unix.O_RDONLY, 0)
		if err != nil || fd != next {
			return true, errors.Join(err, unix.Close(fd))
		}
		for isOpen(next) { // until the other thread has closed it
		}
		return true, nil
	})
}

func isOpen(fd int) bool {
	_, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
	return err == nil
}

// TestOpenSwapped: whatever a descriptor is by the time that its open is told, there is an
// event with the path that was asked for.
func TestOpenSwapped(t *testing.T) {
	names, dir := fixture(t)
	e := evasion{name: "swapped", act: "swap descriptor", condition: names.Replace(opened + secret)}
	w := startWatch(t, fmt.Sprintf("- {rule: %s, desc: d, condition: '%s', output: '%%fd.num', priority: INFO}\n", e.name, e.condition))
	if _, times := w.performWhole(e, dir); len(w.alerts[e.name]) < times {
		t.Errorf("opened %d times, seen %d times", times, len(w.alerts[e.name]))
	}
}
