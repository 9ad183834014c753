package syscallreceiver

import (
	"context"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/field"
)

// scanned is a source whose scan finds processes.
type scanned struct {
	*script
	pids  []uint32
	scans int
}

func (s *scanned) Scan(take func(bpf.Raw)) error {
	s.scans++
	for _, pid := range s.pids {
		w := bpf.WireProcess{
			Header: bpf.WireHeader{Time: 2e9, Start: 1, Pid: pid, Tid: pid, Type: bpf.TypeProcess, Row: bpf.RowNone},
			Cause:  bpf.CauseScan,
		}
		take(unsafe.Slice((*byte)(unsafe.Pointer(&w)), unsafe.Sizeof(w)))
	}
	return nil
}

// TestHealing: what was lost of processes is scanned again, not too often, and
// told.
func TestHealing(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	src := &scanned{script: newScript(), pids: []uint32{10, 11}}
	batches := make(chan plog.Logs, 10)
	l := mustLoop(t, cfg, src, byNames(t, "ptrace"), func(_ context.Context, logs plog.Logs, _ int) error {
		batches <- logs
		return nil
	})
	if _, err := l.rescan(); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	look := func(after time.Duration, lost uint64, pids ...uint32) {
		src.pids = pids
		src.counts.Store(&bpf.Counts{Processes: bpf.Count{LostRing: min(lost, 3)}, Calls: bpf.Count{LostMissed: max(lost, 3) - 3, LostRing: 7}})
		l.look(now.Add(after))
		l.flush()
	}
	for _, c := range []struct {
		name  string
		after time.Duration
		lost  uint64
		pids  []uint32
		scans int
		told  []string
	}{
		{"nothing was lost", 0, 0, nil, 1, nil},
		{"something was", time.Second, 1, []uint32{10, 12, 13}, 2, []string{"found 2 ended 1"}},
		{"more was, too soon", 2 * time.Second, 2, []uint32{10}, 2, nil},
		{"and some time later", 20 * time.Second, 2, []uint32{10}, 3, []string{"found 0 ended 2"}},
		{"since then nothing", 60 * time.Second, 2, []uint32{10}, 3, nil},
		{"all is as it was known", 90 * time.Second, 3, []uint32{10}, 4, nil},
		{"a call was missed", 120 * time.Second, 4, []uint32{10, 14}, 5, []string{"found 1 ended 0"}},
	} {
		look(c.after, c.lost, c.pids...)
		if src.scans != c.scans {
			t.Errorf("%s: %d scans, want %d", c.name, src.scans, c.scans)
		}
		if diff := cmp.Diff(c.told, repairs(batches)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	if n := l.counts.healed.Load(); n != 6 {
		t.Errorf("%d healed", n)
	}
}

func repairs(batches chan plog.Logs) (told []string) {
	for len(batches) > 0 {
		for _, resource := range (<-batches).ResourceLogs().All() {
			for _, lr := range resource.ScopeLogs().At(0).LogRecords().All() {
				if lr.EventName() != "saker.repair" {
					continue
				}
				found, _ := lr.Attributes().Get("saker.repair.found")
				ended, _ := lr.Attributes().Get("saker.repair.ended")
				told = append(told, "found "+found.AsString()+" ended "+ended.AsString())
			}
		}
	}
	return told
}

// TestNeeds: what costs something is captured only if a rule asks for it.
func TestNeeds(t *testing.T) {
	for condition, want := range map[string]field.Needs{
		"evt.type = connect and fd.sip = 192.0.2.1":                field.Needs(0),
		"evt.type = connect and fd.sip.name = example.com":         field.Answers,
		"evt.type = execve and proc.env[LD_PRELOAD] exists":        field.Environment,
		"evt.type = execve and evt.arg.env contains x":             field.Environment,
		"evt.type = execve and proc.aenv[1] contains x":            field.Environment,
		"evt.type = connect and (fd.rip.name = a or proc.env = b)": field.Answers | field.Environment,
	} {
		if got := byRule(t, condition).needs(); got != want {
			t.Errorf("%s: needs %d, want %d", condition, got, want)
		}
	}
	if got := byNames(t, "execve").needs(); got != field.Environment {
		t.Errorf("all of execve: %d", got)
	}
}
