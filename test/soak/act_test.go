package soak

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sakerhq/saker/test/acts"
)

// act is what a process did in some time and a rule is true for.
type act struct {
	rule         string
	pid          int
	began, ended time.Time
}

// acted begins a child's line that tells an act.
const acted = "did"

func tell(a act) {
	fmt.Printf("%s %d %d %d %s\n", acted, a.pid, a.began.UnixNano(), a.ended.UnixNano(), a.rule)
}

// parseAct reads what tell wrote.
func parseAct(line string) (a act, err error) {
	var began, ended int64
	var n int
	if n, err = fmt.Sscanf(line, acted+" %d %d %d", &a.pid, &began, &ended); err != nil {
		return a, fmt.Errorf("%d words of %q: %w", n, line, err)
	}
	a.began, a.ended = time.Unix(0, began), time.Unix(0, ended)
	a.rule = line[len(fmt.Sprintf("%s %d %d %d ", acted, a.pid, began, ended)):]
	return a, nil
}

// canaries are acts that are done in turn, one a second.
type canaries struct {
	acts   []acts.Act
	ruleOf func(acts.Act) string
	dir    string
	done   []act
}

// next does the next of them.
func (c *canaries) next(t *testing.T) {
	t.Helper()
	n := len(c.done)
	own := filepath.Join(c.dir, fmt.Sprint("canary-", n))
	if err := os.Mkdir(own, 0o700); err != nil {
		t.Fatal(err)
	}
	a := c.acts[n%len(c.acts)]
	began := time.Now()
	pid, err := a.Do(own)
	if err != nil {
		t.Fatal(err)
	}
	c.done = append(c.done, act{c.ruleOf(a), pid, began, time.Now()})
	if err := os.RemoveAll(own); err != nil {
		t.Error(err)
	}
}
