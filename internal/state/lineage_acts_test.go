package state

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// The first thread of an act is the process's first, and others are others.
func init() { runtime.LockOSThread() }

// cue is what an act has of the test that looks at its processes. Those wait
// until hold ends, and write their numbers to ready when they do.
type cue struct {
	hold, ready *os.File
	told        *bufio.Scanner // what was written to ready
	on          *bufio.Reader  // the test's word to go on
	keep        *os.File       // keeps hold from its end
	looks       int
}

func newCue() (*cue, error) {
	hold, keep, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	told, ready, err := os.Pipe()
	return &cue{hold: hold, keep: keep, told: bufio.NewScanner(told), ready: ready, on: bufio.NewReader(os.Stdin)}, err
}

// Scripts: one that waits where it is, and one that executes a program which waits.
const (
	waits    = `echo 0 >&4; read x <&3`
	executes = `exec /bin/sh -c 'echo $$ >&4; read x <&3'`
)

// sh starts a script that may use what waits and executes say.
func (c *cue) sh(script string, how *unix.SysProcAttr) (int, error) {
	return c.start(exec.Command("/bin/sh", "-c", script), how)
}

// again starts this program for another act below this one, which has only hold
// and ready.
func (c *cue) again(act string, how *unix.SysProcAttr) (int, error) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{actVariable + "=" + beneath + act}
	return c.start(cmd, how)
}

func (c *cue) start(cmd *exec.Cmd, how *unix.SysProcAttr) (int, error) {
	cmd.ExtraFiles, cmd.SysProcAttr, cmd.Stderr = []*os.File{c.hold, c.ready}, how, os.Stderr
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("%v: %w", cmd.Args, err)
	}
	return cmd.Process.Pid, nil
}

// await waits until n processes wait, and gives the numbers that they wrote.
func (c *cue) await(n int) (pids []int, err error) {
	for range n {
		if !c.told.Scan() {
			return nil, io.ErrUnexpectedEOF
		}
		pid, _ := strconv.Atoi(c.told.Text())
		pids = append(pids, pid)
	}
	return pids, nil
}

// look has the test look, at some other processes too, once n more of them wait.
func (c *cue) look(n int, others ...int) error {
	if _, err := c.await(n); err != nil {
		return err
	}
	c.looks++
	mark := fmt.Sprintf("/no/such/look%d", c.looks)
	if _, err := unix.Open(mark, unix.O_RDONLY, 0); !errors.Is(err, unix.ENOENT) {
		return err
	}
	fmt.Println(mark, strings.Trim(fmt.Sprint(others), "[]"))
	for {
		word, err := c.on.ReadString('\n')
		if err != nil || word == "on\n" {
			return err
		}
		_, _ = unix.Open(mark, unix.O_RDONLY, 0)
	}
}

