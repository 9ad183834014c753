package syscalls

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write golden files")

// falcoEvent is what a line of events.tsv says of one event type.
type falcoEvent struct {
	Category string
	Flags    Flags
	Busy     bool
	Params   []string
	own      bool // not only known by name
	call     bool
}

var falcoFlags = map[string]Flags{
	"CREATES_FD": CreatesFD, "USES_FD": UsesFD, "DESTROYS_FD": DestroysFD,
	"READS_FROM_FD": ReadsFD, "WRITES_TO_FD": WritesFD, "WAITS": Waits,
}

// falcoTable reads events.tsv: of several versions of an event the first.
func falcoTable(t *testing.T) map[string]falcoEvent {
	t.Helper()
	dir := os.Getenv("SAKER_SPEC")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "spec")
	}
	text, err := os.ReadFile(filepath.Join(dir, "events.tsv"))
	if err != nil {
		t.Skipf("no events.tsv; set SAKER_SPEC to the directory with it: %v", err)
	}
	table := map[string]falcoEvent{}
	for line := range strings.Lines(string(text)) {
		column := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if _, twice := table[column[0]]; twice || column[0] == "evt_type" {
			continue
		}
		e := falcoEvent{
			Category: column[4], Busy: column[11] == "yes", own: column[1] == "syscall", call: strings.HasPrefix(column[1], "syscall"),
		}
		if column[6] != "" {
			e.Params = strings.Split(column[6], ", ")
		}
		for _, name := range strings.Split(column[5], "|") {
			e.Flags |= falcoFlags[name]
		}
		table[column[0]] = e
	}
	return table
}

// TestRowsAgreeWithFalco checks every row against Falco's event. To calls that
// Falco only knows by name a row may add: parameters behind Falco's, and what
// happens to descriptors.
func TestRowsAgreeWithFalco(t *testing.T) {
	table := falcoTable(t)
	for i, d := range Describe() {
		row := Rows()[i]
		want, ok := table[d.Name]
		if !ok && row.Kind == Call && (len(d.Params) < 2 || d.Params[0] != "ID:SYSCALLID") {
			t.Errorf("%s: Falco has no such event", d.Name)
		}
		got := falcoEvent{
			Category: d.Category, Flags: row.Flags, Busy: row.Busy, Params: d.Params, own: want.own, call: want.call,
		}
		if !want.call {
			got.Busy = false // what of them is told is for us to say
		}
		if want.call && !want.own {
			got.Flags, got.Busy = 0, false
			got.Params = d.Params[:2]
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(falcoEvent{})); ok && diff != "" {
			t.Errorf("%s (-Falco +ours):\n%s", d.Name, diff)
		}
	}
}

// notLinux are Falco's events that are calls of other kernels or machines.
var notLinux = []string{"syscall", "na_1", "timerfd"}

func TestEveryCallOfFalcoHasARow(t *testing.T) {
	own := 0
	for name, e := range falcoTable(t) {
		if !e.call || slices.Contains(notLinux, name) || otherMachine(name) {
			continue
		}
		if ByName(name) == nil {
			t.Errorf("%s has no row", name)
		}
		if e.own {
			own++
		}
	}
	if own != 162 {
		t.Errorf("%d calls have an event of their own, want 162", own)
	}
}

// otherMachine tells calls that no architecture of the table has.
func otherMachine(name string) bool {
	_, known := numbers()[name]
	_, other := otherEventSet()[name]
	return !known && other && ByName(name) == nil
}

func TestEveryCallOfLinuxIsServed(t *testing.T) {
	served := map[string]string{}
	for _, row := range Rows() {
		if row.Kind != Call {
			continue
		}
		for _, name := range row.calls() {
			if other := served[name]; other != "" {
				t.Errorf("%s is served by %s and %s", name, other, row.Name)
			}
			served[name] = row.Name
		}
	}
	for name := range numbers() {
		if served[name] == "" {
			t.Errorf("%s has no row", name)
		}
	}
}

func TestNamesAgreeWithFalco(t *testing.T) {
	for name, e := range falcoTable(t) {
		if !Known(name) {
			t.Errorf("event %s is not known", name)
		}
		for _, p := range e.Params {
			if param, _, _ := strings.Cut(p, ":"); param != "" && !IsParam(param) {
				t.Errorf("%s: %s is not a parameter", name, param)
			}
		}
	}
	for _, name := range []string{"", "opens", "fd.name", "OPEN", "evt"} {
		if Known(name) || IsParam(name) {
			t.Errorf("%q is known", name)
		}
	}
}

