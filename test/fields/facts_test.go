package fields

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// facts are what the machine says of the actor while it waits.
type facts struct {
	t        *testing.T
	pid      int
	dir      string
	said     told
	server   net.Addr // of the listener that the actor connected to
	client   net.Addr // the actor's end, as the listener sees it
	argv     []string
	from, to uint64 // times around the act
}

func (f *facts) file(pid int, name string) string {
	f.t.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), name))
	if err != nil {
		f.t.Fatal(err)
	}
	return string(text)
}

func (f *facts) link(pid int, name string) string {
	f.t.Helper()
	to, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), name))
	if err != nil {
		f.t.Fatal(err)
	}
	return strings.TrimSuffix(to, " (deleted)")
}

// comm is a process's name, empty for one that is not there.
func (f *facts) comm(pid int) string {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "comm"))
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(string(text), "\n")
}

// stat is a number of /proc/PID/stat, counted as proc(5) does.
func (f *facts) stat(pid, field int) int {
	f.t.Helper()
	text := f.file(pid, "stat")
	words := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	n, err := strconv.Atoi(words[field-3])
	if err != nil {
		f.t.Fatal(err)
	}
	return n
}

// status is the words of a line of /proc/PID/status.
func (f *facts) status(pid int, key string) []string {
	f.t.Helper()
	for line := range strings.Lines(f.file(pid, "status")) {
		if name, rest, _ := strings.Cut(line, ":"); name == key {
			return strings.Fields(rest)
		}
	}
	f.t.Fatalf("status has no %s", key)
	return nil
}

// strings are NUL-separated.
func (f *facts) strings(pid int, name string) []string {
	f.t.Helper()
	return strings.Split(strings.TrimSuffix(f.file(pid, name), "\x00"), "\x00")
}

// line is a process's name and arguments, as proc.cmdline says them.
func (f *facts) line(pid int) string {
	return strings.Join(append([]string{f.comm(pid)}, f.strings(pid, "cmdline")[1:]...), " ")
}

func (f *facts) inode(path string) *unix.Stat_t {
	f.t.Helper()
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		f.t.Fatal(err)
	}
	return &st
}

// account is a field of an entry of /etc/passwd or /etc/group, otherwise if
// the number is not there.
func (f *facts) account(file string, id, field int, otherwise string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		f.t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if parts := strings.Split(strings.TrimSuffix(line, "\n"), ":"); len(parts) > field && parts[2] == strconv.Itoa(id) {
			return parts[field]
		}
	}
	return otherwise
}

func (f *facts) uid() int { return atoi(f.status(f.pid, "Uid")[1]) }

func (f *facts) gid() int { return atoi(f.status(f.pid, "Gid")[1]) }

func (f *facts) loginUID() int { return int(int32(uint32(atoi(f.file(f.pid, "loginuid"))))) }

// cgroup is the unified path, else the first that is not the root.
func (f *facts) cgroup() string {
	found := "/"
	for line := range strings.Lines(f.file(f.pid, "cgroup")) {
		parts := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if parts[0] == "0" && parts[2] != "/" {
			return parts[2]
		}
		if found == "/" {
			found = parts[2]
		}
	}
	return found
}

func atoi(s string) int {
	n, _ := strconv.Atoi(strings.TrimSpace(s))
	return n
}
