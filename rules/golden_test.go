package rules

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// golden is one file of the conformance data.
type golden struct {
	t    *testing.T
	name string
	data []byte
}

// conformanceDir is the folder with the golden data, "" where there is none.
func conformanceDir() string {
	if dir := os.Getenv("SAKER_CONFORMANCE"); dir != "" {
		return dir
	}
	dir := filepath.Join("..", "..", "shared", "conformance")
	if _, err := os.Stat(dir); err != nil {
		return ""
	}
	return dir
}

// hasGolden reports whether a golden file is there, and says so if not.
func hasGolden(t *testing.T, name string) bool {
	_, err := os.Stat(filepath.Join(conformanceDir(), filepath.FromSlash(name)))
	if conformanceDir() == "" || err != nil {
		t.Logf("%s is not in the conformance data", name)
		return false
	}
	return true
}

// openGolden reads a golden file and skips the test where it is absent.
func openGolden(t *testing.T, name string) *golden {
	t.Helper()
	dir := conformanceDir()
	if dir == "" {
		t.Skip("no conformance data: set SAKER_CONFORMANCE")
	}
	data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("%s is not in the conformance data", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(name, ".gz") {
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if data, err = io.ReadAll(z); err != nil {
			t.Fatal(err)
		}
	}
	return &golden{t, name, data}
}

// lines calls f for every line.
func (g *golden) lines(f func(line []byte)) {
	s := bufio.NewScanner(bytes.NewReader(g.data))
	s.Buffer(nil, 64<<20)
	for s.Scan() {
		f(s.Bytes())
	}
	if err := s.Err(); err != nil {
		g.t.Fatal(err)
	}
}

// cantTell is what a check got of a row that asks for more than there is.
const cantTell = "can't tell"

// each runs check on every row and reports those that diverge without a
// known cause. check says whether the row holds and what was got instead;
// a row that it can't tell of is none.
func (g *golden) each(check func(row []byte) (ok bool, got string)) {
	var diverge []string
	rows := 0
	g.lines(func(line []byte) {
		var row struct{ ID string }
		if err := json.Unmarshal(line, &row); err != nil {
			g.t.Fatal(err)
		}
		rows++
		ok, got := check(line)
		if got == cantTell {
			rows--
		}
		if ok {
			return
		}
		diverge = append(diverge, row.ID)
		if cause := knownCause(g.name, line); cause == "" {
			g.t.Errorf("%s: got %s\n\trow %.600s", row.ID, got, line)
		}
	})
	g.report(rows, diverge)
}

func (g *golden) report(rows int, diverge []string) {
	fmt.Printf("%s: %d rows, %d diverge %s\n", g.name, rows, len(diverge), strings.Join(diverge, " "))
}

// causes are the known divergences from Falco: which rows, and why.
var causes = sync.OnceValue(func() (list []cause) {
	data, err := os.ReadFile("testdata/divergences.txt")
	if err != nil {
		panic(err)
	}
	for line := range strings.Lines(string(data)) {
		if strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "" {
			continue
		}
		col := strings.SplitN(strings.TrimSpace(line), "\t", 3)
		list = append(list, cause{col[0], regexp.MustCompile(col[1]), col[2]})
	}
	return list
})

type cause struct {
	file string
	rows *regexp.Regexp // over the row's text
	why  string
}

// knownCause is why Saker answers a row otherwise than Falco on purpose.
func knownCause(file string, row []byte) string {
	for _, c := range causes() {
		if ok, _ := filepath.Match(c.file, path.Base(file)); ok && c.rows.Match(row) {
			return c.why
		}
	}
	return ""
}
