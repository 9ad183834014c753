package state

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sakerhq/saker/bpf"
	ask "github.com/sakerhq/saker/internal/container"
	"github.com/sakerhq/saker/internal/event"
)

// in is a process record in a cgroup, of user 1000.
func (p who) in(cgroup string, cause uint32, parent who) record {
	r := p.process(cause, parent, "sh", func(w *bpf.WireProcess) {
		w.Own.Uid, w.Own.Gid, w.Own.Mntns = 1000, 1000, uint32(p)
	})
	return append(r[:len(r)-len(record(nil).path(bpf.BlockCgroup, "/user.slice"))],
		record(nil).path(bpf.BlockCgroup, cgroup)...)
}

var (
	dockerID     = strings.Repeat("b", 64)
	dockerCgroup = "/system.slice/docker-" + dockerID + ".scope"
)

func enriched(o *Options) { o.Enrich = true }

func TestContainerOfProcess(t *testing.T) {
	s := newTree(t)
	feed(t, s, child.in(dockerCgroup, bpf.CauseFork, shell), grand.in(dockerCgroup+"/init.scope", bpf.CauseFork, child))
	p := s.byWho(child)
	if p.Container == nil || p.Container != s.byWho(grand).Container || p.Container.Runtime != "docker" {
		t.Fatalf("%+v", p.Container)
	}
	if p.User.Known || p.Container.Told != event.NotAsked || len(s.Questions(time.Now())) != 0 {
		t.Errorf("a container's user has the name of the host's, or there is something to ask: %+v", p.User)
	}
	feed(t, s, child.in("/user.slice", bpf.CauseCgroup, shell))
	if p.Container != nil || p.User.Name != "alice" || s.Containers() != 1 || s.containers.known[containerKey{id: dockerID}].ended != 0 {
		t.Errorf("%+v %+v", p.Container, p.User)
	}
	feed(t, s, grand.in("/", bpf.CauseCgroup, child))
	if c := s.containers.known[containerKey{id: dockerID}]; c == nil || c.ended == 0 {
		t.Error("a container's facts went with its last process")
	}
}

// What a user's own cgroup says is another container than the host's.
func TestUsersContainerIsNotTheHosts(t *testing.T) {
	s := newTree(t)
	mine := "/user.slice/user-1000.slice/user@1000.service/docker-" + dockerID + ".scope"
	feed(t, s, child.in(dockerCgroup, bpf.CauseFork, shell), grand.in(mine, bpf.CauseFork, child))
	hosts, users := s.byWho(child).Container, s.byWho(grand).Container
	if hosts == users || hosts.Owner != "" || users.Owner != "1000" || hosts.ID != users.ID {
		t.Errorf("%+v and %+v", hosts, users)
	}
}

// asked gives what is asked about the only container: its runtime, and its files. The zero
// Question is none.
func (s *State) asked(t *testing.T, now time.Time) (ofRuntime, ofFiles ask.Question) {
	t.Helper()
	for _, q := range s.Questions(now) {
		kind := &ofRuntime
		if q.PID != 0 {
			kind = &ofFiles
		}
		switch {
		case q.ID == "":
		case kind.ID != "":
			t.Fatalf("asked twice: %+v and %+v", *kind, q)
		default:
			*kind = q
		}
	}
	return ofRuntime, ofFiles
}

// askedRuntime gives what a container's runtime is asked; its files tell of nobody.
func (s *State) askedRuntime(t *testing.T, now time.Time) ask.Question {
	t.Helper()
	ofRuntime, ofFiles := s.asked(t, now)
	if ofFiles.ID != "" {
		s.Learn(filesTell(ofFiles, ask.NoAccounts()), now)
	}
	return ofRuntime
}

// askedInside gives what a container's files are asked; its runtime can't be.
func (s *State) askedInside(t *testing.T, now time.Time) ask.Question {
	t.Helper()
	ofRuntime, ofFiles := s.asked(t, now)
	if ofRuntime.ID != "" {
		s.Learn(ofRuntime.Unanswered(), now)
	}
	return ofFiles
}

// runtimeTells is the answer of docker about a container that it calls web.
func runtimeTells(q ask.Question) ask.Answer {
	a := q.Unanswered()
	a.Runtime, a.Meta, a.Failed = "docker", &event.ContainerMeta{Name: "web"}, false
	return a
}

