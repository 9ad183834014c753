package record

import (
	"fmt"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// LossEvent is the event name of a record that tells of a gap in the stream.
const LossEvent = "saker.loss"

// Keys of the attributes that say what was lost.
const (
	KeyLossClass = "saker.loss.class"
	KeyLossCause = "saker.loss.cause"
	KeyLossCount = "saker.loss.count"
	KeyLossFrom  = "saker.loss.from"
	KeyLossTo    = "saker.loss.to"
)

// Loss is a gap: Count of What got lost at some time between From and To.
type Loss struct {
	Class, Cause string
	Count        uint64
	From, To     time.Time
	What, Why    string // Class and Cause in words, for the record's body
}

// TellLosses appends a record for each loss to a batch that Take gave. They
// stand in a scope of their own, which is never marked as candidates: no rule
// decides whether a gap is told. No loss appends nothing.
func (w *Writer) TellLosses(logs plog.Logs, losses []Loss) {
	if len(losses) == 0 {
		return
	}
	resource := logs.ResourceLogs().AppendEmpty()
	for _, a := range w.host {
		resource.Resource().Attributes().PutStr(a.key, a.value)
	}
	scope := resource.ScopeLogs().AppendEmpty()
	scope.Scope().SetName(ScopeName)
	for i := range losses {
		losses[i].put(scope.LogRecords().AppendEmpty())
	}
}

// put makes lr the record of the loss.
func (l *Loss) put(lr plog.LogRecord) {
	from, to := l.From.UTC().Format(time.RFC3339Nano), l.To.UTC().Format(time.RFC3339Nano)
	lr.SetEventName(LossEvent)
	lr.SetTimestamp(pcommon.NewTimestampFromTime(l.To))
	lr.SetObservedTimestamp(pcommon.NewTimestampFromTime(time.Now()))
	lr.SetSeverityNumber(plog.SeverityNumberWarn)
	lr.SetSeverityText("Warning")
	lr.Body().SetStr(fmt.Sprintf("%s were lost between %s and %s, %d in all: %s", l.What, from, to, l.Count, l.Why))
	attrs := lr.Attributes()
	attrs.PutStr(KeyLossClass, l.Class)
	attrs.PutStr(KeyLossCause, l.Cause)
	attrs.PutInt(KeyLossCount, int64(l.Count))
	attrs.PutStr(KeyLossFrom, from)
	attrs.PutStr(KeyLossTo, to)
}

// IsLoss reports whether the record tells of a gap: then it is about no event,
// and no rule can be true for it.
func IsLoss(lr plog.LogRecord) bool { return lr.EventName() == LossEvent }
