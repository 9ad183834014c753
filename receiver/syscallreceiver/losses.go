package syscallreceiver

import (
	"slices"
	"time"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/record"
)

// account counts what the pipeline is told of.
type account struct {
	class, cause string
	counted      func(*bpf.Counts, *counts) uint64
	what, why    string
}

// accounts are the ways for a record, and for what it tells of, to get lost. All
// before refused are about records of the kernel: what it emitted is what was
// received and all of these. That is about log records that were made already.
var accounts = [...]account{
	{"call", "ring_full", func(k *bpf.Counts, _ *counts) uint64 { return k.Calls.LostRing }, ofCalls, ringFull},
	{"call", "no_scratch", func(k *bpf.Counts, _ *counts) uint64 { return k.Calls.LostScratch }, ofCalls, noScratch},
	{"call", "too_large", func(k *bpf.Counts, _ *counts) uint64 { return k.Calls.LostSize }, ofCalls, tooLarge},
	{"call", "missed", func(k *bpf.Counts, _ *counts) uint64 { return k.Calls.LostMissed }, ofCalls, missed},
	{"process", "ring_full", func(k *bpf.Counts, _ *counts) uint64 { return k.Processes.LostRing }, ofProcesses, ringFull},
	{"process", "no_scratch", func(k *bpf.Counts, _ *counts) uint64 { return k.Processes.LostScratch }, ofProcesses, noScratch},
	{"process", "too_large", func(k *bpf.Counts, _ *counts) uint64 { return k.Processes.LostSize }, ofProcesses, tooLarge},
	{"process", "missed", func(k *bpf.Counts, _ *counts) uint64 { return k.Processes.LostMissed }, ofProcesses, missed},
	{"any", "undecodable", func(_ *bpf.Counts, c *counts) uint64 { return c.undecodable.Load() }, "Kernel records", undecodable},
	refused: {"log", "refused", func(_ *bpf.Counts, c *counts) uint64 { return c.refused.Load() }, "Log records", refusedBatch},
}

// refused is the account of log records that the pipeline refused.
const refused = 9

// altered are of records that came, but not with what the kernel used: nothing is
// lost, but what they say may not be so.
var altered = [...]account{
	{"path", "unseen", func(k *bpf.Counts, _ *counts) uint64 { return k.Calls.Unseen }, ofPaths, notSeen},
}

// allAccounts are all of them, by their places in losses.
var allAccounts = slices.Concat(accounts[:], altered[:])

// What a reader of a loss is told.
const (
	ofCalls      = "Records of calls"
	ofProcesses  = "Records of how processes start, change and end"
	ofPaths      = "Paths that calls worked on"
	ringFull     = "the ring buffer was full (ring_bytes)"
	noScratch    = "the CPU's buffer was in use"
	tooLarge     = "they were larger than a record can be"
	missed       = "the kernel did not run the program, as another one ran on that CPU"
	undecodable  = "they could not be decoded"
	refusedBatch = "the pipeline refused them"
	notSeen      = "the kernel did not run the hooks of paths (kernel.ftrace_enabled), so they are told as memory had them when the call had ended"
)

// lookEvery is how often the kernel's accounts are read.
const lookEvery = time.Second

// losses knows what was lost, and what of it the pipeline has been told. It is
// for one goroutine.
type losses struct {
	looked time.Time // when the accounts were read last
	by     [len(accounts) + len(altered)]struct {
		counted, told uint64
		from, to      time.Time // of what is counted and not told
	}
}

// look reads the accounts, which count since the last look.
func (l *losses) look(kernel *bpf.Counts, c *counts, now time.Time) {
	for i := range allAccounts {
		l.grow(i, allAccounts[i].counted(kernel, c), l.looked, now)
	}
	l.looked = now
}

// grow takes over that an account has n now, and when that happened which was lost.
func (l *losses) grow(account int, n uint64, from, to time.Time) {
	a := &l.by[account]
	if n <= a.counted {
		return
	}
	if a.counted == a.told || from.Before(a.from) {
		a.from = from
	}
	a.counted, a.to = n, to
}

// untold reports whether there is something to tell.
func (l *losses) untold() bool {
	for i := range l.by {
		if l.by[i].counted > l.by[i].told {
			return true
		}
	}
	return false
}

// list is what there is to tell: nil, or an entry for each account that grew.
func (l *losses) list() (list []record.Loss) {
	for i := range l.by {
		a := &l.by[i]
		if a.counted == a.told {
			continue
		}
		list = append(list, record.Loss{
			Class: allAccounts[i].class, Cause: allAccounts[i].cause, Count: a.counted - a.told,
			From: a.from, To: a.to, What: allAccounts[i].what, Why: allAccounts[i].why,
		})
	}
	return list
}

// accept says that the pipeline took what list gave.
func (l *losses) accept() {
	for i := range l.by {
		l.by[i].told = l.by[i].counted
	}
}
