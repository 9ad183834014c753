package record

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/event/eventtest"
)

// awaited is an event in a container that is being asked about.
func awaited() (*event.Event, *event.ContainerMeta) {
	e := eventtest.Named("execve in container")
	c := e.Process.Container
	meta := c.Meta
	c.Meta, c.Told = nil, event.Waiting
	e.Process.UID, e.Process.GID = 33, 34
	return e, meta
}

// nameTwo is what state does, of a container with one user and group.
func nameTwo(p *event.Process) {
	if p.UID == 33 && p.GID == 34 && p.LoginUID == event.NoID {
		p.User = event.Account{Known: true, Name: "www", Shell: "/bin/sh"}
		p.Group = event.Account{Known: true, Name: "team"}
	}
}

func TestHold(t *testing.T) {
	w := NewWriter(Options{})
	e, meta := awaited()
	c := e.Process.Container
	wanted := refs(t, "evt.type", "evt.num", "user.name", "group.name", "user.shell", "container.privileged", "container.label[app]", "container.name")
	for i := range 3 {
		e.Num = uint64(i + 1)
		w.Add(e, wanted)
	}
	w.Add(eventtest.Named("execve"), wanted)
	if longest, since := w.Longest(); w.Len() != 1 || w.Held() != 3 || longest != c || time.Since(since) > time.Minute {
		t.Fatalf("%d records, %d held", w.Len(), w.Held())
	}
	if got, _ := places(w.Take()); !slices.Equal(got, []string{"host"}) {
		t.Errorf("the batch has %v", got)
	}
	c.Told, c.Meta = event.Answered, meta
	if n := w.Release(c, nameTwo); n != 3 || w.Len() != 3 || w.Held() != 0 || w.Release(c, nameTwo) != 0 {
		t.Fatalf("released %d: %d records, %d held", n, w.Len(), w.Held())
	}
	w.Add(e, wanted) // joins those of the same container
	logs := w.Take()
	if got, counts := places(logs); !slices.Equal(got, []string{eventtest.ContainerID + " web"}) || counts[0] != 4 {
		t.Fatal(got, counts)
	}
	for i, lr := range logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().All() {
		got := dump(lr.Attributes())
		for _, want := range []string{
			"container.label.app: shop\n", "saker.container.privileged: true\n", "saker.group.name: team\n",
			"process.user.name: www\n", "saker.user.shell: /bin/sh\n", "saker.evt.num: " + string(rune('1'+min(i, 2))),
		} {
			if i < 3 && !strings.Contains(got, want) {
				t.Errorf("record %d lacks %q:\n%s", i, want, got)
			}
		}
	}
}

// The oldest of a batch is one that waited, though it joined last; a new batch begins anew.
func TestOldest(t *testing.T) {
	w := NewWriter(Options{})
	waited, meta := awaited()
	c, at := waited.Process.Container, func(second uint64) uint64 { return second * uint64(time.Second) }
	for _, second := range []uint64{5, 3} {
		waited.Time = at(second)
		w.Add(waited, refs(t, "evt.type"))
	}
	e := eventtest.Named("execve")
	for _, step := range []struct{ second, want int64 }{{9, 9}, {7, 7}, {8, 7}} {
		e.Time = at(uint64(step.second))
		w.Add(e, refs(t, "evt.type"))
		if got := w.Oldest().Unix(); got != step.want {
			t.Errorf("after one of second %d the oldest is of %d, want %d", step.second, got, step.want)
		}
	}
	c.Told, c.Meta = event.Answered, meta
	w.Release(c, nameTwo)
	if got := w.Oldest().Unix(); got != 3 {
		t.Errorf("after those that waited the oldest is of %d, want 3", got)
	}
	w.Take()
	e.Time = at(10)
	w.Add(e, refs(t, "evt.type"))
	if got := w.Oldest().Unix(); got != 10 {
		t.Errorf("the oldest of the next batch is of %d, want 10", got)
	}
}

// What nobody told is missing, and the resource says so.
func TestReleaseUntold(t *testing.T) {
	w := NewWriter(Options{})
	e, _ := awaited()
	w.Add(e, refs(t, "evt.type", "user.name", "container.privileged"))
	e.Process.Container.Told = event.Untold
	w.Release(e.Process.Container, func(*event.Process) {})
	if c, _ := w.Longest(); c != nil {
		t.Error("there is still something to wait for")
	}
	resource, lr := only(t, w.Take())
	if v, ok := resource.Attributes().Get("saker.enrichment"); !ok || v.Str() != "incomplete" {
		t.Errorf("the resource: %v", resource.Attributes().AsRaw())
	}
	if got := dump(lr.Attributes()); strings.Contains(got, "privileged") || strings.Contains(got, "user.name") {
		t.Errorf("the record says what nobody knows:\n%s", got)
	}
}

// Containers go one by one, the first that waits first.
func TestHoldSeveral(t *testing.T) {
	w := NewWriter(Options{})
	var order []*event.Container
	for range 3 {
		e, _ := awaited()
		order = append(order, e.Process.Container)
		w.Add(e, refs(t, "evt.type"))
	}
	w.Release(order[1], nameTwo)
	for _, want := range []*event.Container{order[0], order[2], nil} {
		got, _ := w.Longest()
		if got != want {
			t.Fatalf("%p waits, not %p", got, want)
		}
		if want != nil {
			w.Release(want, nameTwo)
		}
	}
}

func TestReleaseWithinLimits(t *testing.T) {
	w := NewWriter(Options{Limits: Limits{Attributes: 3, ValueLength: 2}})
	e, meta := awaited()
	w.Add(e, refs(t, "evt.type", "user.name", "group.name", "user.shell"))
	e.Process.Container.Told, e.Process.Container.Meta = event.Answered, meta
	w.Release(e.Process.Container, nameTwo)
	_, lr := only(t, w.Take())
	attrs := lr.Attributes()
	if lr.DroppedAttributesCount() == 0 || attrs.Len() > 5 {
		t.Errorf("%d attributes, %d dropped: %v", attrs.Len(), lr.DroppedAttributesCount(), attrs.AsRaw())
	}
	if v, ok := attrs.Get(KeyTruncated); !ok || v.Slice().Len() < 2 {
		t.Errorf("not all that was cut is told: %v", attrs.AsRaw())
	}
}