// TestRowsHold checks what the kernel programs and state rely on.
func TestRowsHold(t *testing.T) {
	for i, row := range Rows() {
		if ByName(row.Name) != row {
			t.Errorf("row %d: %s stands twice", i, row.Name)
		}
		if !Known(row.Name) {
			t.Errorf("%s is not known", row.Name)
		}
		if descriptor := row.FD != Nowhere; descriptor != (row.Flags&(CreatesFD|UsesFD|DestroysFD) != 0) {
			t.Errorf("%s: FD and flags disagree", row.Name)
		}
		for _, p := range row.Params {
			checkParam(t, row, &p)
		}
	}
}

func checkParam(t *testing.T, row *Row, p *Param) {
	t.Helper()
	is := func(types ...Type) bool { return slices.Contains(types, p.Type) }
	switch {
	case p.Type.String() == "" || !IsParam(p.Name):
		t.Errorf("%s.%s: no type or no such parameter", row.Name, p.Name)
	case p.Dir != Nowhere && !is(FSRelPath), p.Dir == Nowhere && is(FSRelPath):
		t.Errorf("%s.%s: a directory belongs to a relative path", row.Name, p.Name)
	case p.Len != Nowhere && !is(ByteBuf, Message, Messages, Vector, FDList, SockAddr, SockTuple) && p.Size == 0:
		t.Errorf("%s.%s: has a length", row.Name, p.Name)
	case is(ByteBuf, Message, Messages, Vector, FDList) && p.From != Nowhere && p.Len == Nowhere:
		t.Errorf("%s.%s: has no length", row.Name, p.Name)
	case is(Flags8, Flags16, Flags32, Enum8, Enum16, Enum32, Mode) != (p.Values != nil):
		t.Errorf("%s.%s: values and type disagree", row.Name, p.Name)
	case p.Values != nil && p.Values.Enum != is(Enum8, Enum16, Enum32):
		t.Errorf("%s.%s: enumeration and type disagree", row.Name, p.Name)
	case p.From == OfFile && row.FD == Nowhere:
		t.Errorf("%s.%s: there is no descriptor", row.Name, p.Name)
	}
}

func TestNumber(t *testing.T) {
	for _, tt := range []struct {
		arch, call string
		want       []int
	}{
		{"amd64", "openat", []int{257}},
		{"arm64", "openat", []int{56}},
		{"386", "openat", []int{295}},
		{"arm", "openat", []int{322}},
		{"x32", "openat", []int{257}},
		{"arm64", "open", nil},
		{"amd64", "execve", []int{59}},
		{"x32", "execve", []int{520}},
		{"386", "setuid", []int{23, 213}},
		{"amd64", "setuid", []int{105}},
		{"386", "accept", nil}, // only within socketcall
		{"amd64", "procexit", nil},
		{"vax", "openat", nil},
	} {
		if got := Number(tt.arch, ByName(tt.call)); !slices.Equal(got, tt.want) {
			t.Errorf("%s on %s: %v, want %v", tt.call, tt.arch, got, tt.want)
		}
	}
}

func TestEveryCallHasNumbers(t *testing.T) {
	taken := map[string]map[int]string{}
	for _, row := range Rows() {
		anywhere := false
		for _, arch := range arches {
			anywhere = anywhere || Number(arch, row) != nil
		}
		if row.Kind == Call && !anywhere {
			t.Errorf("%s has no number anywhere", row.Name)
		}
		for _, arch := range arches {
			for _, n := range Number(arch, row) {
				if taken[arch] == nil {
					taken[arch] = map[int]string{}
				}
				if other := taken[arch][n]; other != "" || n < 0 || n >= 1024 {
					t.Errorf("%s: number %d on %s; %s has it too", row.Name, n, arch, other)
				}
				taken[arch][n] = row.Name
			}
		}
	}
}

func TestDocs(t *testing.T) {
	file := filepath.Join("..", "..", "docs", "events.md")
	got := Markdown()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("docs/events.md (-is +should be); run with -update:\n%s", diff)
	}
}
