package record

import (
	"runtime"
	"runtime/debug"
	"slices"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/sakerhq/saker/internal/event/eventtest"
)

const (
	benchBatches = 16  // a turn
	benchRecords = 128 // a batch
	perTurn      = benchBatches * benchRecords
)

// way makes batches of n records.
type way struct {
	name string
	make func(n int)
}

// recordWays make records of an alert: of a process that is met again, or of
// another one each time, with all that is done by default; and, last, the floor: what
// pdata takes for the same record when all that it says lies ready, so that nothing is
// looked up, searched or copied.
func recordWays(tb testing.TB) []way {
	e, wanted := eventtest.Named("open through a link"), refs(tb, stable...)
	w := NewWriter(Options{Redactor: newRedactor(tb), Limits: Limits{Attributes: 128, ValueLength: 8 << 10, ArrayLength: 256}})
	images := func(change uint64) func(int) {
		return func(n int) {
			for range n {
				e.Process.Image += change
				w.Add(e, wanted)
			}
			w.Take()
		}
	}
	model := w.Add(e, wanted)
	w.Take()
	return []way{{"again", images(0)}, {"new", images(1)}, {"pdata", func(n int) {
		records := plog.NewLogs().ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
		for range n {
			putPlainly(records.AppendEmpty(), model)
		}
	}}}
}

func putPlainly(lr, model plog.LogRecord) {
	lr.SetTimestamp(model.Timestamp())
	lr.SetObservedTimestamp(pcommon.NewTimestampFromTime(time.Now()))
	lr.SetEventName(model.EventName())
	attrs := lr.Attributes()
	attrs.EnsureCapacity(model.Attributes().Len())
	for key, value := range model.Attributes().All() {
		switch value.Type() {
		case pcommon.ValueTypeStr:
			attrs.PutStr(key, value.Str())
		case pcommon.ValueTypeInt:
			attrs.PutInt(key, value.Int())
		default:
			value.CopyTo(attrs.PutEmpty(key))
		}
	}
}

// figures are what BenchmarkRecord tells of each way: the time of making alone, with no
// garbage collected meanwhile, and the time with it, when each turn collects all the
// garbage that it made and no other.
var figures = []struct {
	suffix  string
	collect bool
}{{"", false}, {"+garbage", true}}

// turn is the CPU time of a record when a way makes many.
func (w *way) turn(collect bool) float64 {
	runtime.GC()
	if collect {
		defer debug.SetGCPercent(debug.SetGCPercent(100))
	}
	before := eventtest.CPUTime()
	for range benchBatches {
		w.make(benchRecords)
	}
	if collect {
		runtime.GC()
	}
	return float64(eventtest.CPUTime()-before) / perTurn
}

// allocs is how many allocations a record takes.
func (w *way) allocs() float64 {
	return testing.AllocsPerRun(10, func() { w.make(perTurn) }) / perTurn
}

// BenchmarkRecord gives the ways turns, in another order each round, so that they can
// be compared on a busy machine: the median of all rounds of the CPU time of a record,
// and of its ratio to the floor in the same round, with the quartiles.
func BenchmarkRecord(b *testing.B) {
	ways := recordWays(b)
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	times := map[string][]float64{}
	for round := 0; b.Loop(); round++ {
		for _, figure := range figures {
			for i := range ways {
				w := &ways[(round+i)%len(ways)]
				times[w.name+figure.suffix] = append(times[w.name+figure.suffix], w.turn(figure.collect))
			}
		}
	}
	for _, figure := range figures {
		floor := times[ways[len(ways)-1].name+figure.suffix]
		for i := range ways {
			w := &ways[i]
			name := w.name + figure.suffix
			ratios := make([]float64, len(floor))
			for i := range floor {
				ratios[i] = times[name][i] / floor[i]
			}
			slices.Sort(ratios)
			slices.Sort(times[name])
			n := len(ratios)
			b.ReportMetric(times[name][n/2], name+":cpu-ns/op")
			b.ReportMetric(w.allocs(), name+":allocs/op")
			b.ReportMetric(ratios[n/4], name+":p25/floor")
			b.ReportMetric(ratios[n/2], name+":p50/floor")
			b.ReportMetric(ratios[3*n/4], name+":p75/floor")
		}
	}
}

// TestNoAllocationOfOurOwn: a record costs the allocations that pdata makes for it.
func TestNoAllocationOfOurOwn(t *testing.T) {
	ways := recordWays(t)
	floor := ways[len(ways)-1]
	for _, w := range ways {
		if got, least := w.allocs(), floor.allocs(); got > least+0.1 {
			t.Errorf("%s: %.2f allocations, %s %.2f", w.name, got, floor.name, least)
		}
	}
}
