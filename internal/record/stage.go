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

// IsAlert reports whether some stage made the record an alert already.
func IsAlert(lr plog.LogRecord) bool {
	_, ok := lr.Attributes().Get(KeyRulePriority)
	return ok
}
