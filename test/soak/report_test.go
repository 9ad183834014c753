package soak

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"
)

const mib = 1 << 20

// What the memory may grow by from the middle third of the run's samples to
// the last: a twentieth and some MiB of noise; and what the caches hold at
// most, in runs too short to fill them before.
const (
	noise    = 4 * mib
	caches   = 24 * mib
	longRun  = 5 * time.Minute
	allowFDs = 4 // opened for a moment: /proc, connections of the sink and of who reads metrics
)

// judge says what is wrong with the run.
func (r *run) judge(last sample) {
	t := r.t
	loaded := r.samples[:r.loaded]
	allowed := int64(noise)
	if *duration < longRun {
		allowed += caches
	}
	rss := column(loaded, func(s sample) int64 { return s.rss })
	if before, after := trend(rss); after > before+before/20+allowed {
		t.Errorf("the memory grew from %d to %d MiB", before/mib, after/mib)
	}
	descriptors := column(loaded, func(s sample) int64 { return int64(s.descriptors) })
	if before, after := trend(descriptors); after > before || slices.Max(descriptors) > before+allowFDs {
		t.Errorf("descriptors: %d, then %d, at most %d", before, after, slices.Max(descriptors))
	}
	first := &loaded[0]
	for _, s := range r.samples {
		if !same(s.programs, first.programs) || !same(s.maps, first.maps) || !same(s.links, first.links) {
			t.Fatalf("the BPF objects changed: %v", &s)
		}
		if known := s.metrics.of("processes"); known > int64(s.running)+graceful {
			t.Errorf("%d processes are known, %d run", known, s.running)
		}
	}
	r.judgeLosses(last)
	r.judgeActs()
}

// graceful is how many processes that ended are known at most, and some that
// started while they were counted.
const graceful = 2048 + stragglers

const placeholders = "placeholder_processes"

// longStall is how long the collector may be stopped so that what else a busy machine
// starts and ends meanwhile has room.
const longStall = 3 * time.Second

// judgeLosses wants the losses that the run provoked.
func (r *run) judgeLosses(last sample) {
	t := r.t
	lost := last.metrics.lost()
	if lost[account{"call", "ring_full"}] == 0 || r.stalls == 0 {
		t.Errorf("%d floods lost nothing", r.stalls)
	}
	if (lost[account{"log", "refused"}] > 0) != (r.sink.refused > 0) {
		t.Errorf("%d batches refused, %d records of them lost", r.sink.refused, lost[account{"log", "refused"}])
	}
	provoked := map[account]bool{{"call", "ring_full"}: true, {"log", "refused"}: true}
	processes := account{"process", "ring_full"} // a flood of calls takes none of their room
	provoked[processes] = r.longest > longStall
	for a, n := range lost {
		if n > 0 && !provoked[a] {
			t.Errorf("%d records lost: %v", n, a)
		}
	}
	// Who ended between the start and the first scan is known to nobody.
	if from, n := r.samples[0].metrics.of(placeholders), last.metrics.of(placeholders); n > from && lost[processes] == 0 {
		i := slices.IndexFunc(r.samples, func(s sample) bool { return s.metrics.of(placeholders) > from })
		t.Errorf("%d processes are not known, the first since %v, though nothing of processes was lost", n-from, r.samples[i].at.Sub(r.samples[0].at))
	}
	if r.sink.strange > 0 {
		t.Errorf("%d records are neither alerts nor tell of losses", r.sink.strange)
	}
}

// judgeActs wants an alert for each act, or a gap that is told.
func (r *run) judgeActs() {
	if !r.official {
		r.acts = nil // what containers do breaks one of those only
	}
	r.acts = append(r.acts, r.canaries.done...)
	silent, gaps := 0, 0
	for _, a := range r.acts {
		switch {
		case r.sink.alerted(a):
		case r.sink.inGap(a):
			gaps++
		default:
			silent++
			r.t.Errorf("no alert of %q about process %d, and no gap is told at %v", a.rule, a.pid, a.began)
		}
	}
	r.said = append(r.said, fmt.Sprintf("%d acts, %d of them without an alert, %d of these in a gap that is told", len(r.acts), gaps+silent, gaps))
}

