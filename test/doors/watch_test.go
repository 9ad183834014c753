package doors

import (
	"errors"
	"os"
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

// ancestors is how far up the lineage is looked at.
const ancestors = 5

// watch follows the machine until somebody opens the marker.
type watch struct {
	sensor *bpf.Sensor
	state  *state.State
	event  event.Event
	marker string
	said   map[string]string // at that event
}

// startWatch captures what children do from now on, or skips where the machine can't load the sensor.
func startWatch(t *testing.T, dir string) *watch {
	t.Helper()
	sensor, err := bpf.Load(bpf.Options{Rows: []*syscalls.Row{syscalls.ByName("openat"), syscalls.ByName("open")}, RingBytes: 1 << 22, Scope: bpf.Scope{Include: []uint32{uint32(os.Getpid())}}})
	var privilege *bpf.PrivilegeError
	if errors.As(err, &privilege) || errors.Is(err, bpf.ErrNoBTF) {
		t.Skip("this machine can't load the sensor: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sensor.Close() })
	w := &watch{sensor: sensor, state: state.New(state.Options{}), marker: dir + "/marker"}
	if err := errors.Join(sensor.Attach(w.take(t)), sensor.Scan(w.take(t))); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *watch) take(t *testing.T) func(bpf.Raw) {
	return func(raw bpf.Raw) {
		ok, err := w.state.Apply(raw, &w.event)
		if err != nil {
			t.Errorf("record of type %d: %v", raw.Header().Type, err)
		}
		if ok && w.said == nil && w.event.FD != nil && w.event.FD.Name == w.marker {
			w.said = evaluate(t, &w.event)
		}
	}
}

// until reads until the marker was opened, and gives what fields said then.
func (w *watch) until(t *testing.T) map[string]string {
	t.Helper()
	for deadline := time.Now().Add(patience); w.said == nil; {
		if _, err := w.sensor.Read(w.take(t)); err != nil {
			t.Fatal(err)
		}
		if time.Now().After(deadline) {
			t.Fatal("nobody acted in a session")
		}
	}
	return w.said
}

// names are the fields that are compared.
func names() []string {
	list := strings.Fields(`proc.entry.type proc.entry.pid proc.entry.name proc.pid proc.ppid proc.pname proc.exepath
		proc.sid proc.tty proc.interactive proc.unit user.uid user.name user.loginuid user.loginname`)
	for i := range ancestors {
		n := "[" + strconv.Itoa(i+1) + "]"
		list = append(list, "proc.aname"+n, "proc.apid"+n, "proc.aexepath"+n)
	}
	return list
}

func evaluate(t *testing.T, ev *event.Event) map[string]string {
	said := map[string]string{}
	for _, name := range names() {
		ref, err := field.Falco().Ref(name)
		if err != nil {
			t.Fatal(err)
		}
		v := field.Eval(field.OfEvent{Event: ev}, ref)
		switch v.Kind() {
		case field.Missing, field.Unknown:
			said[name] = "none"
		case field.String:
			said[name] = strings.Clone(v.Text())
		case field.Bool:
			said[name] = strconv.FormatBool(v.Bool())
		default:
			said[name] = strconv.FormatInt(v.Int(), 10)
		}
	}
	return said
}
