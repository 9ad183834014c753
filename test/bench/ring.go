package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/internal/pushdown"
	"github.com/sakerhq/saker/internal/state"
	"github.com/sakerhq/saker/internal/syscalls"
	"github.com/sakerhq/saker/rules"
	"github.com/sakerhq/saker/rules/library"
)

// crossing is what an act puts into the rings, on average.
type crossing struct {
	Records float64 `json:"records"`
	Bytes   float64 `json:"bytes"`
}

// ringActs is how often each act is done.
const ringActs = 200

// measureRing counts what crosses from the kernel for each act of a process.
func measureRing(c *config, r *report) error {
	set, err := loadRules(c.rules)
	if err != nil {
		return err
	}
	var rows []*syscalls.Row
	for _, name := range set.EventTypes() {
		if row := syscalls.ByName(name); row != nil {
			rows = append(rows, row)
		}
	}
	opts := bpf.Options{Rows: rows, NoEnvironment: needsOf(set)&field.Environment == 0}
	if err := r.cross("no pushdown", opts, nil, loads...); err != nil {
		return err
	}
	opts.Filter = pushdown.Filter(set)
	return r.cross("pushdown", opts, nil, loads...)
}

// needsOf is what the enabled rules need, as the receiver asks for it.
func needsOf(set *rules.Set) (n field.Needs) {
	for _, rule := range set.Rules() {
		for _, ref := range rule.Refs() {
			if rule.Enabled {
				n |= ref.AllNeeds()
			}
		}
	}
	return n
}

// loadRules loads a file of rules; without a name, Saker's stable ones.
func loadRules(file string) (*rules.Set, error) {
	files, err := library.Files("stable")
	if file != "" {
		var text []byte
		text, err = os.ReadFile(file)
		files = []rules.File{{Name: filepath.Base(file), Content: text}}
	}
	if err != nil {
		return nil, err
	}
	set, findings := rules.Load(rules.FalcoSchema(), files, rules.Options{})
	if set == nil {
		return nil, findings.Err()
	}
	return set, nil
}

// cross counts what a process sends through the rings for each of some loads; with
// processes the kernel is shown what that process can be needed for.
func (r *report) cross(name string, opts bpf.Options, processes *pushdown.Processes, loads ...load) error {
	s, err := bpf.Load(opts)
	if err != nil {
		return err
	}
	if err := s.Attach(func(bpf.Raw) {}); err != nil {
		return errors.Join(err, s.Close())
	}
	a, err := startActor(actCPU)
	if err != nil {
		return errors.Join(err, s.Close())
	}
	t := &tally{pid: uint32(a.cmd.Process.Pid)}
	stateOpts := state.Options{Mounts: func(first map[uint32]string) { _ = s.SetMounts(first) }}
	if processes != nil && s.Vouches() {
		stateOpts.Voucher = s.Voucher(opts.Filter)
	}
	t.state = state.New(stateOpts)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		t.read(s, processes)
	}()
	r.Rings[name] = map[string]crossing{}
	for _, l := range loads {
		c, err := t.of(a, l.name)
		if err != nil {
			return errors.Join(fmt.Errorf("%s: %w", l.name, err), s.Close())
		}
		r.Rings[name][l.name] = c
	}
	err = errors.Join(a.stop(), s.Close())
	<-ended
	return err
}

// tally counts what comes of one process and its children.
type tally struct {
	pid            uint32
	records, bytes atomic.Int64
	state          *state.State // of the reading goroutine: tells the kernel of the mounts
	event          event.Event
	children       map[uint32]bool // of the reading goroutine
}

// read reads until the sensor is closed.
func (t *tally) read(s *bpf.Sensor, processes *pushdown.Processes) {
	for {
		if _, err := s.Read(t.take); err != nil {
			return
		}
		if processes != nil {
			t.state.Vouch(processes.Possible)
		}
	}
}

func (t *tally) take(raw bpf.Raw) {
	h := raw.Header()
	// What can't be decoded is counted all the same.
	if seen, err := t.state.Apply(raw, &t.event); err == nil && seen && h.Pid == t.pid {
		t.state.Vain(&t.event)
	}
	if h.Type == bpf.TypeProcess && (*bpf.WireProcess)(unsafe.Pointer(h)).ParentPid == t.pid {
		if t.children == nil {
			t.children = map[uint32]bool{}
		}
		t.children[h.Pid] = true
	}
	if h.Pid == t.pid || t.children[h.Pid] {
		t.records.Add(1)
		t.bytes.Add(int64(len(raw)))
	}
}

// drained is longer than the reader ever sleeps.
const drained = 50 * time.Millisecond

func (t *tally) of(a *actor, load string) (crossing, error) {
	time.Sleep(10 * drained) // on a busy machine, too
	records, bytes := t.records.Load(), t.bytes.Load()
	if _, _, err := a.do(load, ringActs, 0); err != nil {
		return crossing{}, err
	}
	time.Sleep(10 * drained) // on a busy machine, too
	return crossing{
		float64(t.records.Load()-records) / ringActs, float64(t.bytes.Load()-bytes) / ringActs,
	}, nil
}