func accountsOf(t *testing.T, passwd, group string) *ask.Accounts {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "etc/passwd"), passwd)
	write(t, filepath.Join(dir, "etc/group"), group)
	a, err := ask.ReadAccounts(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// runInside lets child run a program of a container.
func (s *State) runInside(t *testing.T, cgroup string) *event.Process {
	t.Helper()
	must(t, s, child.in(cgroup, bpf.CauseExec, shell))
	return &s.byWho(child).Process
}

func TestLearn(t *testing.T) {
	s, begin := newTree(t, enriched), time.Now()
	p := s.runInside(t, dockerCgroup)
	ofRuntime, ofFiles := s.asked(t, begin)
	if ofRuntime.ID != dockerID || ofRuntime.Runtime != "docker" || ofFiles.PID != uint32(child) || p.Container.Told != event.Waiting || p.User.Known {
		t.Fatalf("%+v and %+v of %+v", ofRuntime, ofFiles, p.Container)
	}
	if again, also := s.asked(t, begin.Add(lookEvery)); again.ID != "" || also.ID != "" {
		t.Error("asked twice before the answer")
	}
	before := p.Image
	s.Learn(filesTell(ofFiles, nil), begin)
	if s.Learn(ofRuntime.Unanswered(), begin); p.Container.Told != event.Untold || p.Container.Meta != nil || p.Image == before {
		t.Errorf("nobody told: %+v", p.Container)
	}
	later := begin.Add(2 * shortWait)
	ofRuntime, ofFiles = s.asked(t, later)
	before = p.Image
	told, accounts := runtimeTells(ofRuntime), accountsOf(t, "bob:x:1000:1000::/home/bob:/bin/sh\n", "team:x:1000:\n")
	s.Learn(filesTell(ofFiles, accounts), later)
	s.Learn(told, later)
	if p.Container.Told != event.Answered || p.Container.Meta != told.Meta || p.User.Name != "bob" || p.Group.Name != "team" || p.Image == before {
		t.Errorf("%+v %+v %+v", p.Container, p.User, p.Group)
	}
	later = later.Add(recheckAccounts)
	ofRuntime, ofFiles = s.asked(t, later)
	if ofRuntime.ID != "" || ofFiles.Accounts != accounts {
		t.Errorf("accounts are not looked at again: %+v and %+v", ofRuntime, ofFiles)
	}
	before = p.Image
	s.Learn(filesTell(ofFiles, accounts), later)
	s.Learn(ask.Answer{ID: "nobody's"}, begin)
	if p.Container.Meta != told.Meta || p.Container.Told != event.Answered || p.Image != before {
		t.Errorf("nothing new changed something: %+v", p.Container)
	}
}

// What a runtime tells and what files tell are waited for both, and neither for the other.
func TestTwoQuestions(t *testing.T) {
	own := accountsOf(t, "bob:x:1000:1000::/home/bob:/bin/sh\n", "")
	type step = func(s *State, ofRuntime, ofFiles ask.Question, now time.Time)
	tells := func(s *State, q, _ ask.Question, now time.Time) { s.Learn(runtimeTells(q), now) }
	fails := func(s *State, q, _ ask.Question, now time.Time) { s.Learn(q.Unanswered(), now) }
	read := func(s *State, _, q ask.Question, now time.Time) { s.Learn(filesTell(q, own), now) }
	unreadable := func(s *State, _, q ask.Question, now time.Time) { s.Learn(filesTell(q, nil), now) }
	refused := func(s *State, _, q ask.Question, now time.Time) { s.Learn(q.Unanswered(), now) }
	patience := func(s *State, _, _ ask.Question, _ time.Time) { s.GiveUp(s.byWho(child).Container) }
	gone := func(s *State, _, q ask.Question, now time.Time) { s.Learn(goneTell(q), now) }
	end := func(s *State, _, _ ask.Question, now time.Time) {
		must(t, s, child.exit(0, 1))
		s.Questions(now)
	}
	for name, test := range map[string]struct {
		steps []step
		told  event.Told // when all but the last were done it is waited for more
		user  string
	}{
		"the runtime is the last":                  {[]step{read, tells}, event.Answered, "bob"},
		"the files are the last":                   {[]step{tells, read}, event.Answered, "bob"},
		"the runtime fails":                        {[]step{read, fails}, event.Untold, "bob"},
		"the runtime fails first":                  {[]step{fails, read}, event.Untold, "bob"},
		"the runtime hangs":                        {[]step{read, patience}, event.Untold, "bob"},
		"the file system hangs":                    {[]step{tells, patience}, event.Answered, ""},
		"files that can't be read":                 {[]step{tells, unreadable}, event.Answered, ""},
		"too many ask for files":                   {[]step{tells, refused, patience}, event.Answered, ""},
		"who is inside was gone":                   {[]step{tells, gone, end}, event.Answered, ""},
		"who is inside was gone, and nobody tells": {[]step{gone, fails, end}, event.Untold, ""},
		"all has ended before the files were read": {[]step{tells, end}, event.Answered, ""},
		"all has ended, and the runtime fails":     {[]step{fails, end}, event.Untold, ""},
		"all has ended before the runtime told":    {[]step{end, tells}, event.Answered, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s, begin := newTree(t, enriched), time.Now()
			p := s.runInside(t, dockerCgroup)
			c := p.Container
			ofRuntime, ofFiles := s.asked(t, begin)
			for i, step := range test.steps {
				if c.Told != event.Waiting || p.User.Known {
					t.Errorf("before step %d: %+v of %+v", i, p.User, c)
				}
				step(s, ofRuntime, ofFiles, begin)
			}
			if c.Told != test.told || p.User.Name != test.user || (c.Meta != nil) != (test.told == event.Answered) {
				t.Errorf("%+v of %+v", p.User, c)
			}
		})
	}
}

