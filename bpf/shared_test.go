package bpf

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"

	"github.com/sakerhq/saker/internal/syscalls"
)

// sharing is what tests must agree on to use one sensor. What is watched they
// choose one after the other.
type sharing struct {
	hooks    Hooks
	indirect bool
}

// shared are the sensors that tests have in common, from the first that asks to
// the last: to load one takes a second, ten where the kernel is emulated.
var shared = map[sharing]*Sensor{}

// closeShared gives them back; TestMain calls it.
func closeShared() error {
	var errs []error
	for how, s := range shared {
		if err := s.Close(); err != nil {
			errs = append(errs, fmt.Errorf("close the sensor %+v: %w", how, err))
		}
	}
	return errors.Join(errs...)
}

// sensor is the shared sensor of most tests, watching calls by name.
func sensor(t testing.TB, names ...string) *Sensor {
	t.Helper()
	return sensorOn(t, sharing{}, names...)
}

// sensorOn is a shared sensor. What it told before is gone; it is not to be
// detached or closed, and its counters go on.
func sensorOn(t testing.TB, how sharing, names ...string) *Sensor {
	t.Helper()
	how.indirect = how.indirect && canRead() // else they all are
	s := shared[how]
	if s == nil {
		s = load(t, Options{RingBytes: 1 << 24, Hooks: how.hooks, indirect: how.indirect})
		shared[how] = s
	}
	if _, err := s.Read(func(Raw) {}); err != nil {
		t.Fatal(err)
	}
	if err := s.Watch(rowsOf(names), nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Watch(nil, nil); err != nil {
			t.Errorf("watch nothing: %v", err)
		}
	})
	return s
}

// canRead says that the programs read memory directly on this kernel.
var canRead = sync.OnceValue(func() bool {
	kernel, err := btf.LoadKernelSpec()
	return err == nil && hasType(kernel, "bpf_rdonly_cast")
})

// waysToRead are the values of indirect that make a difference here.
func waysToRead() []bool {
	if canRead() {
		return []bool{false, true}
	}
	return []bool{false}
}

// sensorWith is a sensor of a test's own, closed at its end. If the test doesn't
// change the programs it is without the hooks of paths, half the verifier's work.
func sensorWith(t testing.TB, opts Options, names ...string) *Sensor {
	t.Helper()
	if opts.adjust == nil {
		opts.adjust = withoutPaths
	}
	opts.Rows = append(opts.Rows, rowsOf(names)...)
	s := load(t, opts)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func withoutPaths(spec *ebpf.CollectionSpec) { drop(spec, pathPrefix) }

// ownSensor is one with counters that begin at zero.
func ownSensor(t testing.TB, names ...string) *Sensor {
	t.Helper()
	return sensorWith(t, Options{RingBytes: 1 << 20}, names...)
}

// load loads and attaches the programs, or skips where the machine can't.
func load(t testing.TB, opts Options) *Sensor {
	t.Helper()
	s, err := Load(opts)
	var privilege *PrivilegeError
	if errors.As(err, &privilege) || errors.Is(err, ErrNoBTF) {
		t.Skip("this machine can't load the sensor: ", err)
	}
	var verifier *ebpf.VerifierError
	if errors.As(err, &verifier) {
		t.Logf("%+v", verifier)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Attach(func(Raw) {}); err != nil {
		t.Fatal(errors.Join(err, s.Close()))
	}
	return s
}

func rowsOf(names []string) (rows []*syscalls.Row) {
	for _, name := range names {
		rows = append(rows, syscalls.ByName(name))
	}
	return rows
}
