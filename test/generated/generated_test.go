// Package generated holds generated files to their sources.
//
// It takes the repository's files and runs every generator on a copy of them.
// It never changes the repository.
package generated

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var root = filepath.Join("..", "..")

func TestGeneratedFilesAreCurrent(t *testing.T) {
	for _, tool := range []string{"clang-19", "llvm-strip-19", "git"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("needs %s to generate (make setup)", tool)
		}
	}
	files := list(t)
	copied := t.TempDir()
	for _, name := range files {
		clone(t, filepath.Join(root, name), filepath.Join(copied, name))
	}
	cmd := exec.Command("go", "generate", "./...")
	cmd.Dir = copied
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("generate: %v\n%s", err, out)
	}
	for _, name := range files {
		if !bytes.Equal(content(t, filepath.Join(root, name)), content(t, filepath.Join(copied, name))) {
			t.Errorf("%s is not what its source says: run make generate", name)
		}
	}
}

// list names the repository's files, those not yet committed too.
func list(t *testing.T) (files []string) {
	t.Helper()
	cmd := exec.Command("git", "ls-files", "--cached", "--others", "--exclude-standard")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("list the repository's files: %v", err)
	}
	for name := range strings.Lines(string(out)) {
		name = strings.TrimSuffix(name, "\n")
		if _, err := os.Stat(filepath.Join(root, name)); err == nil {
			files = append(files, name)
		}
	}
	return files
}

func clone(t *testing.T, from, to string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, content(t, from), 0o755); err != nil {
		t.Fatal(err)
	}
}

func content(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
