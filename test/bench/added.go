package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
)

// Subjects that are products.
const (
	saker     = "saker"
	sakerTold = "saker, opens told"      // by a rule of the bench's own
	sakerEach = "saker, hooks: per_call" // as by default where the kernel has one entry for calls
	falco     = "falco"
)

// measureAdded measures what each act costs more, in CPU time of who acts,
// while a subject is there. In each round every subject has its turn, and the
// one that is nothing has two: what they differ by is the error.
func measureAdded(c *config, r *report) error {
	a, err := startActor(actCPU)
	if err != nil {
		return err
	}
	counts := map[string]int{}
	for _, l := range loads {
		if counts[l.name], err = a.calibrate(l.name, c.chunk); err != nil {
			return errors.Join(err, a.stop())
		}
	}
	told, remove, err := tellingAll(c)
	if err != nil {
		return errors.Join(err, a.stop())
	}
	defer remove()
	each := *c
	each.hooks = "per_call"
	list := subjects(c, r, true)
	list = slices.Insert(list, len(list)-1,
		subject{sakerTold, func() (running, error) { return r.started(sakerTold, startSaker, told) }},
		subject{sakerEach, func() (running, error) { return r.started(sakerEach, startSaker, &each) }})
	turns := measured{}
	for round := range c.rounds {
		fmt.Fprintf(os.Stderr, "added cost: round %d of %d\n", round+1, c.rounds)
		for _, s := range list {
			if err := turns.turn(a, s, counts); err != nil {
				return errors.Join(fmt.Errorf("%s: %w", s.name, err), a.stop())
			}
		}
	}
	r.addAdded(turns, c.falco.program != "")
	return a.stop()
}

const (
	control  = "nothing"
	control2 = "nothing, again"
)

// subjects are all in the order of a round.
func subjects(c *config, r *report, withEmpty bool) []subject {
	list := []subject{{control, nothing}}
	if withEmpty {
		list = append(list, emptySubjects()...)
	}
	list = append(list, subject{saker, func() (running, error) { return r.started(saker, startSaker, c) }})
	if c.falco.program != "" {
		list = append(list, subject{falco, func() (running, error) { return r.started(falco, startFalco, c) }})
	}
	return append(list, subject{control2, nothing})
}

// measured are the times of one act, in ns, of each load, subject and round.
type measured map[string]map[string][]float64

// chunks is how many chunks of a load make a turn; their median counts.
const chunks = 3

func (m measured) turn(a *actor, s subject, counts map[string]int) error {
	active, err := s.start()
	if err != nil {
		return err
	}
	for _, l := range loads {
		var took []float64
		for range chunks {
			cpu, _, err := a.do(l.name, counts[l.name], 0)
			if err != nil {
				return errors.Join(err, active.stop())
			}
			took = append(took, cpu)
		}
		if m[l.name] == nil {
			m[l.name] = map[string][]float64{}
		}
		m[l.name][s.name] = append(m[l.name][s.name], median(took))
	}
	return active.stop()
}

// added is how much more an act took than with nothing, round by round.
func (m measured) added(load, subject string) []float64 {
	var more []float64
	for i, with := range m[load][subject] {
		more = append(more, with-m[load][control][i])
	}
	return more
}