// wait is what an act below another one does in the end.
func (c *cue) wait() error {
	if _, err := fmt.Fprintln(c.ready, 0); err != nil {
		return err
	}
	_, err := c.hold.Read(make([]byte, 1))
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

func subreaper() error { return unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }

// end kills a process and waits until it is gone.
func end(pid int) error {
	if err := unix.Kill(pid, unix.SIGKILL); err != nil {
		return err
	}
	_, err := unix.Wait4(pid, nil, 0, nil)
	return err
}

// bare forks a process that executes nothing, and waits.
func bare() (int, error) {
	pid, _, errno := unix.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	if pid == 0 {
		for { // until it is killed
			unix.RawSyscall6(unix.SYS_PPOLL, 0, 0, 0, 0, 0, 0)
		}
	}
	return int(pid), nil
}

const (
	lineage = "lineage/"
	beneath = "beneath/"
)

func init() {
	cued := func(act func(*cue) error) func(string) error {
		return func(string) error {
			c, err := newCue()
			return errors.Join(err, act(c))
		}
	}
	for name, act := range lineageActs {
		acts[lineage+name] = cued(act)
	}
	acts["flood"] = cued(flood)
	for name, act := range belowActs {
		acts[beneath+name] = func(string) error {
			return act(&cue{hold: os.NewFile(3, "hold"), ready: os.NewFile(4, "ready")})
		}
	}
}

var inNamespace = &unix.SysProcAttr{Cloneflags: unix.CLONE_NEWPID}

// lineageActs start processes and have them looked at.
var lineageActs = map[string]func(*cue) error{
	"a tree": func(c *cue) error {
		_, err := c.sh("("+waits+")& ( ("+waits+")& "+waits+")& ("+executes+")& "+waits, nil)
		return errors.Join(err, c.look(5))
	},
	"double fork": func(c *cue) error {
		if _, err := c.sh("( ("+executes+")& )", nil); err != nil {
			return err
		}
		pids, err := c.await(1)
		return errors.Join(err, c.look(0, pids...))
	},
	"subreaper": func(c *cue) error {
		_, err := c.sh("( ( ("+executes+")& ("+waits+")& )& )", nil)
		return errors.Join(subreaper(), err, c.look(2))
	},
	"nested subreapers": func(c *cue) error {
		_, err := c.again("subreaper", nil)
		return errors.Join(subreaper(), err, c.look(3))
	},
	"subreaper set later": func(c *cue) error {
		middle, err := c.sh("("+waits+")& ("+executes+")& "+waits, nil)
		return errors.Join(err, c.look(3), subreaper(), end(middle), c.look(0))
	},
	"subreaper that ends": func(c *cue) error {
		inner, err := c.again("subreaper", nil)
		return errors.Join(subreaper(), err, c.look(3), end(inner), c.look(0))
	},
	"namespace": func(c *cue) error {
		_, err := c.sh("("+waits+")& ("+executes+")& "+waits, inNamespace)
		return errors.Join(err, c.look(3))
	},
	// Who starts containers is a subreaper, but their orphans are none of its.
	"orphan in a namespace": func(c *cue) error {
		_, err := c.sh("( ("+waits+")& ) ; ( ("+executes+")& ) ; "+waits, inNamespace)
		return errors.Join(subreaper(), err, c.look(3))
	},
	"subreaper above a namespace": func(c *cue) error {
		if err := subreaper(); err != nil {
			return err
		}
		_, err := c.sh("( ("+waits+")& ) ; ( ("+executes+")& ) ; "+waits, inNamespace)
		return errors.Join(err, c.look(3))
	},
	"namespace in a namespace": func(c *cue) error {
		_, err := c.again("namespace", inNamespace)
		return errors.Join(err, c.look(4))
	},
	"end of a namespace": func(c *cue) error {
		first, err := c.again("namespace", inNamespace)
		return errors.Join(err, c.look(4), end(first), c.look(0))
	},
	"into a namespace": func(c *cue) error {
		first, err := c.sh(waits, inNamespace)
		return errors.Join(err, joinNamespace(first), c.startTwice(), c.look(4))
	},
	"child of the parent": func(c *cue) error {
		_, err := c.again("sibling", nil)
		return errors.Join(err, c.look(2))
	},
	"sessions and groups": func(c *cue) error {
		_, one := c.sh("("+waits+")& "+waits, &unix.SysProcAttr{Setsid: true})
		group, two := c.sh("("+waits+")& "+waits, &unix.SysProcAttr{Setpgid: true})
		_, three := c.sh(executes, &unix.SysProcAttr{Setpgid: true, Pgid: group})
		return errors.Join(one, two, three, c.look(5))
	},
	"group of another": func(c *cue) error { return c.regroup(func() error { return c.look(0) }) },
	"group of another in a namespace": func(c *cue) error {
		_, err := c.again("regroup", inNamespace)
		return errors.Join(err, c.look(1))
	},
	"orphaned group": func(c *cue) error {
		leader, err := c.sh("("+waits+")& ("+executes+")& "+waits, &unix.SysProcAttr{Setsid: true})
		return errors.Join(subreaper(), err, c.look(3), end(leader), c.look(0))
	},
	"exec in a thread": func(c *cue) error {
		_, err := c.again("exec in a thread", nil)
		return errors.Join(err, c.look(1))
	},
	"end of the first thread": func(c *cue) error {
		_, err := c.again("end of the first thread", nil)
		return errors.Join(err, c.look(2))
	},
	"end of the thread that forked": func(c *cue) error {
		ended := make(chan error)
		go func() {
			runtime.LockOSThread() // and never unlocks: it ends with the goroutine
			_, err := c.sh(executes, nil)
			ended <- err
		}()
		return errors.Join(<-ended, c.look(1))
	},
	"number used again": reuse,
}

// flood starts processes with so many arguments that the records of what happens
// then are lost, if nobody reads; and others, for which small room would do.
func flood(c *cue) error {
	leaves, one := c.sh("("+waits+")& ("+waits+")& "+waits, nil)
	changes, two := c.sh(`trap 'exec /bin/sh -c "echo 0 >&4; read x <&3"' USR1; `+waits, nil)
	if err := errors.Join(subreaper(), one, two, c.look(4)); err != nil {
		return err
	}
	words := strings.Repeat("word ", 6000)
	if err := exec.Command("/bin/sh", "-c", "for i in $(seq 400); do /bin/true "+words+"; done; for i in $(seq 300); do (:); done").Run(); err != nil {
		return err
	}
	if err := c.look(0); err != nil {
		return err
	}
	_, three := c.sh("("+waits+")& ("+executes+")& "+waits, &unix.SysProcAttr{Setsid: true})
	_, four := c.sh(executes, &unix.SysProcAttr{Setpgid: true})
	_, five := c.sh("( ("+executes+")& ); "+waits, inNamespace)
	return errors.Join(three, four, five, end(leaves), unix.Kill(changes, unix.SIGUSR1), c.look(7))
}

// startTwice starts a script and one whose child is an orphan at once.
func (c *cue) startTwice() error {
	_, one := c.sh("( ("+waits+")& ); "+waits, nil)
	_, two := c.sh(executes, nil)
	return errors.Join(one, two)
}

// joinNamespace has further children be in the namespace of a process.
func joinNamespace(pid int) error {
	ns, err := unix.Open(fmt.Sprintf("/proc/%d/ns/pid", pid), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	return errors.Join(unix.Setns(ns, unix.CLONE_NEWPID), unix.Close(ns))
}

// regroup moves children into groups: the first into its own, the second into
// the first one's, a third back into this process's.
func (c *cue) regroup(then func() error) error {
	var pids [3]int
	for i := range pids {
		pid, err := bare()
		if err != nil {
			return err
		}
		defer func() { _ = end(pid) }()
		pids[i] = pid
	}
	return errors.Join(unix.Setpgid(pids[0], 0), unix.Setpgid(pids[1], pids[0]),
		unix.Setpgid(pids[2], pids[2]), unix.Setpgid(pids[2], unix.Getpgrp()), then())
}

// reuse ends a process that has a child, and gives its number to another one.
func reuse(c *cue) error {
	if err := subreaper(); err != nil {
		return err
	}
	old, err := c.sh("("+waits+")& "+waits, nil)
	if err := errors.Join(err, c.look(2)); err != nil {
		return err
	}
	if err := end(old); err != nil {
		return err
	}
	for range 500 { // others may be faster
		last := []byte(strconv.Itoa(old - 1))
		if err := os.WriteFile("/proc/sys/kernel/ns_last_pid", last, 0); err != nil {
			fmt.Println("skip: ", err)
			return nil
		}
		pid, err := c.sh(executes, nil)
		if err != nil {
			return err
		}
		if _, err := c.await(1); err != nil {
			return err
		}
		if pid == old {
			return c.look(0)
		}
		if err := end(pid); err != nil {
			return err
		}
	}
	fmt.Println("skip: others took the number")
	return nil
}

// belowActs are what acts have others do.
var belowActs = map[string]func(*cue) error{
	"subreaper": func(c *cue) error {
		_, err := c.sh("( ( ("+executes+")& ("+waits+")& )& )", nil)
		return errors.Join(subreaper(), err, c.wait())
	},
	"namespace": func(c *cue) error {
		_, err := c.sh("("+waits+")& ("+executes+")& "+waits, inNamespace)
		return errors.Join(err, c.wait())
	},
	"sibling": func(c *cue) error {
		_, err := c.sh(executes, &unix.SysProcAttr{Cloneflags: unix.CLONE_PARENT})
		return errors.Join(err, c.wait())
	},
	"regroup": func(c *cue) error { return c.regroup(c.wait) },
	"exec in a thread": func(*cue) error {
		failed := make(chan error)
		go func() {
			runtime.LockOSThread()
			failed <- syscall.Exec("/bin/sh", []string{"sh", "-c", waits}, nil)
		}()
		return <-failed
	},
	"end of the first thread": func(c *cue) error {
		runtime.GOMAXPROCS(2) // the thread that ends keeps one, and nothing may wait for it
		debug.SetGCPercent(-1)
		go func() {
			_, err := c.sh(executes, nil)
			if errors.Join(err, c.wait()) != nil {
				os.Exit(1)
			}
			os.Exit(0)
		}()
		unix.RawSyscall(unix.SYS_EXIT, 0, 0, 0)
		return errors.New("the first thread goes on")
	},
}
