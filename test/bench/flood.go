package main

import (
	"errors"
	"fmt"
	"os"
	"time"
)

// flooded is what a product did at one pace of opens.
type flooded struct {
	Pace float64 `json:"opens_per_second"` // that were made
	Load float64 `json:"cpu_share"`        // of one CPU, that the product used
	CPU  float64 `json:"cpu_ns_per_open"`
	Told float64 `json:"events_per_open"`
	Loss float64 `json:"lost_share"` // of its events
}

// paces are the opens that are asked for each second; 0: as many as one CPU can make.
var paces = []int{25_000, 50_000, 100_000, 200_000, 400_000, 0}

const floodTime = 1500 * time.Millisecond

// measureFlood drives each product with opens at growing paces. All are told: what
// the kernel leaves out for the sake of the rules would cost the product nothing.
func measureFlood(c *config, r *report) error {
	return eachTelling(c, func(name string, p *product) error {
		fmt.Fprintf(os.Stderr, "flood: %s\n", name)
		r.Started[name] = append(r.Started[name], p.started.Seconds())
		for _, pace := range paces {
			f, err := flood(p, pace)
			if err != nil {
				return err
			}
			r.Floods[name] = append(r.Floods[name], f)
		}
		r.Memory[name] = p.memory()
		return nil
	})
}

func products(c *config) map[string]func(*config) (*product, error) {
	list := map[string]func(*config) (*product, error){saker: startSaker}
	if c.falco.program != "" {
		list[falco] = startFalco
	}
	return list
}

// settle is how long a product may take to read and account for what was asked.
const settle = 1500 * time.Millisecond

func flood(p *product, pace int) (flooded, error) {
	a, err := startActor(actCPU)
	if err != nil {
		return flooded{}, err
	}
	n := pace * int(floodTime/time.Millisecond) / 1000
	if pace == 0 {
		if n, err = a.calibrate(opens, floodTime); err != nil {
			return flooded{}, errors.Join(err, a.stop())
		}
	}
	start, err := p.account()
	if err != nil {
		return flooded{}, errors.Join(err, a.stop())
	}
	idle := p.cpu()
	time.Sleep(settle)
	before := p.cpu()
	idle = before - idle
	_, wall, err := a.do(opens, n, pace)
	if err := errors.Join(err, a.stop()); err != nil {
		return flooded{}, err
	}
	end, err := p.account()
	used := p.cpu() - before - idle*(wall*float64(n)+float64(settle))/float64(settle)
	return flooded{
		Pace: 1e9 / wall, CPU: used / float64(n), Load: used / (wall * float64(n)),
		Told: (end.events - start.events) / float64(n), Loss: end.lossSince(start),
	}, err
}

// lossless is the highest pace without a loss, as a flood of one product.
func lossless(list []flooded) (best flooded) {
	for _, f := range list {
		if f.Loss == 0 && f.Pace > best.Pace {
			best = f
		}
	}
	return best
}
