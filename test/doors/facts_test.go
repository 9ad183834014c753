package doors

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// facts are what the machine says of who acts, while it waits.
type facts struct {
	t   *testing.T
	pid int
	up  []int // its ancestors, the parent first
	// entry is the one that the door started.
	entry int
}

func look(t *testing.T, dir, program string) *facts {
	t.Helper()
	f := &facts{t: t, pid: pidOf(dir)}
	for pid := f.stat(f.pid, 4); pid > 0; pid = f.stat(pid, 4) {
		f.up = append(f.up, pid)
	}
	for i, pid := range append([]int{f.pid}, f.up...) {
		if i < len(f.up) && filepath.Base(f.exe(f.up[i])) == program {
			f.entry = pid
			break
		}
	}
	if f.entry == 0 {
		t.Fatalf("who acts doesn't come from %s", program)
	}
	return f
}

// want is what fields must say.
func (f *facts) want(kind string) map[string]string {
	n := strconv.Itoa
	uid := f.status("Uid")
	login := strings.TrimSpace(f.file(f.pid, "loginuid"))
	if login == "4294967295" {
		login = "-1"
	}
	want := map[string]string{
		"proc.entry.type": kind, "proc.entry.pid": n(f.entry), "proc.entry.name": f.comm(f.entry),
		"proc.pid": n(f.pid), "proc.ppid": n(f.up[0]), "proc.pname": f.comm(f.up[0]), "proc.exepath": f.exe(f.pid),
		"proc.sid": n(f.stat(f.pid, 6)), "proc.tty": n(f.stat(f.pid, 7)), "proc.interactive": strconv.FormatBool(f.stat(f.pid, 7) != 0),
		"proc.unit": f.unit(), "user.uid": uid, "user.name": f.account(uid), "user.loginuid": login, "user.loginname": f.account(login),
	}
	for i := range min(ancestors, len(f.up)) {
		of := fmt.Sprintf("[%d]", i+1)
		want["proc.aname"+of], want["proc.apid"+of], want["proc.aexepath"+of] = f.comm(f.up[i]), n(f.up[i]), f.exe(f.up[i])
	}
	return want
}

func (f *facts) file(pid int, name string) string {
	f.t.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), name))
	if err != nil {
		f.t.Fatal(err)
	}
	return string(text)
}

// stat is a number of /proc/PID/stat, counted as proc(5) does.
func (f *facts) stat(pid, field int) int {
	f.t.Helper()
	text := f.file(pid, "stat")
	n, err := strconv.Atoi(strings.Fields(text[strings.LastIndexByte(text, ')')+1:])[field-3])
	if err != nil {
		f.t.Fatal(err)
	}
	return n
}

// status is the effective one of the numbers of a line of /proc/PID/status.
func (f *facts) status(key string) string {
	f.t.Helper()
	for line := range strings.Lines(f.file(f.pid, "status")) {
		if name, rest, _ := strings.Cut(line, ":"); name == key {
			return strings.Fields(rest)[1]
		}
	}
	f.t.Fatalf("status has no %s", key)
	return ""
}

func (f *facts) comm(pid int) string { return strings.TrimSuffix(f.file(pid, "comm"), "\n") }

// exe is the program's file, empty where the process has none.
func (f *facts) exe(pid int) string {
	to, _ := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "exe"))
	return strings.TrimSuffix(to, " (deleted)")
}

// account is the name of a number in /etc/passwd.
func (f *facts) account(uid string) string {
	f.t.Helper()
	text, err := os.ReadFile("/etc/passwd")
	if err != nil {
		f.t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if parts := strings.Split(line, ":"); len(parts) > 2 && parts[2] == uid {
			return parts[0]
		}
	}
	return "<NA>"
}

// unit is the last name of a cgroup that is a unit's.
func (f *facts) unit() string {
	for line := range strings.Lines(f.file(f.pid, "cgroup")) {
		parts := strings.Split(strings.TrimSuffix(line, "\n"), "/")
		if last := parts[len(parts)-1]; strings.HasSuffix(last, ".service") {
			return last
		}
	}
	return "none"
}
