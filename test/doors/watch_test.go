package doors

import (
	"strconv"
	"strings"
	"testing"

	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/internal/state"
	"github.com/sakerhq/saker/internal/syscalls"
	"github.com/sakerhq/saker/test/witness"
)

// ancestors is how far up the lineage is looked at.
const ancestors = 5

// watch follows the machine until somebody opens the marker.
type watch struct {
	*witness.Witness
	said map[string]string // at that event
}

// startWatch captures what children do from now on, or skips where the machine can't load the sensor.
func startWatch(t *testing.T, dir string) *watch {
	t.Helper()
	w := &watch{}
	sensor := witness.Sensor(t, witness.Options(syscalls.ByName("openat"), syscalls.ByName("open")))
	w.Witness = witness.Follow(t, sensor, state.Options{}, func(ev *event.Event) {
		if w.said == nil && ev.FD != nil && ev.FD.Name == dir+"/marker" {
			w.said = evaluate(t, ev)
		}
	})
	return w
}

// until reads until the marker was opened, and gives what fields said then.
func (w *watch) until(t *testing.T) map[string]string {
	t.Helper()
	if !w.Until(t, patience, func() bool { return w.said != nil }) {
		t.Fatal("nobody acted in a session")
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
