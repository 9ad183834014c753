package main

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const documented = "../../docs/performance.md"

var update = flag.Bool("update", false, "write "+documented+" again from the report beside it")

// TestPage: the page and its picture are what the report beside them says, so no figure
// in them can be of another run or of none.
func TestPage(t *testing.T) {
	dir := filepath.Dir(documented)
	if *update {
		if err := document(documented, dir); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, reportName))
	if err != nil {
		t.Fatal(err)
	}
	r := &report{}
	if err := json.Unmarshal(text, r); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(documented)
	if err != nil {
		t.Fatal(err)
	}
	picture, err := os.ReadFile(filepath.Join(dir, pictureName))
	if err != nil {
		t.Fatal(err)
	}
	if renewed, err := r.renew(string(page)); err != nil || renewed != string(page) {
		t.Errorf("%s is not of its run: go test ./test/bench -run Page -update (%v)", documented, err)
	}
	if string(r.picture()) != string(picture) {
		t.Errorf("%s is not of its run: go test ./test/bench -run Page -update", pictureName)
	}
}

// TestRenew: a table replaces what stood in its place, one that has none is an error,
// and a place without a table says so.
func TestRenew(t *testing.T) {
	r := sampleReport(true)
	places := []string{"circumstances"}
	for _, g := range r.grids() {
		places = append(places, g.name)
	}
	var page strings.Builder
	for _, name := range append(places, "other") {
		page.WriteString("before\n<!-- bench: " + name + " -->\nSTALE\n<!-- end -->\nafter\n")
	}
	once, err := r.renew(page.String())
	if err != nil {
		t.Fatal(err)
	}
	again, err := r.renew(once)
	if err != nil || again != once {
		t.Errorf("%v, not the same:\n%s\n%s", err, once, again)
	}
	if strings.Contains(once, "STALE") || strings.Count(once, "before\n") != len(places)+1 ||
		strings.Count(once, "Not measured.") != 1 || !strings.Contains(once, "| +55 ") {
		t.Error(once)
	}
	if _, err := r.renew(strings.Replace(page.String(), "bench: added", "bench: addled", 1)); err == nil {
		t.Error("a table without a place is no error")
	}
}

// TestAnswer: what was measured is held against its target; Falco's part is reckoned
// by hooks where there was none, and what was not measured is no row.
func TestAnswer(t *testing.T) {
	find := func(r *report, what, peer string) []string {
		for _, row := range r.answer().rows {
			if row[0] == what && strings.HasPrefix(row[2], peer) {
				return row
			}
		}
		return nil
	}
	const told = "added to open and close, told"
	with, without := sampleReport(true), sampleReport(false)
	with.Started[falco] = []float64{1}
	for _, c := range []struct {
		r                *report
		what, peer, want string
	}{
		{without, "added to a call nobody asked for", "an empty hook", "added to a call nobody asked for|55 ns|an empty hook|20 ns|2.75|≤ 1.1 ×|no"},
		{without, "the same", "Falco", "the same|55 ns|Falco, reckoned|24 ns|2.33|≤ 0.5 ×|no"},
		{with, "the same", "Falco", "the same|55 ns|Falco|100 ns|0.55|≤ 0.5 ×|no"},
		{with, "matching an open, 93 official rules", "", "matching an open, 93 official rules|100 ns||||≤ 150 ns|yes"},
		{without, told, "Falco", ""},
		{newReport(&config{}), "the same", "", ""},
	} {
		if got := strings.Join(find(c.r, c.what, c.peer), "|"); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}
