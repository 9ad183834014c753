package syscallreceiver

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/config/configtest"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/receiver/syscallreceiver/internal/metadata"
)

func TestScopeConfig(t *testing.T) {
	const some = "events: [openat]\nscope: "
	configtest.Run(t, createDefaultConfig, []configtest.Case{
		{"none", "events: [openat]", ""},
		{"empty", some + "{}", ""},
		{"all keys", some + `{ include: { cgroups: [/a.slice, /b], containers: true, processes: [1] }, exclude: { cgroups: [/a.slice/c], processes: [2] } }`, ""},
		{"relative cgroup", some + "{ include: { cgroups: [a.slice] } }", `scope::include: cgroups: "a.slice" is not a path`},
		{"cgroup with a slash behind", some + "{ exclude: { cgroups: [/a/] } }", `scope::exclude: cgroups: "/a/" is not a path`},
		{"cgroup with its mount", some + "{ include: { cgroups: [/sys/fs/cgroup/a] } }", "leave out where the hierarchy is mounted"},
		{"no process", some + "{ include: { processes: [0] } }", "scope::include: processes: 0 is not the number of a process"},
		{"beyond the processes", some + "{ exclude: { processes: [4194305] } }", "scope::exclude: processes: 4194305 is not"},
		{"containers in and out", some + "{ include: { containers: true }, exclude: { containers: true } }", "nothing is left"},
		{"without any cgroup", some + "{ exclude: { cgroups: [/] } }", "nothing is left"},
		{"a process in and out", some + "{ include: { processes: [7] }, exclude: { processes: [7] } }", "process 7 is both"},
		{"misspelt", some + "{ include: { cgroup: [/a] } }", "unknown key scope::include::cgroup: did you mean cgroups?"},
	})
}

func TestScopeHolds(t *testing.T) {
	host := &event.Process{Cgroup: "/a.slice/b.service"}
	contained := &event.Process{Cgroup: "/docker/x", Container: &event.Container{Runtime: "docker"}}
	unsure := &event.Process{Cgroup: "/docker/x", Container: &event.Container{Told: event.Waiting}}
	for _, c := range []struct {
		yaml             string
		host, containers bool
	}{
		{"{}", true, true},
		{"include: { cgroups: [/] }", true, true},
		{"include: { cgroups: [/a.slice] }", true, false},
		{"include: { cgroups: [/a.slice/b.service] }", true, false},
		{"include: { cgroups: [/a.slice/b] }", false, false},
		{"include: { cgroups: [/c, /docker] }", false, true},
		{"include: { containers: true }", false, true},
		{"include: { containers: true, cgroups: [/a.slice] }", false, false},
		{"exclude: { containers: true }", true, false},
		{"exclude: { cgroups: [/a.slice, /c] }", false, true},
		{"include: { cgroups: [/a.slice] }\nexclude: { cgroups: [/a.slice/b.service] }", false, false},
		{"include: { processes: [1] }", true, true}, // which the kernel knows alone
	} {
		var scope ScopeConfig
		if err := configtest.Parse(t, c.yaml).Unmarshal(&scope); err != nil {
			t.Fatal(err)
		}
		if got := scope.holds(host); got != c.host {
			t.Errorf("%s: host %t", c.yaml, got)
		}
		if got := scope.holds(contained); got != c.containers {
			t.Errorf("%s: container %t", c.yaml, got)
		}
		if got := scope.holds(unsure); got != c.containers && !scope.Exclude.Containers || !got && scope.Exclude.Containers {
			t.Errorf("%s: perhaps a container: %t", c.yaml, got)
		}
	}
}

func TestScopeInKernel(t *testing.T) {
	for _, c := range []struct {
		scope    ScopeConfig
		byCgroup bool
	}{
		{ScopeConfig{}, false},
		{ScopeConfig{Include: ScopePart{Cgroups: []string{"/a"}}}, true},
		{ScopeConfig{Exclude: ScopePart{Containers: true}}, true},
		{ScopeConfig{Exclude: ScopePart{Processes: []int{1}}}, false},
	} {
		if scope, err := c.scope.inKernel(); err != nil || scope.ByCgroup != c.byCgroup {
			t.Errorf("%+v: %+v, %v", c.scope, scope, err)
		}
	}
	ended := exec.Command(os.Args[0], "-test.list=^$")
	if err := ended.Run(); err != nil {
		t.Fatal(err)
	}
	gone := ScopeConfig{Exclude: ScopePart{Processes: []int{ended.Process.Pid}}}
	if _, err := gone.inKernel(); err == nil || !strings.Contains(err.Error(), "there is no process "+strconv.Itoa(ended.Process.Pid)) {
		t.Errorf("a process that has ended: %v", err)
	}
}

