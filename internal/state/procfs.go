package state

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/sakerhq/saker/internal/event"
)

// procfs reads of /proc what no record tells: the arguments of what ran before
// the sensor did, and processes whose start was lost.
type procfs struct {
	root          string
	noEnvironment bool
}

// ticksPerSecond is the unit of times in /proc, the same on all of Linux.
const ticksPerSecond = 100

func (f procfs) file(pid uint32, name string) string {
	return filepath.Join(f.root, "proc", strconv.FormatUint(uint64(pid), 10), name)
}

// bootID is the machine's id of this boot, empty if it can't be read.
func (f procfs) bootID() string {
	text, err := os.ReadFile(filepath.Join(f.root, "proc/sys/kernel/random/boot_id"))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// program reads a process's arguments and environment; what can't be read,
// for the process has ended or is the kernel's, stays empty.
func (f procfs) program(p *process) {
	argv, cut := f.strings(p.PID, "cmdline", argsMax)
	if len(argv) > 0 {
		p.Exe, p.Args, p.ArgsCut = argv[0], argv[1:], cut
	}
	if !f.noEnvironment {
		p.Env, p.EnvCut = f.strings(p.PID, "environ", envMax)
	}
}

// How much of a process's memory is taken over; as much as the sensor does.
const (
	argsMax = 32 << 10
	envMax  = 4096
)

// strings reads NUL-separated strings, max bytes at most; cut: there are more.
func (f procfs) strings(pid uint32, name string, max int) (list []string, cut bool) {
	file, err := os.Open(f.file(pid, name))
	if err != nil {
		return nil, false
	}
	text, err := io.ReadAll(io.LimitReader(file, int64(max)+1))
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, false
	}
	cut = len(text) > max
	return split(text[:min(len(text), max)], cut), cut
}

// whole reads all that /proc has of the process with p's number, and gives
// its parent's. False: there is none, or it is another that started later.
func (f procfs) whole(p *process) (parent uint32, ok bool) {
	text, err := os.ReadFile(f.file(p.PID, "stat"))
	if err != nil {
		return 0, false
	}
	// The name stands in parentheses and may have any itself.
	open, end := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
	if open < 0 || end < open {
		return 0, false
	}
	stat := numbersOf(strings.Fields(string(text[end+1:])))
	if len(stat) < 20 || uint64(stat[19]) != p.Start/(second/ticksPerSecond) {
		return 0, false
	}
	p.Name = string(text[open+1 : end])
	p.PPID, p.PGID, p.SID, p.TTY = uint32(stat[1]), uint32(stat[2]), uint32(stat[3]), uint32(stat[4])
	p.Exe = ""
	f.program(p)
	f.status(p)
	f.namespaces(p)
	f.links(p)
	p.Cgroup = f.cgroup(p.PID)
	return p.PPID, true
}

func numbersOf(words []string) []int64 {
	list := make([]int64, len(words))
	for i, word := range words {
		list[i], _ = strconv.ParseInt(word, 10, 64)
	}
	return list
}

// links reads what the process runs and where.
func (f procfs) links(p *process) {
	p.Cwd, _ = os.Readlink(f.file(p.PID, "cwd"))
	exe, _ := os.Readlink(f.file(p.PID, "exe"))
	path, deleted := strings.CutSuffix(exe, " (deleted)")
	p.File = event.ExeFile{Path: path, Deleted: deleted}
	if name, memfd := strings.CutPrefix(path, "/memfd:"); memfd && deleted {
		p.File.Memfd, p.File.Path = true, "memfd:"+name
	}
}

// status reads ids and capabilities.
func (f procfs) status(p *process) {
	text, _ := os.ReadFile(f.file(p.PID, "status"))
	for line := range strings.Lines(string(text)) {
		name, rest, _ := strings.Cut(line, ":")
		words := strings.Fields(rest)
		if len(words) == 0 {
			continue
		}
		last := words[len(words)-1]
		switch name {
		case "Uid":
			p.UID = effective(words)
		case "Gid":
			p.GID = effective(words)
		case "NSpid":
			p.VPID = id(last)
		case "NSpgid":
			p.VPGID = id(last)
		case "NSsid":
			p.VSID = id(last)
		case "CapInh":
			p.CapInheritable, _ = strconv.ParseUint(last, 16, 64)
		case "CapPrm":
			p.CapPermitted, _ = strconv.ParseUint(last, 16, 64)
		case "CapEff":
			p.CapEffective, _ = strconv.ParseUint(last, 16, 64)
		}
	}
	login, err := os.ReadFile(f.file(p.PID, "loginuid"))
	if err == nil {
		p.LoginUID = id(strings.TrimSpace(string(login)))
	}
}

// namespaces reads which ones the process is in, as far as that is allowed.
// Who has one number only is in the pid namespace of /proc.
func (f procfs) namespaces(p *process) {
	pid := strconv.FormatUint(uint64(p.PID), 10)
	p.MountNS, p.UserNS, p.NetNS = f.namespace(pid, "mnt"), f.namespace(pid, "user"), f.namespace(pid, "net")
	if p.PIDNS = f.namespace(pid, "pid"); p.PIDNS == 0 && p.VPID == p.PID {
		p.PIDNS = f.namespace("self", "pid")
	}
}

// namespace is the number of a namespace, 0 if it can't be read.
func (f procfs) namespace(process, kind string) uint32 {
	text, _ := os.Readlink(filepath.Join(f.root, "proc", process, "ns", kind))
	text, _ = strings.CutPrefix(text, kind+":[")
	n, err := strconv.ParseUint(strings.TrimSuffix(text, "]"), 10, 32)
	if err != nil {
		return 0
	}
	return uint32(n)
}

// hostMounts is the number of the host's mount namespace, 0 if it can't be
// read: that of the first process, or of the kernel's, or where that is
// forbidden our own.
func (f procfs) hostMounts() uint32 {
	for _, process := range []string{"1", "2", "self"} {
		if n := f.namespace(process, "mnt"); n != 0 {
			return n
		}
	}
	return 0
}

// effective is the second of the real, effective, saved and file system ids.
func effective(ids []string) uint32 {
	if len(ids) < 2 {
		return event.NoID
	}
	return id(ids[1])
}

func id(word string) uint32 {
	n, err := strconv.ParseUint(word, 10, 32)
	if err != nil {
		return event.NoID
	}
	return uint32(n)
}

// cgroup is the process's path in the hierarchy that its runtime uses, as the kernel's
// programs choose it: the unified one, unless it is at its root there, or a controller's
// cgroup is called by an id and this is not.
func (f procfs) cgroup(pid uint32) string {
	text, _ := os.ReadFile(f.file(pid, "cgroup"))
	var unified, controller, other string
	for line := range strings.Lines(string(text)) {
		parts := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(parts) != 3 || parts[2] == "/" || parts[2] == "" {
			continue
		}
		controllers := strings.Split(parts[1], ",")
		switch {
		case parts[0] == "0":
			unified = parts[2]
		case slices.Contains(controllers, "memory"), slices.Contains(controllers, "pids") && controller == "":
			controller = parts[2]
		case other == "":
			other = parts[2]
		}
	}
	if unified != "" && (mayHaveID(unified) || !mayHaveID(controller)) {
		return unified
	}
	return cmp.Or(controller, unified, other, "/")
}

// mayHaveID reports whether a cgroup's name is long enough for a container's id.
func mayHaveID(cgroup string) bool {
	last, _ := cutLast(cgroup)
	return len(last) >= idLen
}
