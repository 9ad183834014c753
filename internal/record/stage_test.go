package record

import (
	"testing"

	"go.opentelemetry.io/collector/pdata/plog"
)

func TestCandidates(t *testing.T) {
	logs := plog.NewLogs()
	scopes := logs.ResourceLogs().AppendEmpty().ScopeLogs()
	first := scopes.AppendEmpty().Scope()
	if Candidates(first) {
		t.Error("an unmarked scope holds candidates")
	}
	MarkCandidates(logs)
	if !Candidates(first) {
		t.Error("a marked scope holds no candidates")
	}
	foreign := scopes.AppendEmpty().Scope()
	foreign.Attributes().PutStr(keyCandidates, "true")
	if Candidates(foreign) {
		t.Error("a text passes for the mark")
	}
}

func TestIsAlert(t *testing.T) {
	lr := plog.NewLogRecord()
	if IsAlert(lr) {
		t.Error("an empty record is an alert")
	}
	(&Alert{Rule: "r", Priority: "Debug"}).Annotation().Put(lr, "")
	if !IsAlert(lr) {
		t.Error("an annotated record is no alert")
	}
}
