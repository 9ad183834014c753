package pushdown

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/internal/syscalls"
	"github.com/sakerhq/saker/test/entry"
	"github.com/sakerhq/saker/test/uring"
)

// usual does some of all that rules can be about, by each way into the kernel,
// and is soon done.
func usual(dir string) {
	file, missing, made := filepath.Join(dir, "file"), filepath.Join(dir, "none"), filepath.Join(dir, "usual")
	for _, flags := range []int{unix.O_RDONLY, unix.O_WRONLY | unix.O_CLOEXEC, unix.O_RDWR | unix.O_APPEND} {
		for _, path := range []string{file, missing, "/etc/shadow", "/dev/null"} {
			open(path, flags)
		}
	}
	open(dir, unix.O_RDONLY|unix.O_DIRECTORY)
	open("file", unix.O_RDONLY)
	for range 2 {
		_ = unix.Mkdir(made, 0o700)
	}
	for range 2 {
		_ = unix.Rmdir(made)
	}
	_ = unix.Symlink("/etc/shadow", made)
	_ = unix.Unlink(made)
	_ = unix.Dup3(0, 77, unix.O_CLOEXEC)
	_ = unix.Dup3(9999, 77, 0)
	_ = unix.Kill(os.Getpid(), 0)
	if fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0); err == nil {
		_ = unix.Connect(fd, loopback)
		_ = unix.Close(fd)
	}
	_ = unix.Exec(missing, nil, nil)
	giveNumbers(dir)
	narrowly(dir)
	byRing(dir)
}

// lowTexts are texts where the entry of 32-bit programs finds them.
var lowTexts = map[string]uintptr{}

func lowText(s string) uintptr {
	if lowTexts[s] == 0 {
		lowTexts[s] = entry.Low(append([]byte(s), 0))
	}
	return lowTexts[s]
}

// narrowly does by the entry of 32-bit programs what others do by theirs.
func narrowly(dir string) {
	if !entry.CanCompat() {
		return
	}
	call := func(name string, args ...uintptr) int64 {
		return entry.Compat(uintptr(syscalls.Number("386", syscalls.ByName(name))[0]), args...)
	}
	const here = 1<<32 + unix.AT_FDCWD
	file, made := lowText(filepath.Join(dir, "file")), lowText(filepath.Join(dir, "narrow"))
	for _, path := range []uintptr{file, made, lowText("/etc/shadow"), lowText("/dev/null"), 0} {
		for _, flags := range []uintptr{unix.O_RDONLY, unix.O_RDWR} {
			for _, fd := range []int64{call("open", path, flags), call("openat", here, path, flags)} {
				if fd >= 0 {
					_ = unix.Close(int(fd))
				}
			}
		}
	}
	for range 2 {
		call("mkdirat", here, made, 0o700)
	}
	call("unlinkat", here, made, unix.AT_REMOVEDIR)
	call("dup3", 1<<32-1, 77, 0)
	call("kill", uintptr(os.Getpid()), 0)
	for _, number := range []uintptr{0, 1, 3, 5, unix.PTRACE_ATTACH, unix.PR_GET_DUMPABLE, 99999, 1<<32 - 1} {
		call("bpf", number, 0, 0)
		call("fcntl", 1<<32-1, number, 0)
		call("socket", number, 99, 0)
		call("kill", 0, 128|number)
		call("lseek", 1<<32-1, number, number)
		call("flock", 1<<32-1, number)
		call("fchmodat", 1<<32-1, 0, number)
	}
	for _, option := range []uintptr{unix.PR_GET_DUMPABLE, unix.PR_GET_PDEATHSIG, 99999} {
		call("prctl", option, 0, 0, 0, 0)
	}
}

// ring is that of the process, nil where it gets none.
var ring = sync.OnceValue(func() *uring.Ring {
	r, err := uring.New(0)
	if err != nil {
		return nil
	}
	return r
})

// byRing does as much by io_uring, at once and by the kernel's threads.
func byRing(dir string) {
	r := ring()
	if r == nil {
		return
	}
	file, made := r.Path(filepath.Join(dir, "file")), r.Path(filepath.Join(dir, "ring"))
	for _, way := range []uint8{0, uring.Async} {
		at := func(op uint8, path uint64, flags uint32) uring.Request {
			return uring.Request{Opcode: op, Flags: way, FD: unix.AT_FDCWD, Addr: path, OpFlags: flags}
		}
		for _, request := range []uring.Request{
			at(uring.OpOpenat, file, unix.O_RDONLY), at(uring.OpOpenat, file, unix.O_WRONLY), at(uring.OpOpenat, made, unix.O_RDWR),
			at(uring.OpOpenat, r.Path("/etc/shadow"), unix.O_RDONLY),
			at(uring.OpMkdirat, made, 0), at(uring.OpMkdirat, made, 0), at(uring.OpUnlinkat, made, unix.AT_REMOVEDIR),
		} {
			results, err := r.Do(request)
			if err == nil && request.Opcode == uring.OpOpenat && results[0] >= 0 {
				_ = unix.Close(int(results[0]))
			}
		}
	}
	r.Unpin()
}

// becomings are what the process becomes, one after the other, and what is done
// by others that it has, or that come from it.
func becomings(dir string) []func() {
	inThreadAs := func(become func()) func() {
		return func() { inThread(func() { become(); usual(dir) }) }
	}
	return []func(){
		func() { name("named") },
		inThreadAs(func() {}),
		inThreadAs(func() { name("named 2") }),
		inThreadAs(func() { user(4711) }),
		func() { inThread(func() { nameFirst("named too") }) },
		func() { user(4711); usual(dir); user(0) },
		func() { _ = unix.Chdir(dir) },
		func() { inRoot(dir, func() { usual(""); usual(dir) }) },
		func() { _, _ = unix.Setsid() },
		func() { child(dir, &syscall.SysProcAttr{}) },
		func() { child("/", &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 4711, Gid: 4711}}) },
		moveCgroup,
		func() { ask(askMeta) },
	}
}

// inRoot does something with another root directory.
func inRoot(dir string, do func()) {
	root, err := unix.Open("/", unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return
	}
	defer unix.Close(root)
	if unix.Chroot(dir) == nil {
		do()
		must(unix.Fchdir(root))
		must(unix.Chroot("."))
	}
}

// child has one made that is ended before this returns: it becomes what attr says and
// executes a shell, which acts often enough to be vouched for, and has one made that acts
// too. The last one only ends.
func child(dir string, attr *syscall.SysProcAttr) {
	const opens = `i=0; while [ $i -lt 30 ]; do i=$((i + 1)); : < /dev/null; done; : < file; : < /etc/shadow; (: < file; : < /etc/passwd; mkdir sub; rmdir sub)`
	cmd := exec.Command("/bin/sh", "-c", opens)
	cmd.Dir, cmd.SysProcAttr, cmd.Env = dir, attr, []string{"PATH=/usr/bin:/bin"}
	_ = cmd.Run() // what it may do is for the sensor to tell
	if numbers := syscalls.Number(runtime.GOARCH, syscalls.ByName("clone")); len(numbers) > 0 {
		pid := entry.Fork(uintptr(numbers[0]), uintptr(unix.SIGCHLD), 0, 0, 0, 0)
		_, _ = unix.Wait4(int(pid), nil, 0, nil)
	}
}
