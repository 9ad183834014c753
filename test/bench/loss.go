package main

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// lost is what a product lost of opens at one rate.
type lost struct {
	Given float64 `json:"cpu_given"` // the share of a CPU that the product had at most
	Rate  float64 `json:"opens_per_second"`
	Times float64 `json:"times_lossless"` // 0: no lossless rate was found
	Told  float64 `json:"events_per_open"`
	Load  float64 `json:"cpu_share"`
	Loss  spread  `json:"lost_share"`
}

// tellAll is a rule that wants all opens told, and that no kernel can decide: it
// is true of none.
const tellAll = `- rule: Saker bench tells of all
  desc: It is never true, and nothing but the number of an event says so.
  condition: evt.type in (open, openat) and evt.num = 0
  output: never
  priority: DEBUG
`

const (
	lossTrials = 3
	lossTime   = 2 * hunger
	lossSteps  = 5 // how often the rate is halved at most, and one
)

// givens are the shares of a CPU that products are given in turn. Where the
// producers can't make so many opens that one is lost, they can when the product
// has to wait for most of each second: then the room in its ring decides.
var givens = []float64{1, 1. / 8}

// tellingAll is the configuration with that rule. The caller removes its file.
func tellingAll(c *config) (with *config, remove func(), err error) {
	file, err := os.CreateTemp("", "saker-bench-*.yaml")
	if err != nil {
		return nil, nil, err
	}
	_, err = file.WriteString(tellAll)
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, nil, errors.Join(err, os.Remove(file.Name()))
	}
	all := *c
	all.extra = file.Name()
	return &all, func() { _ = os.Remove(file.Name()) }, nil
}

// eachTelling starts each product with that rule in turn, and has something done with it.
func eachTelling(c *config, do func(name string, p *product) error) error {
	with, remove, err := tellingAll(c)
	if err != nil {
		return err
	}
	defer remove()
	for name, start := range products(with) {
		p, err := start(with)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := errors.Join(do(name, p), p.stop()); err != nil {
			return err
		}
	}
	return nil
}

// measureLoss looks for the rate at which each product begins to lose.
func measureLoss(c *config, r *report) error {
	return eachTelling(c, func(name string, p *product) (err error) {
		r.Losses[name], err = losses(p, name)
		return err
	})
}

// losses are those of a product with a whole CPU, and with less of one unless it
// loses as it is.
func losses(p *product, name string) (all []lost, err error) {
	crew, err := startCrew()
	if err != nil {
		return nil, err
	}
	for _, given := range givens {
		fmt.Fprintf(os.Stderr, "loss: %s with %.1f %% of a CPU\n", name, 100*given)
		list, err := crew.halve(p, given)
		if err != nil {
			return nil, errors.Join(err, crew.stop())
		}
		all = append(all, list...)
		if list[0].Loss.Median > 0 {
			break
		}
	}
	return all, crew.stop()
}

// halve begins with all opens that the crew can make, and halves the rate until
// the product loses nothing in most of the trials. So twice and 4 times that rate
// have been tried before.
func (c *crew) halve(p *product, given float64) (list []lost, err error) {
	for step := range lossSteps {
		l, err := c.trials(p, 1/float64(int(1)<<step), given, p.starve)
		if err != nil {
			return nil, err
		}
		list = append(list, l)
		if l.Loss.Median == 0 {
			break
		}
	}
	if last := list[len(list)-1]; last.Loss.Median == 0 {
		for i := range list {
			list[i].Times = list[i].Rate / last.Rate
		}
	}
	return list, nil
}

// holding gives a product no more than a share of a CPU until release is called.
type holding func(given float64) (release func() error, err error)

// trials have the crew open at a share of what it can make.
func (c *crew) trials(p *product, share, given float64, hold holding) (lost, error) {
	var losses, rates, loads, told []float64
	before, err := p.account()
	if err != nil {
		return lost{}, err
	}
	for range lossTrials {
		release, err := hold(given)
		if err != nil {
			return lost{}, err
		}
		cpu := p.cpu()
		made, wall, err := c.open(share)
		cpu = p.cpu() - cpu
		if err := errors.Join(err, release()); err != nil {
			return lost{}, err
		}
		after, err := p.account()
		if err != nil {
			return lost{}, err
		}
		losses, rates = append(losses, after.lossSince(before)), append(rates, made/wall*1e9)
		loads, told = append(loads, cpu/wall), append(told, (after.events-before.events)/made)
		before = after
	}
	return lost{Given: given, Loss: spreadOf(losses), Rate: median(rates), Load: median(loads), Told: median(told)}, nil
}

// hunger is the time of which a starved product has its share at the end.
const hunger = time.Second

// starve stops the product for most of the time, so that it has only a share of a
// CPU, until feed is called.
func (p *product) starve(given float64) (feed func() error, err error) {
	if given >= 1 {
		return func() error { return nil }, nil
	}
	enough, fed := make(chan struct{}), make(chan struct{})
	on := time.Duration(float64(hunger) * given)
	go func() {
		defer close(fed)
		for {
			_ = p.cmd.Process.Signal(syscall.SIGSTOP)
			time.Sleep(hunger - on)
			_ = p.cmd.Process.Signal(syscall.SIGCONT)
			select {
			case <-enough:
				return
			case <-time.After(on):
			}
		}
	}()
	return func() error {
		close(enough)
		<-fed
		return nil
	}, nil
}
