package state

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/field"
)

// imageOf is what tells images apart.
type imageOf struct {
	image, relatives uint64
	thread           string
}

// TestImageTellsAll: whatever happens to processes, two events whose process has
// the same image, and the same among its relatives, show the same of it. Rules
// remember what they found out about an image.
func TestImageTellsAll(t *testing.T) {
	for seed := range uint64(8) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		s := newTree(t, func(o *Options) { o.Processes = 24 })
		seen := map[imageOf]string{}
		var history []string
		for range 250 {
			r, what := randomRecord(rnd)
			history = append(history, what)
			if ev, ok := apply(t, s, r); ok && !ev.Apart {
				checkImage(t, seen, ev, history)
			}
			for _, p := range s.processes.known {
				checkImage(t, seen, &event.Event{Process: &p.Process, Relatives: s.relatives(p)}, history)
			}
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		}
	}
}

func checkImage(t *testing.T, seen map[imageOf]string, ev *event.Event, history []string) {
	t.Helper()
	key := imageOf{ev.Process.Image, ev.Relatives, ev.Comm}
	got := shown(ev)
	if want, met := seen[key]; met && got != want {
		t.Errorf("process %d, image %+v shows\n%s\nand showed\n%s\nafter %s", ev.Process.PID, key, got, want,
			strings.Join(history[max(len(history)-8, 0):], ", "))
	}
	seen[key] = strings.Clone(got)
}

// imageRefs are the fields that depend on nothing but the image.
var imageRefs = sync.OnceValue(func() (refs []*field.Ref) {
	for _, f := range field.Falco().Fields() {
		ref, err := field.Falco().Ref(f.Name)
		if err == nil && f.Get != nil && ref.Parts() != 0 && ref.Parts()&^(field.OfImage|field.OfRelatives) == 0 {
			refs = append(refs, ref)
		}
	}
	return refs
})

// shown is what these fields say.
func shown(ev *event.Event) string {
	return shownBy(ev, func(*field.Ref) bool { return true })
}

// shownBy is what some of these fields say.
func shownBy(ev *event.Event, some func(*field.Ref) bool) string {
	var b strings.Builder
	for _, ref := range imageRefs() {
		if !some(ref) {
			continue
		}
		v := field.Eval(field.OfEvent{Event: ev}, ref)
		fmt.Fprintf(&b, "%s=%d", ref, v.Kind())
		if v.Kind() == field.List {
			for i := range v.Len() {
				element := v.At(i)
				fmt.Fprintf(&b, " %q %d", element.Text(), element.Uint())
			}
		} else {
			fmt.Fprintf(&b, " %q %d", v.Text(), v.Uint())
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// randomRecord is something that happens to one of a few processes.
func randomRecord(rnd *rand.Rand) (record, string) {
	p, parent := who(2+rnd.IntN(20)), who(1+rnd.IntN(20))
	name := []string{"sh", "cat", "sshd"}[rnd.IntN(3)]
	change := func(w *bpf.WireProcess) {
		w.Own.Uid, w.Sid, w.Pgid = 1000*uint32(rnd.IntN(2)), uint32(1+rnd.IntN(20)), uint32(1+rnd.IntN(20))
	}
	var r record
	what := [...]string{"fork", "exec", "rename", "exit", "change", "scan", "call", "time"}[rnd.IntN(8)]
	switch what {
	case "fork":
		r = p.process(bpf.CauseFork, parent, name, change)
	case "exec":
		r = p.exec(parent, "/bin/"+name, "-x")
	case "rename":
		r = p.rename(name)
	case "exit":
		r = p.exit(0, uint32(1+rnd.IntN(20)))
	case "change":
		r = p.process(bpf.CauseChange, parent, name, change)
	case "scan":
		r = p.process(bpf.CauseScan, parent, name, change)
	case "call":
		r = p.call("listen", 0, 3, 1).none()
	case "time": // those that exited long ago are forgotten
		r = p.rename("late")
		fixed[bpf.WireRename](bpf.Raw(r)).Header.Time += 10 * second
	}
	return r, fmt.Sprintf("%s %d of %d %s", what, p, parent, name)
}
