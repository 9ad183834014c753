package soak

import (
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	"golang.org/x/sys/unix"
)

var scale = flag.Int("scale", 10, "percent of 10,000 processes that run, 100,000 that come and go and 200 containers")

// What a host has at a scale of 100, and the memory that the whole collector
// may take of it then.
const (
	running    = 10_000
	shortLived = 100_000
	contained  = 200
	bound      = 100 * mib
)

// TestScale: the collector with the shipped rules stays below its bound however
// many processes run, came and went, and in how many containers.
func TestScale(t *testing.T) {
	needSensor(t)
	r := &run{t: t, sink: startSink(t)}
	c := r.startCollector("{ library: stable }", true)
	defer func() {
		if t.Failed() {
			t.Logf("the collector says:\n%s", c.Log())
		}
	}()
	host := newHost(t)
	table := stages{run: r}
	table.add("started")
	made := host.containers(contained * *scale / 100)
	table.add("containers")
	host.start(running * *scale / 100)
	table.add("processes")
	table.knows(running**scale/100+made, made)
	for range parts {
		host.comeAndGo(shortLived * *scale / 100 / parts)
		table.add(cameAndWent)
	}
	host.end()
	table.add("ended")
	table.judge()
	t.Log("\n" + table.String())
	if err := c.Stop(); err != nil {
		t.Errorf("stop the collector: %v", err)
	}
}

// Processes come and go in parts, each a stage.
const (
	parts       = 10
	cameAndWent = "came and went"
)

// stage is how the collector is after something was done.
type stage struct {
	name string
	sample
}

// stages are those of a run.
type stages struct {
	run    *run
	stages []stage
}

// add takes a stage, when all of it was read.
func (s *stages) add(name string) {
	r := s.run
	r.t.Helper()
	var last sample
	r.eventually("all that the kernel emitted was read", func() bool {
		last = r.look()
		return last.metrics.unaccounted() == 0
	})
	s.stages = append(s.stages, stage{name, last})
}

// knows wants that all that was started last is known.
func (s *stages) knows(processes, containers int) {
	m := s.stages[len(s.stages)-1].metrics
	if p, c := m.of("processes"), m.of("containers"); p < int64(processes) || c < int64(containers) {
		s.run.t.Errorf("%d processes and %d containers are known, %d and %d run", p, c, processes, containers)
	}
}

// judge holds the bound at all times, and that processes which came and went
// leave nothing: of their parts the second half may take no more than the
// first, but for the caches, which what else the machine does fills meanwhile.
func (s *stages) judge() {
	t := s.run.t
	highest := slices.Max(column(s.run.samples, func(s sample) int64 { return s.rss }))
	if highest > bound {
		t.Errorf("%.1f MiB are resident, the bound is %d", float64(highest)/mib, bound/mib)
	}
	var rss []int64
	for _, s := range s.stages {
		if s.name == cameAndWent {
			rss = append(rss, s.rss)
		}
	}
	before, after := median(rss[:parts/2]), median(rss[parts/2:])
	if after > before+before/20+noise+caches {
		t.Errorf("processes that ended grew the memory from %d to %d MiB", before/mib, after/mib)
	}
}

func (s *stages) String() string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "after\ttime\tprocesses\tcontainers\tevents\tlost\tRSS MiB\t")
	for _, one := range s.stages {
		m := one.metrics
		fmt.Fprintf(w, "%s\t%v\t%d\t%d\t%d\t%d\t%.1f\t\n", one.name, one.at.Sub(s.stages[0].at).Round(time.Second/10),
			m.of("processes"), m.of("containers"), m.of("events"), sum(m.lost()), float64(one.rss)/mib)
	}
	w.Flush()
	return text.String()
}

// host starts processes and containers. All end with it, or with the test's
// own process: they wait at its pipe.
type host struct {
	t       *testing.T
	tiny    string
	in, out *os.File // of the pipe
	null    *os.File // where those that come and go find the end at once
	running []int
	groups  []string
}

func newHost(t *testing.T) *host {
	t.Helper()
	h := &host{t: t, tiny: writeTiny(t, t.TempDir())}
	var errPipe, errNull error
	h.out, h.in, errPipe = os.Pipe()
	h.null, errNull = os.Open(os.DevNull)
	if err := errors.Join(errPipe, errNull); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.end)
	return h
}

func (h *host) spawn(in *os.File, sys *syscall.SysProcAttr) int {
	null := h.null.Fd()
	pid, err := syscall.ForkExec(h.tiny, []string{"tiny"}, &syscall.ProcAttr{Files: []uintptr{in.Fd(), null, null}, Sys: sys})
	if err != nil {
		h.t.Fatalf("start process %d: %v", len(h.running), err)
	}
	return pid
}

func (h *host) start(n int) {
	for range n {
		h.running = append(h.running, h.spawn(h.out, nil))
	}
}

func (h *host) comeAndGo(n int) {
	for range n {
		h.wait(h.spawn(h.null, nil))
	}
}

func (h *host) wait(pid int) {
	for {
		if _, err := syscall.Wait4(pid, nil, 0, nil); !errors.Is(err, syscall.EINTR) {
			return
		}
	}
}

// containers makes containers as a runtime would, a cgroup and namespaces each,
// and says how many.
func (h *host) containers(n int) (made int) {
	hierarchy, err := unified()
	parent := filepath.Join(hierarchy, fmt.Sprint("saker-scale-", os.Getpid()))
	if err == nil {
		err = os.Mkdir(parent, 0o755)
	}
	if err != nil {
		h.t.Log("lacks containers: ", err)
		return 0
	}
	h.groups = append(h.groups, parent)
	for i := range n {
		id := sha256.Sum256(fmt.Append(nil, os.Getpid(), i))
		group := filepath.Join(parent, fmt.Sprintf("docker-%x.scope", id))
		h.contain(group)
	}
	return n
}

func (h *host) contain(group string) {
	if err := os.Mkdir(group, 0o755); err != nil {
		h.t.Fatal(err)
	}
	h.groups = append(h.groups, group)
	g, err := os.Open(group)
	if err != nil {
		h.t.Fatal(err)
	}
	defer g.Close()
	h.running = append(h.running, h.spawn(h.out, &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC | unix.CLONE_NEWNET,
		UseCgroupFD: true, CgroupFD: int(g.Fd()),
	}))
}

// end ends all that runs and removes the cgroups. It may be called again.
func (h *host) end() {
	_ = errors.Join(h.in.Close(), h.out.Close(), h.null.Close())
	for _, pid := range h.running {
		h.wait(pid)
	}
	h.running = nil
	for _, group := range slices.Backward(h.groups) {
		if err := os.Remove(group); err != nil {
			h.t.Error(err)
		}
	}
	h.groups = nil
}
