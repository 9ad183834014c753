package pushdown

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Set for the process that becomes another time and again: what it does, in
// which directory is the file that rules are about, and a cgroup that looks like
// a container's.
const (
	asChanging     = "SAKER_PUSHDOWN_CHANGING"
	changingDir    = "SAKER_PUSHDOWN_DIR"
	changingCgroup = "SAKER_PUSHDOWN_CGROUP"
)

// The first thread is the one that stands for the process.
func init() { runtime.LockOSThread() }

// stepName begins the name that the process has before each step; the step's number, of one
// digit, is the rest.
const stepName = "step "

// change does one thing after the other, and opens the file after each. Before
// each it opens what no rule is about until it is told, by its standard input,
// that it was vouched for.
func change(what string) {
	file := filepath.Join(os.Getenv(changingDir), "file")
	nothing := func() {}
	for i, do := range map[string][]func(){
		"changes": {
			func() { name("named") },
			func() { inThread(func() { nameFirst("named too") }) },
			func() { inThread(func() { name("named 3"); openFile(file) }) },
			func() { inThread(func() { user(4711); openFile(file) }) },
			func() { user(4711); openFile(file); user(0) },
			func() { must(os.Chdir("/proc")); openFile(file); must(os.Chdir("/")) },
			func() { _, _ = unix.Setsid() },
			moveCgroup,
		},
		"waits": {moveCgroup, nothing, nothing, func() { name("named") }},
	}[what] {
		step := byte('0' + i)
		name(stepName + string(step))
		awaitVouched(step)
		openFile("/dev/null")
		do()
		for range 3 {
			openFile(file)
		}
	}
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func openFile(path string) {
	fd, err := unix.Open(path, unix.O_RDONLY, 0)
	must(err)
	must(unix.Close(fd))
}

// name names the thread that runs.
func name(text string) {
	b := append([]byte(text), 0)
	must(unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(&b[0])), 0, 0, 0))
}

// user gives the thread that runs, and no other, an effective user.
func user(id int) {
	_, _, err := unix.RawSyscall(unix.SYS_SETRESUID, ^uintptr(0), uintptr(id), ^uintptr(0))
	if err != 0 {
		must(err)
	}
}

// inThread runs f in a thread other than the first, which then ends.
func inThread(f func()) {
	done := make(chan bool)
	go func() {
		runtime.LockOSThread() // for good: the thread is not as others are
		f()
		close(done)
	}()
	<-done
}

// awaitVouched opens what no rule is about until it is told of the step: what is told late, of
// one before, is about what the process no longer is.
func awaitVouched(step byte) {
	for deadline := time.Now().Add(patience); told() != step; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			must(fmt.Errorf("nobody vouched for the process in step %c", step))
		}
		openFile("/dev/null")
	}
}

// told takes a byte from the standard input, 0 if there is none.
func told() byte {
	fds, b := []unix.PollFd{{Fd: 0, Events: unix.POLLIN}}, make([]byte, 1)
	if n, err := unix.Poll(fds, 0); n == 1 && err == nil {
		_, _ = unix.Read(0, b)
	}
	return b[0]
}

// changing is a process that does that; told tells it in which step it was vouched for.
func changing(t *testing.T, what, cgroup string) (cmd *exec.Cmd, told func(step string)) {
	t.Helper()
	dir := t.TempDir()
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "file"), nil, 0o644), os.Chmod(filepath.Dir(dir), 0o755)); err != nil {
		t.Fatal(err)
	}
	cmd = exec.Command(os.Args[0])
	cmd.Env = []string{asChanging + "=" + what, changingDir + "=" + dir, changingCgroup + "=" + cgroup}
	cmd.Stderr = os.Stderr
	pipe, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	return cmd, func(step string) { _, _ = pipe.Write([]byte(step)) } // it may have ended
}

// needCgroup is makeCgroup where the test is about nothing else.
func needCgroup(t *testing.T) string {
	t.Helper()
	dir := makeCgroup(t, containerOf(t))
	if dir == "" {
		t.Skip("this machine lets nobody make a cgroup")
	}
	return dir
}

// makeCgroup makes a cgroup that looks like a container's, gone after the test;
// empty: this machine has no cgroup v2, or lets nobody make one.
func makeCgroup(t *testing.T, container string) string {
	t.Helper()
	mounts, err := os.ReadFile("/proc/mounts")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(mounts)) {
		if words := strings.Fields(line); words[2] == "cgroup2" {
			dir := filepath.Join(words[1], "docker-"+container+".scope")
			if err := os.Mkdir(dir, 0o755); errors.Is(err, fs.ErrExist) { // it acts again
				return dir
			} else if err != nil {
				return ""
			}
			t.Cleanup(func() { removeCgroup(t, dir) })
			return dir
		}
	}
	return ""
}

// removeCgroup waits until the last process has left.
func removeCgroup(t *testing.T, dir string) {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if unix.Rmdir(dir) == nil {
			return
		}
	}
	t.Errorf("%s can't be removed", dir)
}

// moveCgroup moves the process, if there is a cgroup for it.
func moveCgroup() {
	if dir := os.Getenv(changingCgroup); dir != "" {
		must(os.WriteFile(filepath.Join(dir, "cgroup.procs"), fmt.Append(nil, os.Getpid()), 0o600))
	}
}

// nameFirst names the first thread, from another one.
func nameFirst(text string) {
	must(os.WriteFile(fmt.Sprintf("/proc/self/task/%d/comm", os.Getpid()), []byte(text), 0o600))
}
