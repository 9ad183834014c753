package record

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/sakerhq/saker/internal/field"
)

// keySource is the attribute of a record, scope or resource that says for
// which source's rules the records are.
const keySource = "saker.source"

// keyOriginal is where a log record that becomes an alert keeps its body.
const keyOriginal = "log.record.original"

// syscallSource is the source of the records that Writer makes.
const syscallSource = "syscall"

// ScopeSource says for which source's rules the records of a scope are, if
// they don't say themselves: otherwise if the scope and its resource don't.
func ScopeSource(resource pcommon.Resource, scope pcommon.InstrumentationScope, otherwise string) string {
	return named(scope.Attributes(), named(resource.Attributes(), otherwise))
}

// Source says for which source's rules a record is. What tells a system call
// is of the source "syscall".
func Source(lr plog.LogRecord, ofScope string) string {
	if strings.HasPrefix(lr.EventName(), eventPrefix) {
		return syscallSource
	}
	if _, ok := lr.Attributes().Get(field.Falco().Lookup("evt.type").Attr); ok {
		return syscallSource
	}
	return named(lr.Attributes(), ofScope)
}

func named(attrs pcommon.Map, otherwise string) string {
	if v, ok := attrs.Get(keySource); ok && v.AsString() != "" {
		return v.AsString()
	}
	return otherwise
}

// KeepBody keeps what the record says before an alert's output takes its place.
func KeepBody(lr plog.LogRecord) {
	if _, kept := lr.Attributes().Get(keyOriginal); !kept && lr.Body().Type() != pcommon.ValueTypeEmpty {
		lr.Attributes().PutStr(keyOriginal, lr.Body().AsString())
	}
}
