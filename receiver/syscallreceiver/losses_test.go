package syscallreceiver

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/record"
)

// untoldOf is what losses have to tell, in short.
func untoldOf(l *losses, began time.Time) (list []string) {
	for _, r := range l.list() {
		list = append(list, r.Class+" "+r.Cause+" "+time.Duration(r.Count).String()+
			" "+r.From.Sub(began).String()+" "+r.To.Sub(began).String())
	}
	if l.untold() != (len(list) > 0) {
		list = append(list, "untold disagrees")
	}
	return list
}

func TestLosses(t *testing.T) {
	began := time.Unix(1000, 0)
	l := losses{looked: began}
	c := &counts{}
	look := func(second int, calls, processes uint64) {
		k := bpf.Counts{Calls: bpf.Count{LostRing: calls}, Processes: bpf.Count{LostSize: processes}}
		l.look(&k, c, began.Add(time.Duration(second)*time.Second))
	}
	for _, step := range []struct {
		name string
		do   func()
		want []string
	}{
		{"nothing", func() { look(1, 0, 0) }, nil},
		{"lost between two looks", func() { look(2, 5, 0) }, []string{"call ring_full 5ns 1s 2s"}},
		{"more of it, untold", func() { look(3, 6, 2) }, []string{"call ring_full 6ns 1s 3s", "process too_large 2ns 2s 3s"}},
		{"an older time stays", func() { look(4, 6, 2) }, []string{"call ring_full 6ns 1s 3s", "process too_large 2ns 2s 3s"}},
		{"told", l.accept, nil},
		{"nothing since", func() { look(6, 6, 2) }, nil},
		{"grown again", func() { look(7, 9, 2) }, []string{"call ring_full 3ns 6s 7s"}},
		{"a counter that fell", func() { look(8, 1, 2) }, []string{"call ring_full 3ns 6s 7s"}},
		{"bad records", func() { c.undecodable.Add(1); look(9, 9, 2) }, []string{"call ring_full 3ns 6s 7s", "any undecodable 1ns 8s 9s"}},
		{"told, too", l.accept, nil},
		{"refused", func() { l.grow(refused, c.refused.Add(4), began.Add(5*time.Second), began.Add(9*time.Second)) }, []string{"log refused 4ns 5s 9s"}},
		{"not twice", func() { look(10, 9, 2) }, []string{"log refused 4ns 5s 9s"}},
		{"refused, of before", func() { l.grow(refused, c.refused.Add(1), began.Add(3*time.Second), began.Add(11*time.Second)) }, []string{"log refused 5ns 3s 11s"}},
	} {
		step.do()
		if diff := cmp.Diff(step.want, untoldOf(&l, began)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.name, diff)
		}
	}
}

// Each account has a place of its own in the metric and words for people.
func TestAccountsAreComplete(t *testing.T) {
	seen := map[string]bool{}
	for i, a := range allAccounts {
		if a.counted == nil || a.what == "" || a.why == "" || seen[a.class+a.cause] {
			t.Errorf("account %d, %s %s", i, a.class, a.cause)
		}
		seen[a.class+a.cause] = true
	}
	if accounts[refused].cause != "refused" {
		t.Error("the account of refused records is another")
	}
}

func TestLossIsToldInTheStream(t *testing.T) {
	r := startLoop(t, byRule(t, "evt.type = ptrace and evt.arg.request = PTRACE_ATTACH"), BatchConfig{MaxRecords: 100, MaxDelay: time.Hour})
	r.source.counts.Store(&bpf.Counts{Calls: bpf.Count{LostRing: 3}})
	r.source.reads <- [][]byte{call(t, "ptrace", attach, 5), []byte("bad")}
	want := []string{"syscall.ptrace PTRACE_ATTACH candidate", "saker.loss call ring_full 3", "saker.loss any undecodable 1"}
	if diff := cmp.Diff(want, r.next(t)); diff != "" {
		t.Errorf("after a second (-want +got):\n%s", diff)
	}
	r.source.counts.Store(&bpf.Counts{Calls: bpf.Count{LostRing: 5}})
	if err := r.source.Stop(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"saker.loss call ring_full 2"}, r.next(t)); diff != "" {
		t.Errorf("at the end (-want +got):\n%s", diff)
	}
}

// What a refused batch told of losses is told again, and that it was refused.
func TestRefusedBatchIsTold(t *testing.T) {
	began, trace := time.Now(), call(t, "ptrace", attach, 5)
	r := startLoop(t, byNames(t, "ptrace"), BatchConfig{MaxRecords: 2, MaxDelay: time.Hour})
	r.refuses.Store(true)
	r.source.reads <- [][]byte{trace, trace, []byte("bad"), trace, trace}
	eventually(t, "4 refused records", func() bool { return r.counts.refused.Load() == 4 })
	r.refuses.Store(false)
	r.source.reads <- [][]byte{trace, trace}
	got := r.next(t)
	for _, want := range []string{"syscall.ptrace PTRACE_ATTACH", "syscall.ptrace PTRACE_ATTACH", "saker.loss log refused 4"} {
		if len(got) == 0 || got[0] != want {
			t.Fatalf("the next batch goes on with %q, want %q", got, want)
		}
		got = got[1:]
	}
	_ = r.source.Stop()
	<-r.ended
	// The gap is when the events happened, a second after the machine's start.
	if of := r.losses.by[refused]; of.told != 4 || r.losses.untold() || !of.from.Before(began) {
		t.Errorf("told %+v", of)
	}
}

func TestLossRecordSaysWhen(t *testing.T) {
	before := time.Now()
	r := startLoop(t, byNames(t, "ptrace"), BatchConfig{MaxRecords: 100, MaxDelay: time.Hour})
	r.source.counts.Store(&bpf.Counts{Processes: bpf.Count{LostRing: 1}})
	_ = r.source.Stop()
	logs := <-r.batches
	lr := logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0)
	var times []time.Time
	for _, key := range []string{record.KeyLossFrom, record.KeyLossTo} {
		v, _ := lr.Attributes().Get(key)
		at, err := time.Parse(time.RFC3339Nano, v.Str())
		if err != nil {
			t.Fatal(err)
		}
		times = append(times, at)
	}
	if times[0].Before(before.Add(-time.Millisecond)) || times[1].Before(times[0]) || times[1].After(time.Now()) {
		t.Errorf("lost between %v and %v", times[0], times[1])
	}
}
