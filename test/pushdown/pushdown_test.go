// Package pushdown holds that the kernel leaves out nothing that matters.
//
// It takes rule sets, shipped, official and random. It gives what two sensors
// tell of the same process, one with and one without what pushdown derives. It
// owns the acts. It never looks at how the kernel chooses.
package pushdown

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/internal/state"
	"github.com/sakerhq/saker/internal/syscalls"
	"github.com/sakerhq/saker/rules"
	"github.com/sakerhq/saker/rules/library"
	"github.com/sakerhq/saker/test/witness"
)

// side is one of the two sensors, with all that follows it.
type side struct {
	*witness.Witness
	t       *testing.T
	matcher *rules.Matcher
	plain   *rules.Matcher // asks the rules one by one
	pid     uint32
	name    string // of the process, at its last event
	events  int
	alerts  []string
	opens   map[string]int // by the name as given; nil: not counted
	ended   bool

	relay    relay
	possible func(*event.Process) bpf.Candidates // nil: nobody vouches for processes
	vouched  uint64
}

func newSide(t *testing.T) *side {
	t.Helper()
	s, sensor := &side{t: t}, witness.Sensor(t, witness.Options())
	s.Witness = witness.Follow(t, sensor, state.Options{Enrich: true, Voucher: &s.relay, Mounts: func(first map[uint32]string) {
		if err := sensor.SetMounts(first); err != nil {
			s.t.Error(err)
		}
	}}, s.see)
	return s
}

// watch has the side follow the rules of a set.
func (s *side) watch(set *rules.Set, filter *bpf.Filter) {
	s.t.Helper()
	var rows []*syscalls.Row
	for _, name := range set.EventTypes() {
		if row := syscalls.ByName(name); row != nil {
			rows = append(rows, row)
		}
	}
	if err := s.Sensor.Watch(rows, filter); err != nil {
		s.t.Fatal(err)
	}
	s.matcher, s.plain, s.alerts, s.events, s.ended = set.NewMatcher(), set.NewMatcher(), nil, 0, false
}

func (s *side) see(ev *event.Event) {
	s.ended = s.ended || ev.Process.PID == s.pid && ev.Row.Name == "procexit"
	if s.matcher == nil || !s.follows(ev.Process) {
		return
	}
	s.events++
	s.countOpen(ev)
	if ev.Process.PID == s.pid {
		s.name = ev.Process.Name
	}
	src := field.OfEvent{Event: ev}
	matches := s.matcher.Match(src, rules.SyscallSource, ev.Row.Name)
	if plain := s.plain.Match(wordless{ev}, rules.SyscallSource, ev.Row.Name); !slices.Equal(matches, plain) {
		s.t.Errorf("%v with candidate words, %v without, of %s", matches, plain, ev.Row.Name)
	}
	if s.possible != nil { // alerts too: a process that can cause some is to be vouched for as others are
		s.State.Vain(ev)
	}
	for _, m := range matches {
		s.alerts = append(s.alerts, fmt.Sprint(m.Verdict, " ", m.Rule.Name, ": ", string(m.Rule.AppendOutput(nil, src))))
	}
}

// follows reports whether a process is the one that acts, or comes from it.
func (s *side) follows(p *event.Process) bool {
	for ; p != nil; p = p.Parent {
		if p.PID == s.pid {
			return true
		}
	}
	return false
}

// wordless is an event of which nobody knows what was found out about its process
// and its file before.
type wordless struct{ *event.Event }

// Value implements field.Source.
func (w wordless) Value(r *field.Ref) field.Value { return field.OfEvent(w).Value(r) }

// vouchForAll has what is known of processes be found out.
func (s *side) vouchForAll() {
	if s.possible != nil {
		s.vouched += s.State.Vouch(s.possible)
	}
}

// patience is how long the process may take on a busy machine.
const patience = time.Minute

// perform runs the process that acts and reads both sides to its end.
func perform(t *testing.T, sides ...*side) {
	t.Helper()
	performAs(t, asActor, sides...)
}

func performAs(t *testing.T, role string, sides ...*side) {
	t.Helper()
	for try := 0; !performOnce(t, role, sides); try++ {
		if try == 5 {
			t.Fatal("records are lost time and again")
		}
	}
}

// performOnce reports whether no record was lost meanwhile: newer kernels leave programs
// out at times, which is counted. Nor is there room for records where a side was not read for
// long, so it begins with nothing in the rings.
func performOnce(t *testing.T, role string, sides []*side) bool {
	t.Helper()
	readBoth(sides)
	for _, s := range sides {
		s.alerts, s.events, s.ended = nil, 0, false
		clear(s.opens)
	}
	before := lostBy(t, sides)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	id := containerOf(t)
	cmd := exec.Command(os.Args[0])
	cmd.Env, cmd.Stderr = []string{role + "=" + dir}, os.Stderr
	if role == asActor {
		cmd.Env = append(cmd.Env, changingCgroup+"="+makeCgroup(t, id))
	}
	talk := listen(t, cmd, id)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for _, s := range sides {
		s.pid = uint32(cmd.Process.Pid)
	}
	readAll(t, sides, talk)
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, s := range sides {
		if !s.ended {
			t.Fatalf("the end of process %d was not told", s.pid)
		}
	}
	return lostBy(t, sides) == before
}

