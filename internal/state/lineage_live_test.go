package state

import (
	"errors"
	"os/exec"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// orphan makes a process whose parent ends before it executes a program: the
// act is its subreaper, and waits for it.
func orphan(string) error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return err
	}
	if err := exec.Command("/bin/sh", "-c", "(sleep 0.3; exec /bin/true orphaned) & exit 0").Run(); err != nil {
		return err
	}
	for {
		if _, err := unix.Wait4(-1, nil, 0, nil); errors.Is(err, unix.ECHILD) {
			return nil
		} else if err != nil && !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// TestLiveOrphan: whose parent ended is its subreaper's child, and of the same
// session as before.
func TestLiveOrphan(t *testing.T) {
	_, pid, events := perform(t, "orphan", "")
	i := slices.IndexFunc(events, func(c copied) bool {
		return c.Row.Name == "execve" && slices.Equal(c.argv, []string{"orphaned"})
	})
	if i < 0 {
		t.Fatal("the orphan executed nothing")
	}
	c := events[i]
	if c.ppid != pid || c.parent == nil || c.parent.PID != pid {
		t.Errorf("its parent is %d, want %d", c.ppid, pid)
	}
	if c.parent != nil && c.Process.Entry != c.parent.Entry {
		t.Errorf("its session is another: %+v, %+v", c.Process.Entry, c.parent.Entry)
	}
}
