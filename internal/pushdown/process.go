package pushdown

import (
	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/rules"
)

// Processes says which rules can be true for what a process does, by what is
// known of it alone. It is for one goroutine.
type Processes struct {
	matcher *rules.Matcher
	numbers Numbers
}

// NewProcesses makes it for a set.
func NewProcesses(set *rules.Set) *Processes {
	return &Processes{set.NewMatcher(), NumbersOf(set)}
}

// Possible is what a process leaves. It holds as long as the process's Image is
// the same.
func (ps *Processes) Possible(p *event.Process) (c bpf.Candidates) {
	c.Learn() // whoever it is
	ps.matcher.OfProcess(p, rules.SyscallSource, func(r *rules.Rule) { c.Add(ps.numbers[r]) })
	return c
}

// OfAnyProcess are the rules that nothing of a process alone rules out.
func (c *Call) OfAnyProcess() (some []*rules.Rule) {
	for _, r := range c.Asked {
		if !r.FalseByProcess() {
			some = append(some, r)
		}
	}
	return some
}
