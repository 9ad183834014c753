package rules

import (
	"testing"
	"time"

	"github.com/sakerhq/saker/internal/event/eventtest"
)

// shadowed is the one rule of Falco's that never fires there either.
const shadowed = "Network Tool Executed During NPM Package Install"

// TestOfficialRules loads Falco's own rules: all of them, without a doubt that
// has no ground, and fast.
func TestOfficialRules(t *testing.T) {
	files := officialFiles(t)
	best := time.Hour
	for range 5 { // the machine may be busy
		start := eventtest.CPUTime()
		set, fs := Load(FalcoSchema(), files, Options{})
		best = min(best, eventtest.CPUTime()-start)
		if set == nil {
			t.Fatal(fs.Err())
		}
		if n := len(set.Rules()); n != 93 {
			t.Fatalf("%d rules, want 93", n)
		}
		for i := range fs {
			if fs[i].Code == Lint && fs[i].ItemName != shadowed {
				t.Error(fs[i].String())
			}
		}
		if t.Failed() {
			return
		}
	}
	if limit := 250 * time.Millisecond; best > limit && !raceEnabled {
		t.Errorf("loading takes %v, %v at most", best, limit)
	}
}
