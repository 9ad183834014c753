package bpf

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/internal/syscalls"
)

// movings are acts that open files by paths whose directories move meanwhile.
var movings = map[string]func(dir string) error{
	"move": move,
	"reopen": func(dir string) error {
		err := stay()
		for range reopens {
			open(dir + "/secret")
		}
		return err
	},
	"reopen below another mount": func(dir string) error {
		other := filepath.Join(dir, "other", "d")
		if err := errors.Join(ownMounts(), os.MkdirAll(other, 0o700), os.MkdirAll(dir+"/d", 0o700),
			os.WriteFile(other+"/secret", nil, 0o600), os.WriteFile(dir+"/d/secret", nil, 0o600)); err != nil {
			return err
		}
		for range reopens {
			open(dir + "/d/secret")
		}
		if err := unix.Mount(other, dir+"/d", "", unix.MS_BIND, ""); err != nil {
			return err
		}
		for range reopens {
			open(dir + "/d/secret")
		}
		return nil
	},
}

const (
	reopens   = 20
	upheavals = 150
)

// stay has the process stay on one CPU.
func stay() error {
	runtime.LockOSThread()
	var one, may unix.CPUSet
	if err := unix.SchedGetaffinity(0, &may); err != nil {
		return err
	}
	for cpu := 0; one.Count() == 0; cpu++ {
		if may.IsSet(cpu) {
			one.Set(cpu)
		}
	}
	return unix.SchedSetaffinity(0, &one)
}

// ownMounts has it also have mounts of its own.
func ownMounts() error {
	return errors.Join(stay(), unix.Unshare(unix.CLONE_NEWNS|unix.CLONE_FS), unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
}

func open(path string) {
	if fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NOFOLLOW, 0); err == nil {
		unix.Close(fd)
	}
}

// places are the directories in which files are, and which change their places.
var places = []string{"a", "a/x", "a/x/y", "b", "b/x", "b/x/y", "c"}

// move does at random what changes which file a path leads to, or what the kernel
// has in the same memory, and opens all files after each time. What comes of it is
// for the sensors to tell.
func move(dir string) error {
	if err := ownMounts(); err != nil {
		return err
	}
	random := rand.New(rand.NewPCG(7, 7))
	for range upheavals {
		for _, place := range places {
			at := filepath.Join(dir, place)
			_ = os.MkdirAll(at, 0o700)
			if fd, err := unix.Open(at+"/f", unix.O_CREAT|unix.O_RDWR, 0o600); err == nil {
				unix.Close(fd)
			}
		}
		for range 2 {
			for _, place := range places {
				for _, name := range []string{"f", "g", "link/f"} {
					open(filepath.Join(dir, place, name))
				}
			}
		}
		from, to := filepath.Join(dir, places[random.IntN(len(places))]), filepath.Join(dir, places[random.IntN(len(places))])
		changes[random.IntN(len(changes))](from, to)
	}
	return nil
}

// mixed is a filter of all opens whose path ends in some of the states of an
// automaton that nearly each byte of a path takes elsewhere.
func mixed() *Filter {
	const states, classes = 13, 4
	p := &Paths{}
	for b := range p.Classes {
		p.Classes[b] = uint8(b % classes)
	}
	for s := range states {
		next := make([]int, classes)
		for class := range next {
			next[class] = (3*s + 5*class + 1) % states
		}
		told := Candidates{}
		if s%2 == 0 {
			told = of(1)
		}
		p.Next, p.Ends = append(p.Next, next), append(p.Ends, [2]Candidates{told, told})
	}
	return byPath(p)
}

// byPath is a filter of openat that looks at nothing but paths.
func byPath(p *Paths) *Filter {
	all := of(1)
	facts := &Facts{
		Asked: all, Zero: all, Positive: all, Error: Candidates{}, Unmarked: all,
		Opened: map[Opened]Candidates{OpenedOther: all, OpenedDirectory: all},
	}
	return NewFilter(map[*syscalls.Row]*Facts{syscalls.ByName("openat"): facts}, p, nil, nil)
}

// watching is a sensor of what this process's children open.
func watching(t *testing.T, indirect bool, f *Filter) *Sensor {
	t.Helper()
	return sensorWith(t, Options{Scope: Scope{Include: []uint32{uint32(os.Getpid())}}, Filter: f, indirect: indirect}, "openat")
}

