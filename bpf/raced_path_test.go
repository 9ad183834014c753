package bpf

import (
	"bytes"
	"os"
	"os/exec"
	"testing"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/test/lookups"
)

func init() {
	for name, act := range lookups.Acts {
		acts["raced "+name] = act.Do
	}
	acts["change paths"] = func(dir string) error {
		for range pathRounds {
			for _, change := range pathChanges {
				if err := change(dir); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

// pathChanges are calls that the hooks of paths see; the last leaves nothing of them.
var pathChanges = []func(dir string) error{
	func(dir string) error { return unix.Mkdirat(unix.AT_FDCWD, dir+"/made", 0o700) },
	func(dir string) error { return unix.Fchmodat(unix.AT_FDCWD, dir+"/made", 0o755, 0) },
	func(dir string) error {
		return unix.Renameat2(unix.AT_FDCWD, dir+"/made", unix.AT_FDCWD, dir+"/renamed", 0)
	},
	func(dir string) error { return unix.Unlinkat(unix.AT_FDCWD, dir+"/renamed", unix.AT_REMOVEDIR) },
}

const pathRounds = 500

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
			_, records := perform(t, s, "raced "+name, dir)
			used := false
			for _, r := range calls(records, act.Call) {
				for _, b := range r.blocks {
					used = used || bytes.Contains(b.data, []byte(act.Kind+"-one\x00"))
				}
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

// pathCosts is the time in the programs of two sensors for each of the same calls.
func pathCosts(t *testing.T, one, other *Sensor) (ns, otherNS float64) {
	t.Helper()
	stats, err := ebpf.EnableStats(uint32(unix.BPF_STATS_RUN_TIME))
	if err != nil {
		t.Fatal(err)
	}
	defer stats.Close()
	before, otherBefore := runTimes(t, one), runTimes(t, other)
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{"SAKER_TEST_ACT=change paths", "SAKER_TEST_DIR=" + t.TempDir()}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	calls := float64(pathRounds * len(pathChanges))
	return (runTimes(t, one) - before) / calls, (runTimes(t, other) - otherBefore) / calls
}

// runTimes is how long all programs of a sensor ran, in nanoseconds.
func runTimes(t *testing.T, s *Sensor) (sum float64) {
	t.Helper()
	for _, p := range s.programs() {
		if *p == nil {
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
