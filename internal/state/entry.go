package state

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/sakerhq/saker/internal/event"
)

// doors are the programs that let sessions in, by the name of their file: what
// one of them starts is the first process of a session.
var doors = map[string]string{
	"sshd": "ssh", "sshd-session": "ssh", "sshd-auth": "ssh", "dropbear": "ssh",
	"cron": "cron", "crond": "cron", "atd": "cron", "anacron": "cron", "fcron": "cron",
	"login": "console", "agetty": "console", "getty": "console", "mingetty": "console", "sulogin": "console",
	"gdm-session-worker": "console", "sddm-helper": "console", "lightdm": "console",
	"systemd": "service", "runit": "service", "runsv": "service", "s6-supervise": "service", "supervise-daemon": "service",
	"init": "init", "openrc-init": "init",
	"qemu-ga": "remote", "amazon-ssm-agent": "remote", "ssm-agent-worker": "remote", "ssm-session-worker": "remote",
	"telnetd": "remote", "in.telnetd": "remote", "xinetd": "remote", "inetd": "remote",
}

// kernelThreads is the number of the process that all threads of the kernel,
// and the programs that it starts itself, come from.
const kernelThreads = 2

// door is the kind of session that p's children begin, "" for none.
func door(p *process) string {
	if p.PID == kernelThreads || p.PPID == kernelThreads {
		return "kernel"
	}
	return doors[p.File.Path[strings.LastIndexByte(p.File.Path, '/')+1:]]
}

// enterSession finds how p came onto the host: with its parent, or as the
// first of a session. isNew: nothing is known of it yet.
func (s *State) enterSession(p *process, isNew bool) {
	up, in := p.parent, p.surely()
	switch {
	case in != nil && (up == nil || up.container != in) && p.entered != in:
		p.Entry = entryOf(p, intoContainer(p))
	case !isNew:
	case up == nil:
		p.Entry = entryOf(p, hint(p))
	case in != up.surely() && in == nil:
		p.Entry = up.Entry
	default:
		if kind := door(up); kind != "" {
			p.Entry = entryOf(p, kind)
		} else if p.Entry = up.Entry; p.Entry == nil {
			p.Entry = entryOf(p, hint(p))
		}
	}
	p.entered = in
	if e := p.Entry; e != nil && e.PID == p.PID {
		e.Name = p.Name
	}
}

// surely is the container that p is in, nil where there is none for sure.
func (p *process) surely() *container {
	if c := p.container; c != nil && c.IsSure() {
		return c
	}
	return nil
}

// enterSessions finds anew how all that are in a container came onto the host, the eldest
// first: it has only now been told that there is one.
func (s *State) enterSessions(c *container) {
	byAge := func(a, b *process) int { return cmp.Compare(a.Start, b.Start) }
	for _, p := range slices.SortedFunc(maps.Keys(c.members), byAge) {
		if up := p.Parent; p.Exited && up != nil && up.Container == p.Container {
			p.Entry = up.Entry // the table has taken it from its parent
		} else {
			s.enterSession(p, true)
		}
	}
}

func entryOf(p *process, kind string) *event.Entry {
	if kind == "" {
		return nil
	}
	return &event.Entry{Type: kind, PID: p.PID, Name: p.Name}
}

// intoContainer is how p came into its container: as its first process, or
// later from outside. Where the host numbers it, its runtime may have had
// others there before it.
func intoContainer(p *process) string {
	if first := p.container.insider(); p.VPID == 1 || p.VPID == p.PID && (first == nil || first == p) {
		return "container"
	}
	return "exec"
}

// hint is the kind of session that a process without a known origin belongs
// to, as its cgroup tells: systemd gives one to each login.
func hint(p *process) string {
	switch {
	case p.PID == 1:
		return "init"
	case p.PID == kernelThreads || p.PPID == kernelThreads:
		return "kernel"
	case strings.Contains(p.Cgroup, "/session-"):
		return "login"
	case strings.HasSuffix(p.Cgroup, ".service"):
		return "service"
	}
	return ""
}
