package fields

import (
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/internal/state"
	"github.com/sakerhq/saker/internal/syscalls"
)

// TestEveryField: a field says what the machine says, or there is a reason why
// nothing is there to hold it against.
func TestEveryField(t *testing.T) {
	f, seen := watch(t)
	for _, row := range rows {
		t.Run(row.ref, func(t *testing.T) {
			f.t = t
			got, ok := seen[row.of][row.ref]
			if !ok {
				t.Fatalf("there was no %s", row.of)
			}
			row.check(t, f, got)
		})
	}
}

// TestNoFieldIsForgotten needs no sensor: every field, a new one too, is in the
// tables of what it is held against, or has a reason.
func TestNoFieldIsForgotten(t *testing.T) {
	has := map[string]bool{}
	for _, row := range rows {
		has[refOf(t, row.ref).Name] = true
	}
	for reason, names := range reasons {
		for _, name := range strings.Fields(names) {
			if f := field.Falco().Lookup(name); f == nil || f.Unserved != "" || has[name] {
				t.Errorf("%s: no field, or one with a check or a reason, has the reason %q", name, reason)
			}
			has[name] = true
		}
	}
	for _, f := range field.Falco().Fields() {
		if !has[f.Name] && f.Unserved == "" {
			t.Errorf("%s: has neither a check nor a reason", f.Name)
		}
	}
}

func refOf(t *testing.T, text string) *field.Ref {
	t.Helper()
	ref, err := field.Falco().Ref(text)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

// kindOf says for which rows an event of the actor counts, "" for none.
func kindOf(ev *event.Event) string {
	arg := func(name string) string {
		for i := range ev.Row.Params {
			if ev.Row.Params[i].Name == name {
				return ev.Args[i].Text
			}
		}
		return ""
	}
	switch ev.Row.Name {
	case "openat":
		return map[string]string{"./new": "creation", "link": "open", "missing": "failure", "tool": "making"}[arg("name")]
	case "connect", "sendto", "write", "read":
		return kindOnDescriptor(ev)
	case "kill", "munmap":
		if !ev.Failed() {
			return ""
		}
	case "ppoll":
		return "poll"
	}
	return strings.TrimRight(ev.Row.Name, "2at")
}

// kindOnDescriptor tells calls apart by what they work on.
func kindOnDescriptor(ev *event.Event) string {
	fd := ev.FD
	if fd == nil {
		return ""
	}
	ours := strings.HasSuffix(fd.Name, "/new") || strings.HasSuffix(fd.Name, "/target")
	switch {
	case fd.Type == event.FDUnix && strings.HasSuffix(fd.Name, "/dev/log"):
		return map[string]string{"write": "log"}[ev.Row.Name]
	case fd.Type == event.FDUnix:
		return map[string]string{"connect": "unix"}[ev.Row.Name]
	case fd.Type == event.FDFile && !ours, fd.Type == event.FDPipe, fd.Proto == event.UDP:
		return ""
	case ev.Failed():
		return "refusal"
	}
	return ev.Row.Name
}

// load gives a sensor that captures until the test ends.
func load(t *testing.T, opts bpf.Options) *bpf.Sensor {
	t.Helper()
	sensor, err := bpf.Load(opts)
	var privilege *bpf.PrivilegeError
	if errors.As(err, &privilege) || errors.Is(err, bpf.ErrNoBTF) {
		t.Skip("this machine can't load the sensor: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sensor.Close() })
	if err := sensor.Attach(); err != nil {
		t.Fatal(err)
	}
	return sensor
}

// watch runs the actor, and gives what the machine says of it and what the
// fields said at its events.
func watch(t *testing.T) (*facts, map[string]map[string]string) {
	sensor := load(t, bpf.Options{Rows: syscalls.Rows(), RingBytes: 1 << 22})
	s := state.New(state.Options{})
	seen := map[string]map[string]string{}
	var ev event.Event
	var pid uint32
	take := func(raw bpf.Raw) {
		ok, err := s.Apply(raw, &ev)
		if err != nil {
			t.Errorf("record of type %d: %v", raw.Header().Type, err)
		}
		if !ok || pid == 0 || ev.Process.PID != pid {
			return
		}
		if kind := kindOf(&ev); kind != "" {
			seen[kind] = evaluate(t, &ev)
		}
	}
	if err := sensor.Scan(take); err != nil {
		t.Fatal(err)
	}
	f := &facts{t: t, dir: prepare(t), from: uint64(time.Now().Add(-time.Second).UnixNano())}
	f.start(func(p uint32) { pid = p })
	f.to = uint64(time.Now().Add(time.Second).UnixNano())
	for deadline := time.Now().Add(20 * time.Second); seen["sendto"] == nil && time.Now().Before(deadline); {
		if _, err := sensor.Read(take); err != nil {
			t.Fatal(err)
		}
	}
	return f, seen
}

// evaluate is what every row's field says of the event.
func evaluate(t *testing.T, ev *event.Event) map[string]string {
	got := map[string]string{}
	for _, row := range rows {
		got[row.ref] = text(field.Eval(field.OfEvent{Event: ev}, refOf(t, row.ref)))
	}
	return got
}

// text is a value as the table writes it.
func text(v field.Value) string {
	switch v.Kind() {
	case field.Missing, field.Unknown:
		return "none"
	case field.String, field.Bytes:
		return strings.Clone(v.Text())
	case field.Bool:
		return strconv.FormatBool(v.Bool())
	case field.Uint:
		return strconv.FormatUint(v.Uint(), 10)
	case field.Addr:
		return v.Addr().String()
	case field.List:
		var all []string
		for i := range v.Len() {
			all = append(all, text(v.At(i)))
		}
		return strings.Join(all, "\x00")
	}
	return strconv.FormatInt(v.Int(), 10)
}

// prepare is a directory with what the actor needs.
func prepare(t *testing.T) string {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(dir+"/old", nil, 0o600), os.WriteFile(dir+"/target", []byte("target"), 0o600),
		os.Symlink("target", dir+"/link"), os.Mkdir(dir+"/dev", 0o700)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// start starts the actor and returns when it waits; it ends with the test.
func (f *facts) start(born func(pid uint32)) {
	t := f.t
	local, err := net.Listen("unix", f.dir+"/socket")
	if err != nil {
		t.Fatal(err)
	}
	log, err := net.Listen("unix", f.dir+"/dev/log")
	if err != nil {
		t.Fatal(err)
	}
	tcp, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "one", "two words")
	cmd.Dir, cmd.Stderr = f.dir, os.Stderr
	cmd.Env = []string{actVariable + "=1", addressVariable + "=" + tcp.Addr().String(), "HOME=/nowhere"}
	in, errIn := cmd.StdinPipe()
	out, errOut := cmd.StdoutPipe()
	if err := errors.Join(errIn, errOut, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	born(uint32(cmd.Process.Pid))
	f.pid, f.server, f.argv = cmd.Process.Pid, tcp.Addr(), cmd.Args
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait() // it ends with a status of its own
		_ = errors.Join(local.Close(), log.Close(), tcp.Close())
	})
	if err := json.NewDecoder(out).Decode(&f.said); err != nil {
		t.Fatal("the actor did not act: ", err)
	}
	conn, err := tcp.Accept()
	if err != nil {
		t.Fatal(err)
	}
	f.client = conn.RemoteAddr()
	t.Cleanup(func() { conn.Close() })
}
