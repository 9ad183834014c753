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
	// run does the load and gives the CPU time of all its processes. No turn has
	// the same number as another one.
	run func(dir string, turn int) (time.Duration, error)
}

// errAbsent says that a host lacks what a load needs.
var errAbsent = errors.New("not installed")

// turned is what one turn of a macro load took, in ns of CPU time.
type turned struct{ load, watcher float64 }

// macroTurns are the turns of all rounds.
type macroTurns struct {
	took map[string]map[string][]turned // by load and subject
	loss map[string][]float64           // by subject: the share of events in one round of all loads
}

// measureMacro runs whole programs with each subject in turn: what they take more
// is what people notice.
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
	turns, n := macroTurns{map[string]map[string][]turned{}, map[string][]float64{}}, 0
	for _, m := range there {
		turns.took[m.name] = map[string][]turned{}
	}
	for round := range c.macroRounds {
		fmt.Fprintf(os.Stderr, "macro: round %d of %d\n", round+1, c.macroRounds)
		for _, s := range subjects(c, r, false) {
			n++
			if err := turns.turn(there, s, dir, n); err != nil {
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

// turn runs all loads once with a subject.
func (t *macroTurns) turn(there []macro, s subject, dir string, n int) error {
	active, err := s.start()
	if err != nil {
		return err
	}
	return errors.Join(t.loads(there, s.name, active, dir, n), active.stop())
}

func (t *macroTurns) loads(there []macro, name string, active running, dir string, n int) error {
	watcher, watched := active.(*product)
	var before, after account
	var err error
	if watched {
		if before, err = watcher.account(); err != nil {
			return err
		}
	}
	for _, m := range there {
		got, err := oneTurn(m, watcher, dir, n)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		t.took[m.name][name] = append(t.took[m.name][name], got)
	}
	if watched {
		after, err = watcher.account()
		t.loss[name] = append(t.loss[name], after.lossSince(before))
	}
	return err
}

// oneTurn runs one load. What the product takes meanwhile is also for all else that
// the machine does.
func oneTurn(m macro, watcher *product, dir string, n int) (turned, error) {
	before := watcher.cpu()
	load, err := m.run(dir, n)
	time.Sleep(drained)
	return turned{float64(load), watcher.cpu() - before}, err
}
