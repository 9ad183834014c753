package acts

import (
	"fmt"
	"os"
	"os/exec"

	"golang.org/x/sys/unix"
)

// inMemory in the environment makes a program that calls Main the actor of
// the act "run a program from memory only".
const inMemory = "SAKER_ACT_IN_MEMORY"

// runFromMemory lets this very program start again and become a program in
// memory, since no ordinary command does that.
func runFromMemory(string) (*exec.Cmd, func(), error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), inMemory+"=1")
	return cmd, nil, nil
}

// Main must come first in a program that does acts. It returns at once,
// unless the program was started as the actor of one.
func Main() {
	if os.Getenv(inMemory) == "" {
		return
	}
	err := becomeMemory("true")
	fmt.Fprintln(os.Stderr, "run from memory:", err)
	os.Exit(1)
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
