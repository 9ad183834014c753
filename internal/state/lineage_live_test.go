package state

import (
	"errors"
	"maps"
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

// TestLiveLineage: who is whose child, of which group, session and namespace,
// is as /proc says, whatever processes do to each other.
func TestLiveLineage(t *testing.T) {
	l := startLive(t)
	for _, act := range slices.Sorted(maps.Keys(lineageActs)) {
		t.Run(act, func(t *testing.T) {
			l.play(t, lineage+act, func(mark string, others []uint32) {
				l.follow(t, mark)
				l.agree(t, others)
			})
		})
	}
}

// TestLiveHeal: after records of processes got lost, a scan sets the whole tree
// right: who started, ended, executed and moved meanwhile.
func TestLiveHeal(t *testing.T) {
	l := startLive(t)
	looks := map[string]func(mark string){
		"/no/such/look1": func(mark string) { l.follow(t, mark) },
		"/no/such/look2": func(string) {
			if c, err := l.sensor.Counts(); err != nil || c.Processes.LostRing == 0 {
				t.Fatalf("nothing was lost: %+v, %v", c.Processes, err)
			}
		},
		"/no/such/look3": func(string) {
			read := func() error { _, err := l.sensor.Read(l.take(t)); return err }
			l.BeginScan()
			err := errors.Join(read(), read(), l.sensor.Scan(l.take(t)))
			if healed := l.EndScan(err == nil); err != nil || healed.Found == 0 || healed.Ended == 0 {
				t.Errorf("healed %+v, %v", healed, err)
			}
		},
	}
	l.play(t, "flood", func(mark string, others []uint32) {
		looks[mark](mark)
		if mark != "/no/such/look2" {
			l.agree(t, others)
		}
	})
}
