package main

import (
	"errors"
	"fmt"
	"os"
	"time"
)

// macro is a load as hosts have them: programs that do something whole.
type macro struct {
	name, what string
	// prepare makes in dir, once, what the turns need. errAbsent: not on this host.
	prepare func(dir string) error
	// run does the load and gives the CPU time of all its processes. No run has
	// the same number as another one.
	run func(dir string, n int) (time.Duration, error)
}

// errAbsent says that a host lacks what a load needs.
var errAbsent = errors.New("not installed")

// turned is what one turn of a macro load took, in ns of CPU time.
type turned struct{ load, watcher float64 }

// macroTurns are the turns of all rounds.
type macroTurns struct {
	took map[string]map[string][]turned // by load and subject
	loss map[string][]float64           // by subject: the share of events in one round of all loads
	runs int                            // how often a load has run
}

func newMacroTurns(there []macro) *macroTurns {
	t := &macroTurns{took: map[string]map[string][]turned{}, loss: map[string][]float64{}}
	for _, m := range there {
		t.took[m.name] = map[string][]turned{}
	}
	return t
}

// macroRepeats is how often a turn runs each load. The run that took the least
// counts: what else a machine does can only add to it.
const macroRepeats = 2

// measureMacro runs whole programs with each subject in turn: what they take more
// is what people notice. A round without a subject comes before the others, for what
// only a first run has to read and make; it does not count.
func measureMacro(c *config, r *report) error {
	dir, err := os.MkdirTemp("", "saker-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	there, err := prepared(dir, r)
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "macro: warm up")
	warm := newMacroTurns(there)
	if err := warm.loads(there, control, nil, dir); err != nil {
		return err
	}
	turns := newMacroTurns(there)
	turns.runs = warm.runs
	for round := range c.macroRounds {
		fmt.Fprintf(os.Stderr, "macro: round %d of %d\n", round+1, c.macroRounds)
		for _, s := range subjects(c, r, false) {
			if err := turns.turn(there, s, dir); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
		}
	}
	r.addMacro(there, turns)
	return nil
}

// prepared are the loads that this host has, ready to run.
func prepared(dir string, r *report) (there []macro, err error) {
	for _, m := range macros {
		fmt.Fprintf(os.Stderr, "macro: prepare %s\n", m.name)
		switch err := m.prepare(dir); {
		case errors.Is(err, errAbsent):
			r.Missing = append(r.Missing, fmt.Sprintf("%s: %v", m.name, err))
		case err != nil:
			return nil, fmt.Errorf("prepare %s: %w", m.name, err)
		default:
			there = append(there, m)
		}
	}
	return there, nil
}

// turn runs all loads with a subject.
func (t *macroTurns) turn(there []macro, s subject, dir string) error {
	active, err := s.start()
	if err != nil {
		return err
	}
	watcher, _ := active.(*product)
	return errors.Join(t.loads(there, s.name, watcher, dir), active.stop())
}

// loads runs all loads, watched by a product or by none.
func (t *macroTurns) loads(there []macro, name string, watcher *product, dir string) error {
	var before, after account
	var err error
	if watcher != nil {
		if before, err = watcher.account(); err != nil {
			return err
		}
	}
	for _, m := range there {
		got, err := t.least(m, watcher, dir)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		t.took[m.name][name] = append(t.took[m.name][name], got)
	}
	if watcher != nil {
		after, err = watcher.account()
		t.loss[name] = append(t.loss[name], after.lossSince(before))
	}
	return err
}

// least is the run of a load that took the least, of those of one turn.
func (t *macroTurns) least(m macro, watcher *product, dir string) (least turned, err error) {
	for i := range macroRepeats {
		t.runs++
		got, err := oneRun(m, watcher, dir, t.runs)
		if err != nil {
			return turned{}, err
		}
		if i == 0 || got.load < least.load {
			least = got
		}
	}
	return least, nil
}

// oneRun runs one load. What the product takes meanwhile is also for all else that
// the machine does.
func oneRun(m macro, watcher *product, dir string, n int) (turned, error) {
	before := watcher.cpu()
	load, err := m.run(dir, n)
	time.Sleep(drained)
	return turned{float64(load), watcher.cpu() - before}, err
}
