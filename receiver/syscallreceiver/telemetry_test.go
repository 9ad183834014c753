package syscallreceiver

import (
	"testing"

	"github.com/sakerhq/saker/internal/state"
)

// TestCaches: what is evicted of a cache is shown as of that one.
func TestCaches(t *testing.T) {
	known := &state.Counts{ProcessesEvicted: 1, PathsEvicted: 2, ProgramsEvicted: 3, SocketsEvicted: 4, NamesEvicted: 5}
	const words = 6
	want := map[string]uint64{"process": 1, "path": 2, "argument": 3, "socket": 4, "name": 5, "word": words}
	for _, c := range caches {
		if got := c.evicted(known, words); got != want[c.name] {
			t.Errorf("%s: %d, want %d", c.name, got, want[c.name])
		}
		delete(want, c.name)
	}
	if len(want) > 0 {
		t.Errorf("not shown: %v", want)
	}
}