// trend is the median of the middle third and that of the last.
func trend(values []int64) (middle, last int64) {
	third := len(values) / 3
	return median(values[third : 2*third]), median(values[2*third:])
}

func median(values []int64) int64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

func column(samples []sample, of func(sample) int64) (values []int64) {
	for _, s := range samples {
		values = append(values, of(s))
	}
	return values
}

func same(a, b objects) bool {
	for id := range a {
		if !b[id] {
			return false
		}
	}
	return len(a) == len(b)
}

func sum(accounts map[account]int64) (all int64) {
	for _, n := range accounts {
		all += n
	}
	return all
}

// rows is how many lines the table has.
const rows = 10

// table shows the run.
func (r *run) table() string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "time\tevents\tper second\tlost\tprocesses\tRSS MiB\tdescriptors\tprograms\tmaps\tlinks\tCPU %\t")
	before := r.samples[0]
	for i := 1; i <= rows; i++ {
		s := r.samples[i*(r.loaded-1)/rows]
		past := max(s.at.Sub(before.at), time.Millisecond)
		events := s.metrics.of("events")
		fmt.Fprintf(w, "%v\t%d\t%.0f\t%d\t%d\t%.1f\t%d\t%d\t%d\t%d\t%.1f\t\n", s.at.Sub(r.samples[0].at).Round(time.Second),
			events, float64(events-before.metrics.of("events"))/past.Seconds(), sum(s.metrics.lost()),
			s.metrics.of("processes"), float64(s.rss)/mib, s.descriptors, len(s.programs), len(s.maps), len(s.links),
			100*float64(s.cpu-before.cpu)/float64(past))
		before = s
	}
	w.Flush()
	for a, n := range r.samples[len(r.samples)-1].metrics.lost() {
		if n > 0 {
			r.said = append(r.said, fmt.Sprintf("%d lost: %s, %s", n, a.class, a.cause))
		}
	}
	if late := r.sink.delays(); len(late) > 0 {
		r.said = append(r.said, fmt.Sprintf("alerts came %v after their events, 1 in 100 %v or later",
			late[len(late)/2].Round(10*time.Microsecond), late[len(late)*99/100].Round(10*time.Microsecond)))
	}
	records, alerts := r.sink.total()
	slices.Sort(r.said)
	fmt.Fprintf(&text, "%d records, %d of them alerts; %d batches refused, %d floods\n%s\n", records, alerts, r.sink.refused, r.stalls, strings.Join(r.said, "\n"))
	return text.String()
}

func TestTrend(t *testing.T) {
	for _, c := range []struct {
		values       []int64
		middle, last int64
	}{
		{[]int64{1, 1, 1, 5, 5, 5, 9, 9, 9}, 5, 9},
		{[]int64{9, 9, 9, 5, 99, 5, 5, 5, 5}, 5, 5}, // neither warming up nor a moment counts
		{[]int64{1, 2, 3, 4, 5, 6, 7, 8}, 4, 7},
	} {
		if middle, last := trend(c.values); middle != c.middle || last != c.last {
			t.Errorf("%v: %d, %d; want %d, %d", c.values, middle, last, c.middle, c.last)
		}
	}
}

func TestActs(t *testing.T) {
	at := func(n int64) time.Time { return time.Unix(n, 0) }
	a, err := parseAct("did 7 1000000000 2000000000 A rule: of words")
	if want := (act{"A rule: of words", 7, at(1), at(2)}); err != nil || a != want {
		t.Errorf("%+v %v, want %+v", a, err, want)
	}
	if _, err := parseAct("did seven"); err == nil {
		t.Error("a line without times is an act")
	}
	for _, c := range []struct {
		from, to int64
		want     bool
	}{{0, 0, false}, {0, 1, true}, {1, 1, true}, {0, 9, true}, {2, 9, true}, {3, 9, false}} {
		if got := a.during(at(c.from), at(c.to)); got != c.want {
			t.Errorf("from %d to %d: %v", c.from, c.to, got)
		}
	}
}
