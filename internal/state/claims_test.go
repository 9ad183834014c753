package state

import (
	"strings"
	"testing"
	"time"

	"github.com/sakerhq/saker/bpf"
	ask "github.com/sakerhq/saker/internal/container"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/field"
)

func TestFindClaim(t *testing.T) {
	for cgroup, want := range map[string]string{
		"/ID":              "/ID",
		"/mine/ID":         "/mine/ID",
		"/mine/ID/init":    "/mine/ID",
		"/mine/ID/a/OTHER": "/mine/ID", // what a container makes is its own
		"/mine/ID.scope":   "",
		"/mine/xID":        "",
		"/":                "",
		"":                 "",
		"//":               "",
	} {
		fill := strings.NewReplacer("ID", dockerID, "OTHER", strings.Repeat("c", 64))
		path, id := findClaim(fill.Replace(cgroup))
		if path != fill.Replace(want) || (id == dockerID) != (want != "") {
			t.Errorf("%s: %q of %q", cgroup, id, path)
		}
	}
}

// says is what a field says of a process.
func says(t *testing.T, p *process, name string) *field.Value {
	t.Helper()
	ref, err := field.Falco().Ref(name)
	if err != nil {
		t.Fatal(err)
	}
	v := field.Eval(field.OfEvent{Event: &event.Event{Process: &p.Process}}, ref)
	return &v
}

// TestClaim: a cgroup that is named like a container is one as soon as, and only if, the
// runtime has its container there. Until somebody answers it is unknown.
func TestClaim(t *testing.T) {
	mine := "/mine/" + dockerID
	answer := func(change func(*ask.Answer)) ask.Answer {
		a := ask.Answer{ID: dockerID, Claim: mine, Runtime: "docker", Meta: &event.ContainerMeta{Name: "web"}}
		change(&a)
		return a
	}
	for _, test := range []struct {
		name   string
		answer ask.Answer
		is     bool
	}{
		{"nobody knows it", ask.Answer{ID: dockerID, Claim: mine}, false},
		{"was asked to be here", answer(func(a *ask.Answer) { a.At = mine }), true},
		{"first process is here", answer(func(a *ask.Answer) { a.First = uint32(grand) }), true},
		{"was asked to be elsewhere", answer(func(a *ask.Answer) { a.At = "/docker/" + dockerID }), false},
		{"first process is elsewhere", answer(func(a *ask.Answer) { a.First = uint32(shell) }), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, begin := newTree(t, enriched), time.Now()
			feed(t, s, child.in("/", bpf.CauseFork, shell))
			before := s.byWho(child).Entry
			s.runInside(t, mine)
			feed(t, s, grand.in(mine, bpf.CauseFork, child))
			p := s.byWho(child)
			for _, name := range []string{"container.id", "container.full_id", "container.name", "container.type", "container.privileged"} {
				if v := says(t, p, name); v.Kind() != field.Unknown {
					t.Errorf("%s is known before anybody answered: %v", name, v)
				}
			}
			image := p.Image
			if q := s.askedRuntime(t, begin); q.Claim != mine || q.Runtime != "" {
				t.Errorf("asked %+v", q)
			}
			c := p.Container
			if s.Learn(test.answer, begin); c.Told == event.Waiting || c.IsSure() != test.is || p.Image == image {
				t.Fatalf("%+v", c)
			}
			if got := p.Container != nil; got != test.is || p.User.Known == test.is {
				t.Errorf("is in %+v, by %+v", p.Container, p.User)
			}
			if id := says(t, p, "container.id").Text(); (id != "host") != test.is {
				t.Errorf("is in %s", id)
			}
			if entered := p.Entry != before && p.Entry != nil && p.Entry.Type == "container"; entered != test.is || s.byWho(grand).Entry != p.Entry {
				t.Errorf("came by %+v", p.Entry)
			}
			if _, ofFiles := s.asked(t, begin.Add(recheckAccounts)); (ofFiles.ID != "") != test.is {
				t.Errorf("files of no container are asked, or of one aren't: %+v", ofFiles)
			}
			s.Learn(answer(func(a *ask.Answer) { a.At = mine }), begin) // later
			if p.Container == nil || p.Container.Meta == nil || says(t, p, "container.type").Text() != "docker" {
				t.Errorf("later it is in %+v", p.Container)
			}
		})
	}
}

// An answer that could not be had, or that comes before anything is known of the container's
// first process, is asked for again: meanwhile it stays unknown.
func TestClaimWaits(t *testing.T) {
	mine := "/mine/" + dockerID
	s, begin := newTree(t, enriched), time.Now()
	s.runInside(t, mine)
	q := s.askedRuntime(t, begin)
	c := s.byWho(child).Container
	for range unplacedMax - 1 {
		s.Learn(ask.Answer{ID: dockerID, Claim: mine, First: 77, Runtime: "docker", Meta: &event.ContainerMeta{}}, begin)
		s.askedRuntime(t, begin)
	}
	if s.Learn(q.Unanswered(), begin); c.Told != event.Waiting || s.byWho(child).Container != c {
		t.Errorf("%+v", c)
	}
	for _, q := range s.Questions(begin) {
		if q.ID != "" {
			t.Errorf("asked at once again: %+v", q)
		}
	}
	s.GiveUp(c)
	if s.byWho(child).Container != nil {
		t.Error("it is a container though nobody answered")
	}
}

// What claims to be a container has nothing to do with the one of that id elsewhere.
func TestClaimOfOtherId(t *testing.T) {
	s := newTree(t, enriched)
	feed(t, s, child.in(dockerCgroup, bpf.CauseFork, shell), grand.in("/mine/"+dockerID, bpf.CauseFork, shell))
	if hosts, claims := s.byWho(child).container, s.byWho(grand).container; hosts == claims || !hosts.IsSure() || claims.IsSure() {
		t.Errorf("%+v and %+v", hosts, claims)
	}
	c := s.byWho(grand).Container
	if s.GiveUp(c); s.byWho(grand).Container != nil || s.byWho(grand).User.Name != "alice" {
		t.Errorf("when nobody answered in time it is in %+v", s.byWho(grand).Container)
	}
	none := newTree(t)
	feed(t, none, grand.in("/mine/"+dockerID, bpf.CauseFork, shell))
	if p := none.byWho(grand); p.container != nil {
		t.Error("where nobody asks, a claim is a container")
	}
}