// Where the runtime hangs for good, files are read again in their own time, and who was
// nobody's before is named.
func TestAccountsWhileTheRuntimeHangs(t *testing.T) {
	s, now := newTree(t, enriched), time.Now()
	p := s.runInside(t, dockerCgroup)
	ofRuntime, ofFiles := s.asked(t, now)
	if ofRuntime.ID == "" {
		t.Fatal("the runtime is not asked")
	}
	s.GiveUp(p.Container)
	for _, name := range []string{"bob", "robert"} {
		s.Learn(filesTell(ofFiles, accountsOf(t, name+":x:1000:1000::/:/bin/sh\n", "")), now)
		if p.User.Name != name || p.Container.Told != event.Untold {
			t.Errorf("%+v of %+v", p.User, p.Container)
		}
		now = now.Add(recheckAccounts)
		if ofRuntime, ofFiles = s.asked(t, now); ofRuntime.ID != "" {
			t.Error("the runtime is asked again before it has answered")
		}
	}
}

// What a runtime told is asked about again; only what is new changes anything.
func TestLearnAgain(t *testing.T) {
	s, begin := newTree(t, enriched), time.Now()
	p := s.runInside(t, dockerCgroup)
	now := begin
	learn := func(meta *event.ContainerMeta) (changed bool) {
		t.Helper()
		q := s.askedRuntime(t, now)
		if q.ID == "" {
			t.Fatalf("after %s nothing is asked", now.Sub(begin))
		}
		a, before := q.Unanswered(), p.Image
		a.Runtime, a.Meta = "docker", meta
		s.Learn(a, now)
		now = now.Add(recheckMeta)
		return p.Image != before
	}
	if !learn(&event.ContainerMeta{Name: "web", Labels: event.NewLabels(map[string]string{"a": "b"})}) {
		t.Error("nothing was learned")
	}
	if learn(&event.ContainerMeta{Name: "web", Labels: event.NewLabels(map[string]string{"a": "b"})}) {
		t.Error("the same was new")
	}
	if learn(nil) || p.Container.Meta.Name != "web" || p.Container.Told != event.Answered {
		t.Errorf("who tells nothing takes back what was told: %+v", p.Container)
	}
	if !learn(&event.ContainerMeta{Name: "renamed", Labels: event.NewLabels(map[string]string{"a": "b"})}) || p.Container.Meta.Name != "renamed" {
		t.Errorf("another name was not learned: %+v", p.Container.Meta)
	}
}

func TestGiveUp(t *testing.T) {
	s := newTree(t, enriched)
	feed(t, s, child.in(dockerCgroup, bpf.CauseFork, shell))
	c := s.byWho(child).Container
	s.GiveUp(c)
	if c.Told != event.Untold {
		t.Errorf("%+v", c)
	}
	s.Learn(ask.Answer{ID: dockerID, Runtime: "docker", Meta: &event.ContainerMeta{}}, time.Now())
	if s.GiveUp(c); c.Told != event.Answered {
		t.Errorf("the late answer was lost: %+v", c)
	}
}

