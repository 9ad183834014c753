package main

import (
	"fmt"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/internal/syscalls"
)

// everydayFiles are what programs open all day on any host; a file of the worker's own and
// one that isn't there come beside them.
var everydayFiles = []string{
	"/etc/ld.so.cache", "/etc/passwd", "/etc/nsswitch.conf", "/etc/hosts", "/usr/lib/os-release", "/proc/self/status",
	"/proc/meminfo", "/dev/null", "/usr/bin/env", "/sys/devices/system/cpu/online", "", missingFile,
}

const missingFile = "-missing"

// everydayOpens is no load whose cost is measured, but one of which is counted what is told.
var everydayOpens = load{"everyday opens", "opens of files that programs open all day", (*worker).everyday}

func (w *worker) everyday(n int) error {
	own := unix.BytePtrToString(w.file)
	for range n {
		for _, name := range everydayFiles {
			if name == "" || name == missingFile {
				name = own + name
			}
			path, err := unix.BytePtrFromString(name)
			if err != nil {
				return err
			}
			if fd, _, e := syscall.RawSyscall6(unix.SYS_OPENAT, at, addressOf(path), unix.O_RDONLY, 0, 0, 0); e == 0 {
				_ = unix.Close(int(fd))
			}
		}
	}
	return nil
}

// everydayEvents are opens by a few processes, as the rules see them.
func everydayEvents() (events []field.OfEvent) {
	parent := &event.Process{PID: 1}
	for _, name := range []string{"systemd", "containerd-shim", "bash", "npm"} {
		parent = &event.Process{PID: parent.PID + 10, Parent: parent, Name: name, Exe: "/usr/bin/" + name, File: event.ExeFile{Path: "/usr/bin/" + name}}
	}
	for i, who := range []string{"node", "sh", "ls", "dpkg", "sshd", "python3", "nginx", "postgres"} {
		p := &event.Process{
			PID: uint32(4711 + i), Image: uint64(i + 1), Start: 5e9, Born: 1.7e18, Parent: parent, PPID: parent.PID, Name: who, Exe: who,
			Args: []string{"--port", "80"}, Cwd: "/srv", LoginUID: event.NoID, File: event.ExeFile{Path: "/usr/bin/" + who, Ino: 7},
			UID: 33, GID: 33, User: event.Account{Known: true, Name: "www"},
		}
		if i%2 == 0 {
			p.Container = &event.Container{ID: strings.Repeat("ab", 32), Runtime: "containerd"}
		}
		for n, file := range everydayFiles {
			if !strings.HasPrefix(file, "/") {
				file = fmt.Sprintf("/srv/app/%d", n)
			}
			events = append(events, openOf(p, file))
		}
	}
	return events
}

func openOf(p *event.Process, file string) field.OfEvent {
	row := syscalls.ByName("openat")
	args := make([]event.Arg, len(row.Params))
	for i := range args {
		args[i] = event.Arg{Valid: true, Path: file, Text: file}
	}
	return field.OfEvent{Event: &event.Event{
		Num: 7, Time: 1.7e18, Row: row, TID: p.PID, Result: 3, Args: args, Process: p, FDNum: 3,
		FD: &event.FD{Type: event.FDFile, Name: file, Ino: 5, Mode: 0o100755},
	}}
}
