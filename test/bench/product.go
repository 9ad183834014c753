package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// marker is what every rule set of note tells: who reads it is no program that
// is trusted to.
const marker = "/etc/shadow"

// Limits on a product's start and end; generous.
const (
	startLimit = 60 * time.Second
	stopLimit  = 30 * time.Second
)

// product is a running sensor: a whole process with its rules.
type product struct {
	cmd     *exec.Cmd
	done    chan struct{}
	started time.Duration // until it told of the marker
	losses  func() (lost, all float64, err error)
	left    []func() error // removes what it leaves behind
}

// leaves has something removed once the product has ended.
func (p *product) leaves(remove func() error) { p.left = append(p.left, remove) }

// launch starts a sensor on a CPU and waits until it tells of an act.
func launch(cmd *exec.Cmd, cpu int) (*product, error) {
	p := &product{cmd: cmd, done: make(chan struct{})}
	heard := &listener{word: []byte(marker), heard: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = heard, heard
	began := time.Now()
	if err := onCPU(cpu, cmd.Start); err != nil {
		return nil, err
	}
	go func() {
		_ = cmd.Wait() // how it ends says nothing: it is killed when it doesn't by itself
		close(p.done)
	}()
	for time.Since(began) < startLimit {
		if f, err := os.Open(marker); err == nil {
			f.Close()
		}
		select {
		case <-heard.heard:
			p.started = time.Since(began)
			return p, nil
		case <-p.done:
			return nil, fmt.Errorf("%s ended: %s", cmd.Path, heard.tail())
		case <-time.After(10 * time.Millisecond):
		}
	}
	return nil, errors.Join(fmt.Errorf("%s did not tell of a read of %s within %v: %s", cmd.Path, marker, startLimit, heard.tail()), p.stop())
}

func (p *product) stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(stopLimit):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
	var err error
	for _, remove := range p.left {
		err = errors.Join(err, remove())
	}
	return err
}

// account is what a product says of its events.
type account struct{ lost, events float64 }

// lossSince is the share of the events since an earlier account that was lost.
func (a account) lossSince(b account) float64 {
	if a.events <= b.events {
		return 0
	}
	return (a.lost - b.lost) / (a.events - b.events)
}

// account asks the product once it has had time to read and count what there was.
func (p *product) account() (a account, err error) {
	time.Sleep(settle)
	a.lost, a.events, err = p.losses()
	return a, err
}

// cpu is what the process has used, in ns; no process has used none.
func (p *product) cpu() float64 {
	if p == nil {
		return 0
	}
	var t unix.Timespec
	// The clock of another process (clock_getcpuclockid(3)).
	if unix.ClockGettime(int32(^p.cmd.Process.Pid<<3|2), &t) != nil {
		return 0
	}
	return float64(t.Nano())
}

// memory is the process's resident set, in MiB.
func (p *product) memory() float64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	words := strings.Fields(rest)
	if len(words) == 0 {
		return 0
	}
	kib, _ := strconv.ParseFloat(words[0], 64)
	return kib / 1024
}

// listener waits for a word in what a process writes, and keeps the end of it.
type listener struct {
	mu    sync.Mutex
	word  []byte
	kept  []byte
	heard chan struct{}
	told  bool
}

const tailBytes = 16 << 10

func (l *listener) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept = append(l.kept, text...)
	if !l.told && bytes.Contains(l.kept, l.word) {
		l.told = true
		close(l.heard)
	}
	if len(l.kept) > tailBytes {
		l.kept = append(l.kept[:0], l.kept[len(l.kept)-tailBytes/2:]...)
	}
	return len(text), nil
}

func (l *listener) tail() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.kept[max(0, len(l.kept)-1000):])
}
