package syscallreceiver

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/syscalls"
)

// onThread runs f on a thread that ends with it.
func onThread(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		f()
	}()
	<-done
}

// scheduled is a thread's schedule before and after it was given a priority.
type scheduled struct {
	before, after unix.SchedAttr
	err           error // of the priority
	broken        error // of the test itself
}

// with gives a thread of its own a priority, after what prepare does to it.
func with(p Priority, prepare func() error) (s scheduled) {
	look := func(into *unix.SchedAttr) {
		attr, err := unix.SchedGetAttr(0, 0)
		if s.broken = errors.Join(s.broken, err); err == nil {
			*into = *attr
		}
	}
	onThread(func() {
		s.broken = prepare()
		look(&s.before)
		s.err = ownThread(p)
		look(&s.after)
	})
	return s
}

func TestPriority(t *testing.T) {
	for _, c := range []struct {
		priority Priority
		policy   uint32
		nice     func(before int32) int32
	}{
		{PriorityNormal, unix.SCHED_NORMAL, func(before int32) int32 { return before }},
		{PriorityRaised, unix.SCHED_NORMAL, func(before int32) int32 { return min(before, raisedNice) }},
		{PriorityRealtime, unix.SCHED_FIFO, func(int32) int32 { return 0 }},
	} {
		s := with(c.priority, func() error { return nil })
		switch {
		case s.broken != nil:
			t.Fatal(s.broken)
		case errors.Is(s.err, unix.EPERM) || s.before.Policy != unix.SCHED_NORMAL:
			t.Skip("these tests may not have a priority, or have one: ", s.err, s.before)
		case s.err != nil || s.after.Policy != c.policy || s.after.Nice != c.nice(s.before.Nice):
			t.Errorf("%s: %v: %+v", c.priority, s.err, s.after)
		}
	}
}

// Who may not have a priority is told so, and nothing else changes.
func TestNoPriority(t *testing.T) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NICE, &limit); err != nil || limit.Cur >= 20-raisedNice {
		t.Skip("everybody may raise a priority here: ", limit, err)
	}
	for _, p := range []Priority{PriorityRaised, PriorityRealtime} {
		s := with(p, func() error {
			header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
			var caps [2]unix.CapUserData // of the thread alone
			if err := unix.Capget(&header, &caps[0]); err != nil {
				return err
			}
			caps[0].Effective &^= 1 << unix.CAP_SYS_NICE
			return unix.Capset(&header, &caps[0])
		})
		switch {
		case s.broken != nil:
			t.Fatal(s.broken)
		case s.before.Policy != unix.SCHED_NORMAL:
			t.Skip("the tests have another policy")
		case !errors.Is(s.err, unix.EPERM) || s.after.Policy != s.before.Policy || s.after.Nice != s.before.Nice:
			t.Errorf("%s: %v: %+v", p, s.err, s.after)
		}
	}
}

// BenchmarkPriority gives the priorities turns while other programs compute: how
// late records are read, and what is lost. A turn takes half a second; the
// figures need some (-benchtime 10x).
func BenchmarkPriority(b *testing.B) {
	sensor, err := bpf.Load(bpf.Options{Rows: []*syscalls.Row{syscalls.ByName("openat")}})
	if err != nil {
		b.Skip("this machine can't load the sensor: ", err)
	}
	defer sensor.Close()
	if err := sensor.Attach(func(bpf.Raw) {}); err != nil {
		b.Fatal(err)
	}
	for range 2 * runtime.NumCPU() {
		hog := exec.Command("sh", "-c", "while :; do :; done")
		if err := hog.Start(); err != nil {
			b.Fatal(err)
		}
		defer func() { _ = errors.Join(hog.Process.Kill(), hog.Wait()) }()
	}
	stop := make(chan struct{})
	defer close(stop)
	go openNowAndThen(stop)
	late, lost := map[Priority][]float64{}, map[Priority]uint64{}
	priorities := []Priority{PriorityNormal, PriorityRaised, PriorityRealtime}
	for b.Loop() {
		for _, p := range priorities {
			onThread(func() {
				if err := ownThread(p); err != nil {
					b.Error(err)
				}
				times, n := readFor(b, sensor, 500*time.Millisecond)
				late[p], lost[p] = append(late[p], times...), lost[p]+n
			})
		}
	}
	for _, p := range priorities {
		slices.Sort(late[p])
		if n := len(late[p]); n > 0 {
			b.ReportMetric(late[p][n/2], string(p)+":median-ms")
			b.ReportMetric(late[p][n*99/100], string(p)+":p99-ms")
		}
		b.ReportMetric(float64(lost[p]), string(p)+":lost")
	}
}

// openNowAndThen is what is looked for, a hundred times a second.
func openNowAndThen(stop chan struct{}) {
	for {
		select {
		case <-stop:
			return
		case <-time.After(10 * time.Millisecond):
		}
		if f, err := os.Open("/etc/hostname"); err == nil {
			f.Close()
		}
	}
}

// readFor reads for a time; it gives how many ms after their time our own records
// were read, and how many were lost.
func readFor(b *testing.B, sensor *bpf.Sensor, d time.Duration) (late []float64, lost uint64) {
	before, err := sensor.Counts()
	if err != nil {
		b.Fatal(err)
	}
	self := uint32(os.Getpid())
	for end := time.Now().Add(d); time.Now().Before(end); {
		_, err := sensor.Read(func(raw bpf.Raw) {
			if h := raw.Header(); h.Type == bpf.TypeCall && h.Pid == self {
				var now unix.Timespec
				_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &now)
				late = append(late, float64(now.Nano()-int64(h.Time))/1e6)
			}
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	after, err := sensor.Counts()
	if err != nil {
		b.Fatal(err)
	}
	return late, after.Calls.Lost() - before.Calls.Lost()
}
