package syscallreceiver

import (
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/config"
	"github.com/sakerhq/saker/internal/event"
)

// ScopeConfig limits what is captured to a part of the machine. The zero
// ScopeConfig is all of it.
type ScopeConfig struct {
	// Include is where a process must be: in one of the cgroups, in one of the
	// process trees and in a container, as far as these are named. Nothing named:
	// anywhere.
	Include ScopePart `mapstructure:"include"`
	// Exclude is where a process must not be: in none of what is named, even if it
	// is included.
	Exclude ScopePart `mapstructure:"exclude"`
}

// ScopePart names processes by what they belong to.
type ScopePart struct {
	// Cgroups are control groups with all that is below them, as paths from the
	// root of their hierarchy; /proc/PID/cgroup and "thread.cgroups" show them.
	Cgroups []string `mapstructure:"cgroups"`
	// Processes are the numbers of running processes, each with all that comes from
	// it, also later. One that is not there keeps the receiver from starting.
	Processes []int `mapstructure:"processes"`
	// Containers means all containers, whatever their runtime.
	Containers bool `mapstructure:"containers"`
}

// pidMax is the highest number that Linux gives a process.
const pidMax = 1 << 22

// Validate reports what its parts can't: that nothing is left.
func (c *ScopeConfig) Validate() error {
	var errs []error
	if c.Include.Containers && c.Exclude.Containers {
		errs = append(errs, errors.New("containers are both included and excluded: nothing is left"))
	}
	if slices.Contains(c.Exclude.Cgroups, "/") {
		errs = append(errs, errors.New("exclude: all processes are in cgroup /: nothing is left"))
	}
	for _, pid := range c.Include.Processes {
		if slices.Contains(c.Exclude.Processes, pid) {
			errs = append(errs, fmt.Errorf("process %d is both included and excluded", pid))
		}
	}
	return config.Join(errs...)
}

// Validate reports names of cgroups and numbers of processes that can't be.
func (p *ScopePart) Validate() error {
	var errs []error
	for _, cgroup := range p.Cgroups {
		switch {
		case strings.HasPrefix(cgroup, "/sys/fs/cgroup"):
			errs = append(errs, fmt.Errorf("cgroups: %q: leave out where the hierarchy is mounted, as in /system.slice/nginx.service", cgroup))
		case !path.IsAbs(cgroup) || path.Clean(cgroup) != cgroup:
			errs = append(errs, fmt.Errorf("cgroups: %q is not a path as /system.slice/nginx.service", cgroup))
		}
	}
	for _, pid := range p.Processes {
		if pid < 1 || pid > pidMax {
			errs = append(errs, fmt.Errorf("processes: %d is not the number of a process", pid))
		}
	}
	return config.Join(errs...)
}

// inKernel is the scope as the sensor takes it.
func (c *ScopeConfig) inKernel() (bpf.Scope, error) {
	include, err := c.Include.running()
	exclude, more := c.Exclude.running()
	byCgroup := c.Include.byCgroup() || c.Exclude.byCgroup()
	return bpf.Scope{Include: include, Exclude: exclude, ByCgroup: byCgroup}, errors.Join(err, more)
}

// running gives the processes. One that has ended is an error: its number
// could become another's.
func (p *ScopePart) running() (pids []uint32, err error) {
	for _, pid := range p.Processes {
		if _, gone := os.Stat("/proc/" + strconv.Itoa(pid)); gone != nil {
			err = errors.Join(err, fmt.Errorf("scope: there is no process %d", pid))
		}
		pids = append(pids, uint32(pid))
	}
	return pids, err
}

func (p *ScopePart) byCgroup() bool { return len(p.Cgroups) > 0 || p.Containers }

// holds reports whether a process is within, as far as its cgroup decides that. Where it
// isn't sure whether there is a container, it is.
func (c *ScopeConfig) holds(p *event.Process) bool {
	switch {
	case len(c.Include.Cgroups) > 0 && !c.Include.inCgroup(p.Cgroup):
		return false
	case c.Include.Containers && p.Container == nil:
		return false
	case c.Exclude.Containers && p.Container != nil && p.Container.IsSure():
		return false
	}
	return !c.Exclude.inCgroup(p.Cgroup)
}

func (p *ScopePart) inCgroup(cgroup string) bool {
	for _, top := range p.Cgroups {
		if rest, ok := strings.CutPrefix(cgroup, top); ok && (rest == "" || rest[0] == '/' || top == "/") {
			return true
		}
	}
	return false
}
