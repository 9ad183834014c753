package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"
)

// herded is what the collector takes beside so many processes.
type herded struct {
	Processes int     `json:"processes"`
	Memory    float64 `json:"resident_mib"`
}

// herds are how many processes wait beside the collector.
var herds = []int{0, 100, 1000, 10000}

// growProcesses starts more and more processes beside a collector.
func growProcesses(c *config, r *report) error {
	p, err := startSaker(c)
	if err != nil {
		return err
	}
	h, err := newHerd()
	if err != nil {
		return errors.Join(err, p.stop())
	}
	for _, n := range herds {
		fmt.Fprintf(os.Stderr, "growth: %d processes\n", n)
		if err = h.grow(n); err != nil {
			break
		}
		time.Sleep(settle)
		r.Growth.Processes = append(r.Growth.Processes, herded{n, p.memory()})
	}
	return errors.Join(err, h.end(), p.stop())
}

// herd are processes that wait for the end of a pipe.
type herd struct {
	read, write *os.File
	pids        []int
}

func newHerd() (h *herd, err error) {
	h = &herd{}
	h.read, h.write, err = os.Pipe()
	return h, err
}

func (h *herd) grow(to int) error {
	for len(h.pids) < to {
		pid, err := syscall.ForkExec("/bin/cat", []string{"cat"}, &syscall.ProcAttr{Files: []uintptr{h.read.Fd(), 1, 2}})
		if err != nil {
			return fmt.Errorf("start process %d: %w", len(h.pids), err)
		}
		h.pids = append(h.pids, pid)
	}
	return nil
}

// end has all of them end, and waits for that.
func (h *herd) end() error {
	err := errors.Join(h.write.Close(), h.read.Close())
	for _, pid := range h.pids {
		_, waited := syscall.Wait4(pid, nil, 0, nil)
		err = errors.Join(err, waited)
	}
	return err
}

// grownCPUs is what an open and close costs more where so many CPUs make them at once.
type grownCPUs struct {
	CPUs    int    `json:"cpus"`
	LeftOut spread `json:"left_out_added_ns"`
	Told    spread `json:"told_added_ns"`
}

// cpuRounds is how often each number of CPUs is measured, with and without.
const cpuRounds = 5

// growCPUs opens on one CPU and on several at once.
func growCPUs(c *config, r *report) (err error) {
	told, remove, err := tellingAll(c)
	if err != nil {
		return err
	}
	defer remove()
	var actors []*actor
	defer func() {
		for _, a := range actors {
			err = errors.Join(err, a.stop())
		}
	}()
	for n := range min(2, runtime.NumCPU()) {
		a, err := startActor(actCPU - n) // that of the acts first, then the collector's too
		if err != nil {
			return err
		}
		actors = append(actors, a)
	}
	with := map[*config]map[int][]float64{nil: {}, c: {}, told: {}}
	for round := range cpuRounds {
		fmt.Fprintf(os.Stderr, "growth: CPUs, round %d of %d\n", round+1, cpuRounds)
		for _, of := range []*config{nil, c, told} {
			if err := actBeside(of, actors, with[of]); err != nil {
				return err
			}
		}
	}
	for n := 1; n <= len(actors); n++ {
		r.Growth.CPUs = append(r.Growth.CPUs, grownCPUs{n, more(with[c][n], with[nil][n]), more(with[told][n], with[nil][n])})
	}
	return nil
}

// more is what the rounds took more than others.
func more(took, without []float64) spread {
	var added []float64
	for i := range took {
		added = append(added, took[i]-without[i])
	}
	return spreadOf(added)
}

// actBeside has the actors act beside a collector; nil: beside nothing.
func actBeside(c *config, actors []*actor, took map[int][]float64) error {
	if c == nil {
		return actTogether(actors, took)
	}
	p, err := startSaker(c)
	if err != nil {
		return err
	}
	return errors.Join(actTogether(actors, took), p.stop())
}

// togetherOpens is how often each actor opens in a round.
const togetherOpens = 40_000

// actTogether has one actor, then two and so on open at once, and adds what an open and
// close takes on the first one's CPU.
func actTogether(actors []*actor, took map[int][]float64) error {
	for n := 1; n <= len(actors); n++ {
		others := make(chan error)
		for _, a := range actors[1:n] {
			go func() {
				_, _, err := a.do(opens, 2*togetherOpens, 0) // longer than the one that is measured
				others <- err
			}()
		}
		cpu, _, err := actors[0].do(opens, togetherOpens, 0)
		for range actors[1:n] {
			err = errors.Join(err, <-others)
		}
		if err != nil {
			return err
		}
		took[n] = append(took[n], cpu)
	}
	return nil
}
