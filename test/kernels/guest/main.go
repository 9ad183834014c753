// Command guest is the first program of a kernel under test.
//
// It takes the jobs that the host packed beside it, makes of a bare kernel
// what they need, runs them one after the other, and tells on the console how
// each ended. It owns the machine, and switches it off. It never runs elsewhere:
// it refuses to start as any process but the first.
package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/test/kernels/console"
)

// workArgument makes the second process of the first one's own program.
const workArgument = "work"

func main() {
	switch {
	case len(os.Args) == 2 && os.Args[1] == workArgument && os.Getppid() == 1:
		if err := work(); err != nil {
			console.Fault(os.Stdout, err)
			os.Exit(1)
		}
	case os.Getpid() == 1:
		boot()
	default:
		fmt.Fprintln(os.Stderr, "guest: this is the first program of a virtual machine")
		os.Exit(2)
	}
}

// boot prepares the machine and switches it off when the work is done. Between
// these it does nothing but bury processes without a parent.
func boot() {
	if err := prepare(); err != nil {
		console.Fault(os.Stdout, err)
	} else if err := waitFor(workArgument); err != nil {
		console.Fault(os.Stdout, err)
	}
	unix.Sync()
	// Without power off the kernel panics when we end, and the host sees that.
	if err := unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF); err != nil {
		fmt.Println("guest: power off:", err)
	}
}

// waitFor runs this program again with an argument, until it ends. A process
// that starts after the mounts remembers nothing of the time before them.
func waitFor(argument string) error {
	child, err := os.StartProcess("/proc/self/exe", []string{"/init", argument}, &os.ProcAttr{
		Files: []*os.File{os.Stdin, os.Stdout, os.Stderr}, Env: environment,
	})
	if err != nil {
		return fmt.Errorf("start the work: %w", err)
	}
	for {
		pid, err := unix.Wait4(-1, nil, 0, nil)
		if err != nil && err != unix.EINTR {
			return fmt.Errorf("wait for the work: %w", err)
		}
		if pid == child.Pid {
			return nil
		}
	}
}

var environment = []string{"PATH=/bin", "HOME=/", "TMPDIR=/tmp"}

func work() error {
	var jobs []console.Job
	packed, err := os.ReadFile(console.JobsFile)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(packed, &jobs); err != nil {
		return fmt.Errorf("read the jobs: %w", err)
	}
	kernel, booted, err := here()
	if err != nil {
		return err
	}
	console.Start(os.Stdout, kernel, booted)
	for _, job := range jobs {
		console.Begin(os.Stdout, job.Name)
		began := time.Now()
		code := run(job)
		console.End(os.Stdout, job.Name, code, time.Since(began))
		if job.Gate && code != 0 {
			break
		}
	}
	console.Done(os.Stdout)
	return nil
}

// run gives the job's exit code, -1 if it has none.
func run(job console.Job) int {
	if job.V1 {
		if err := mountV1(); err != nil {
			fmt.Println("guest:", err)
			return -1
		}
	}
	cmd := exec.Command(job.Argv[0], job.Argv[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = cmp.Or(job.Dir, "/"), slices.Concat(environment, job.Env), os.Stdout, os.Stdout
	if job.User != 0 {
		id := uint32(job.User)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: id, Gid: id}, AmbientCaps: job.Caps}
	}
	if err := cmd.Run(); err != nil {
		fmt.Println("guest:", err)
	}
	if cmd.ProcessState == nil {
		return -1
	}
	return cmd.ProcessState.ExitCode()
}

// here gives the kernel's release and how long it runs.
func here() (release string, up time.Duration, err error) {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return "", 0, fmt.Errorf("uname: %w", err)
	}
	text, err := os.ReadFile("/proc/uptime")
	if err != nil {
		return "", 0, err
	}
	first, _, _ := strings.Cut(string(text), " ")
	seconds, err := strconv.ParseFloat(first, 64)
	if err != nil {
		return "", 0, fmt.Errorf("read /proc/uptime: %w", err)
	}
	return unix.ByteSliceToString(name.Release[:]), time.Duration(seconds * float64(time.Second)), nil
}
