package record

import (
	"slices"
	"testing"

	"go.opentelemetry.io/collector/pdata/plog"
)

func TestAnnotate(t *testing.T) {
	lr := plog.NewLogRecord()
	lr.Attributes().PutStr("saker.proc.name", "ls")
	first := &Alert{
		Rule: "Read shadow", Description: "Somebody did.", Ruleset: "own.yaml", Version: "1.2.3",
		UUID: "4d2a", Priority: "Warning",
		Tags: []string{"host", "mitre_credential_access", "T1003.008", "T1003", "TA0006", "TA0010", "T12345", "T1003.8", "TA1"},
	}
	first.Annotation().Put(lr, "file=\xff")
	if lr.SeverityNumber() != 13 || lr.SeverityText() != "Warning" || lr.Body().Str() != "file=\uFFFD" {
		t.Errorf("%d %s %s", lr.SeverityNumber(), lr.SeverityText(), lr.Body().Str())
	}
	if got, want := dump(lr.Attributes()), `saker.proc.name: ls
saker.rule.priority: Warning
saker.rule.tags: ["host","mitre_credential_access","T1003.008","T1003","TA0006","TA0010","T12345","T1003.8","TA1"]
security_rule.description: Somebody did.
security_rule.name: Read shadow
security_rule.ruleset.name: own.yaml
security_rule.uuid: 4d2a
security_rule.version: 1.2.3
threat.tactic.id: ["TA0006","TA0010"]
threat.technique.id: ["T1003.008","T1003"]
`; got != want {
		t.Errorf("got\n%s", got)
	}
	(&Alert{Rule: "Other", Priority: "Notice"}).Annotation().Put(lr, "o")
	if got, want := dump(lr.Attributes()), `saker.proc.name: ls
saker.rule.priority: Notice
security_rule.name: Other
`; got != want || lr.SeverityNumber() != 10 {
		t.Errorf("a second alert: got\n%s", got)
	}
}

func TestSeverities(t *testing.T) {
	var got []int
	for _, priority := range []string{"Emergency", "Alert", "Critical", "Error", "Warning", "Notice", "Informational", "Debug", "?"} {
		lr := plog.NewLogRecord()
		(&Alert{Priority: priority}).Annotation().Put(lr, "")
		got = append(got, int(lr.SeverityNumber()))
	}
	if want := []int{21, 19, 18, 17, 13, 10, 9, 5, 0}; !slices.Equal(got, want) {
		t.Error(got)
	}
}
