package pushdown

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/rules"
)

// asCounting is set, to a directory, for the process that opens one name after
// the other until the directory's file says that it is enough.
const asCounting = "SAKER_PUSHDOWN_COUNTING"

// reloads is how often rules are replaced while the process goes on.
const reloads = 12

// progress is shared with the process: the number of the name that it opens, or
// will open next, and whether it shall end.
type progress struct{ now, end atomic.Uint64 }

func shareProgress(dir string) (*progress, error) {
	fd, err := unix.Open(filepath.Join(dir, "progress"), unix.O_RDWR|unix.O_CREAT, 0o600)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	memory, err := unix.Mmap(fd, 0, 16, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, err
	}
	return (*progress)(unsafe.Pointer(&memory[0])), nil
}

// count opens what isn't there: the name that an open is given says which one it was.
func count(dir string) {
	p, err := shareProgress(dir)
	must(err)
	name("counting")
	for n := uint64(1); p.end.Load() == 0; n++ {
		p.now.Store(n)
		_, _ = unix.Open(fmt.Sprint("/none/", n), unix.O_RDONLY, 0)
		_ = unix.Nanosleep(&unix.Timespec{Nsec: 50_000}, nil) // as many as the ring holds while rules are replaced
	}
}

// counting are rules that nothing but the process decides: of each name, and of none.
func counting(t *testing.T, name string, other int) *rules.Set {
	t.Helper()
	text := fmt.Sprintf(`
- {rule: all, desc: d, priority: info, output: "%%evt.arg.name", condition: evt.type = openat and evt.arg.name startswith /none/ and proc.name = %s}
- {rule: other, desc: d, priority: info, output: o, condition: evt.type = openat and proc.name = other%d}
`, name, other)
	return loadAll(t, []rules.File{{Name: "counting.yaml", Content: []byte(text)}})
}

// From the moment that new rules are watched no alert of theirs is missed, though a
// process was vouched for in terms of those before and acts all the time.
func TestReloadMissesNothing(t *testing.T) {
	s, dir := newSide(t), t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "progress"), make([]byte, 16), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := shareProgress(dir)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env, cmd.Stderr = []string{asCounting + "=" + dir}, os.Stderr
	s.vouch(counting(t, "nobody", 0))
	s.read() // so that there is room for how it starts
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.end.Store(1)
		_ = cmd.Wait()
	})
	s.pid = uint32(cmd.Process.Pid)
	rounds := reloads
	if testing.Short() {
		rounds = 3
	}
	for round := range rounds {
		s.untilLeftOut()
		s.vouch(counting(t, "counting", round))
		first := p.now.Load() + 1
		s.until("the process to go on", func() bool { return p.now.Load() > first+100 })
		last := p.now.Load() - 1
		s.until("the last name", func() bool { return s.toldOf(last) })
		for n := first; n <= last; n++ {
			if !s.toldOf(n) {
				t.Fatalf("round %d: of %d to %d, %d is missed", round, first, last, n)
			}
		}
		s.vouch(counting(t, "nobody", round))
	}
	p.end.Store(1)
	s.until("the end", func() bool { return s.ended })
	counts, err := s.Sensor.Counts()
	// What a kernel that preempts left out meanwhile was nothing that is asked for above.
	if lost := counts.Calls.Lost() - counts.Calls.LostMissed; err != nil || lost > 0 {
		t.Errorf("calls were lost: %+v, error %v", counts.Calls, err)
	}
}

// until reads until something is so.
func (s *side) until(what string, is func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(patience); !is(); s.read() {
		if time.Now().After(deadline) {
			s.t.Fatalf("%s did not come in time", what)
		}
	}
}

// untilLeftOut reads until a set that is vouched with takes calls away.
func (s *side) untilLeftOut() {
	s.t.Helper()
	leftOut := func() uint64 {
		counts, err := s.Sensor.Counts()
		if err != nil {
			s.t.Fatal(err)
		}
		return counts.LeftOut[bpf.FactProcess]
	}
	before := leftOut()
	s.until("a call that is left out", func() bool { return leftOut() > before+3 })
}

// toldOf reports whether there is the alert of a name.
func (s *side) toldOf(n uint64) bool {
	return slices.Contains(s.alerts, fmt.Sprint("true all: /none/", n))
}
