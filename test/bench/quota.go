package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// quotas are the shares of a CPU that products get in turn while the crew opens as
// fast as it can, until one loses. One CPU can't make as many opens as a core of the
// collector's can take; with a quarter of a core it needs only a quarter as many.
var quotas = []float64{1. / 4, 1. / 6, 1. / 8, 1. / 10}

// quotaPeriod is the time of which a product gets its share. It is short, so that what the
// ring holds meanwhile doesn't matter; less than 1 ms the kernel doesn't give.
const quotaPeriod = 10 * time.Millisecond

// measureQuota looks for how many opens a second and core products take.
func measureQuota(c *config, r *report) error {
	err := eachTelling(c, func(name string, p *product) error {
		g, err := newGroup(p.cmd.Process.Pid)
		if err != nil {
			return err
		}
		p.leaves(g.remove)
		r.Quotas[name], err = underQuotas(p, g, name)
		return err
	})
	if errors.Is(err, errAbsent) {
		r.Missing = append(r.Missing, fmt.Sprintf("opens per core: %v", err))
		return nil
	}
	return err
}

// underQuotas tries less and less of a core.
func underQuotas(p *product, g *group, name string) (list []lost, err error) {
	crew, err := startCrew()
	if err != nil {
		return nil, err
	}
	for _, share := range quotas {
		fmt.Fprintf(os.Stderr, "quota: %s with %.1f %% of a CPU\n", name, 100*share)
		l, err := crew.trials(p, 1, share, g.limit)
		if err != nil {
			return nil, errors.Join(err, crew.stop())
		}
		if list = append(list, l); l.Loss.High > 0 {
			break
		}
	}
	return list, crew.stop()
}

// perCore is how many opens a whole core would take: as measured, by the share that
// was given or, if that is more, used.
func (l *lost) perCore() float64 { return l.Rate / max(l.Given, l.Load) }

// mostPerCore is the most of those that lost nothing in any trial, 0 if there are none.
func mostPerCore(list []lost) (most float64) {
	for _, l := range list {
		if l.Loss.High == 0 {
			most = max(most, l.perCore())
		}
	}
	return most
}

// group is a control group for a product, below the root of its hierarchy.
type group struct {
	dir string
	v2  bool
}

// newGroup moves a process to a group of its own. errAbsent: none has a quota here.
func newGroup(pid int) (*group, error) {
	for _, g := range []*group{{dir: "/sys/fs/cgroup/cpu"}, {dir: "/sys/fs/cgroup", v2: true}} {
		g.dir = filepath.Join(g.dir, "saker-bench-"+strconv.Itoa(pid))
		if os.Mkdir(g.dir, 0o755) != nil {
			continue
		}
		if _, err := os.Stat(filepath.Join(g.dir, g.file())); err != nil {
			_ = os.Remove(g.dir)
			continue
		}
		if err := g.write("cgroup.procs", strconv.Itoa(pid)); err != nil {
			return nil, errors.Join(err, g.remove())
		}
		return g, nil
	}
	return nil, fmt.Errorf("%w: a control group with a CPU quota", errAbsent)
}

// file has the quota.
func (g *group) file() string {
	if g.v2 {
		return "cpu.max"
	}
	return "cpu.cfs_quota_us"
}

func (g *group) write(file, text string) error {
	return os.WriteFile(filepath.Join(g.dir, file), []byte(text), 0o644)
}

// limit gives the group a share of a CPU until lift is called.
func (g *group) limit(share float64) (lift func() error, err error) {
	period := quotaPeriod.Microseconds()
	quota := strconv.Itoa(int(share * float64(period)))
	if g.v2 {
		return func() error { return g.write("cpu.max", "max") }, g.write("cpu.max", quota+" "+strconv.Itoa(int(period)))
	}
	err = errors.Join(g.write("cpu.cfs_period_us", strconv.Itoa(int(period))), g.write("cpu.cfs_quota_us", quota))
	return func() error { return g.write("cpu.cfs_quota_us", "-1") }, err
}

// remove comes after the end of the group's process.
func (g *group) remove() error { return os.Remove(g.dir) }
