package syscallreceiver

import (
	"time"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/record"
)

// healEvery is how often all processes are scanned again, at most.
const healEvery = 10 * time.Second

// healing knows when what is known of processes may be wrong: when their
// records got lost, calls were missed, or one acts that nobody told of.
type healing struct {
	lost, unknown uint64 // as of the last scan
	last          time.Time
	told          []record.Repair // not told yet
}

// unseen is how much may have changed processes and was not told: their own
// records, and calls that no program saw, which may have been a setuid or chdir.
func unseen(kernel *bpf.Counts) uint64 { return kernel.Processes.Lost() + kernel.Calls.LostMissed }

// heal scans all processes again if it must, and may by now.
func (l *loop) heal(kernel *bpf.Counts, now time.Time) {
	h, known := &l.healing, l.state.Counts()
	lost := unseen(kernel)
	if lost == h.lost && known.Unknown-known.Found == h.unknown || now.Sub(h.last) < healEvery {
		return
	}
	h.last, h.lost = now, lost
	healed, _ := l.rescan() // one that failed is no whole scan
	known = l.state.Counts()
	h.unknown = known.Unknown - known.Found
	l.counts.rescans.Add(1)
	if healed.Empty() {
		return
	}
	l.counts.healed.Add(healed.Found + healed.Ended)
	h.told = append(h.told, record.Repair{At: now, Found: healed.Found, Ended: healed.Ended})
}
