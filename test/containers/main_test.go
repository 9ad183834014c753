// Package containers holds what Saker says of containers against what their
// runtimes say.
//
// It takes the runtimes that this machine has, each as a daemon with
// directories of its own, and a container in which something is done. It owns
// the daemons, their images, and all that they leave. It never touches a
// runtime that runs here already.
package containers

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestMain waits until no other run has these tests' cgroups and containers.
func TestMain(m *testing.M) {
	var alone net.Listener
	for end := time.Now().Add(10 * patience); alone == nil && time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		alone, _ = net.Listen("unix", "@saker-test-containers")
	}
	code := m.Run()
	if alone != nil {
		_ = alone.Close()
	}
	os.Exit(code)
}

// patience is how long something that must happen may take.
const patience = 90 * time.Second

// eventually waits until done.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within %s", what, patience)
		}
	}
}

// need gives the programs that a test needs, and skips where one is not there.
func need(t *testing.T, programs ...string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root to start containers")
	}
	for _, name := range programs {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("needs %s, which is not installed here", name)
		}
	}
}

// place is a directory for a daemon; short, as the paths of sockets must be.
// What a daemon leaves goes with it: mounts, and the cgroups and directories
// that were not there before.
func place(t *testing.T, cgroups ...string) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "saker-ctr-")
	if err != nil {
		t.Fatal(err)
	}
	var made []string
	for _, name := range cgroups {
		for _, hierarchy := range hierarchies(t) {
			if path := filepath.Join(hierarchy, name); !exists(path) {
				made = append(made, path)
			}
		}
	}
	for _, path := range []string{"/run/docker", "/run/containerd/s", "/run/containerd", "/run/runc", "/run/systemd/nspawn", "/run/lxc", "/run/lxc/lock" + dir} {
		if !exists(path) {
			made = append(made, path)
		}
	}
	t.Cleanup(func() {
		unmount(t, dir)
		for _, path := range made {
			removeTree(path)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// hierarchies are where cgroups are mounted.
func hierarchies(t *testing.T) (dirs []string) {
	t.Helper()
	for _, fields := range mounts(t) {
		if slices.ContainsFunc(fields, func(f string) bool { return f == "cgroup" || f == "cgroup2" }) {
			dirs = append(dirs, fields[4])
		}
	}
	return dirs
}

// mounts are the lines of mountinfo.
func mounts(t *testing.T) (lines [][]string) {
	t.Helper()
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		lines = append(lines, strings.Fields(line))
	}
	return lines
}

// unmount takes off what is mounted below dir, the last first.
func unmount(t *testing.T, dir string) {
	t.Helper()
	list := mounts(t)
	slices.Reverse(list)
	for _, fields := range list {
		if strings.HasPrefix(fields[4], dir+"/") {
			if err := unix.Unmount(fields[4], unix.MNT_DETACH); err != nil {
				t.Errorf("unmount %s: %v", fields[4], err)
			}
		}
	}
}

// removeTree removes directories without files, as cgroups are.
func removeTree(path string) {
	var dirs []string
	_ = filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			dirs = append(dirs, name)
		}
		return nil
	})
	slices.Reverse(dirs)
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		for _, dir := range dirs {
			_ = unix.Rmdir(dir) // of a socket's directory another may be in use
		}
		if !exists(path) || time.Now().After(end) || !strings.HasPrefix(path, "/sys/") {
			return
		}
	}
}

// daemon is a program that runs until the test ends; ready says when it works.
func daemon(t *testing.T, dir string, ready func() bool, name string, args ...string) {
	t.Helper()
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	if err := errors.Join(cmd.Start(), log.Close()); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(unix.SIGTERM)
		select {
		case <-ended:
		case <-time.After(patience):
			_ = cmd.Process.Kill()
			t.Errorf("%s does not end", name)
		}
	})
	eventually(t, name+" answers", func() bool {
		select {
		case err := <-ended:
			ended <- err
			text, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Fatalf("%s ended: %v\n%s", name, err, text)
		default:
		}
		return ready()
	})
}

// run runs a program to its end.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}
