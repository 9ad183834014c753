// Package acts is a list of harmless things that detections must see.
//
// It takes an empty directory and gives commands to run. It owns what the
// commands need beside that directory and removes it. It changes nothing that
// was there before, and never looks at what its commands print.
package acts

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

// Act is one thing to do, by a child process.
type Act struct {
	Name    string // what is done, for people
	Falco   string // Falco's official stable rule that is true for it, "" if none is
	Shipped string // the rule of our library that is true for it
	make    func(dir string) (cmd *exec.Cmd, undo func(), err error)
}

// All are the acts, none of which depends on another.
func All() []Act {
	const (
		sensitive = "Read sensitive file untrusted"
		password  = "Password or policy file read by unexpected program"
		link      = "Link laid over a sensitive file"
	)
	return []Act{
		{"read /etc/shadow", sensitive, password, readShadow},
		{"read /etc/shadow through a symbolic link", sensitive, password, readThroughLink},
		{"lay a symbolic link over /etc/shadow", "Create Symlink Over Sensitive Files", link, symlink},
		{"lay a hard link over /etc/shadow", "Create Hardlink Over Sensitive Files", link, hardlink},
		{"run a program from /dev/shm", "Execution from /dev/shm", "Program executed from shared memory", runFromSharedMemory},
		{"run a program from memory only", "Fileless execution via memfd_create", "Program executed from memory only", by("memory")},
		{"run a program under a kernel thread's name", "", "Argument zero imitates a kernel thread", runAsKernelThread},
		{"empty a log", "Clear Log Activities", "System log emptied", clearLog},
		{"search for private keys", "Search Private Keys or Passwords", "Search for private keys or passwords", searchKeys},
		{"change a login key file", "", "Login key file changed", overwrite("authorized_keys")},
		{"change the preload list", "", "Preload list changed", by("preload")},
		{"attach to another process", "PTRACE attached to process", "Code pushed into another process", by("ptrace")},
		{"take a name's memory away during a rename", "", "Arguments hidden from the sensor", by("unseen")},
		{"write a cgroup's release agent", "", "Kernel helper path rewritten", overwrite("release_agent")},
		{"open the switch of kernel tracing", "", "Switch of kernel tracing written", openSwitch},
	}
}

// Do performs the act and gives the id of the process that did it. dir must
// be empty, and is the act's own. What the command itself answers does not
// matter; an error means that it could not be run at all.
func (a Act) Do(dir string) (pid int, err error) {
	cmd, undo, err := a.make(dir)
	if undo != nil {
		defer undo()
	}
	if err != nil {
		return 0, fmt.Errorf("prepare to %s: %w", a.Name, err)
	}
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("%s: %w", a.Name, err)
	}
	pid = cmd.Process.Pid
	if err := cmd.Wait(); cmd.ProcessState == nil {
		return 0, fmt.Errorf("%s: %w", a.Name, err)
	}
	return pid, nil
}

func readShadow(string) (*exec.Cmd, func(), error) {
	return exec.Command("cat", "/etc/shadow"), nil, nil
}

func readThroughLink(dir string) (*exec.Cmd, func(), error) {
	link := filepath.Join(dir, "link")
	return exec.Command("cat", link), nil, os.Symlink("/etc/shadow", link)
}

func symlink(dir string) (*exec.Cmd, func(), error) {
	return exec.Command("ln", "-s", "/etc/shadow", filepath.Join(dir, "link")), nil, nil
}

// hardlink stays on the file system of /etc, where such a link is possible.
func hardlink(string) (*exec.Cmd, func(), error) {
	link := filepath.Join("/etc", fmt.Sprintf(".saker-act-%d", os.Getpid()))
	return exec.Command("ln", "/etc/shadow", link), func() { _ = os.Remove(link) }, nil
}

func runFromSharedMemory(string) (*exec.Cmd, func(), error) {
	dir, err := os.MkdirTemp("/dev/shm", "saker-act-")
	if err != nil {
		return nil, nil, err
	}
	undo := func() { _ = os.RemoveAll(dir) }
	program := filepath.Join(dir, "true")
	return exec.Command(program), undo, copyProgram("true", program)
}

// clearLog empties a log that it made itself: one that other distributions
// than this machine's write.
func clearLog(string) (*exec.Cmd, func(), error) {
	for _, log := range []string{"/var/log/secure", "/var/log/maillog", "/var/log/auth.log"} {
		file, err := os.OpenFile(log, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		_, err = file.WriteString("an entry\n")
		undo := func() { _ = os.Remove(log) }
		return exec.Command("cp", "/dev/null", log), undo, errors.Join(err, file.Close())
	}
	return nil, nil, errors.New("all logs that could be made are there already")
}

// openSwitch opens a setting for writing, and writes nothing.
func openSwitch(string) (*exec.Cmd, func(), error) {
	return exec.Command("sh", "-c", ": >>/proc/sys/kernel/ftrace_enabled"), nil, nil
}

// runAsKernelThread runs a program that calls itself by what process lists
// show of the kernel's own threads.
func runAsKernelThread(string) (*exec.Cmd, func(), error) {
	cmd := exec.Command("true")
	cmd.Args[0] = "[kworker/0:1]"
	return cmd, nil, nil
}

// overwrite writes a file of that name in the act's own directory.
func overwrite(name string) func(string) (*exec.Cmd, func(), error) {
	return func(dir string) (*exec.Cmd, func(), error) {
		return exec.Command("cp", "/dev/null", filepath.Join(dir, name)), nil, nil
	}
}

func searchKeys(dir string) (*exec.Cmd, func(), error) {
	return exec.Command("find", dir, "-name", "id_rsa"), nil, nil
}

func copyProgram(name, to string) error {
	from, err := exec.LookPath(name)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o700)
}
