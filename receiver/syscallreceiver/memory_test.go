package syscallreceiver

import (
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestCleanMappings(t *testing.T) {
	const smaps = `00400000-00900000 r-xp 00000000 fd:00 1 /usr/bin/saker collector
Rss:                5120 kB
Anonymous:             0 kB
VmFlags: rd ex mr mw me
00900000-00a00000 r--p 00500000 fd:00 1 /usr/bin/saker collector
Anonymous:            12 kB
VmFlags: rd mr mw me
00a00000-00b00000 rw-p 00600000 fd:00 1 /usr/bin/saker collector
Anonymous:             0 kB
00b00000-00c00000 r--p 00600000 fd:00 1 /usr/bin/saker collector
Anonymous:             0 kB
00c00000-00d00000 r--p 00600000 fd:00 2 /usr/lib/saker collector/lib.so
Anonymous:             0 kB
00d00000-zz r--p 00600000 fd:00 1 /usr/bin/saker collector
Anonymous:             0 kB
7ffd00000000-7ffd00010000 r--p 00000000 00:00 0

Anonymous:             0 kB
`
	got := cleanMappings(strings.NewReader(smaps), "/usr/bin/saker collector")
	if want := []mapping{{0x400000, 0x900000}, {0xb00000, 0xc00000}}; !slices.Equal(got, want) {
		t.Errorf("%x, want %x", got, want)
	}
}

// TestSaveMemory: what a user says of the garbage collector stays.
func TestSaveMemory(t *testing.T) {
	for _, test := range []struct {
		name, percent, limit string
		before, want         int
	}{
		{"nobody said anything", "", "", goDefault, gcPercent},
		{"the environment has a percentage", "100", "", goDefault, goDefault},
		{"the environment has a limit", "", "1GiB", goDefault, goDefault},
		{"another component chose one", "", "", 70, 70},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("GOGC", test.percent)
			t.Setenv("GOMEMLIMIT", test.limit)
			before := debug.SetGCPercent(test.before)
			saveMemory()
			if got := debug.SetGCPercent(before); got != test.want {
				t.Errorf("%d percent, want %d", got, test.want)
			}
		})
	}
}

// TestReleaseProgram: what is mapped of the program's file becomes less, and
// the program goes on.
func TestReleaseProgram(t *testing.T) {
	before := fileResident(t)
	releaseProgram()
	if after := fileResident(t); after >= before {
		t.Errorf("%d KiB of files are resident, %d before", after, before)
	}
}

// fileResident is how much of files the process has in memory, in KiB.
func fileResident(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "RssFile:")
	n, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return n
}
