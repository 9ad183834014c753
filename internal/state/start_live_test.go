package state

import (
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/syscalls"
)

// TestStartKnowsWhoActs: whoever acts while a capture starts is known, though it ends before
// anybody looks.
func TestStartKnowsWhoActs(t *testing.T) {
	const rounds = 4
	for range rounds {
		crowd := startCrowd()
		unknown, events := startBeside(t)
		pids := crowd.end()
		for pid := range unknown {
			if pids[pid] {
				t.Errorf("process %d acted, and nobody knew it", pid)
			}
		}
		own := 0
		for pid := range events {
			if pids[pid] {
				own++
			}
		}
		if own == 0 {
			t.Fatal("nobody acted while the capture started")
		}
	}
}

// startBeside starts a capture, and gives who acted until it was read for a while, and of whom
// nothing is known.
func startBeside(t *testing.T) (unknown, events map[uint32]bool) {
	t.Helper()
	s := New(Options{})
	unknown, events = map[uint32]bool{}, map[uint32]bool{}
	var ev event.Event
	take := func(raw bpf.Raw) {
		ok, err := s.Apply(raw, &ev)
		if err != nil {
			t.Errorf("record of type %d: %v", raw.Header().Type, err)
		}
		if ok {
			events[ev.Process.PID] = true
			unknown[ev.Process.PID] = unknown[ev.Process.PID] || ev.Process.Name == notKnown
		}
	}
	sensor := load(t, bpf.Options{
		Rows: []*syscalls.Row{syscalls.ByName("openat"), syscalls.ByName("mmap"), syscalls.ByName("close")}, Scope: bpf.Scope{Include: []uint32{uint32(os.Getpid())}},
	}, take)
	defer sensor.Close()
	s.BeginScan()
	err := sensor.Scan(take)
	s.EndScan(true)
	for began := time.Now(); err == nil && time.Since(began) < time.Second/5; {
		_, err = sensor.Read(take)
	}
	if err != nil {
		t.Fatal(err)
	}
	for pid, is := range unknown {
		if !is {
			delete(unknown, pid)
		}
	}
	return unknown, events
}

// crowd is some who start one process after the other.
type crowd struct {
	stop chan struct{}
	wait sync.WaitGroup
	mu   sync.Mutex
	pids map[uint32]bool
}

func startCrowd() *crowd {
	c := &crowd{stop: make(chan struct{}), pids: map[uint32]bool{}}
	for range 3 {
		c.wait.Go(func() {
			for {
				select {
				case <-c.stop:
					return
				default:
					c.one()
				}
			}
		})
	}
	return c
}

func (c *crowd) one() {
	cmd := exec.Command("true")
	if cmd.Run() == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.pids[uint32(cmd.Process.Pid)] = true
	}
}

// end gives who was started.
func (c *crowd) end() map[uint32]bool {
	close(c.stop)
	c.wait.Wait()
	return c.pids
}
