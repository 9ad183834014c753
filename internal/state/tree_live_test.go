package state

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/syscalls"
)

// live is a state that follows the machine while processes are started to be
// looked at.
type live struct {
	sensor *bpf.Sensor
	*State
	event   event.Event
	actor   uint32
	actorIn io.Writer
	seen    string // name of the last file that the actor tried to open
}

// startLive captures from now on, or skips where the machine can't load the
// sensor.
func startLive(t *testing.T, names ...string) *live {
	t.Helper()
	rows := []*syscalls.Row{syscalls.ByName("openat")}
	for _, name := range names {
		rows = append(rows, syscalls.ByName(name))
	}
	l := &live{State: New(Options{})}
	l.sensor = load(t, bpf.Options{Rows: rows}, l.take(t))
	t.Cleanup(func() { l.sensor.Close() })
	if err := l.sensor.Scan(l.take(t)); err != nil {
		t.Fatal(err)
	}
	return l
}

func (l *live) take(t *testing.T) func(bpf.Raw) {
	return func(raw bpf.Raw) {
		ok, err := l.Apply(raw, &l.event)
		if err != nil {
			t.Errorf("record of type %d: %v", raw.Header().Type, err)
		}
		if e := &l.event; ok && e.Row.Name == "openat" && e.Process.PID == l.actor {
			name := slices.IndexFunc(e.Row.Params, func(p syscalls.Param) bool { return p.Name == "name" })
			l.seen = strings.Clone(e.Args[name].Text)
		}
	}
}

// follow reads until all is known that happened before the actor made a mark.
// That can be lost, where others fill the ring: then the actor makes it again.
func (l *live) follow(t *testing.T, mark string) {
	t.Helper()
	asked := time.Now()
	for deadline := asked.Add(time.Minute); l.seen != mark; {
		if _, err := l.sensor.Read(l.take(t)); err != nil {
			t.Fatal(err)
		}
		if now := time.Now(); now.After(deadline) {
			t.Fatal("the actor's mark was not told")
		} else if now.Sub(asked) > time.Second {
			asked = now
			l.tell(t, "again")
		}
	}
}

func (l *live) tell(t *testing.T, word string) {
	t.Helper()
	if _, err := io.WriteString(l.actorIn, word+"\n"); err != nil {
		t.Fatal(err)
	}
}

// play runs an act, and looks at its processes where it says so, by a mark.
func (l *live) play(t *testing.T, act string, look func(mark string, others []uint32)) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{actVariable + "=" + act}
	cmd.Stderr = os.Stderr
	in, errIn := cmd.StdinPipe()
	out, errOut := cmd.StdoutPipe()
	if err := errors.Join(errIn, errOut, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v", act, err)
		}
	}()
	l.actor, l.actorIn, l.seen = uint32(cmd.Process.Pid), in, ""
	lines := bufio.NewScanner(out)
	looks := 0
	for ; lines.Scan(); looks++ {
		words := strings.Fields(lines.Text())
		if words[0] == "skip" {
			t.Skip(lines.Text())
		}
		var others []uint32
		for _, word := range words[1:] {
			others = append(others, uint32(toInt(word)))
		}
		look(words[0], others)
		l.tell(t, "on")
	}
	if looks == 0 {
		t.Error("there was nothing to look at")
	}
}

