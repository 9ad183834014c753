package detectionprocessor

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/sakerhq/saker/internal/record"
	"github.com/sakerhq/saker/rules"
)

// worker evaluates records, one at a time.
type worker struct {
	matcher  *rules.Matcher
	reader   *record.Reader
	alerts   map[*rules.Rule]*record.Alert
	output   []byte
	resource pcommon.Resource
	drop     bool // records that no rule is true for
}

// begin says where the next records stand.
func (w *worker) begin(resource pcommon.Resource, drop bool) { w.resource, w.drop = resource, drop }

// scope evaluates all records of a slice and tells every match. It gives the
// number of records that it took out. Copies for further matches of a record
// stand at the end.
func (w *worker) scope(records plog.LogRecordSlice, matched func(*rules.Rule)) (dropped int) {
	var unmatched []bool
	for i := range records.Len() {
		hit := w.record(records, i, matched)
		if !hit && w.drop {
			if unmatched == nil {
				unmatched = make([]bool, records.Len())
			}
			unmatched[i] = true
			dropped++
		}
	}
	if dropped > 0 {
		i := -1
		records.RemoveIf(func(plog.LogRecord) bool {
			i++
			return i < len(unmatched) && unmatched[i]
		})
	}
	return dropped
}

// record evaluates one record: the first rule that is true makes it an alert,
// each further one a copy of it. Unknown counts as false: this stage is the
// last one. What an earlier stage made an alert stays as it is, and a record
// that tells of a loss is about no event.
func (w *worker) record(records plog.LogRecordSlice, i int, matched func(*rules.Rule)) (hit bool) {
	original := records.At(i)
	if record.IsAlert(original) {
		return true
	}
	if record.IsLoss(original) {
		return false
	}
	w.reader.Reset(w.resource, original)
	var first *rules.Rule
	for _, m := range w.matcher.Match(w.reader, rules.SyscallSource, w.reader.EventType()) {
		if m.Verdict != rules.True {
			continue
		}
		matched(m.Rule)
		if first == nil {
			first = m.Rule // the last one to be written: the others read it
			continue
		}
		further := records.AppendEmpty()
		original.CopyTo(further)
		w.annotate(further, m.Rule)
	}
	if first == nil {
		return false
	}
	w.annotate(original, first)
	return true
}

func (w *worker) annotate(lr plog.LogRecord, rule *rules.Rule) {
	w.output = rule.AppendOutput(w.output[:0], w.reader)
	alert := *w.alerts[rule]
	alert.Output = string(w.output)
	record.Annotate(lr, &alert)
}
