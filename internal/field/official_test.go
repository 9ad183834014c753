package field

import (
	"os"
	"strings"
	"testing"
)

// lines are those of a file in testdata that are no comments.
func lines(t *testing.T, file string) (all []string) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			all = append(all, line)
		}
	}
	return all
}

// TestOfficialRules: everything that the rules which are published for Falco
// name in conditions and outputs is answered.
func TestOfficialRules(t *testing.T) {
	for _, line := range lines(t, "official.txt") {
		ref, err := Falco().Ref(line)
		if err != nil {
			t.Error(err)
		} else if ref.Unserved != "" {
			t.Errorf("%s is not answered: %s", ref, ref.Unserved)
		}
	}
}

// falcoTypes are Falco's names of types where String gives other words.
var falcoTypes = map[string]Type{
	"CHARBUF": CharBuf, "FSPATH": FSPath, "BYTEBUF": ByteBuf, "BOOL": Boolean, "INT16": Int16, "INT32": Int32,
	"INT64": Int64, "UINT32": Uint32, "UINT64": Uint64, "DOUBLE": Double, "RELTIME": RelTime, "ABSTIME": AbsTime,
	"PORT": Port, "IPADDR": IPAddr, "IPNET": IPNet, "DYNAMIC": Dynamic,
}

// TestFalcoFields: whatever field a file that was written for Falco names, it
// loads, and constants beside it are read as there.
func TestFalcoFields(t *testing.T) {
	for _, line := range lines(t, "falco.tsv") {
		col := strings.Split(line, "\t")
		ref, err := Falco().Ref(col[0])
		if err != nil {
			t.Error(err)
			continue
		}
		if ref.Type != falcoTypes[col[1]] || ref.List != (len(col) > 2) {
			t.Errorf("%s: %s, list %v; want %s", line, ref.Type, ref.List, falcoTypes[col[1]])
		}
	}
}