// openedBy runs an act and gives for each sensor the paths of the files that were
// opened in dir, each with what else says whether it is judged by its path.
func openedBy(t *testing.T, act, dir string, sensors ...*Sensor) [][]record {
	t.Helper()
	lost := func() (n uint64) {
		for _, s := range sensors {
			counts, err := s.Counts()
			if err != nil {
				t.Fatal(err)
			}
			n += counts.Calls.Lost()
		}
		return n
	}
	for range 5 { // newer kernels leave programs out at times, which is counted
		before := lost()
		if opened := openedOnce(t, act, dir, sensors); lost() == before {
			return opened
		}
	}
	t.Fatal("calls are lost time and again")
	return nil
}

func openedOnce(t *testing.T, act, dir string, sensors []*Sensor) [][]record {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{"SAKER_TEST_ACT=" + act, "SAKER_TEST_DIR=" + dir}
	out := &bytes.Buffer{}
	cmd.Stderr = out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	opened, ended := make([][]record, len(sensors)), make([]bool, len(sensors))
	for deadline := time.Now().Add(2 * time.Minute); slices.Contains(ended, false) && time.Now().Before(deadline); {
		for i, s := range sensors {
			if _, err := s.Read(func(raw Raw) {
				if raw.Header().Pid != uint32(cmd.Process.Pid) {
					return
				}
				r := takeApart(raw)
				ended[i] = ended[i] || r.Type == TypeExit
				if r.Type == TypeCall && r.ret >= 0 && openedPath(r) != "" {
					opened[i] = append(opened[i], r)
				}
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := <-done; err != nil {
		t.Fatalf("%s: %v: %s", act, err, out)
	}
	return opened
}

// Whatever moves meanwhile, a file is judged by the path that it has when it is
// opened: what is told is what is told without a filter, less what the path rules
// out.
func TestMoved(t *testing.T) {
	filter := mixed()
	for _, indirect := range waysToRead() {
		t.Run(fmt.Sprint("indirect ", indirect), func(t *testing.T) {
			dir := fixture(t)
			opened := openedBy(t, "move", dir, watching(t, indirect, nil), watching(t, indirect, filter))
			var want, got []string
			for _, r := range opened[0] {
				if told := filter.read(openedName(r)) == of(1); told || !isJudged(r) {
					want = append(want, toldPath(r))
				}
			}
			for _, r := range opened[1] {
				got = append(got, toldPath(r))
			}
			if !slices.Equal(got, want) {
				t.Errorf("%d opens told, want %d, of %d: %s", len(got), len(want), len(opened[0]), firstDifference(got, want))
			}
			if len(want) == 0 || len(want) == len(opened[0]) {
				t.Errorf("%d of %d opens are to tell: nothing was tested", len(want), len(opened[0]))
			}
		})
	}
}

// openedName is the path by which an open is judged.
func openedName(r record) string {
	data := r.block(BlockFile).data
	name := data[unsafe.Sizeof(WireFile{}):]
	if above := at[WireFile](data).Above; above > 0 {
		name = name[:above]
	}
	return path(name)
}

// toldPath is all that is told of what an open's file is called.
func toldPath(r record) string {
	data := r.block(BlockFile).data
	w := at[WireFile](data)
	return fmt.Sprintf("%q with %d bytes below its mount and %d before what is above that", data[unsafe.Sizeof(*w):], w.Inside, w.Above)
}

// isJudged says whether the path of what was opened is its name: not of what left
// its mount, which has the root's own name in it: no automaton reads that.
func isJudged(r record) bool {
	w := at[WireFile](r.block(BlockFile).data)
	return w.Mode&unix.S_IFMT == unix.S_IFREG && w.Flags&(FileDeleted|FileMemfd) == 0 && !strings.HasPrefix(openedName(r), "//")
}

func firstDifference(got, want []string) string {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return fmt.Sprintf("number %d is %s, want %s", i, got[i], want[i])
		}
	}
	return "one is longer"
}

// elsewhere is a filter of files that have no other name.
func elsewhere() *Filter {
	return byPath(&Paths{Next: [][]int{{1}, {0}}, Ends: [][2]Candidates{{of(1), {}}, {of(1), {}}}})
}

// Whether a file has another name is not remembered beyond what was told of mounts,
// nor of another mount at the same place.
func TestOtherMounts(t *testing.T) {
	dir := fixture(t)
	var st unix.Stat_t
	if err := unix.Stat(dir, &st); err != nil {
		t.Fatal(err)
	}
	s := watching(t, false, nil)
	dev, first := firstMount(t, s, dir)
	if err := s.Watch(rowsOf([]string{"openat"}), elsewhere()); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		act   string
		first map[uint32]string
		want  int
	}{
		{"reopen", map[uint32]string{dev: first}, 0},
		{"reopen", nil, reopens},
		{"reopen", map[uint32]string{dev: first}, 0},
		{"reopen", map[uint32]string{dev: "/elsewhere"}, reopens},
		{"reopen", map[uint32]string{dev: first}, 0},
		{"reopen below another mount", map[uint32]string{dev: first}, reopens},
	} {
		if err := s.SetMounts(test.first); err != nil {
			t.Fatal(err)
		}
		got := 0
		for _, r := range openedBy(t, test.act, dir, s)[0] {
			if strings.HasPrefix(openedName(r), dir) {
				got++
			}
		}
		if got != test.want {
			t.Errorf("%s with %v: %d told, want %d", test.act, test.first, got, test.want)
		}
	}
}

// firstMount is the device of a directory and where its mount is.
func firstMount(t *testing.T, s *Sensor, dir string) (dev uint32, first string) {
	t.Helper()
	for _, r := range openedBy(t, "reopen", dir, s)[0] {
		if data := r.block(BlockFile).data; openedName(r) == dir+"/secret" {
			w := at[WireFile](data)
			if w.Above != 0 || w.Magic == unix.OVERLAYFS_SUPER_MAGIC {
				t.Skip("the directory's mount is not of a whole file system")
			}
			return w.Dev, strings.TrimSuffix(path(data[unsafe.Sizeof(WireFile{}):][w.Inside:]), "/")
		}
	}
	t.Fatal("the open was not told")
	return 0, ""
}

// What is remembered is what decides, if its path is that of the file, and no other.
func TestRemembered(t *testing.T) {
	if !canRead() {
		t.Skip("nothing is remembered where programs can't read memory of the kernel directly")
	}
	dir := fixture(t)
	all, none := of(1), Candidates{}
	paths := &Paths{Next: [][]int{{1}, {0}, {2}}, Ends: [][2]Candidates{{none, none}, {none, none}, {all, all}}}
	s := watching(t, false, byPath(paths))
	count := func() (n int) {
		for _, r := range openedBy(t, "reopen", dir, s)[0] {
			if openedName(r) == dir+"/secret" {
				n++
			}
		}
		return n
	}
	if n := count(); n != 0 {
		t.Fatalf("%d opens told that no rule is about", n)
	}
	if n := alter(t, s, dir, func(d *sensorDirectory) { d.State = 3 }); n == 0 {
		t.Fatal("nothing is remembered of the directory")
	}
	if n := count(); n != reopens {
		t.Errorf("%d opens told, want %d: what is remembered was not used", n, reopens)
	}
	for name, change := range map[string]func(*sensorDirectory){
		"a byte of the path":     func(d *sensorDirectory) { d.Path[0] ^= 1 },
		"the last byte":          func(d *sensorDirectory) { d.Path[d.Len-2] ^= 1 },
		"the length":             func(d *sensorDirectory) { d.Len-- },
		"the mount's place":      func(d *sensorDirectory) { d.Inside++ },
		"what is above":          func(d *sensorDirectory) { d.Above ^= 1 },
		"the device":             func(d *sensorDirectory) { d.Dev++ },
		"the file system's kind": func(d *sensorDirectory) { d.Magic++ },
		"the filter":             func(d *sensorDirectory) { d.Filter++ },
		"the mounts":             func(d *sensorDirectory) { d.Mounts++ },
	} {
		alter(t, s, dir, func(d *sensorDirectory) { d.State = 3; change(d) })
		if n := count(); n != 0 {
			t.Errorf("%s is another: %d opens told", name, n)
		}
	}
}

// alter changes what is remembered of a directory, and gives how many places have it.
func alter(t *testing.T, s *Sensor, dir string, change func(*sensorDirectory)) (n int) {
	t.Helper()
	names := strings.Split(strings.TrimPrefix(dir, "/"), "/")
	slices.Reverse(names)
	text := strings.Join(names, "\x00") + "\x00"
	for place := range s.objs.Directories.MaxEntries() {
		var d sensorDirectory
		if err := s.objs.Directories.Lookup(place, &d); err != nil {
			t.Fatal(err)
		}
		if string(d.Path[:d.Len]) != text {
			continue
		}
		n++
		change(&d)
		if err := s.objs.Directories.Put(place, &d); err != nil {
			t.Fatal(err)
		}
	}
	return n
}
