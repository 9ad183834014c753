// Package rooms holds the order of the packages.
//
// It takes the import clauses of the repository's Go files. It owns the order
// of docs/architecture.md as a table. It never builds or runs what it reads.
package rooms

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/sakerhq/saker/"

// order is the way that an event walks: a package may import only what stands
// above it, and its own room.
var order = []string{
	"rules/internal/source",
	"rules/internal/syntax",
	"rules/internal/pattern",
	"internal/similar",
	"internal/config",
	"internal/syscalls",
	"internal/event",
	"internal/field",
	"rules",
	"internal/record",
	"bpf",
	"internal/pushdown",
	"internal/container",
	"internal/state",
	"extension/rulesetextension",
	"receiver/syscallreceiver",
	"processor/detectionprocessor",
	"cmd",
	"test",
}

// apart are rooms that stand above each other but must not know each other.
var apart = map[string]string{
	"processor/detectionprocessor": "receiver/syscallreceiver",
}

func TestImportOrder(t *testing.T) {
	seen := 0
	eachGoFile(t, func(name string) {
		for _, imported := range imports(t, name) {
			seen++
			if err := allowed(path.Dir(name), imported); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	if seen == 0 {
		t.Error("no import of the module's own packages found: the test looks at the wrong place")
	}
}

func TestAllowed(t *testing.T) {
	for _, c := range []struct {
		from, to string
		ok       bool
	}{
		{"internal/state", "bpf", true},
		{"bpf", "internal/state", false},
		{"rules", "rules/internal/syntax", true},
		{"rules/internal/syntax", "rules", false},
		{"rules/internal/pattern", "internal/field", false},
		{"rules/library", "rules", true},
		{"rules", "rules/library", true},
		{"receiver/syscallreceiver", "extension/rulesetextension", true},
		{"receiver/syscallreceiver", "extension/rulesetextension/internal/metadata", false},
		{"processor/detectionprocessor", "receiver/syscallreceiver", false},
		{"internal/nowhere", "bpf", false},
	} {
		if err := allowed(c.from, c.to); (err == nil) != c.ok {
			t.Errorf("%s imports %s: %v", c.from, c.to, err)
		}
	}
}

// allowed says why the package from must not import the package to.
func allowed(from, to string) error {
	f, t := room(from), room(to)
	switch {
	case f < 0:
		return fmt.Errorf("%s stands in no room", from)
	case t < 0:
		return fmt.Errorf("%s stands in no room", to)
	case f == t:
		return nil
	case t > f:
		return fmt.Errorf("%s imports %s, which stands below it", from, to)
	case apart[order[f]] == order[t]:
		return fmt.Errorf("%s imports %s: they must not know each other", from, to)
	case strings.HasPrefix(to, "extension/") && to != order[t]:
		return fmt.Errorf("%s imports %s, which is the extension's own", from, to)
	}
	return nil
}

func room(pkg string) int {
	for i, name := range order {
		if pkg == name || strings.HasPrefix(pkg, name+"/") {
			return i
		}
	}
	return -1
}

func eachGoFile(t *testing.T, do func(name string)) {
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		if d.IsDir() && skipped(rel) {
			return filepath.SkipDir
		}
		if strings.HasSuffix(rel, ".go") && !strings.HasSuffix(rel, "_test.go") {
			do(filepath.ToSlash(rel))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// skipped says which directories hold no package of the module.
func skipped(dir string) bool {
	base := filepath.Base(dir)
	return dir == "build" || dir == "tools" || base == "testdata" || (dir != "." && strings.HasPrefix(base, "."))
}

// imports gives the module's own packages that a file imports.
func imports(t *testing.T, name string) (own []string) {
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "..", name), nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range file.Imports {
		text, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		if rest, ok := strings.CutPrefix(text, module); ok {
			own = append(own, rest)
		}
	}
	return own
}
