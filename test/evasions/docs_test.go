package evasions

import (
	"flag"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write "+page)

// page has all evasions for readers.
const page = "../../docs/evasions.md"

// kinds are the tables of this package.
var kinds = []struct {
	title string
	rows  []evasion
}{
	{"Other names", byName},
	{"Names that change", byLookup},
	{"Other addresses", bySocket},
	{"Other identities", byIdentity},
	{"Hidden arguments", byHiding},
	{"Other programs", byProgram},
	{"Other ways into the kernel", byEntry},
	{"No call at all", byRing},
	{"Races, threads, processes and namespaces", evasions},
}

// elsewhere are evasions that other packages' tests try, on the records of the
// kernel's programs.
var elsewhere = []struct{ what, told, file, test string }{
	{"the descriptor becomes another file's, or nobody's, before the end of its open is told", "by the path as given, with fd.replaced; once more as what is there now", "test/evasions/races_test.go", "TestOpenSwapped"},
	{"a request of io_uring that is linked, done later, by a thread, into a slot, without a completion, or whose completion finds no room", "the same as the call, once", "bpf/uring_test.go", "TestUringOpen"},
	{"io_uring makes directories, links, renames, removes", "the same as the calls, with their arguments", "bpf/uring_test.go", "TestUringNames"},
	{"io_uring makes sockets, binds, listens, accepts, connects", "the same as the calls, with both ends", "bpf/uring_test.go", "TestUringNet"},
	{"a connection of io_uring that is used before it completes", "when it begins", "bpf/uring_test.go", "TestUringConnecting"},
	{"a request of io_uring that never completes", "when its process ends", "bpf/uring_test.go", "TestUringPending"},
	{"so many requests of io_uring that no more are remembered", "further ones as they are submitted", "bpf/uring_test.go", "TestUringMany"},
	{"a whole 32-bit program", "the same as of others", "bpf/evade_test.go", "TestCompatEntry"},
	{"each call by its 32-bit entry, where only that has it", "the same arguments", "test/calls/calls_test.go", "TestEveryRow"},
	{"a program that is not of its container's image", "the layer of the overlay", "bpf/evade_test.go", "TestOverlayLayer"},
	{"a program that started before the sensor", "from the kernel's tasks, without a gap", "bpf/live_test.go", "TestScan"},
	{"programs on functions are switched off for the whole machine", "that, at the start; how many paths were not seen, later", "bpf/unseen_path_test.go", "TestSwitchedOff"},
	{"the root directory by another name that changes", "the root", "bpf/unseen_path_test.go", "TestRootIsSeen"},
	{"a file that left the mount by which it is reached", "the same with and without pushdown", "bpf/directory_test.go", "TestMoved"},
	{"a flood that is more than can be told", "how many records were lost, of which class, when", "test/soak/soak_test.go", "TestSoak"},
}

const preamble = `# Evasions

Written by ` + "`go test ./test/evasions -update`" + `. Each line is a live test: a child
process does the act so that it would not be seen, and an alert must say what
happened all the same, once for each time. ` + "`{dir}`" + ` stands for the act's directory,
` + "`{tool}`, `{self}` and `{sh}`" + ` for programs, *opened* for
` + "`" + `{opened}` + "`" + `, *started* for ` + "`" + `{started}` + "`" + `.
`

// describe gives the page.
func describe() string {
	var b strings.Builder
	b.WriteString(strings.NewReplacer("{opened}", bare(opened), "{started}", bare(started)).Replace(preamble))
	words := strings.NewReplacer(opened, "*opened* and ", started, "*started* and ")
	for _, kind := range kinds {
		if len(kind.rows) == 0 {
			continue
		}
		b.WriteString("\n## " + kind.title + "\n\n| what hides | condition | alert |\n|---|---|---|\n")
		for _, e := range kind.rows {
			b.WriteString("| " + e.name + " | " + marked(words.Replace(e.condition)) + " | " + code(e.want) + " |\n")
		}
	}
	b.WriteString("\n## Tried on records\n\n| what hides | told as | test |\n|---|---|---|\n")
	for _, e := range elsewhere {
		b.WriteString("| " + e.what + " | " + e.told + " | [" + e.test + "](../" + e.file + ") |\n")
	}
	return b.String() + limits
}

// limits are what no test can show.
const limits = `
## Limits

- A file on a mount that is mounted nowhere (` + "`open_tree`, `fsmount`" + `) has no path but
  the one below that mount's root: rules on ` + "`fd.name`" + ` miss it, those on
  ` + "`fd.origin`" + ` or on inode and device don't. The same goes for a bind mount.
- The path of a call that leaves no descriptor (unlink, rename, link, symlink, mkdir,
  chmod, chown, mount) is taken while the kernel works on it, where it lets programs
  onto its functions ([kernels.md](kernels.md)): *Names that change* runs there only.
  Elsewhere it is what user memory holds when the call ends, and symbolic links on
  its way are not followed: ` + "`evt.unresolved`" + ` tells where they might be. A second thread
  that takes the memory away is told (` + "`evt.unreadable`" + `); one that writes another
  path there, between the kernel's reading and the call's end, is believed. The same
  goes for what other calls are given in memory: data, options, the program and
  arguments of an exec that fails.
- Who puts another file in the place of a descriptor between the moment that an open made
  it and the end of the call, and lets go of that file in the same moment by all other
  descriptors, has the open told as that file's. The path as given (` + "`" + `fd.nameraw` + "`" + `) stays.
- ` + "`" + `proc.cwd` + "`" + ` is the directory that the process's last record told: another process that
  shares it (` + "`" + `CLONE_FS` + "`" + `) or renames a directory above it changes it unseen until the next one.
  No path of a file depends on it.
- Newer kernels (7.3 of those that are run) can preempt programs on tracepoints, and then
  don't run them for others on that CPU. As root calls are told where that can't be;
  how processes begin and end, and for others calls too, by three programs, of which
  one tells what those before it were left out for. Who manages to have all preempted can have
  another one's act go unseen. That is told as a loss (` + "`missed`" + `), by number, and the
  scan that follows finds what runs.
`

func bare(condition string) string { return strings.TrimSuffix(condition, " and ") }

// longest is how much of a text the page shows.
const longest = 120

func code(text string) string {
	if len(text) > longest {
		text = text[:longest] + "…"
	}
	return "`" + strings.ReplaceAll(text, "|", "\\|") + "`"
}

// marked is a condition whose words in stars are no code.
func marked(condition string) string {
	if head, rest, ok := strings.Cut(condition, "* and "); ok {
		return head + "* and " + code(rest)
	}
	return code(condition)
}

func TestPage(t *testing.T) {
	if len(byEntry) == 0 {
		t.Skip("the page has the entries of amd64")
	}
	if *update {
		if err := os.WriteFile(page, []byte(describe()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	is, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(is) != describe() {
		t.Errorf("%s is not what the tables say: run with -update", page)
	}
}

// What the page says of other packages must be there.
func TestElsewhere(t *testing.T) {
	for _, e := range elsewhere {
		file, err := parser.ParseFile(token.NewFileSet(), "../../"+e.file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		if file.Scope.Lookup(e.test) == nil {
			t.Errorf("%s has no %s", e.file, e.test)
		}
	}
}
