package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// asWorker says in the environment of a process which part it plays.
const asWorker = "SAKER_BENCH_WORKER"

// play plays a part.
func play(part string, args []string) error {
	switch part {
	case "serve":
		return serve(args[0], os.Stdin, os.Stdout)
	case "ask":
		return ask(args[0])
	}
	return work(os.Stdin, os.Stdout)
}

func addressOf(b *byte) uintptr { return uintptr(unsafe.Pointer(b)) }

// work does what in asks for, a line "LOAD N PACE" each, and answers with the
// CPU time and the time that it took, in ns. It ends with in.
func work(in io.Reader, out io.Writer) error {
	runtime.LockOSThread()
	w, err := newWorker()
	if err != nil {
		return err
	}
	defer w.close()
	for lines := bufio.NewScanner(in); lines.Scan(); {
		name, rest, _ := strings.Cut(lines.Text(), "\t")
		var n, pace int
		if _, err := fmt.Sscan(rest, &n, &pace); err != nil {
			return err
		}
		known := append([]load{everydayOpens}, loads...)
		i := slices.IndexFunc(known, func(l load) bool { return l.name == name })
		cpu, wall, err := w.timed(known[i].do, n, pace)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		fmt.Fprintln(out, cpu, wall)
	}
	return nil
}

// timed does an act n times; at a pace of so many a second, 0: as fast as it can.
func (w *worker) timed(do func(*worker, int) error, n, pace int) (cpu, wall int64, err error) {
	start, began := cpuTime(), time.Now()
	if pace == 0 {
		err = do(w, n)
		return cpuTime() - start, time.Since(began).Nanoseconds(), err
	}
	step := min(100, max(1, pace/100)) // of 10 ms at most
	for done := 0; done < n && err == nil; done += step {
		for due := began.Add(time.Duration(done) * time.Second / time.Duration(pace)); time.Now().Before(due); {
			runtime.Gosched()
		}
		err = do(w, step)
	}
	return cpuTime() - start, time.Since(began).Nanoseconds(), err
}

// cpuTime is what this process and its dead children have used.
func cpuTime() int64 {
	var now unix.Timespec
	var children unix.Rusage
	_ = unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &now)
	_ = unix.Getrusage(unix.RUSAGE_CHILDREN, &children)
	return now.Nano() + children.Utime.Nano() + children.Stime.Nano()
}

// actor is the parent's side of a worker.
type actor struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// startActor starts a worker that runs on one CPU only.
func startActor(cpu int) (*actor, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	a := &actor{cmd: exec.Command(self)}
	// One thread acts; a collection of garbage would be another load.
	a.cmd.Env = append(os.Environ(), asWorker+"=act", "GOGC=off", "GOMAXPROCS=1")
	a.cmd.Stderr = os.Stderr
	if a.in, err = a.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := a.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	a.out = bufio.NewReader(out)
	if err := onCPU(cpu, a.cmd.Start); err != nil {
		return nil, fmt.Errorf("start the worker: %w", err)
	}
	return a, nil
}

// onCPU starts a process that stays on one CPU: a child has its parent's thread's affinity.
func onCPU(cpu int, start func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, only unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return err
	}
	only.Set(cpu)
	if err := unix.SchedSetaffinity(0, &only); err != nil {
		return err
	}
	return errors.Join(start(), unix.SchedSetaffinity(0, &before))
}

// do has the worker act n times and gives the times that one act took.
func (a *actor) do(name string, n, pace int) (cpu, wall float64, err error) {
	if _, err := fmt.Fprintf(a.in, "%s\t%d %d\n", name, n, pace); err != nil {
		return 0, 0, err
	}
	line, err := a.out.ReadString('\n')
	if err != nil {
		return 0, 0, fmt.Errorf("the worker ended: %w", err)
	}
	if _, err := fmt.Sscan(line, &cpu, &wall); err != nil {
		return 0, 0, err
	}
	return cpu / float64(n), wall / float64(n), nil
}

// calibrate gives how often an act fits into a time.
func (a *actor) calibrate(name string, chunk time.Duration) (int, error) {
	for n := 1; ; n *= 2 {
		_, wall, err := a.do(name, n, 0)
		if err != nil {
			return 0, err
		}
		if took := wall * float64(n); took > float64(chunk)/4 {
			return max(1, int(float64(chunk)/wall)), nil
		}
	}
}

func (a *actor) stop() error {
	return errors.Join(a.in.Close(), a.cmd.Wait())
}
