package fields

import (
	"strings"
	"testing"
	"time"

	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/field"
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

// watch runs the actor, and gives what the machine says of it and what the
// fields said at its events.
func watch(t *testing.T) (*facts, map[string]map[string]string) {
	f := &facts{t: t, dir: prepare(t), from: uint64(time.Now().Add(-time.Second).UnixNano())}
	seen := map[string]map[string]string{}
	follow(t, syscalls.Rows(), func() int {
		f.serve()
		f.to = uint64(time.Now().Add(time.Second).UnixNano())
		return f.pid
	}, func(ev *event.Event) bool {
		if kind := kindOf(ev); kind != "" {
			seen[kind] = evaluate(t, ev)
		}
		return seen["sendto"] != nil
	})
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