func lostBy(t *testing.T, sides []*side) (lost uint64) {
	t.Helper()
	for _, s := range sides {
		lost += witness.Lost(t, s.Sensor)
	}
	return lost
}

// readAll reads all sides, while the process acts, until each has told its end:
// the rings also have how all other processes of the machine start and end.
func readAll(t *testing.T, sides []*side, talk *talk) {
	t.Helper()
	going := func(s *side) bool { return !s.ended }
	for deadline := time.Now().Add(patience); slices.ContainsFunc(sides, going) && time.Now().Before(deadline); {
		readBoth(sides)
		talk.answer(sides)
	}
	readBoth(sides) // the end may be read before the last calls are
}

// readBoth reads sides at once, as each waits for records of its own.
func readBoth(sides []*side) {
	var reading sync.WaitGroup
	for _, s := range sides {
		reading.Go(s.read)
	}
	reading.Wait()
}

func (s *side) read() {
	if err := s.Read(); err != nil {
		s.t.Error(err)
	}
	s.vouchForAll()
}

// With and without pushdown, and with and without candidate words, a set tells the
// same; with pushdown less crosses, also by what is known of processes.
func TestSameAlerts(t *testing.T) {
	with, without := newSide(t), newSide(t)
	spared, alerts := 0, 0
	for name, set := range sets(t) {
		t.Run(name, func(t *testing.T) {
			with.t, without.t = t, t
			with.vouch(set)
			without.watch(set, nil)
			perform(t, with, without)
			holdSame(t, with, without)
			if with.events > without.events {
				t.Errorf("%d events with pushdown, %d without", with.events, without.events)
			}
			t.Logf("%d events, %d without pushdown, %d alerts", with.events, without.events, len(with.alerts))
			spared, alerts = spared+without.events-with.events, alerts+len(with.alerts)
		})
	}
	with.t, without.t = t, t
	if spared == 0 || alerts == 0 {
		t.Errorf("%d events were left out, %d alerts: nothing was tested", spared, alerts)
	}
	counts, err := with.Sensor.Counts()
	if err != nil || with.vouched == 0 {
		t.Errorf("%d times a process was vouched for (%v)", with.vouched, err)
	}
	for fact, n := range counts.LeftOut {
		t.Logf("%d calls left out by %s", n, bpf.Fact(fact))
		switch name := bpf.Fact(fact).String(); name {
		case "", "socket", "peer": // TestConnections is about these
		default:
			if n == 0 {
				t.Errorf("no call was left out by %s: it was not tested", name)
			}
		}
	}
}

// holdSame holds that both sides told the same alerts, in whatever order, and says which only
// one of them did.
func holdSame(t *testing.T, with, without *side) {
	t.Helper()
	slices.Sort(with.alerts)
	slices.Sort(without.alerts)
	if differ := cmp.Diff(without.alerts, with.alerts); differ != "" {
		t.Errorf("%d alerts with pushdown (+), %d without (-):\n%s", len(with.alerts), len(without.alerts), differ)
	}
}

// sets are the rule sets to compare.
func sets(t *testing.T) map[string]*rules.Set {
	t.Helper()
	all := shipped(t)
	all["duplicates"] = loadAll(t, []rules.File{{Name: "duplicates.yaml", Content: []byte(duplicates)}})
	random, n := rand.New(rand.NewPCG(1, 2)), 36
	if testing.Short() {
		n = 8
	}
	for i := range n {
		text := randomRules(random)
		all[fmt.Sprint("random ", i)] = loadAll(t, []rules.File{{Name: "random.yaml", Content: []byte(text)}})
	}
	return all
}

// duplicates are rules of which one is true for the call, the other for what it is
// told as besides.
const duplicates = `
- {rule: call, desc: d, priority: info, condition: evt.type = fcntl and fd.name exists, output: "%evt.res"}
- {rule: besides, desc: d, priority: info, condition: evt.type = dup and fd.num >= 50, output: "%fd.num"}
`

// shipped are Saker's stable rules and, if they are there, Falco's.
func shipped(t *testing.T) map[string]*rules.Set {
	t.Helper()
	stable, err := library.Files("stable")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*rules.Set{"stable": loadAll(t, stable)}
	for _, name := range []string{"falco_rules", "falco-incubating_rules", "falco-sandbox_rules"} {
		file := filepath.Join(os.Getenv("SAKER_CONFORMANCE"), "..", "rules-official", name+".yaml")
		if text, err := os.ReadFile(file); err == nil && os.Getenv("SAKER_CONFORMANCE") != "" {
			all[name] = loadAll(t, []rules.File{{Name: name, Content: text}})
		}
	}
	return all
}

func loadAll(t *testing.T, files []rules.File) *rules.Set {
	t.Helper()
	set, findings := rules.Load(rules.FalcoSchema(), files, rules.Options{All: true, Select: []rules.Selection{{Enable: true, Rule: "*"}}})
	if set == nil {
		t.Fatal(findings.Err())
	}
	return set
}
