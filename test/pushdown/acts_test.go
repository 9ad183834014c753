package pushdown

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// One is set, to a directory of its own, for the process that acts; asFollower
// too when it has executed another program.
const (
	asActor    = "SAKER_PUSHDOWN_ACTOR"
	asOrdinary = "SAKER_PUSHDOWN_ORDINARY"
	asFollower = "SAKER_PUSHDOWN_FOLLOWER"
)

func TestMain(m *testing.M) {
	for role, do := range map[string]func(string){asChanging: change, asConnecting: converse, asReceiving: receive, asCounting: count, asActor: act, asOrdinary: actOrdinarily} {
		if what := os.Getenv(role); what != "" {
			do(what)
			os.Exit(0)
		}
	}
	before := precious()
	status := m.Run()
	if precious() != before {
		fmt.Println("FAIL: the acts changed", shadow)
		status = 1
	}
	os.Exit(status)
}

// shadow is what acts open most, and nobody may harm.
const shadow = "/etc/shadow"

func precious() (state [3]int64) {
	var st unix.Stat_t
	if unix.Stat(shadow, &st) == nil {
		state = [3]int64{int64(st.Mode), st.Size, st.Mtim.Nano()}
	}
	return state
}

// act does what rules look for, what succeeds and what fails, in many ways, as
// each of what a process can become. What the calls return is for the sensor to
// tell.
func act(dir string) {
	usual(dir)
	if os.Getenv(asFollower) == "" {
		for _, become := range becomings(dir) {
			ask(askVouch)
			usual(dir)
			become()
			usual(dir)
		}
		ask(askVouch)
		actAll(dir)
		ask(askVouch)
		_ = unix.Exec("/proc/self/exe", []string{"follower"}, append(os.Environ(), asFollower+"=1"))
	}
	ask(askVouch)
	usual(dir)
}

// actAll leaves the process in a namespace of its own.
func actAll(dir string) {
	file, missing := filepath.Join(dir, "file"), filepath.Join(dir, "none", "file")
	for _, path := range []string{file, missing, dir, "/etc/shadow", "/etc/none", "/proc/self/mem"} {
		for _, flags := range []int{unix.O_RDONLY, unix.O_WRONLY, unix.O_RDWR, unix.O_RDONLY | unix.O_DIRECTORY, unix.O_WRONLY | unix.O_CREAT | unix.O_EXCL} {
			if path != file && path != missing && flags&unix.O_CREAT != 0 {
				continue
			}
			open(path, flags)
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
	_, _ = unix.FcntlInt(0, unix.F_DUPFD, 50) // told as a dup, too
	_ = unix.Dup3(0, 77, 0)
	_ = unix.Dup3(9999, 77, 0)
	_ = unix.Exec(missing, nil, nil)
	_ = unix.Kill(os.Getpid(), 0)
	connect()
	openAll(dir)
}

// connect connects to where nobody listens, and without waiting.
func connect() {
	for _, kind := range []int{unix.SOCK_STREAM, unix.SOCK_STREAM | unix.SOCK_NONBLOCK, unix.SOCK_DGRAM} {
		fd, err := unix.Socket(unix.AF_INET, kind, 0)
		if err != nil {
			continue
		}
		_ = unix.Connect(fd, loopback)
		_ = unix.Sendto(fd, []byte("x"), unix.MSG_NOSIGNAL, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: 10})
		_ = unix.Close(fd)
	}
	_ = unix.Connect(9999, loopback)
}

var loopback = &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: 9}

