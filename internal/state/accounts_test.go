package state

import (
	"testing"
	"time"

	"github.com/sakerhq/saker/bpf"
	ask "github.com/sakerhq/saker/internal/container"
	"github.com/sakerhq/saker/internal/event"
)

// filesTell is the answer to a question about accounts.
func filesTell(q ask.Question, accounts *ask.Accounts) ask.Answer {
	a := q.Unanswered()
	a.Accounts, a.Failed = accounts, false
	return a
}

// goneTell is the answer that a process is not there any more.
func goneTell(q ask.Question) ask.Answer {
	a := filesTell(q, q.Accounts)
	a.Gone = true
	return a
}

// outsideTell is the answer that a process still has the host's root directory.
func outsideTell(q ask.Question, hosts *ask.Accounts) ask.Answer {
	a := filesTell(q, hosts)
	a.Outside = true
	return a
}

// Until a program of the container runs, its files are the host's.
func TestAccountsAfterProgram(t *testing.T) {
	s, begin := newTree(t, enriched), time.Now()
	s.hostMounts = 7
	runtime := func(cause uint32) record {
		r := child.in(dockerCgroup, cause, shell)
		fixed[bpf.WireProcess](bpf.Raw(r)).Own.Mntns = 7
		return r
	}
	feed(t, s, runtime(bpf.CauseFork))
	must(t, s, runtime(bpf.CauseExec)) // the runtime executes itself
	ofRuntime, ofFiles := s.asked(t, begin)
	if ofRuntime.ID != dockerID || ofFiles.ID != "" {
		t.Fatalf("%+v and %+v", ofRuntime, ofFiles)
	}
	c := s.byWho(child).Container
	if s.Learn(runtimeTells(ofRuntime), begin); c.Told != event.Waiting || c.Meta == nil {
		t.Errorf("there is no more to wait for: %+v", c)
	}
	s.runInside(t, dockerCgroup)
	feed(t, s, grand.in(dockerCgroup, bpf.CauseFork, child))
	ofRuntime, ofFiles = s.asked(t, begin)
	if ofRuntime.ID != "" || ofFiles.PID != uint32(child) {
		t.Errorf("%+v and %+v", ofRuntime, ofFiles)
	}
	if s.Learn(filesTell(ofFiles, nil), begin); c.Told != event.Answered {
		t.Errorf("there is still something to wait for: %+v", c)
	}
	if s.byWho(grand).inside != isInside {
		t.Error("the child of a program is none")
	}
}

// The runtime's own process is older than the container's, in its cgroup and in mounts
// of its own, but it has the host's root directory.
func TestAccountsBesideTheRuntimes(t *testing.T) {
	hosts, own := accountsOf(t, "alice:x:1000:1000::/:/bin/sh\n", ""), accountsOf(t, "bob:x:1000:1000::/:/bin/sh\n", "")
	s, begin := newTree(t, enriched), time.Now()
	c := s.runInside(t, dockerCgroup).Container
	s.Learn(outsideTell(s.askedInside(t, begin), hosts), begin)
	if c.Told != event.Waiting || s.byWho(child).User.Known {
		t.Errorf("the container's root directory may be yet to come: %+v", s.byWho(child).User)
	}
	s.GiveUp(c)
	if s.byWho(child).User.Name != "alice" {
		t.Errorf("alone, its accounts are the container's: %+v", s.byWho(child).User)
	}
	must(t, s, grand.in(dockerCgroup, bpf.CauseExec, child))
	q := s.askedInside(t, begin)
	if q.PID != uint32(grand) {
		t.Fatalf("%+v", q)
	}
	s.Learn(filesTell(q, own), begin)
	if s.byWho(grand).User.Name != "bob" {
		t.Errorf("%+v", s.byWho(grand).User)
	}

	s = newTree(t, enriched) // both are known before the first question
	c = s.runInside(t, dockerCgroup).Container
	must(t, s, grand.in(dockerCgroup, bpf.CauseExec, child))
	s.Learn(outsideTell(s.askedInside(t, begin), hosts), begin)
	if c.Told != event.Waiting || s.byWho(child).inside != notInside {
		t.Error("the runtime's process still counts")
	}
	if q = s.askedInside(t, begin); q.PID != uint32(grand) || q.Accounts != nil {
		t.Errorf("%+v", q)
	}
}

// Who was seen before its runtime was done has the host's files until its next program.
func TestAccountsOfUnfinished(t *testing.T) {
	hosts := accountsOf(t, "alice:x:1000:1000::/:/bin/sh\n", "")
	for _, early := range []bool{true, false} {
		s, begin := newTree(t, enriched), time.Now()
		feed(t, s, child.in(dockerCgroup, bpf.CauseFork, shell), child.in(dockerCgroup, bpf.CauseScan, shell))
		q, c := s.askedInside(t, begin), s.byWho(child).Container
		if early { // executed before the answer
			must(t, s, child.in(dockerCgroup, bpf.CauseExec, shell))
			if s.Learn(outsideTell(q, hosts), begin); c.Told != event.Waiting {
				t.Error("the answer counts, though it was of before")
			}
		} else {
			if s.Learn(outsideTell(q, hosts), begin); c.Told != event.Waiting {
				t.Error("the container is told to be known, though nobody executed a program in it")
			}
			must(t, s, child.in(dockerCgroup, bpf.CauseExec, shell))
		}
		if q = s.askedInside(t, begin); q.PID != uint32(child) {
			t.Errorf("early %v: %+v", early, q)
		}
	}
}

