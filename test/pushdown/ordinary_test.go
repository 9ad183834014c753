package pushdown

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/pushdown"
)

// ordinaryOpens is how often each ordinary file is opened.
const ordinaryOpens = 20

// ordinary are files that no rule is about, and how they are opened, some in the
// actor's directory.
var ordinary = []struct {
	name   string
	flags  int
	always bool // whatever machine this is: others may lie on a bind mount, where files have two names
}{
	{"/usr/lib/os-release", unix.O_RDONLY, true},
	{"/proc/self/status", unix.O_RDONLY, true},
	{"/etc/hostname", unix.O_RDONLY, false},
	{"ordinary", unix.O_WRONLY | unix.O_CREAT | unix.O_TRUNC, false},
	{"missing", unix.O_RDONLY, true},
}

func actOrdinarily(dir string) {
	if unix.Chdir(dir) != nil {
		os.Exit(1)
	}
	for range ordinaryOpens {
		for _, o := range ordinary {
			open(o.name, o.flags)
		}
	}
}

// Of files that no rule is about nothing crosses.
func TestOrdinaryFiles(t *testing.T) {
	with, without := newSide(t), newSide(t)
	for name, set := range shipped(t) {
		t.Run(name, func(t *testing.T) {
			with.t, without.t = t, t
			for round := range 2 { // in the first one the state learns where the mounts are
				with.watch(set, pushdown.Filter(set))
				without.watch(set, nil)
				with.opens, without.opens = map[string]int{}, map[string]int{}
				performAs(t, asOrdinary, with, without)
				if round == 0 {
					continue
				}
				for _, o := range ordinary {
					n, all := with.opens[o.name], without.opens[o.name]
					t.Logf("%s: %d of %d opens told", o.name, n, all)
					if name == "stable" && o.always && n != 0 {
						t.Errorf("%s: %d opens are told", o.name, n)
					}
					if all < ordinaryOpens {
						t.Errorf("%s: %d opens are told without pushdown", o.name, all)
					}
				}
			}
		})
	}
	with.t, without.t = t, t
}

// countOpen counts the event if it opened a file by a name as given.
func (s *side) countOpen(ev *event.Event) {
	if s.opens == nil || ev.Row.Name != "openat" {
		return
	}
	for i, p := range ev.Row.Params {
		if p.Name == "name" {
			s.opens[strings.Clone(ev.Args[i].Text)]++
		}
	}
}