func TestContainerStartsAgain(t *testing.T) {
	s, begin := newTree(t, enriched), time.Now()
	s.runInside(t, dockerCgroup)
	s.Learn(runtimeTells(s.askedRuntime(t, begin)), begin)
	feed(t, s, child.in("/", bpf.CauseCgroup, shell), grand.in(dockerCgroup, bpf.CauseFork, shell))
	q := s.askedRuntime(t, begin)
	if c := s.byWho(grand).Container; q.ID == "" || c.Meta == nil || c.Told != event.Answered {
		t.Errorf("%+v of %+v", q, c)
	}
}

// Its processes are still known for a while when it begins again.
func TestContainerRestarts(t *testing.T) {
	s, begin := newTree(t, enriched), time.Now()
	s.runInside(t, dockerCgroup)
	s.Learn(runtimeTells(s.askedRuntime(t, begin)), begin)
	feed(t, s, grand.in(dockerCgroup, bpf.CauseFork, child))
	must(t, s, child.exit(0, 1))
	if list := s.Questions(begin.Add(lookEvery / 2)); len(list) != 0 {
		t.Errorf("asked while a process is left: %+v", list)
	}
	must(t, s, grand.exit(0, 1))
	feed(t, s, (grand+1).in(dockerCgroup, bpf.CauseFork, shell), (grand+2).in(dockerCgroup, bpf.CauseFork, grand+1))
	if q := s.askedRuntime(t, begin); q.ID == "" {
		t.Error("its runtime is not asked again")
	}
	if c := s.byWho(grand + 1).container; c.running != 2 || c.Meta.Name != "web" {
		t.Errorf("%d are running in %+v", c.running, c.Container)
	}
}

func TestContainersAreForgotten(t *testing.T) {
	s := newTree(t, enriched)
	for i := range 3 * keepContainers {
		id := strings.Repeat("c", 60) + strconv.Itoa(1000+i)
		feed(t, s, child.in("/docker/"+id, bpf.CauseCgroup, shell))
	}
	if s.Containers() > keepContainers+2 || s.Counts().ContainersForgotten < 2*keepContainers-2 {
		t.Errorf("%d known, %d forgotten", s.Containers(), s.Counts().ContainersForgotten)
	}
	feed(t, s, child.in("/", bpf.CauseCgroup, shell))
	late := system.process(bpf.CauseChange, 0, "systemd", func(w *bpf.WireProcess) { w.Header.Time += 2 * keepContainer })
	feed(t, s, late)
	if s.Containers() != 0 {
		t.Errorf("%d known after a while", s.Containers())
	}
}

func TestHostAccountsChange(t *testing.T) {
	s, begin := newTree(t, enriched), time.Now()
	feed(t, s, shell.process(bpf.CauseChange, system, "bash", func(w *bpf.WireProcess) { w.Own.Uid = 1001 }))
	p := s.byWho(shell)
	questions := s.Questions(begin)
	if p.User.Known || len(questions) != 1 || questions[0].ID != "" || questions[0].Accounts != s.host {
		t.Fatalf("%+v, asks %+v", p.User, questions)
	}
	before := p.Image
	s.Learn(ask.Answer{Accounts: accountsOf(t, "carol:x:1001:1001::/home/carol:/bin/sh\n", "")}, begin)
	if p.User.Name != "carol" || p.Image == before {
		t.Errorf("%+v", p.User)
	}
	if root := s.byWho(system).User; root.Name != "root" || root.Home != "/root" {
		t.Errorf("without an entry, 0 is %+v", root)
	}
	if len(s.Questions(begin.Add(lookEvery/2))) != 0 || len(s.Questions(begin.Add(2*lookEvery))) != 1 {
		t.Error("the host's files are not looked at once a second")
	}
}

// Where nothing happens any more, what ended is forgotten all the same.
func TestForgottenWithoutRecords(t *testing.T) {
	since := uint64(now)
	s := newTree(t, enriched, func(o *Options) { o.Clock = func() (uint64, uint64) { return bootAt + since, since } })
	feed(t, s, child.in(dockerCgroup, bpf.CauseFork, shell))
	must(t, s, child.exit(0, 1))
	if s.Forget(); s.Containers() != 1 || s.byWho(child) == nil {
		t.Error("forgotten at once")
	}
	since += 2 * grace
	if s.Forget(); s.Containers() != 1 || s.byWho(child) != nil {
		t.Error("the process should be forgotten, its container not yet")
	}
	since += 2 * keepContainer
	if s.Forget(); s.Containers() != 0 || s.Counts().ContainersForgotten != 1 {
		t.Errorf("%d containers are known", s.Containers())
	}
}
