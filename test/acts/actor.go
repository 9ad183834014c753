package acts

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"

	"golang.org/x/sys/unix"
)

// actor in the environment makes a program that calls Main do one of actors:
// what no ordinary command does.
const actor = "SAKER_ACT"

var actors = map[string]func() error{
	"memory":  func() error { return becomeMemory("true") },
	"preload": changePreloadList,
	"ptrace":  attach,
	"unseen":  renameUnseen,
}

// by lets this very program start again as an actor.
func by(name string) func(string) (*exec.Cmd, func(), error) {
	return func(string) (*exec.Cmd, func(), error) {
		self, err := os.Executable()
		if err != nil {
			return nil, nil, err
		}
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), actor+"="+name)
		cmd.Stderr = os.Stderr
		return cmd, nil, nil
	}
}

// Main must come first in a program that does acts. It returns at once,
// unless the program was started as an actor.
func Main() {
	name := os.Getenv(actor)
	if name == "" {
		return
	}
	if err := actors[name](); err != nil {
		fmt.Fprintf(os.Stderr, "act %s: %v\n", name, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// becomeMemory replaces this process by a copy of the program that lies in
// memory only. It returns only with an error.
func becomeMemory(program string) error {
	fd, err := unix.MemfdCreate("saker-act", 0)
	if err != nil {
		return err
	}
	path := fmt.Sprintf("/proc/self/fd/%d", fd)
	if err := copyProgram(program, path); err != nil {
		return err
	}
	return unix.Exec(path, []string{program}, nil)
}

// changePreloadList writes /etc/ld.so.preload where only this process has that
// file: below an /etc of its own.
func changePreloadList() error {
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNS | unix.CLONE_FS); err != nil {
		return err
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := unix.Mount("tmpfs", "/etc", "tmpfs", 0, ""); err != nil {
		return err
	}
	fd, err := unix.Open("/etc/ld.so.preload", unix.O_WRONLY|unix.O_CREAT, 0o644)
	if err != nil {
		return err
	}
	return unix.Close(fd)
}

// attach becomes the tracer of a child for a moment.
func attach() error {
	runtime.LockOSThread()
	victim := exec.Command("sleep", "60")
	if err := victim.Start(); err != nil {
		return err
	}
	pid := victim.Process.Pid
	err := unix.PtraceAttach(pid)
	if err == nil {
		_, err = unix.Wait4(pid, nil, 0, nil)
		err = errors.Join(err, unix.PtraceDetach(pid))
	}
	err = errors.Join(err, victim.Process.Kill())
	_ = victim.Wait() // it was killed
	return err
}
