package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
)

// alert is what the demo shows of a record.
type alert struct{ severity, rule, body string }

var errNoAlert = errors.New("no alert came")

// await polls the file of the file exporter for an alert about the process pid.
func await(file string, pid int) (alert, error) {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		content, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return alert{}, err
		}
		for line := range bytes.Lines(content) {
			if a, ok := about(line, pid); ok {
				return a, nil
			}
		}
	}
	return alert{}, errNoAlert
}

// about finds an alert about pid in one batch. A line that is still being
// written holds none.
func about(line []byte, pid int) (alert, bool) {
	logs, err := new(plog.JSONUnmarshaler).UnmarshalLogs(line)
	if err != nil {
		return alert{}, false
	}
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				id, _ := record.Attributes().Get("process.pid")
				rule, isAlert := record.Attributes().Get("security_rule.name")
				if isAlert && id.Int() == int64(pid) {
					return alert{record.SeverityText(), rule.Str(), record.Body().Str()}, true
				}
			}
		}
	}
	return alert{}, false
}
