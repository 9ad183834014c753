package pushdown

import (
	"testing"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/syscalls"
)

// What is known of a process alone rules out what it contradicts, and nothing
// that others may decide.
func TestPossible(t *testing.T) {
	p := &event.Process{
		PID: 7, PPID: 1, Name: "cat", Exe: "cat", Args: []string{"x"}, Cwd: "/tmp", Image: 1,
		Parent: &event.Process{PID: 1, Name: "init", Image: 2}, Session: &event.Process{PID: 1, Name: "init"},
	}
	contained := *p
	contained.Container = &event.Container{ID: "abcdef", Runtime: "docker", Told: event.Waiting}
	for condition, want := range map[string][2]bool{ // on the host, in a container that nothing is known of yet
		"proc.name = cat":                                               {true, true},
		"proc.name = dog":                                               {false, false},
		"not proc.name = cat":                                           {false, false},
		"proc.name = dog or fd.num = 3":                                 {true, true},
		"proc.name = dog and evt.type in (openat, connect)":             {false, false},
		"(evt.type = openat and proc.name = dog) or evt.type = connect": {true, true},
		"container.id != host":                                          {false, true},
		"container.id = host":                                           {true, false},
		"container.id = abcdef":                                         {false, true},
		"container.name = web":                                          {false, true},
		"container.id != host and container.name = web and proc.name = dog": {false, false},
		"container.image.repository = web":                                  {false, true},
		"k8s.ns.name = web":                                                 {false, true},
		"user.uid = 0 and proc.cwd startswith /tmp":                         {true, true},
		"user.uid = 1": {false, false},
		"proc.is_sid_leader = true and proc.pid = 8": {false, false},
		"proc.pname = dog":                           {true, true}, // relatives change unheard
		"proc.ppid = 2":                              {true, true},
		"proc.aname = dog":                           {true, true},
		"proc.sname = dog":                           {true, true},
		"proc.entry.type = ssh":                      {true, true},
		"proc.duration > 5":                          {true, true},
		"evt.type = openat and evt.rawres < 0 and proc.vmsize > 99999999999": {true, true},
		"thread.tid = 8": {true, true},
	} {
		if evt := "evt.type = openat and "; condition[:3] != "evt" && condition[:1] != "(" {
			condition = evt + "(" + condition + ")"
		}
		ps := NewProcesses(load(t, condition))
		var nobody bpf.Candidates
		nobody.Learn()
		for i, p := range []*event.Process{p, &contained} {
			if got := ps.Possible(p) != nobody; got != want[i] {
				t.Errorf("%s: possible %t, want %t (process %d)", condition, got, want[i], i)
			}
		}
	}
}

// What a call teaches is told of whoever makes it.
func TestTeaches(t *testing.T) {
	set := load(t, "evt.type in (openat, connect, accept4, sendto, mkdir, getsockopt) and proc.name = x and fd.name_changed = true and fd.is_server = true")
	var learn bpf.Candidates
	learn.Learn()
	want := map[string]bool{"connect": true, "accept4": true, "sendto": true, "openat": false, "mkdir": false, "getsockopt": false}
	calls, _ := Judge(set)
	for _, c := range calls {
		f := c.facts(NumbersOf(set))
		for _, made := range []bpf.Candidates{f.Zero.And(f.Asked), f.Positive.And(f.Asked)} {
			if got := made.And(learn) == learn; got != want[c.Row.Name] {
				t.Errorf("%s told whatever the rules are: %t", c.Row.Name, got)
			}
		}
		if f.Error.And(learn) == learn {
			t.Errorf("%s told whatever the rules are when it failed", c.Row.Name)
		}
		delete(want, c.Row.Name)
	}
	if len(want) != 0 {
		t.Errorf("not judged: %v", want)
	}
	if !teaches(syscalls.ByName("listen")) {
		t.Error("listen teaches nothing")
	}
}
