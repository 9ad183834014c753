// Package doors holds what Saker says of sessions against what the machine says.
//
// It takes the programs that let sessions in (sshd, cron, systemd), as far as they are
// installed, and a session in which a file is opened. It owns the daemons that it starts,
// and all that they leave. It never touches one that runs here already.
package doors

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// patience is how long something that must happen may take.
const patience = time.Minute

// door is a program that lets sessions in.
type door struct {
	name, kind string
	program    string // the name of its file
	needs      []string
	stop       unix.Signal
	// open starts it, so that it runs the script of the directory.
	open func(t *testing.T, dir string) *exec.Cmd
	// enter asks it to, where it doesn't so by itself.
	enter func(t *testing.T, dir string) *exec.Cmd
}

var doors = []door{
	{"ssh", "ssh", "sshd", []string{"sshd", "ssh", "ssh-keygen", "unshare"}, unix.SIGTERM, sshd, ssh},
	{"ssh with a terminal", "ssh", "sshd", []string{"sshd", "ssh", "ssh-keygen", "unshare"}, unix.SIGTERM, sshd, func(t *testing.T, dir string) *exec.Cmd {
		cmd := ssh(t, dir)
		cmd.Args = append([]string{cmd.Args[0], "-tt"}, cmd.Args[1:]...)
		return cmd
	}},
	{"cron", "cron", "cron", []string{"cron", "unshare"}, unix.SIGTERM, cron, nil},
	{"systemd", "service", "systemd", []string{manager, "unshare"}, exitNow, systemd, nil},
}

// session is what runs in a session. Who logged in is told with the next program.
const session = `#!/bin/sh
[ "$(cat /proc/self/loginuid)" != 4294967295 ] || echo 1 >/proc/self/loginuid
exec /bin/sh %[1]s/inside
`

const inside = `
echo $$ >%[1]s/pid
until [ -e %[1]s/end ]; do : <%[1]s/marker; sleep 0.1; done
`

// TestDoors: who acts in a session, and how it came in, is as the machine says, for each
// door that is there, whether somebody looked as it came in or not before it was there.
func TestDoors(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root to let anybody in")
	}
	for _, d := range doors {
		t.Run(d.name, func(t *testing.T) {
			for _, program := range d.needs {
				if _, err := exec.LookPath(program); err != nil {
					t.Skipf("needs %s, which is not installed here", program)
				}
			}
			dir := place(t)
			w := startWatch(t, dir)
			d.run(t, dir)
			d.compare(t, dir, w.until(t))
			d.compare(t, dir, startWatch(t, dir).until(t))
		})
	}
}

// compare compares what fields said with what the machine says.
func (d *door) compare(t *testing.T, dir string, said map[string]string) {
	t.Helper()
	for name, want := range look(t, dir, d.program).want(d.kind) {
		if got := said[name]; got != want {
			t.Errorf("%s says %q, the machine says %q", name, got, want)
		}
	}
}

// place is a directory with the script.
func place(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "saker-door-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	write(t, dir+"/marker", "")
	write(t, dir+"/inside", strings.ReplaceAll(inside, "%[1]s", dir))
	write(t, dir+"/session", strings.ReplaceAll(session, "%[1]s", dir))
	return dir
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
}

// run lets a session in until the test ends.
func (d *door) run(t *testing.T, dir string) {
	t.Helper()
	start(t, dir, d.open(t, dir), d.stop)
	if d.enter != nil {
		start(t, dir, d.enter(t, dir), unix.SIGTERM)
	}
	t.Cleanup(func() { // before what let it in ends
		pid := pidOf(dir)
		write(t, dir+"/end", "")
		for end := time.Now().Add(patience); pid != 0 && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			if unix.Kill(pid, 0) != nil {
				return
			}
		}
	})
}

// start starts a command, which is ended by a signal after the test.
func start(t *testing.T, dir string, cmd *exec.Cmd, stop unix.Signal) {
	t.Helper()
	log, err := os.OpenFile(dir+"/log", os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(stop)
		kill := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
		defer kill.Stop()
		_ = cmd.Wait() // which gives the signal that ended it
		_ = log.Close()
		if text, _ := os.ReadFile(log.Name()); t.Failed() {
			t.Logf("it says:\n%s", text)
		}
	})
}

// pidOf is the number of the process that acts, 0 before it told.
func pidOf(dir string) int {
	text, _ := os.ReadFile(filepath.Join(dir, "pid"))
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return pid
}
