package rulesetextension

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPaths(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "rules[1].d") // brackets mean something in patterns
	for _, name := range []string{"20-b.yml", "10-a.yaml", "notes.txt", "below/c.yaml"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	parent := filepath.Dir(dir)
	for _, c := range []struct {
		name, path string
		want       []string
		wrong      string
	}{
		{"a file", dir + "/20-b.yml", []string{"20-b.yml"}, ""},
		{"a file that is no yaml", dir + "/notes.txt", []string{"notes.txt"}, ""},
		{"a directory, by name, without those below", dir, []string{"10-a.yaml", "20-b.yml"}, ""},
		{"a pattern", parent + "/rules*/*.y*ml", []string{"10-a.yaml", "20-b.yml"}, ""},
		{"nothing", dir + "/none.yaml", nil, "no such file"},
		{"a pattern for nothing", dir + "/*.none", nil, "no such file"},
		{"a broken pattern", parent + "/[", nil, "syntax error in pattern"},
	} {
		t.Run(c.name, func(t *testing.T) {
			files, err := Source{Path: c.path}.files()
			if (c.wrong == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), c.wrong)) {
				t.Fatalf("error %v, want one with %q", err, c.wrong)
			}
			var names []string
			for _, f := range files {
				if string(f.Content) != filepath.Base(f.Name) {
					t.Errorf("%s holds %q", f.Name, f.Content)
				}
				names = append(names, filepath.Base(f.Name))
			}
			if diff := cmp.Diff(c.want, names); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
		})
	}
}
