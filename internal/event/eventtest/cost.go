package eventtest

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Cost begins to count the CPU time that a benchmark takes, and gives what
// reports it, as cpu-ns/op: on a busy machine the time that passes says little.
// It is for the loop alone: defer eventtest.Cost(b)().
func Cost(b *testing.B) (report func()) {
	before := CPUTime()
	return func() { b.ReportMetric(float64(CPUTime()-before)/float64(b.N), "cpu-ns/op") }
}

// CPUTime is how long the process has computed so far.
func CPUTime() time.Duration {
	var now unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &now)
	return time.Duration(now.Nano())
}
