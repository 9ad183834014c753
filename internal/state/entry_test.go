package state

import (
	"strconv"
	"strings"
	"testing"

	"github.com/sakerhq/saker/bpf"
)

// started is a process's fork and exec, in a cgroup.
func started(p, parent who, name, cgroup string, change ...func(*bpf.WireProcess)) []record {
	in := func(r record) record {
		tail := record(nil).path(bpf.BlockCgroup, "/user.slice")
		at := strings.Index(string(r), string(tail))
		return append(append(r[:at:at], record(nil).path(bpf.BlockCgroup, cgroup)...), r[at+len(tail):]...)
	}
	return []record{
		in(p.process(bpf.CauseFork, parent, "x", change...)),
		in(p.process(bpf.CauseExec, parent, name, change...).text(bpf.BlockFilename, name).text(bpf.BlockArgv, name+"\x00").text(bpf.BlockEnv, "")),
	}
}

func text(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

func vpid(n uint32) func(*bpf.WireProcess) {
	return func(w *bpf.WireProcess) { w.Vpid, w.Pidns = n, 7 }
}

// TestEntries: a session is called after the door that it came in by, and stays
// so when its processes get other parents.
func TestEntries(t *testing.T) {
	const daemon, entry, leaf = 200, 201, 202
	container := "/system.slice/docker-" + strings.Repeat("c", 64) + ".scope"
	for _, test := range []struct {
		name, door, cgroup string
		change             []func(*bpf.WireProcess)
		want               string
	}{
		{"ssh", "sshd", "/user.slice/session-3.scope", nil, "ssh 201"},
		{"ssh since 9.8", "sshd-session", "/user.slice/session-3.scope", nil, "ssh 201"},
		{"cron", "crond", "/system.slice/cron.service", nil, "cron 201"},
		{"console", "login", "/user.slice/session-1.scope", nil, "console 201"},
		{"agent", "amazon-ssm-agent", "/system.slice/agent.service", nil, "remote 201"},
		{"container's first", "containerd-shim", container, []func(*bpf.WireProcess){vpid(1)}, "container 201"},
		{"into a container", "containerd-shim", container, []func(*bpf.WireProcess){vpid(9)}, "exec 201"},
		{"no door", "nginx", "/system.slice/nginx.service", nil, "service 200"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newHost(t)
			tell := func(rs []record) {
				for _, r := range rs {
					apply(t, s, r)
				}
			}
			tell(started(system, 0, "systemd", "/init.scope"))
			tell(started(daemon, system, test.door, "/system.slice/x.service"))
			tell(started(entry, daemon, "bash", test.cgroup, test.change...))
			tell(started(leaf, entry, "sleep", test.cgroup, test.change...))
			for _, p := range []who{entry, leaf} {
				if e := s.byWho(p).Entry; e == nil || e.Type+" "+text(e.PID) != test.want {
					t.Errorf("%d: %+v, want %s", p, e, test.want)
				}
			}
			must(t, s, who(entry).exit(0, uint32(system)))
			tell(started(leaf, system, "again", test.cgroup, test.change...)[1:])
			if e := s.byWho(leaf).Entry; e.Type+" "+text(e.PID) != test.want {
				t.Errorf("after its parent's end: %+v", e)
			}
		})
	}
}

// TestEntriesOfScan: processes that ran before come in any order.
func TestEntriesOfScan(t *testing.T) {
	s := newHost(t)
	feed(t, s,
		grand.process(bpf.CauseScan, child, "vi"), child.process(bpf.CauseScan, shell, "bash"),
		shell.process(bpf.CauseScan, system, "sshd"), system.process(bpf.CauseScan, 0, "systemd"))
	feed(t, s, system.rename("systemd"))
	feed(t, s, system.process(bpf.CauseChange, 0, "systemd"))
	for p, want := range map[who]string{system: "init 1", shell: "service 100", child: "ssh 101", grand: "ssh 101"} {
		if e := s.byWho(p).Entry; e == nil || e.Type+" "+text(e.PID) != want {
			t.Errorf("%d: %+v, want %s", p, e, want)
		}
	}
}