// openAll opens what rules tell by paths and flags: names under many
// directories, by links, by other mounts, and what has no name any more.
func openAll(dir string) {
	deep := dir
	for i := range 90 {
		deep = filepath.Join(deep, fmt.Sprint("d", i))
		_ = unix.Mkdir(deep, 0o700)
		if i%30 == 3 {
			open(filepath.Join(deep, "id_rsa"), unix.O_CREAT|unix.O_RDWR)
		}
	}
	long := filepath.Join(dir, strings.Repeat("n", 255))
	for _, name := range []string{long, filepath.Join(deep, "authorized_keys"), filepath.Join(dir, ".bashrc"), filepath.Join(dir, "id_rsa.pub")} {
		open(name, unix.O_CREAT|unix.O_WRONLY)
		open(name, unix.O_RDONLY)
		open(name, unix.O_RDWR|unix.O_TRUNC|unix.O_APPEND)
	}
	for _, name := range []string{
		"/etc/passwd", "/etc/../etc/shadow", "/etc/hostname", "/usr/bin/env", "/usr/lib/os-release", "/proc/self/status", "/proc/1/cmdline",
		"/dev/null", "/dev/zero", "/sys/kernel/mm/transparent_hugepage/enabled", "/proc/self/ns/mnt", "/proc/self/exe", "//etc//passwd",
	} {
		open(name, unix.O_RDONLY)
		open(name, unix.O_RDWR)
		open(name, unix.O_WRONLY|unix.O_CLOEXEC)
		open(name, 3)
	}
	_ = unix.Symlink("/etc", filepath.Join(dir, "etc"))
	open(filepath.Join(dir, "etc/shadow"), unix.O_RDONLY)
	if unix.Chdir(dir) == nil {
		open("file", unix.O_RDONLY)
		open("./d0/../file", unix.O_WRONLY)
		open("d0", unix.O_RDONLY|unix.O_DIRECTORY)
	}
	openNameless(dir)
	openMounted(dir)
}

func open(name string, flags int) {
	if fd, err := unix.Open(name, flags, 0o600); err == nil {
		_ = unix.Close(fd)
	}
}

// openNameless opens files that no directory has, or has any more.
func openNameless(dir string) {
	again := func(fd int) {
		open(fmt.Sprint("/proc/self/fd/", fd), unix.O_RDWR)
		_ = unix.Close(fd)
	}
	gone := filepath.Join(dir, "gone")
	if fd, err := unix.Open(gone, unix.O_CREAT|unix.O_RDWR, 0o600); err == nil {
		_ = unix.Unlink(gone)
		again(fd)
	}
	if fd, err := unix.MemfdCreate("id_rsa", 0); err == nil {
		again(fd)
	}
	if fd, err := unix.Open(dir, unix.O_TMPFILE|unix.O_RDWR, 0o600); err == nil {
		again(fd)
	}
	if unix.Mkdir(gone, 0o700) == nil && unix.Chdir(gone) == nil {
		_ = unix.Rmdir(gone)
		open(".", unix.O_RDONLY)
		_ = unix.Chdir(dir)
	}
	var ends [2]int
	if unix.Pipe(ends[:]) == nil {
		again(ends[0])
		_ = unix.Close(ends[1])
	}
}

// openMounted opens files by other mounts than their first, in a mount namespace
// of this thread's own.
func openMounted(dir string) {
	runtime.LockOSThread() // for good
	if unix.Unshare(unix.CLONE_FS|unix.CLONE_NEWNS) != nil || unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "") != nil {
		return
	}
	at, over := filepath.Join(dir, "mounted"), filepath.Join(dir, "over")
	_ = unix.Mkdir(at, 0o700)
	open(over, unix.O_CREAT|unix.O_WRONLY)
	if mountReadOnly("/etc", at) {
		open(filepath.Join(at, "shadow"), unix.O_RDONLY)
		open(filepath.Join(at, "passwd"), unix.O_RDONLY)
	}
	if mountReadOnly(shadow, over) {
		open(over, unix.O_RDONLY)
	}
	if unix.Mount("tmpfs", at, "tmpfs", 0, "") == nil {
		open(filepath.Join(at, "id_rsa"), unix.O_CREAT|unix.O_WRONLY)
	}
}

// mountReadOnly has what others write too be safe from whatever is done by its other name.
func mountReadOnly(what, at string) bool {
	return unix.Mount(what, at, "", unix.MS_BIND, "") == nil &&
		unix.Mount("", at, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, "") == nil
}
