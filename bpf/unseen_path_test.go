package bpf

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"golang.org/x/sys/unix"
)

func init() {
	acts["work on the root"] = func(string) error { return unix.Chroot("/") }
}

// ours is a sensor with the hooks of paths, of what this process's children do, or
// skips where the kernel has none.
func ours(t *testing.T, adjust func(*ebpf.CollectionSpec), names ...string) *Sensor {
	t.Helper()
	s := sensorWith(t, Options{RingBytes: 1 << 22, Scope: Scope{Include: []uint32{uint32(os.Getpid())}}, adjust: adjust}, names...)
	if missing := lacking(s, "hooks of paths"); missing != "" {
		t.Skip("this kernel lacks ", missing)
	}
	return s
}

// blind has the hooks see nothing.
func blind(spec *ebpf.CollectionSpec) {
	for name, program := range spec.Programs {
		if strings.HasPrefix(name, pathPrefix) {
			program.Instructions = asm.Instructions{asm.Mov.Imm(asm.R0, 0), asm.Return()}
		}
	}
}

var pathCalls = []string{"mkdirat", "fchmodat", "renameat2", "unlinkat"}

// changedPaths is how many paths the act has that changes some: a rename has two.
const changedPaths = 2 * pathRounds * 5

// unseenAfter makes calls, and gives how many of their paths the hooks did not see.
func unseenAfter(t *testing.T, s *Sensor) uint64 {
	t.Helper()
	dir := t.TempDir() // made before we count, by calls of our own
	count := func() (unseen uint64, lost int) {
		c, err := s.Counts()
		if err != nil {
			t.Fatal(err)
		}
		return c.Calls.Unseen, int(c.Calls.Lost())
	}
	for range 5 { // newer kernels leave programs out at times, which is counted
		before, lost := count()
		perform(t, s, "change paths", dir)
		if unseen, now := count(); now == lost {
			return unseen - before
		}
	}
	t.Fatal("calls are lost time and again")
	return 0
}

// Each path is counted that the hooks should have seen and did not.
func TestUnseenPaths(t *testing.T) {
	for name, c := range map[string]struct {
		adjust func(*ebpf.CollectionSpec)
		want   uint64
	}{
		"all seen":  {func(*ebpf.CollectionSpec) {}, 0},
		"none seen": {blind, changedPaths},
	} {
		t.Run(name, func(t *testing.T) {
			if n := unseenAfter(t, ours(t, c.adjust, pathCalls...)); n != c.want {
				t.Errorf("%d paths were not seen, want %d", n, c.want)
			}
		})
	}
}

// The root is a path that has no name.
func TestRootIsSeen(t *testing.T) {
	s := ours(t, func(*ebpf.CollectionSpec) {}, "chroot")
	_, records := perform(t, s, "work on the root", t.TempDir())
	found := calls(records, "chroot")
	if len(found) != 1 {
		t.Fatalf("%d calls are told", len(found))
	}
	if b := found[0].block(BlockDir); b == nil || b.Flags&BlockWhole == 0 || len(b.data) != 0 {
		t.Errorf("the root is told as %+v", b)
	}
}

// Who switches the hooks off, for all of the machine, is noticed: by what is not
// seen from then on, and by who starts later. SAKER_TEST_FTRACE names the setting.
func TestSwitchedOff(t *testing.T) {
	setting := os.Getenv("SAKER_TEST_FTRACE")
	if setting == "" {
		t.Skip("it would switch off what others have on functions on this machine")
	}
	s := ours(t, func(*ebpf.CollectionSpec) {}, pathCalls...)
	t.Cleanup(func() {
		if err := os.WriteFile(setting, []byte("1"), 0o644); err != nil {
			t.Error(err)
		}
	})
	if err := os.WriteFile(setting, []byte("0"), 0o644); err != nil {
		if n := unseenAfter(t, s); n != 0 {
			t.Errorf("%d paths were not seen, though the kernel refuses: %v", n, err)
		}
		return
	}
	if n := unseenAfter(t, s); n != changedPaths {
		t.Errorf("%d paths were not seen, want %d", n, changedPaths)
	}
	if err := hook("security_path_chmod", func(fd int) error { return unix.Fchmod(fd, 0o600) }); !errors.Is(err, errNotRun) {
		t.Errorf("%v, want %v", err, errNotRun)
	}
}
