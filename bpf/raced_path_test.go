package bpf

import (
	"bytes"
	"errors"
	"math"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/test/lookups"
)

func init() {
	for name, act := range lookups.Acts {
		acts["raced "+name] = act.Do
	}
	acts["change paths"] = changePaths
}

// changePaths makes the calls by absolute paths and by names in a directory, in turn.
func changePaths(dir string) error {
	fd, err := unix.Open(dir, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	for range pathRounds {
		for at, prefix := range map[int]string{unix.AT_FDCWD: dir + "/", fd: ""} {
			for _, change := range pathChanges {
				if err := change(at, prefix+"made", prefix+"renamed"); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// pathChanges are calls that the hooks of paths see; the last leaves nothing of them.
var pathChanges = []func(at int, name, other string) error{
	func(at int, name, _ string) error { return unix.Mkdirat(at, name, 0o700) },
	func(at int, name, _ string) error { return unix.Fchmodat(at, name, 0o755, 0) },
	func(at int, name, other string) error { return unix.Renameat2(at, name, at, other, 0) },
	func(at int, _, other string) error { return unix.Unlinkat(at, other, unix.AT_REMOVEDIR) },
}

// So often a run makes them all; of so many runs the cheapest counts, since
// whatever else the machine does meanwhile makes one only dearer.
const (
	pathRounds = 50
	pathRuns   = 8
)

// hookless is a sensor without the hooks of paths beside the one with them, or
// skips where the kernel has none.
func hookless(t *testing.T, names ...string) (with, without *Sensor) {
	t.Helper()
	with = sensor(t, names...)
	if missing := lacking(with, "hooks of paths"); missing != "" {
		t.Skip("this kernel lacks ", missing)
	}
	return with, ownSensor(t, names...)
}

// A path that changes while the kernel looks it up is told as it was looked up
// by the hooks, and by nothing else. What they cost is told in the log: there
// the page on kernels has it from.
func TestRacedPaths(t *testing.T) {
	var names []string
	for _, act := range lookups.Acts {
		names = append(names, act.Call)
	}
	with, without := hookless(t, names...)
	told, tried := map[*Sensor]int{}, 0
	for name, act := range lookups.Acts {
		if name == "chown" && lacking(with, "hook of chown") != "" {
			continue
		}
		tried++
		for _, s := range []*Sensor{with, without} {
			dir := fixture(t)
			if err := os.Mkdir(dir+"/over", 0o700); err != nil {
				t.Fatal(err)
			}
			found := calls(performAll(t, s, "raced "+name, dir), act.Call)
			used := false
			for _, r := range found {
				for _, b := range r.blocks {
					used = used || bytes.Contains(b.data, []byte(act.Kind+"-one\x00"))
				}
			}
			if s == without && name == "chroot" {
				continue // where it led is where the path starts, whatever is told of that
			}
			if used {
				told[s]++
			}
			if used != (s == with) {
				t.Errorf("%s: the path that was used is told: %t, with hooks: %t", name, used, s == with)
			}
		}
	}
	t.Logf("raced paths: %d of %d told with the hooks, %d of %d without", told[with], tried, told[without], tried)
	dear, cheap := pathCosts(t, with, without)
	t.Logf("cost of a call that changes a path: %.0f ns in programs with the hooks, %.0f ns without", dear, cheap)
}

// performAll performs an act, again where records of calls were lost meanwhile.
func performAll(t *testing.T, s *Sensor, act, dir string) (records []record) {
	t.Helper()
	for range 3 {
		before := lostCalls(t, s)
		if _, records = perform(t, s, act, dir); lostCalls(t, s) == before {
			break
		}
	}
	return records
}

// deepNames is how long the names of deep directories are, and depths how many
// of them a call's path has: it fits a short entry, fills it, has no room there,
// is of full size, or is longer.
const deepName = 99

var depths = []int{1, 4, 5, 6, 30, 60}

func init() {
	acts["go deep"] = func(dir string) error {
		if err := os.Chdir(dir); err != nil {
			return err
		}
		name := strings.Repeat("d", deepName)
		for depth := range depths[len(depths)-1] + 1 {
			if slices.Contains(depths, depth) {
				if err := pathChanges[0](unix.AT_FDCWD, "made", ""); err != nil {
					return err
				}
				if err := pathChanges[2](unix.AT_FDCWD, "made", "renamed"); err != nil {
					return err
				}
			}
			if err := errors.Join(os.Mkdir(name, 0o700), os.Chdir(name)); err != nil {
				return err
			}
		}
		return nil
	}
}

// Paths come whole from the hooks up to their limit, and of longer ones the end.
func TestDeepPaths(t *testing.T) {
	const limit = 4096
	with, _ := hookless(t, "renameat2")
	dir := fixture(t)
	_, records := perform(t, with, "go deep", dir)
	found := calls(records, "renameat2")
	if len(found) != len(depths) {
		t.Fatalf("%d of %d calls", len(found), len(depths))
	}
	for i, depth := range depths {
		above := dir + strings.Repeat("/"+strings.Repeat("d", deepName), depth) + "/"
		var got []string
		for _, b := range found[i].blocks {
			if b.Flags&BlockWhole == 0 {
				continue
			}
			if cut := b.Flags&BlockCut != 0; cut != (len(above) > limit) {
				t.Errorf("%d deep: cut: %t", depth, cut)
			}
			got = append(got, path(b.data))
		}
		for i, name := range []string{"made", "renamed"} {
			switch {
			case len(got) != 2:
				t.Errorf("%d deep: %d paths", depth, len(got))
			case len(above) < limit && got[i] != above+name:
				t.Errorf("%d deep: %s", depth, got[i])
			case !strings.HasSuffix(above+name, got[i]) || len(got[i]) < min(len(above), limit-2*deepName):
				t.Errorf("%d deep: %d bytes: %.200s", depth, len(got[i]), got[i])
			}
		}
	}
}

// pathCosts is the time in the programs of two sensors for each of the same calls.
func pathCosts(t *testing.T, one, other *Sensor) (ns, otherNS float64) {
	t.Helper()
	stats, err := ebpf.EnableStats(uint32(unix.BPF_STATS_RUN_TIME))
	if err != nil {
		t.Fatal(err)
	}
	defer stats.Close()
	ns, otherNS = math.Inf(1), math.Inf(1)
	for range pathRuns {
		before, otherBefore := runTimes(t, one), runTimes(t, other)
		cmd := exec.Command(os.Args[0])
		cmd.Env = []string{"SAKER_TEST_ACT=change paths", "SAKER_TEST_DIR=" + t.TempDir()}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		ns, otherNS = min(ns, runTimes(t, one)-before), min(otherNS, runTimes(t, other)-otherBefore)
	}
	calls := float64(2 * pathRounds * len(pathChanges))
	return ns / calls, otherNS / calls
}

// callEnd matches the programs at the end of calls.
var callEnd = regexp.MustCompile(`(sys|call)_exit$`)

// runTimes is how long the programs of a sensor ran that calls pass, in
// nanoseconds: not those that tell of processes, which are few and dear.
func runTimes(t *testing.T, s *Sensor) (sum float64) {
	t.Helper()
	for name, p := range s.programs() {
		if *p == nil || !callEnd.MatchString(name) && !strings.HasPrefix(name, pathPrefix) {
			continue
		}
		stats, err := (*p).Stats()
		if err != nil {
			t.Fatal(err)
		}
		sum += float64(stats.Runtime.Nanoseconds())
	}
	return sum
}
