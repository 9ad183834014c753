package main

import (
	"errors"
	"runtime"
)

// maxCrew is how many producers there are at most.
const maxCrew = 4

// crew are producers that open at once, and how often each can in lossTime.
type crew struct {
	actors []*actor
	most   []int
}

// startCrew starts a producer on each of a few CPUs but the product's.
func startCrew() (*crew, error) {
	c := &crew{}
	for cpu := range min(runtime.NumCPU(), maxCrew+1) {
		if cpu == watchCPU {
			continue
		}
		a, err := startActor(cpu)
		if err != nil {
			return nil, errors.Join(err, c.stop())
		}
		c.actors = append(c.actors, a)
		n, err := a.calibrate(opens, lossTime)
		if err != nil {
			return nil, errors.Join(err, c.stop())
		}
		c.most = append(c.most, n)
	}
	return c, nil
}

func (c *crew) stop() (err error) {
	for _, a := range c.actors {
		err = errors.Join(err, a.stop())
	}
	return err
}

// open has all open at once, a share of what they can; it gives how often, and the
// ns that this took.
func (c *crew) open(share float64) (made, wall float64, err error) {
	type result struct {
		wall float64
		err  error
	}
	results := make(chan result)
	for i, a := range c.actors {
		n, pace := int(float64(c.most[i])*share), 0
		if share < 1 {
			pace = int(float64(n) / lossTime.Seconds())
		}
		made += float64(n)
		go func() {
			_, each, err := a.do(opens, n, pace)
			results <- result{each * float64(n), err}
		}()
	}
	for range c.actors {
		one := <-results
		wall, err = max(wall, one.wall), errors.Join(err, one.err)
	}
	return made, wall, err
}
