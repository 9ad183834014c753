package state

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// enter goes into a cgroup and runs a program there.
func enter(cgroup string) error {
	if err := os.WriteFile(cgroup+"/cgroup.procs", []byte("0"), 0); err != nil {
		return err
	}
	return exec.Command("/bin/true").Run()
}

// hierarchies are the mounts of cgroups that runtimes put containers in.
func hierarchies(t *testing.T) (mounts map[string]string) {
	t.Helper()
	f, err := os.Open("/proc/mounts")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	mounts = map[string]string{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		words := strings.Fields(lines.Text())
		switch {
		case words[2] == "cgroup2":
			mounts["v2"] = words[1]
		case words[2] == "cgroup" && slices.Contains(strings.Split(words[3], ","), "memory"):
			mounts["v1"] = words[1]
		}
	}
	return mounts
}

// TestLiveContainer: who moves into a container's cgroup is in that container,
// and so is what is started there, whichever version the cgroup is of.
func TestLiveContainer(t *testing.T) {
	mounts := hierarchies(t)
	for _, version := range []string{"v1", "v2"} {
		t.Run(version, func(t *testing.T) {
			mount, ok := mounts[version]
			if !ok {
				t.Skip("here are no cgroups ", version, " with memory")
			}
			digest := sha256.Sum256([]byte(strconv.Itoa(os.Getpid()) + version))
			id := hex.EncodeToString(digest[:])
			dir := filepath.Join(mount, "libpod-"+id)
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Skip("this machine lets nobody make a cgroup: ", err)
			}
			t.Cleanup(func() { removeCgroup(t, dir) })
			_, pid, events := perform(t, "container", dir)
			inside, program := false, false
			for _, c := range events {
				at := c.container != nil && c.container.ID == id && c.container.Runtime == "podman"
				inside = inside || at && c.pid == pid
				program = program || at && c.ppid == pid && c.Row.Name == "procexit" && c.exe == "/bin/true"
			}
			if !inside || !program {
				t.Errorf("in the container are the process: %t, its program: %t", inside, program)
			}
		})
	}
}

// removeCgroup waits until nobody is in it.
func removeCgroup(t *testing.T, dir string) {
	var err error
	for range 1000 {
		if err = unix.Rmdir(dir); err == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("remove the cgroup: %v", err)
}
