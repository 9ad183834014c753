package record

import (
	"slices"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/sakerhq/saker/internal/event/eventtest"
)

// benchRecords is how many records one way makes before it is the next one's turn: enough that
// garbage is collected in each turn some times. With fewer it was always the same way's.
const benchRecords = 4096

// recordWays make records of an alert: of a process that is met again, or of
// another one each time, with all that is done by default; and the floor: what pdata
// takes for the same record when all that it says lies ready, so that nothing is
// looked up, searched or copied.
func recordWays(tb testing.TB) (names []string, ways []func(n int)) {
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
	return []string{"again", "new", "pdata"}, []func(int){images(0), images(1), func(n int) {
		records := plog.NewLogs().ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
		for range n {
			putPlainly(records.AppendEmpty(), model)
		}
	}}
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

// BenchmarkRecord gives the ways turns, so that they can be compared on a busy
// machine: CPU time of a record, the median of all turns.
func BenchmarkRecord(b *testing.B) {
	names, ways := recordWays(b)
	turns := make([][]float64, len(ways))
	for b.Loop() {
		for i, way := range ways {
			before := eventtest.CPUTime()
			way(benchRecords)
			turns[i] = append(turns[i], float64(eventtest.CPUTime()-before)/benchRecords)
		}
	}
	for i, name := range names {
		slices.Sort(turns[i])
		b.ReportMetric(turns[i][len(turns[i])/2], name+":cpu-ns/op")
	}
}

// TestNoAllocationOfOurOwn: a record costs the allocations that pdata makes for it.
func TestNoAllocationOfOurOwn(t *testing.T) {
	names, ways := recordWays(t)
	var got []float64
	for _, way := range ways {
		got = append(got, testing.AllocsPerRun(10, func() { way(benchRecords) })/benchRecords)
	}
	for i, name := range names {
		if got[i] > got[len(got)-1]+0.1 {
			t.Errorf("%s: %.2f allocations, %s %.2f", name, got[i], names[len(names)-1], got[len(got)-1])
		}
	}
}
