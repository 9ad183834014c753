// Package collector runs a distribution as a child process.
//
// It takes a command and gives its life cycle: ready, stopped, how it ended.
// It owns the child. It knows no configuration.
package collector

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// ready is what the Collector logs when all components have started.
const ready = "Everything is ready"

// Limits on a child; generous, for machines that do other things as well.
const (
	startLimit = 5 * time.Minute
	stopLimit  = 2 * time.Minute
)

// settle is how long the Collector may take from saying that it is ready until
// it heeds signals: before that they end it, and nothing tells when it does.
const settle = 300 * time.Millisecond

// Collector is a running child.
type Collector struct {
	cmd  *exec.Cmd
	log  *output
	done chan struct{} // closed when the child has ended
	err  error         // how it ended; valid after done
}

// Start runs cmd and waits until it is ready. The error of a child that ends
// before that is an *Ended.
func Start(cmd *exec.Cmd) (*Collector, error) {
	c := &Collector{cmd: cmd, log: &output{seen: make(chan struct{})}, done: make(chan struct{})}
	cmd.Stderr = c.log
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the collector: %w", err)
	}
	go func() {
		c.err = cmd.Wait()
		close(c.done)
	}()
	select {
	case <-c.log.seen:
		time.Sleep(settle)
		return c, nil
	case <-c.done:
		return nil, &Ended{Code: cmd.ProcessState.ExitCode(), Stderr: c.log.String()}
	case <-time.After(startLimit):
		return nil, errors.Join(fmt.Errorf("the collector is not ready after %v", startLimit), c.Stop())
	}
}

// Reload makes the child read its configuration, and all that belongs to it,
// again, and waits until it is ready.
func (c *Collector) Reload() error {
	before := c.log.count(ready)
	if err := c.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		return err
	}
	for deadline := time.Now().Add(startLimit); c.log.count(ready) == before; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("the collector is not ready again after %v", startLimit)
		}
	}
	return nil
}

// Pid is the child's process id.
func (c *Collector) Pid() int { return c.cmd.Process.Pid }

// Log is what the child wrote to its standard error.
func (c *Collector) Log() string { return c.log.String() }

// Stop ends the child as a service manager would and waits for it. It may be
// called again.
func (c *Collector) Stop() error {
	_ = c.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-c.done:
		return c.err
	case <-time.After(stopLimit):
		return errors.Join(fmt.Errorf("the collector still runs %v after SIGTERM", stopLimit), c.cmd.Process.Kill())
	}
}

// Ended is the error of a child that gave up before it was ready.
type Ended struct {
	Code   int
	Stderr string
}

func (e *Ended) Error() string {
	return fmt.Sprintf("the collector ended with code %d:\n%s", e.Code, strings.TrimSpace(e.message()))
}

// message leaves out the log lines beside the error that ended the child.
func (e *Ended) message() string {
	if i := strings.LastIndex(e.Stderr, "\nError: "); i >= 0 {
		return e.Stderr[i+1:]
	}
	return e.Stderr
}

// output keeps what is written and tells when it says ready.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
	seen chan struct{}
	told bool
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.Write(p)
	if !o.told && bytes.Contains(o.text.Bytes(), []byte(ready)) {
		o.told = true
		close(o.seen)
	}
	return len(p), nil
}

func (o *output) count(text string) int { return strings.Count(o.String(), text) }

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}
