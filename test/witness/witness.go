// Package witness sees what the processes that a test starts do.
//
// It takes rows to watch and a function for events. It gives these as they come, of
// descendants of the test alone. It owns the sensor, until the test ends, and the state
// behind it. It never judges an event.
package witness

import (
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/state"
	"github.com/sakerhq/saker/internal/syscalls"
)

// Options are those of a sensor that sees only what the test's children do: all else that a
// busy machine does would fill its ring while nobody reads.
func Options(rows ...*syscalls.Row) bpf.Options {
	return bpf.Options{Rows: rows, RingBytes: 1 << 24, Scope: bpf.Scope{Include: []uint32{uint32(os.Getpid())}}}
}

// Load loads a sensor and attaches it.
func Load(opts bpf.Options) (*bpf.Sensor, error) {
	sensor, err := bpf.Load(opts)
	if err != nil {
		return nil, err
	}
	if err := sensor.Attach(func(bpf.Raw) {}); err != nil {
		return nil, errors.Join(err, sensor.Close())
	}
	return sensor, nil
}

// Need skips the test where err says that this machine can't load a sensor; any other error
// ends it.
func Need(t testing.TB, err error) {
	t.Helper()
	var privilege *bpf.PrivilegeError
	switch {
	case errors.As(err, &privilege), errors.Is(err, bpf.ErrNoBTF):
		t.Skip("this machine can't load the sensor: ", err)
	case err != nil:
		t.Fatal(err)
	}
}

// Sensor is an attached one, closed when the test ends. The test is skipped where the
// machine can't load it.
func Sensor(t testing.TB, opts bpf.Options) *bpf.Sensor {
	t.Helper()
	sensor, err := Load(opts)
	Need(t, err)
	t.Cleanup(func() {
		if err := sensor.Close(); err != nil {
			t.Errorf("close the sensor: %v", err)
		}
	})
	return sensor
}

// Witness is for one goroutine.
type Witness struct {
	Sensor *bpf.Sensor
	State  *state.State

	see   func(*event.Event)
	event event.Event
	bad   error // records that could not be decoded
}

// Follow knows all processes and gives see the events from now on; each is valid until see
// returns.
func Follow(t testing.TB, sensor *bpf.Sensor, opts state.Options, see func(*event.Event)) *Witness {
	t.Helper()
	w := &Witness{Sensor: sensor, State: state.New(opts), see: see}
	if err := errors.Join(sensor.Scan(w.take), w.bad); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *Witness) take(raw bpf.Raw) {
	ok, err := w.State.Apply(raw, &w.event)
	if err != nil {
		w.bad = errors.Join(w.bad, fmt.Errorf("record of type %d: %w", raw.Header().Type, err))
	}
	if ok {
		w.see(&w.event)
	}
}

// Read sees what waits; with nothing it waits some milliseconds. An error is also one of a
// record that could not be decoded.
func (w *Witness) Read() error {
	_, err := w.Sensor.Read(w.take)
	err = errors.Join(err, w.bad)
	w.bad = nil
	return err
}

// Until reads until something is so, and reports whether it was before the time was over.
func (w *Witness) Until(t testing.TB, patience time.Duration, is func() bool) bool {
	t.Helper()
	for deadline := time.Now().Add(patience); !is(); {
		if time.Now().After(deadline) {
			return false
		}
		if err := w.Read(); err != nil {
			t.Fatal(err)
		}
	}
	return true
}

// Lost is how many records never came from a sensor: of calls, and of how any process of the
// machine started, changed and ended.
func Lost(t testing.TB, sensor *bpf.Sensor) uint64 {
	t.Helper()
	c, err := sensor.Counts()
	if err != nil {
		t.Fatal(err)
	}
	return c.Calls.Lost() + c.Processes.Lost()
}