func toInt(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// truth is what /proc says of a process.
type truth map[string][]string

// truthOf is nil for a process that has ended; of one whose first thread has
// ended, it lacks what is gone with that.
func truthOf(pid uint32) truth {
	dir := filepath.Join("/proc", strconv.Itoa(int(pid)))
	status, err := os.ReadFile(dir + "/status")
	if err != nil {
		return nil
	}
	say := truth{}
	for line := range strings.Lines(string(status)) {
		key, rest, _ := strings.Cut(line, ":")
		say[key] = strings.Fields(rest)
	}
	tasks, _ := os.ReadDir(dir + "/task")
	if say["State"][0] == "Z" && len(tasks) < 2 {
		return nil
	}
	stat, _ := os.ReadFile(dir + "/stat")
	say["stat"] = strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if argv, _ := os.ReadFile(dir + "/cmdline"); len(argv) > 0 {
		say["argv"] = strings.Split(strings.TrimSuffix(string(argv), "\x00"), "\x00")
	}
	if exe, err := os.Readlink(dir + "/exe"); err == nil {
		say["exe"] = []string{exe}
	}
	if cwd, err := os.Readlink(dir + "/cwd"); err == nil {
		say["cwd"] = []string{cwd}
	}
	return say
}

func (w truth) last(key string) string { return w[key][len(w[key])-1] }

// level is a number of a process as the namespace of another one has it, 0 if
// that can't see it.
func (w truth) level(depth int) string {
	if numbers := w["NSpid"]; depth <= len(numbers) {
		return numbers[depth-1]
	}
	return "0"
}

// childrenOf are all processes below one, by /proc.
func childrenOf(root uint32) (all []uint32) {
	parents := map[uint32]uint32{}
	entries, _ := os.ReadDir("/proc")
	for _, entry := range entries {
		if pid := uint32(toInt(entry.Name())); pid > 0 {
			if say := truthOf(pid); say != nil {
				parents[pid] = uint32(toInt(say["PPid"][0]))
			}
		}
	}
	for pid := range parents {
		for up := pid; up > 1; up = parents[up] {
			if up == root {
				all = append(all, pid)
				break
			}
		}
	}
	return all
}

// agree holds that what is known of the actor's descendants, and of some
// others, is what /proc says, now or soon: they may still be on their way.
func (l *live) agree(t *testing.T, others []uint32) {
	t.Helper()
	root := l.actor
	found := l.compare(root, others)
	for deadline := time.Now().Add(patience); len(found) > 0 && time.Now().Before(deadline); {
		if _, err := l.sensor.Read(l.take(t)); err != nil {
			t.Fatal(err)
		}
		found = l.compare(root, others)
	}
	for _, difference := range found {
		t.Error(difference)
	}
}

// compare gives what differs.
func (l *live) compare(root uint32, others []uint32) (found []string) {
	all := append(childrenOf(root), others...)
	for _, pid := range all {
		if say := truthOf(pid); say != nil {
			found = append(found, l.compareOne(pid, say)...)
		}
	}
	for _, p := range l.processes.known {
		if !p.Exited && p.descends(l.processes.running(root)) && !slices.Contains(all, p.PID) && truthOf(p.PID) == nil {
			found = append(found, fmt.Sprintf("%d %s is known to run, but does not", p.PID, p.Name))
		}
	}
	return found
}

func (l *live) compareOne(pid uint32, say truth) (found []string) {
	p := l.processes.running(pid)
	if p == nil {
		return []string{fmt.Sprintf("%d %s is not known", pid, say["Name"])}
	}
	vppid := "0"
	if up := truthOf(uint32(toInt(say["PPid"][0]))); up != nil {
		vppid = up.level(len(say["NSpid"]))
	}
	facts := []struct {
		name string
		got  any
		want string
	}{
		{"parent", p.PPID, say["PPid"][0]},
		{"vpid", p.VPID, say.last("NSpid")},
		{"vppid", p.VPPID, vppid},
		{"group", p.PGID, say["NSpgid"][0]},
		{"vpgid", p.VPGID, say.last("NSpgid")},
		{"session", p.SID, say["NSsid"][0]},
		{"vsid", p.VSID, say.last("NSsid")},
		{"start", p.Start / 1e7, say["stat"][19]},
		{"name", p.Name, strings.Join(say["Name"], " ")},
		{"uid", p.UID, say["Uid"][1]},
		{"arguments", append([]string{p.Exe}, p.Args...), fmt.Sprint(say["argv"])},
		{"program", p.File.Path, strings.Join(say["exe"], "")},
		{"directory", p.Cwd, strings.Join(say["cwd"], "")},
		{"ancestors", ancestorsOf(p), fmt.Sprint(say.ancestors())},
	}
	for _, fact := range facts {
		if got := fmt.Sprint(fact.got); got != fact.want && fact.want != "" && fact.want != "[]" {
			found = append(found, fmt.Sprintf("%s of %d %s: %s, /proc says %s", fact.name, pid, p.Name, got, fact.want))
		}
	}
	for name, leader := range map[string]*event.Process{say["NSpgid"][0]: p.GroupLeader, say["NSsid"][0]: p.Session} {
		if pid := uint32(toInt(name)); truthOf(pid) != nil && (leader == nil || leader.PID != pid || leader.Exited) {
			found = append(found, fmt.Sprintf("%d, who leads %d %s, is not known", pid, p.PID, p.Name))
		}
	}
	return found
}

func ancestorsOf(p *process) (all []uint32) {
	for up := p.Parent; up != nil; up = up.Parent {
		all = append(all, up.PID)
	}
	return all
}

func (w truth) ancestors() (all []uint32) {
	for up := w; up != nil; {
		parent := uint32(toInt(up["PPid"][0]))
		if up = truthOf(parent); up != nil {
			all = append(all, parent)
		}
	}
	return all
}
