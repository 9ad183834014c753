package record

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// keyCandidates marks a scope whose records are there only because some rule
// may be true for them, so that a stage that knows better may drop them.
const keyCandidates = "saker.candidates"

// MarkCandidates marks all records of a batch that Writer made.
func MarkCandidates(logs plog.Logs) {
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			scope.Scope().Attributes().PutBool(keyCandidates, true)
		}
	}
}

// Candidates reports whether the records of a scope are marked.
func Candidates(scope pcommon.InstrumentationScope) bool {
	v, ok := scope.Attributes().Get(keyCandidates)
	return ok && v.Bool()
}

// keyMatched names the rules that were true for the event of a record that
// says less than it: what was left out can't make them false later.
const keyMatched = "saker.record.matched"

// MarkMatched says which rules were true when nothing was left out yet.
func MarkMatched(lr plog.LogRecord, rules []string) {
	if len(rules) > 0 {
		putTexts(lr.Attributes().PutEmptySlice(keyMatched), rules)
	}
}

// Matched calls yield for each rule that the record is marked with.
func Matched(lr plog.LogRecord, yield func(rule string)) {
	v, ok := lr.Attributes().Get(keyMatched)
	if !ok || v.Type() != pcommon.ValueTypeSlice {
		return
	}
	for _, name := range v.Slice().All() {
		yield(name.AsString())
	}
}

// IsAlert reports whether some stage made the record an alert already.
func IsAlert(lr plog.LogRecord) bool {
	_, ok := lr.Attributes().Get(KeyRulePriority)
	return ok
}
