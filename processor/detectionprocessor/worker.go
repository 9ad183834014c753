package detectionprocessor

import (
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/internal/record"
	"github.com/sakerhq/saker/rules"
)

// worker evaluates records, one at a time.
type worker struct {
	matcher  *rules.Matcher
	events   *record.Reader    // of records that tell system calls
	logs     *record.LogReader // of others
	alerts   map[*rules.Rule]*record.Annotation
	rules    map[string]*rules.Rule // enabled ones by name
	matched  []*rules.Rule          // for the record at hand
	output   []byte
	resource pcommon.Resource
	source   string // of log records that don't say theirs
	drop     bool   // records that no rule is true for
}

// begin says where the next records stand.
func (w *worker) begin(resource pcommon.Resource, source string, drop bool) {
	w.resource, w.source, w.drop = resource, source, drop
}

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
	if record.IsNotice(original) {
		return false
	}
	src, matches := w.match(original)
	var first *rules.Rule
	for _, rule := range w.verdicts(original, matches) {
		matched(rule)
		if first == nil {
			first = rule // the last one to be written: the others read it
			continue
		}
		further := records.AppendEmpty()
		original.CopyTo(further)
		w.annotate(further, rule, src)
	}
	if first == nil {
		return false
	}
	w.annotate(original, first, src)
	return true
}

// verdicts are the rules that are true: here, or where the record was made if
// it says less than was known there.
func (w *worker) verdicts(lr plog.LogRecord, matches []rules.Match) []*rules.Rule {
	w.matched = w.matched[:0]
	for _, m := range matches {
		if m.Verdict == rules.True {
			w.matched = append(w.matched, m.Rule)
		}
	}
	record.Matched(lr, func(name string) {
		if rule := w.rules[name]; rule != nil && !slices.Contains(w.matched, rule) {
			w.matched = append(w.matched, rule)
		}
	})
	return w.matched
}

// match asks the rules of the record's source.
func (w *worker) match(lr plog.LogRecord) (src field.Source, matches []rules.Match) {
	source := record.Source(lr, w.source)
	if source == rules.SyscallSource {
		w.events.Reset(w.resource, lr)
		return w.events, w.matcher.Match(w.events, source, w.events.EventType())
	}
	w.logs.Reset(w.resource, lr, source)
	return w.logs, w.matcher.Match(w.logs, source, "")
}

func (w *worker) annotate(lr plog.LogRecord, rule *rules.Rule, src field.Source) {
	w.output = rule.AppendOutput(w.output[:0], src)
	if rule.Source != rules.SyscallSource {
		record.KeepBody(lr)
	}
	for key, value := range rule.Extras(src) {
		record.Put(lr.Attributes(), key, &value)
	}
	w.alerts[rule].Put(lr, string(w.output))
}
