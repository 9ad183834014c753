package programs

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

var (
	update = flag.Bool("update", false, "record what the verifier counted in "+recorded)
	logs   = flag.String("logs", "", "with -update: record what kernels said in these logs, too (a pattern, as ../../../build/kernels/*.log)")
)

// recorded is the file of sizes.
const recorded = "testdata/verifier.txt"

const heading = `# How many instructions the kernel's verifier goes through for each program,
# alone, reading memory directly or not, by architecture and series of kernel.
# To renew: go test ./test/kernels/programs -update
`

// hardLimit is the most on any kernel: half of what a kernel takes, so that
// one whose verifier sees less through the same program still takes it.
const hardLimit = 500_000

// A size may be greater than the recorded one by a part in tolerance: kernels of
// a series differ a little. Where it differs by more than a part in drift when it
// is recorded, what other kernels counted says nothing any more. Some hundred
// instructions more matter nowhere.
const (
	tolerance = 4
	drift     = 10
	little    = 500
)

// sizes are instructions by "architecture/series program/way".
type sizes map[string]int

// check says what is wrong with the size n of what, nil if nothing: more than the
// hard limit, or than a part in tolerance beyond what is recorded. A program must
// be recorded of some kernel; of one whose record was forgotten, or that never
// was recorded, there is the hard limit only.
func (s sizes) check(what string, n int) error {
	known := s[what]
	switch {
	case n > hardLimit:
		return fmt.Errorf("%s: the verifier goes through %d instructions, %d at most", what, n, hardLimit)
	case known == 0 && !s.has(programOf(what)):
		return fmt.Errorf("%s: the verifier goes through %d instructions, and nothing is recorded of the program; %s", what, n, howToRecord)
	case known > 0 && n > known+max(known/tolerance, little):
		return fmt.Errorf("%s: the verifier goes through %d instructions, %d %% more than recorded (%d). If that is meant, %s",
			what, n, 100*(n-known)/known, known, howToRecord)
	}
	return nil
}

const howToRecord = `record it:
	go test ./test/kernels/programs -update                               what this machine's kernel counts
	go test ./test/kernels/programs -update -logs "$PWD/build/kernels/*.log"   and what others did, after make test-kernels`

// has says that something is recorded of a program.
func (s sizes) has(program string) bool {
	for what := range s {
		if programOf(what) == program {
			return true
		}
	}
	return false
}

// programOf is the program of a size.
func programOf(what string) string {
	_, program, _ := strings.Cut(what, " ")
	program, _, _ = strings.Cut(program, "/")
	return program
}

func (s sizes) String() string {
	text := heading
	for _, what := range slices.Sorted(maps.Keys(s)) {
		text += line(what, s[what]) + "\n"
	}
	return text
}

// line is a size as the file has it, and as the tests tell it.
func line(what string, n int) string { return fmt.Sprintf("verified %s: %d", what, n) }

var lines = regexp.MustCompile(`(?m)verified (\S+ \S+): (\d+)\s*$`)

// read adds all sizes in text, of which the last holds.
func (s sizes) read(text string) {
	for _, found := range lines.FindAllStringSubmatch(text, -1) {
		s[found[1]], _ = strconv.Atoi(found[2])
	}
}

func readSizes(t *testing.T) sizes {
	t.Helper()
	text, err := os.ReadFile(recorded)
	if err != nil {
		t.Fatal(err)
	}
	s := sizes{}
	s.read(string(text))
	return s
}

// renew writes the file with what is counted now, and what is in logs.
func (s sizes) renew(t *testing.T, now sizes, programs []string) {
	t.Helper()
	s.replace(now, programs)
	files, err := filepath.Glob(*logs)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		s.read(string(text))
	}
	if err := os.WriteFile(recorded, []byte(s.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// replace puts what was counted in place of what is known of it, and forgets
// programs that are no more, and what other kernels counted of programs that are
// others now. What this machine refuses, another of its kernel's series may have
// counted.
func (s sizes) replace(now sizes, programs []string) {
	changed := map[string]bool{}
	for what, n := range now {
		known := s[what]
		if known > 0 && (n > known+known/drift || n < known-known/drift) {
			changed[programOf(what)] = true
		}
	}
	maps.DeleteFunc(s, func(what string, _ int) bool {
		return changed[programOf(what)] || !slices.Contains(programs, programOf(what))
	})
	maps.Copy(s, now)
}

// thisKernel is the architecture and the series of the kernel that runs, as
// amd64/6.12.
func thisKernel() string {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return runtime.GOARCH
	}
	return runtime.GOARCH + "/" + series(unix.ByteSliceToString(name.Release[:]))
}

func series(release string) string {
	words := strings.FieldsFunc(release, func(r rune) bool { return r < '0' || r > '9' })
	if len(words) < 2 {
		return release
	}
	return words[0] + "." + words[1]
}

func TestSizes(t *testing.T) {
	s := sizes{}
	s.read("    programs_test.go:1: verified amd64/6.1 a/direct: 1000\r\nverified amd64/6.1 b/direct: 7 or so\nverified amd64/6.1 a/direct: 2000\nverified amd64/6.1 c/direct: 100\n")
	if len(s) != 2 || s["amd64/6.1 a/direct"] != 2000 {
		t.Errorf("read %v", s)
	}
	for what, ok := range map[string]map[int]bool{
		"amd64/6.1 a/direct":   {2000: true, 2500: true, 2501: false, 1: true},
		"amd64/6.1 c/direct":   {100: true, 600: true, 601: false},
		"amd64/6.1 a/indirect": {1: true, hardLimit: true, hardLimit + 1: false},
		"amd64/6.2 a/direct":   {1: true, hardLimit: true, hardLimit + 1: false},
		"amd64/6.1 b/direct":   {1: false},
	} {
		for n, want := range ok {
			if err := s.check(what, n); (err == nil) != want {
				t.Errorf("%s with %d: %v", what, n, err)
			}
		}
	}
	again := sizes{}
	if again.read(s.String()); !maps.Equal(s, again) {
		t.Errorf("%v is read as %v", s, again)
	}
}

func TestReplace(t *testing.T) {
	s := sizes{
		"amd64/6.1 a/direct": 1000, "amd64/6.2 a/direct": 1000, "amd64/6.1 b/direct": 1000, "amd64/6.2 b/direct": 1000,
		"amd64/6.1 gone/direct": 1, "amd64/6.1 rest/direct": 1,
	}
	s.replace(sizes{"amd64/6.2 a/direct": 1100, "amd64/6.2 b/direct": 1101}, []string{"a", "b", "rest"})
	if want := (sizes{"amd64/6.1 a/direct": 1000, "amd64/6.2 a/direct": 1100, "amd64/6.2 b/direct": 1101, "amd64/6.1 rest/direct": 1}); !maps.Equal(s, want) {
		t.Errorf("recorded are\n%v\nwant\n%v", s, want)
	}
}

func TestSeries(t *testing.T) {
	for release, want := range map[string]string{"6.12.117+deb12-cloud-amd64": "6.12", "6.8-rc1": "6.8", "7": "7"} {
		if got := series(release); got != want {
			t.Errorf("%s is of the series %s, want %s", release, got, want)
		}
	}
}
