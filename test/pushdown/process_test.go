package pushdown

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/container"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/pushdown"
	"github.com/sakerhq/saker/rules"
)

// relay hands what the state found out about processes to the sensor, in terms
// of the filter that it has now.
type relay struct{ *bpf.Voucher }

// processRules are true for what a process is, each for something that can change
// while it runs.
var processRules = map[string]string{
	"name":      "proc.name startswith named",
	"user":      "user.uid = 4711",
	"directory": "proc.cwd startswith /proc",
	"session":   "proc.is_sid_leader = true",
	"container": "container.id != host",
	"late":      "container.name = late",
	"other":     "container.name = other",
	"arguments": "proc.args contains second.sh",
}

// loadProcessRules loads some of them. Nothing else that the kernel knows decides any.
func loadProcessRules(t *testing.T, names ...string) *rules.Set {
	t.Helper()
	var b strings.Builder
	for _, name := range names {
		fmt.Fprintf(&b, "- rule: %s\n  desc: d\n  priority: info\n", name)
		fmt.Fprintf(&b, "  condition: evt.type = openat and evt.arg.name endswith /file and %s\n", processRules[name])
		b.WriteString("  output: \"%proc.name %proc.args %user.uid %proc.cwd %container.id %container.name %fd.name\"\n")
	}
	return loadAll(t, []rules.File{{Name: "process.yaml", Content: []byte(b.String())}})
}

// both are two sides that follow the same rules, the first with all of
// pushdown.
func both(t *testing.T, set *rules.Set) (with, without *side) {
	t.Helper()
	with, without = newSide(t), newSide(t)
	with.vouch(set)
	without.watch(set, nil)
	return with, without
}

// vouch has the side follow the rules of a set, with all of pushdown.
func (s *side) vouch(set *rules.Set) {
	filter := pushdown.Filter(set)
	s.watch(set, filter)
	s.relay.Voucher = s.Sensor.Voucher(filter)
	s.possible = pushdown.NewProcesses(set).Possible
}

// follow runs a command and reads both sides while it acts. Whenever the first
// one has vouched for the process as it is in a step, then is called.
func follow(t *testing.T, cmd *exec.Cmd, then func(step string), sides ...*side) {
	t.Helper()
	readBoth(sides) // so that there is room for how it starts
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for _, s := range sides {
		s.pid = uint32(cmd.Process.Pid)
	}
	running := func(s *side) bool { return !s.ended }
	for deadline := time.Now().Add(4 * patience); slices.ContainsFunc(sides, running); {
		if time.Now().After(deadline) {
			_ = cmd.Process.Kill()
			t.Error("the process did not end in time")
			break
		}
		for _, s := range sides {
			if err := s.Read(); err != nil {
				t.Fatal(err)
			}
			if s.possible == nil || s.State.Vouch(s.possible) == 0 {
				continue
			}
			if step, waits := strings.CutPrefix(s.name, stepName); waits {
				then(step)
			}
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	for _, s := range sides { // the end may be read before the last calls are
		if err := s.Read(); err != nil {
			t.Error(err)
		}
	}
}

// same holds that both sides told the same, of some rules at least, and that
// what is known of processes spared something.
func same(t *testing.T, with, without *side, wanted ...string) {
	t.Helper()
	holdSame(t, with, without)
	for _, rule := range wanted {
		if !slices.ContainsFunc(with.alerts, func(a string) bool { return strings.HasPrefix(a, "true "+rule+":") }) {
			t.Errorf("no alert of rule %s among:\n%s", rule, strings.Join(with.alerts, "\n"))
		}
	}
	counts, err := with.Sensor.Counts()
	if err != nil || counts.LeftOut[bpf.FactProcess] == 0 {
		t.Errorf("%d calls left out by process (%v)", counts.LeftOut[bpf.FactProcess], err)
	}
}

// A process that becomes another in any way is told of at once, though it was
// vouched for.
func TestProcessChanges(t *testing.T) {
	cgroup := needCgroup(t)
	with, without := both(t, loadProcessRules(t, "name", "user", "directory", "session", "container"))
	cmd, told := changing(t, "changes", cgroup)
	follow(t, cmd, told, with, without)
	same(t, with, without, "name", "user", "directory", "session", "container")
}

// What is told of a container counts from then on.
func TestProcessEnriched(t *testing.T) {
	cgroup := needCgroup(t)
	with, without := both(t, loadProcessRules(t, "late", "other"))
	cmd, told := changing(t, "waits", cgroup)
	names := map[string]string{"1": "late", "2": "other"}
	follow(t, cmd, func(step string) {
		if err := without.Read(); err != nil { // what came before is to be judged as it was
			t.Error(err)
		}
		if name, now := names[step]; now {
			for _, s := range []*side{with, without} {
				s.State.Learn(container.Answer{ID: containerOf(t), Runtime: "docker", Meta: &event.ContainerMeta{Name: name}}, time.Now())
			}
			delete(names, step)
		}
		told(step)
	}, with, without)
	same(t, with, without, "late", "other")
}

// What other rules found out about a process says nothing in terms of new ones.
func TestProcessReload(t *testing.T) {
	with, without := both(t, loadProcessRules(t, "user", "session", "name"))
	alerts := [2][]string{}
	sets := []*rules.Set{loadProcessRules(t, "arguments", "name"), loadProcessRules(t, "name", "user"), loadProcessRules(t, "session", "directory", "name")}
	cmd, told := changing(t, "waits", "")
	follow(t, cmd, func(step string) {
		if len(sets) > 0 {
			for i, s := range []*side{with, without} {
				if err := s.Read(); err != nil {
					t.Error(err)
				}
				alerts[i] = append(alerts[i], s.alerts...)
			}
			with.vouch(sets[0])
			without.watch(sets[0], nil)
			sets = sets[1:]
		}
		told(step)
	}, with, without)
	with.alerts, without.alerts = append(alerts[0], with.alerts...), append(alerts[1], without.alerts...)
	same(t, with, without, "name")
}

// What one program opens is told though the one before it, of the same process,
// was vouched for, whenever in its life it is followed by the other.
func TestProcessExecutes(t *testing.T) {
	with, without := both(t, loadProcessRules(t, "name", "user", "arguments"))
	dir := t.TempDir()
	const rounds, opens = 60, 3
	for name, text := range map[string]string{
		"file": "",
		"first.sh": `n=$1 i=0
while [ $i -lt $((n % 5 * 1500)) ]; do i=$((i + 1)); : < /dev/null; done
exec /bin/sh ` + dir + `/second.sh $n`,
		"second.sh": strings.Repeat(": < "+dir+"/file\n", opens) +
			`[ $1 -eq 0 ] || exec /bin/sh ` + dir + `/first.sh $(($1 - 1))`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	follow(t, exec.Command("/bin/sh", filepath.Join(dir, "first.sh"), fmt.Sprint(rounds-1)), func(string) {}, with, without)
	same(t, with, without, "arguments")
	if want := rounds * opens; len(with.alerts) != want {
		t.Errorf("%d alerts, want %d", len(with.alerts), want)
	}
}
