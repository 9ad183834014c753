package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"
)

// lost is what a product lost of acts at one rate, which is so many times the
// highest at which it lost nothing.
type lost struct {
	Act   string  `json:"act"`
	Times float64 `json:"times_lossless"`
	Rate  float64 `json:"acts_per_second"`
	Told  float64 `json:"events_per_act"`
	Loss  spread  `json:"lost_share"`
	Load  float64 `json:"cpu_share"`
}

// tellAll is a rule that tells of each act that the loss is measured with, and
// that no kernel can decide: it is true of none.
const tellAll = `- rule: Saker bench tells of all
  desc: It is never true, and nothing but the number of an event says so.
  condition: evt.type in (open, openat, getuid) and evt.num = 0
  output: never
  priority: DEBUG
`

// lossActs are an everyday one, and one whose record is the smallest: where no
// producers make enough of the first to lose any, those of the second may.
var lossActs = []string{"open+close", getuid.name}

const (
	lossTrials = 3
	lossTime   = 700 * time.Millisecond
	maxCrew    = 4 // producers
	// lossSteps is how often the rate is halved at most.
	lossSteps = 6
)

// measureLoss looks for the rate at which a product begins to lose. The
// producers, one on each CPU but the product's, begin with all that they can
// make, and the rate is halved until the product loses nothing in most of the
// trials; so 2 and 4 times that rate have been tried before.
func measureLoss(c *config, r *report) error {
	file, err := os.CreateTemp("", "saker-bench-*.yaml")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = file.WriteString(tellAll)
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	with := *c
	with.extra = file.Name()
	for name, start := range products(c) {
		p, err := start(&with)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for _, act := range lossActs {
			fmt.Fprintf(os.Stderr, "loss: %s, %s\n", name, act)
			list, err := lossOf(p, act)
			if err != nil {
				return errors.Join(err, p.stop())
			}
			r.Losses[name] = append(r.Losses[name], list...)
		}
		if err := p.stop(); err != nil {
			return err
		}
	}
	return nil
}

// lossOf is what is lost at the lossless rate and above, the highest rate first.
func lossOf(p *product, act string) ([]lost, error) {
	crew, err := startCrew(act)
	if err != nil {
		return nil, err
	}
	var list []lost
	for step := range lossSteps {
		l, err := crew.trials(p, act, 1/float64(int(1)<<step))
		if err != nil {
			return nil, errors.Join(err, crew.stop())
		}
		list = append(list, l)
		if l.Loss.Median == 0 {
			break
		}
	}
	if last := list[len(list)-1]; last.Loss.Median == 0 {
		for i := range list {
			list[i].Times = float64(int(1) << (len(list) - 1 - i))
		}
	}
	return list, crew.stop()
}

// crew are producers that act at once, and how often each can act in lossTime.
type crew struct {
	actors []*actor
	most   []int
}

// startCrew starts a producer on each of a few CPUs but the product's.
func startCrew(act string) (*crew, error) {
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
		n, err := a.calibrate(act, lossTime)
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

// trials have the crew act at a share of what it can make.
func (c *crew) trials(p *product, act string, share float64) (lost, error) {
	var losses, rates, loads, told []float64
	for range lossTrials {
		before, err := p.account()
		if err != nil {
			return lost{}, err
		}
		cpu := p.cpu()
		made, wall, err := c.do(act, share)
		if err != nil {
			return lost{}, err
		}
		time.Sleep(drained)
		cpu = p.cpu() - cpu
		after, err := p.account()
		if err != nil {
			return lost{}, err
		}
		losses, rates = append(losses, after.lossSince(before)), append(rates, made/wall*1e9)
		loads, told = append(loads, cpu/wall), append(told, (after.events-before.events)/made)
	}
	return lost{Act: act, Loss: spreadOf(losses), Rate: median(rates), Load: median(loads), Told: median(told)}, nil
}

// do has all act at once; it gives how often, and the ns that this took.
func (c *crew) do(act string, share float64) (made, wall float64, err error) {
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
			_, each, err := a.do(act, n, pace)
			results <- result{each * float64(n), err}
		}()
	}
	for range c.actors {
		one := <-results
		wall, err = max(wall, one.wall), errors.Join(err, one.err)
	}
	return made, wall, err
}
