// Package calls holds the table of events against the kernel.
//
// It takes the real sensor, with all rows, and a child that makes each call
// once, on objects of its own. It owns a trigger for every row of the table: a
// row without one fails. It asserts on nothing but what its child does.
package calls

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
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

// trigger makes the call of a row once.
type trigger struct {
	name string
	// act gives the event's evt.args as they should be; each * there stands
	// for what can't be known.
	act func(a *actor) string
}

// unreachable are rows whose calls never come back to where they are reported.
var unreachable = map[string]string{
	"exit":            "a thread that ends does not return",
	"exit_group":      "a process that ends does not return",
	"rt_sigreturn":    "returns into what a signal interrupted, no longer as this call",
	"sigreturn":       "returns into what a signal interrupted, no longer as this call",
	"uprobe":          "kills a program that is not probed",
	"uretprobe":       "kills a program that is not probed",
	"restart_syscall": "returns as the call that it restarts",
	"sigsuspend":      "waits for a signal, whatever its arguments are",
}

func TestMain(m *testing.M) {
	if dir := os.Getenv(actorVariable); dir != "" {
		if err := perform(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if dir := os.Getenv(pathsVariable); dir != "" {
		if err := namePaths(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	code := m.Run()
	if shared.sensor != nil {
		if err := shared.sensor.Close(); err != nil {
			fmt.Fprintln(os.Stderr, "close the sensor:", err)
			code = 1
		}
	}
	os.Exit(code)
}

// shared is the sensor of all tests: an emulated kernel takes many seconds to
// verify its programs.
var shared struct {
	sensor *bpf.Sensor
	err    error
}

// sensorOf is that sensor, watching rows; what it told before is gone. It skips
// where the machine can't load one.
func sensorOf(t *testing.T, rows []*syscalls.Row) *bpf.Sensor {
	t.Helper()
	if shared.sensor == nil && shared.err == nil {
		shared.sensor, shared.err = witness.Load(bpf.Options{RingBytes: 1 << 24})
	}
	witness.Need(t, shared.err)
	if _, err := shared.sensor.Read(func(bpf.Raw) {}); err != nil {
		t.Fatal(err)
	}
	if err := shared.sensor.Watch(rows, nil); err != nil {
		t.Fatal(err)
	}
	return shared.sensor
}

// TestNothingRefused: the kernel takes each program that fits it.
func TestNothingRefused(t *testing.T) {
	if err := sensorOf(t, nil).Refused(); err != nil {
		t.Error(err)
	}
}

func TestEveryRowHasATrigger(t *testing.T) {
	has := map[string]bool{}
	for _, tr := range triggers() {
		if has[tr.name] || syscalls.ByName(tr.name) == nil {
			t.Errorf("%s: no such row, or two triggers", tr.name)
		}
		has[tr.name] = true
	}
	for _, row := range syscalls.Rows() {
		if has[row.Name] == (unreachable[row.Name] != "") {
			t.Errorf("%s needs a trigger or a reason why it can't have one, not both", row.Name)
		}
	}
}

// expectation is a line of the child's: what it did, and what must be told.
type expectation struct{ name, args string }

// told is what the test keeps of an event.
type told struct{ name, args string }

func TestEveryRow(t *testing.T) {
	sensor := sensorOf(t, syscalls.Rows())
	var expected []expectation
	var lacking []string
	var events []told
	whole(t, sensor, func() { expected, lacking, events = run(t, sensor) })
	if len(lacking) > 0 {
		t.Logf("not here: %s", strings.Join(lacking, ", "))
	}
	for _, e := range expected {
		if near, ok := find(events, e); !ok {
			t.Errorf("%s:\nwant %s\n got %s", e.name, e.args, near)
		}
	}
	t.Logf("%d calls made, %d events of the child", len(expected), len(events))
}

// find reports whether an event is as expected; if none is, near is one of its name.
func find(events []told, e expectation) (near string, ok bool) {
	near = "no event"
	for _, ev := range events {
		if ev.name == e.name {
			near = ev.args
			if like(near, e.args) {
				return near, true
			}
		}
	}
	return near, false
}

// like reports whether text is pattern, in which * stands for anything.
func like(text, pattern string) bool {
	parts := strings.Split(pattern, "*")
	rest, ok := strings.CutPrefix(text, parts[0])
	if !ok || len(parts) == 1 {
		return ok && rest == ""
	}
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(rest, part)
		if i < 0 {
			return false
		}
		rest = rest[i+len(part):]
	}
	return strings.HasSuffix(rest, parts[len(parts)-1])
}

// whole runs something, again where records were lost: that proves nothing.
func whole(t *testing.T, sensor *bpf.Sensor, run func()) {
	t.Helper()
	const rounds = 5
	for range rounds {
		before := witness.Lost(t, sensor)
		run()
		if n := witness.Lost(t, sensor) - before; n > 0 {
			t.Logf("%d records were lost", n)
			continue
		}
		return
	}
	t.Fatal("records were lost each time, so that nothing is proven")
}

// run starts the child and gives what it says and what the sensor says.
func run(t *testing.T, sensor *bpf.Sensor) (expected []expectation, lacking []string, events []told) {
	t.Helper()
	args, err := field.Falco().Ref("evt.args")
	if err != nil {
		t.Fatal(err)
	}
	pid, ended := uint32(0), false
	w := witness.Follow(t, sensor, state.Options{}, func(ev *event.Event) {
		if pid == 0 || ev.Process.PID != pid && ev.Process.PPID != pid {
			return
		}
		ended = ended || ev.Process.PID == pid && ev.Row.Name == "procexit"
		if ev.TID == ev.Process.PID || ev.Row.Name == "procexit" {
			said := args.Get(ev, args.Arg)
			events = append(events, told{name: ev.Row.Name, args: strings.Clone(said.Text())})
		}
	})
	cmd := exec.Command(os.Args[0])
	// Two, since a raw call keeps what runs goroutines, and one must end the pause.
	cmd.Env = []string{actorVariable + "=" + t.TempDir(), "GOGC=off", "GODEBUG=asyncpreemptoff=1", "GOMAXPROCS=2"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS}
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Start(); err != nil {
		t.Skip("this machine gives a child no namespaces: ", err)
	}
	pid = uint32(cmd.Process.Pid)
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	if !w.Until(t, time.Minute, func() bool { return ended }) {
		cmd.Process.Kill()
	}
	if err := <-done; err != nil {
		t.Fatalf("%v: %s\nafter %s", err, complaint.String(), lastLine(out.String()))
	}
	expected, lacking = report(t, out.String())
	return expected, lacking, events
}

func lastLine(s string) string {
	s = strings.TrimRight(s, "\n")
	return s[strings.LastIndexByte(s, '\n')+1:]
}

// report takes the child's lines apart.
func report(t *testing.T, out string) (expected []expectation, lacking []string) {
	t.Helper()
	for line := range strings.Lines(out) {
		words := strings.SplitN(strings.TrimSuffix(line, "\n"), "\t", 3)
		switch {
		case len(words) == 3 && words[0] == "did":
			expected = append(expected, expectation{name: words[1], args: words[2]})
		case len(words) == 3 && words[0] == "lacks":
			lacking = append(lacking, words[1]+" ("+words[2]+")")
		default:
			t.Errorf("the child said %q", line)
		}
	}
	return expected, lacking
}