// told is a process record in a cgroup that the sensor asks about.
func told(pid uint32, cgroup string) []byte {
	w := bpf.WireProcess{
		Header: bpf.WireHeader{Time: 1e9, Start: 1, Pid: pid, Tid: pid, Type: bpf.TypeProcess, Row: bpf.RowNone},
		Cause:  bpf.CauseCgroup, Cgroup: bpf.WireCgroup{Id: uint64(pid)},
	}
	names := strings.Split(cgroup[1:], "/")
	slices.Reverse(names)
	data := strings.Join(names, "\x00") + "\x00"
	b := bpf.WireBlock{Kind: bpf.BlockCgroup, Len: uint32(len(data))}
	raw := append([]byte(nil), unsafe.Slice((*byte)(unsafe.Pointer(&w)), unsafe.Sizeof(w))...)
	raw = append(raw, unsafe.Slice((*byte)(unsafe.Pointer(&b)), unsafe.Sizeof(b))...)
	return append(raw, data...)
}

// What a new cgroup does before the kernel knows it is left out all the same.
func TestScopeOfNewCgroup(t *testing.T) {
	src := newScript()
	cfg := createDefaultConfig().(*Config)
	cfg.Scope.Exclude.Cgroups = []string{"/out"}
	l := mustLoop(t, cfg, src, byNames(t, "ptrace"), nil)
	for pid, cgroup := range map[uint32]string{1 << 29: "/in/out", 1 << 30: "/out/below"} {
		l.take(told(pid, cgroup))
		act := call(t, "ptrace", 16, 5, 0, 0)
		(*bpf.WireCall)(unsafe.Pointer(&act[0])).Header.Pid = pid
		l.take(act)
	}
	if n := l.writer.Len(); n != 1 {
		t.Errorf("%d records, want one", n)
	}
	slices.Sort(src.judged)
	if want := []string{"1073741824 false", "536870912 true"}; !slices.Equal(src.judged, want) {
		t.Errorf("judged %q, want %q", src.judged, want)
	}
}

// A child's tree is all that is captured of the machine.
func TestScopeLive(t *testing.T) {
	child := exec.Command("sh", "-c", "read line; cat /no/such/within; true")
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		in.Close()
		_ = child.Wait()
	}()
	cfg := createDefaultConfig().(*Config)
	cfg.Events = []string{"openat", "open", "execve", "procexit"}
	cfg.Scope.Include.Processes = []int{child.Process.Pid}
	live(t, cfg, byNames(t, cfg.Events...)).Close() // or skip
	sink := new(consumertest.LogsSink)
	r, err := NewFactory().CreateLogs(context.Background(), receivertest.NewNopSettings(metadata.Type), component.Config(cfg), sink)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Start(context.Background(), componenttest.NewNopHost()); err != nil {
		t.Fatal(err)
	}
	_ = exec.Command("cat", "/no/such/without").Run()
	if _, err := in.Write([]byte("go\n")); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()
	eventually(t, "the child's end", func() bool { return eventsOf(sink, child.Process.Pid)["procexit"] == 1 })
	if err := r.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	events := eventsOf(sink, 0)
	if events["execve"] != 1 || events["procexit"] != 2 || events["/no/such/without"] != 0 || events["/no/such/within"] != 1 {
		t.Errorf("events %v", events)
	}
}

// eventsOf counts the records of a process, 0: of all, by event and by file asked for.
func eventsOf(sink *consumertest.LogsSink, pid int) map[string]int {
	n := map[string]int{}
	for _, logs := range sink.AllLogs() {
		for _, resource := range logs.ResourceLogs().All() {
			for _, scope := range resource.ScopeLogs().All() {
				for _, lr := range scope.LogRecords().All() {
					of, _ := lr.Attributes().Get("process.pid")
					if pid != 0 && of.Int() != int64(pid) {
						continue
					}
					n[strings.TrimPrefix(lr.EventName(), "syscall.")]++
					if name, ok := lr.Attributes().Get("saker.evt.arg.name"); ok {
						n[name.AsString()]++
					}
				}
			}
		}
	}
	return n
}