// The runtime's process has ended before anybody was asked about it: then who runs in other
// mounts is in the container.
func TestAccountsAfterRuntimesEnd(t *testing.T) {
	s, begin := newTree(t, enriched), time.Now()
	feed(t, s, child.in(dockerCgroup, bpf.CauseFork, shell))
	ofRuntime, ofFiles := s.asked(t, begin)
	must(t, s, child.in(dockerCgroup, bpf.CauseExec, shell))
	c := s.byWho(child).Container
	must(t, s, grand.in(dockerCgroup, bpf.CauseExec, child))
	must(t, s, child.exit(0, 1))
	if s.Learn(ofRuntime.Unanswered(), begin); ofFiles.ID != "" || c.Told != event.Waiting {
		t.Fatalf("%+v of %+v", ofFiles, c)
	}
	q := s.askedInside(t, begin)
	if s.Learn(filesTell(q, nil), begin); q.PID != uint32(grand) || c.Told != event.Untold {
		t.Errorf("%+v of %+v", q, c)
	}
}

// On a host whose runtime has mounts of its own, its processes in the container's cgroup
// execute programs before the container's do. What stays outside is so in the end.
func TestAccountsOfRuntimeInOtherMounts(t *testing.T) {
	hosts := accountsOf(t, "alice:x:1000:1000::/:/bin/sh\n", "")
	s, now := newTree(t, enriched), time.Now()
	asked, c := 0, s.runInside(t, dockerCgroup).Container
	for ; asked < 100; asked++ {
		q := s.askedInside(t, now)
		if q.ID == "" {
			break
		}
		s.Learn(outsideTell(q, hosts), now)
		if (c.Told != event.Waiting) != (asked == outsideMax-1) {
			t.Errorf("after %d answers: %+v", asked+1, c)
		}
		must(t, s, child.in(dockerCgroup, bpf.CauseExec, shell))
	}
	if asked != outsideMax || c.Told == event.Waiting || s.byWho(child).User.Name != "alice" {
		t.Errorf("%d questions: %+v", asked, s.byWho(child).User)
	}
}

// Who was asked about has ended meanwhile: then the next one is.
func TestAccountsOfNext(t *testing.T) {
	s, begin := newTree(t, enriched), time.Now()
	c := s.runInside(t, dockerCgroup).Container
	feed(t, s, grand.in(dockerCgroup, bpf.CauseFork, child))
	s.byWho(grand).MountNS = s.byWho(child).MountNS
	q := s.askedInside(t, begin)
	must(t, s, child.exit(0, 1))
	if s.Learn(goneTell(q), begin); q.PID != uint32(child) || c.Told != event.Waiting {
		t.Fatalf("%+v of %+v", q, c)
	}
	q = s.askedInside(t, begin)
	if s.Learn(filesTell(q, nil), begin); q.PID != uint32(grand) || c.Told != event.Untold {
		t.Errorf("%+v of %+v", q, c)
	}
}

// Who was asked about has ended, though no record says so yet: whoever is inside next is
// asked about at once, be it that it was there all the time, or came from it, and nothing
// is told before.
func TestAccountsAfterUnreadEnd(t *testing.T) {
	own := accountsOf(t, "bob:x:1000:1000::/:/bin/sh\n", "")
	for _, test := range []struct {
		name  string
		early bool // before the answer
		next  who
		comes func(s *State)
	}{
		{"executes a program", false, grand, func(s *State) { must(t, s, grand.in(dockerCgroup, bpf.CauseExec, shell)) }},
		{"executed a program", true, grand, func(s *State) { must(t, s, grand.in(dockerCgroup, bpf.CauseExec, shell)) }},
		{"is forked", false, grand, func(s *State) { feed(t, s, grand.in(dockerCgroup, bpf.CauseFork, child)) }},
		{"was forked", true, grand, func(s *State) { feed(t, s, grand.in(dockerCgroup, bpf.CauseFork, child)) }},
		{"has that number", false, child, func(s *State) { must(t, s, child.in(dockerCgroup, bpf.CauseExec, shell)) }},
	} {
		s, begin := newTree(t, enriched), time.Now()
		c := s.runInside(t, dockerCgroup).Container
		q := s.askedInside(t, begin)
		if test.early {
			test.comes(s)
		}
		if s.Learn(goneTell(q), begin); c.Told != event.Waiting {
			t.Errorf("%s: there is no more to wait for", test.name)
		}
		if !test.early {
			if q = s.askedInside(t, begin); q.ID != "" {
				t.Errorf("%s: asked about %d, who is gone", test.name, q.PID)
			}
			test.comes(s)
		}
		q = s.askedInside(t, begin)
		if s.Learn(filesTell(q, own), begin); q.PID != uint32(test.next) || c.Told != event.Untold || s.byWho(test.next).User.Name != "bob" {
			t.Errorf("%s: %+v of %+v", test.name, q, c)
		}
	}
}

// A container of a kind that has users of its own also names who logged in.
func TestLoginInside(t *testing.T) {
	for cgroup, want := range map[string]string{"/lxc.payload.web": "bob", dockerCgroup: "alice"} {
		s := newTree(t, enriched)
		r := child.in(cgroup, bpf.CauseExec, shell)
		fixed[bpf.WireProcess](bpf.Raw(r)).Loginuid = 1000
		must(t, s, r)
		p := s.byWho(child)
		s.Learn(filesTell(s.askedInside(t, time.Now()), accountsOf(t, "bob:x:1000:1000::/:/bin/sh\n", "")), time.Now())
		if p.User.Name != "bob" || p.Login.Name != want {
			t.Errorf("%s: user %q, login %q, want %q", cgroup, p.User.Name, p.Login.Name, want)
		}
	}
}
