package calls

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/internal/state"
	"github.com/sakerhq/saker/internal/syscalls"
	"github.com/sakerhq/saker/test/witness"
)

// toldPath is what fields said of a path.
type toldPath struct {
	row, given, cwd string
	full            string
	unresolved      bool
	whole           string // fs.path.name, .source or .target, if one is this path
	itself          bool   // as the row has it
}

// TestPaths: what the fields say of each path that a call takes, however it
// goes, is where it leads as the kernel says, or what was given joined to where
// it starts; and which of both is told.
func TestPaths(t *testing.T) {
	sensor := sensorOf(t, pathRows())
	var all []named
	var told map[string]toldPath
	whole(t, sensor, func() { all, told = runNamer(t, sensor) })
	resolved, unread := 0, 0
	for _, p := range all {
		got, ok := told[p.Name]
		if !ok {
			t.Errorf("%s of %s: no event", p.Call, p.Given)
			continue
		}
		inside := seesInside(sensor, p)
		if inside && got.given == p.Resolved && p.Given != p.Resolved {
			unread++
			p.Given = p.Resolved
		}
		checkPath(t, p, got, inside)
		if !got.unresolved {
			resolved++
		}
	}
	// The kernel may be about to move the memory that a text is in as the call ends.
	if unread > len(all)/50 {
		t.Errorf("of %d paths that were given the text was not read", unread)
	}
	t.Logf("%d paths given, %d are told as the kernel has them, of %d what was given was not read", len(all), resolved, unread)
}

func checkPath(t *testing.T, p named, got toldPath, inside bool) {
	t.Helper()
	if syscalls.ByName(p.Call).Inside && p.Result != 0 {
		t.Errorf("%s of %s: result %d", p.Call, p.Given, p.Result)
	}
	want := toldPath{row: p.Call, given: p.Given, cwd: p.Cwd, full: p.Resolved, itself: got.itself}
	if !inside && (!p.Direct || !got.itself) {
		want.full, want.unresolved = path.Join(p.Start, p.Given), true
	}
	if got.whole != "" {
		want.whole = want.full
	}
	if got != want {
		t.Errorf("%s of %s from %s:\nwant %+v\n got %+v", p.Call, p.Given, p.Start, want, got)
	}
}

// seesInside reports whether the sensor sees the paths of the call inside it.
func seesInside(sensor *bpf.Sensor, p named) bool {
	missing := strings.Join(sensor.Missing(), "; ")
	return syscalls.ByName(p.Call).Inside && !strings.Contains(missing, "hooks of paths") &&
		(!strings.Contains(p.Call, "chown") || !strings.Contains(missing, "hook of chown"))
}

// pathRows are the rows of all calls that take paths.
func pathRows() []*syscalls.Row {
	rows := []*syscalls.Row{syscalls.ByName("chdir"), syscalls.ByName("fchdir"), syscalls.ByName("chroot")}
	for _, call := range pathCalls {
		rows = append(rows, syscalls.ByName(call.name))
	}
	return rows
}

// runNamer runs the child, and gives what it says and what fields say, by name.
func runNamer(t *testing.T, sensor *bpf.Sensor) (all []named, told map[string]toldPath) {
	t.Helper()
	told = map[string]toldPath{}
	var pid uint32
	w := witness.Follow(t, sensor, state.Options{}, func(ev *event.Event) {
		if pid != 0 && ev.Process.PID == pid {
			tellPaths(t, ev, told)
		}
	})
	var out, complaint bytes.Buffer
	cmd := namerCommand(t)
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Start(); err != nil {
		t.Skip("this machine gives a child no namespaces: ", err)
	}
	pid = uint32(cmd.Process.Pid)
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	ended, before := false, witness.Lost(t, sensor)
	for deadline := time.Now().Add(5 * time.Minute); (!ended || !hasAll(told, all) && witness.Lost(t, sensor) == before) && time.Now().Before(deadline); {
		if err := w.Read(); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-done:
			if ended = true; err != nil {
				t.Fatalf("%v: %s", err, complaint.String())
			}
			all = saidBy(t, &out)
		default:
		}
	}
	if !ended {
		_ = cmd.Process.Kill()
		t.Fatal("the child does not end: ", <-done)
	}
	return all, told
}

// hasAll reports whether each path's call is told, not only one that made the file before.
func hasAll(told map[string]toldPath, all []named) bool {
	return !slices.ContainsFunc(all, func(p named) bool { return told[p.Name].row != p.Call })
}

// namerCommand is the child, with a directory and mounts of its own.
func namerCommand(t *testing.T) *exec.Cmd {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{pathsVariable + "=" + dir}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS}
	return cmd
}

func saidBy(t *testing.T, out io.Reader) (all []named) {
	t.Helper()
	for lines := json.NewDecoder(out); ; {
		var p named
		switch err := lines.Decode(&p); {
		case errors.Is(err, io.EOF):
			return all
		case err != nil:
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// tellPaths puts what fields say of the event's paths to their names.
func tellPaths(t *testing.T, ev *event.Event, told map[string]toldPath) {
	unresolved := value(t, ev, "evt.unresolved").List()
	for i := range ev.Row.Params {
		p := &ev.Row.Params[i]
		if p.Type != syscalls.FSPath && p.Type != syscalls.FSRelPath {
			continue
		}
		given := strings.Clone(value(t, ev, "evt.rawarg."+p.Name).Text())
		got := toldPath{
			row: ev.Row.Name, given: given, cwd: strings.Clone(value(t, ev, "saker.proc.cwd").Text()), itself: p.Itself,
			full:       strings.Clone(value(t, ev, "evt.arg."+p.Name).Text()),
			unresolved: slices.ContainsFunc(unresolved, func(v field.Value) bool { return v.Text() == p.Name }),
		}
		for _, f := range []string{"fs.path.name", "fs.path.source", "fs.path.target"} {
			if value(t, ev, f+"raw").Text() == given {
				got.whole = strings.Clone(value(t, ev, f).Text())
			}
		}
		told[path.Base(given)] = got
	}
}

// value is what a field says of the event.
func value(t *testing.T, ev *event.Event, name string) *field.Value {
	t.Helper()
	ref, err := field.Falco().Ref(name)
	if err != nil {
		t.Fatal(err)
	}
	v := field.Eval(field.OfEvent{Event: ev}, ref)
	return &v
}
