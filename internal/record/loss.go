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

// TellLosses appends a record for each loss to a batch that Take gave; no rule
// decides whether a gap is told. No loss appends nothing.
func (w *Writer) TellLosses(logs plog.Logs, losses []Loss) {
	if len(losses) == 0 {
		return
	}
	records := w.apart(logs)
	for i := range losses {
		losses[i].put(records.AppendEmpty())
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

// RepairEvent is the event name of a record that tells that what was known of
// processes was wrong, and is right again.
const RepairEvent = "saker.repair"

// Keys of the attributes that say what was put right.
const (
	KeyRepairFound = "saker.repair.found"
	KeyRepairEnded = "saker.repair.ended"
)

// Repair is what a scan found after losses: processes that ran unknown, and
// others that no longer ran.
type Repair struct {
	At           time.Time
	Found, Ended uint64
}

// TellRepairs appends a record for each repair, as TellLosses does for losses.
func (w *Writer) TellRepairs(logs plog.Logs, repairs []Repair) {
	if len(repairs) == 0 {
		return
	}
	records := w.apart(logs)
	for _, r := range repairs {
		lr := records.AppendEmpty()
		lr.SetEventName(RepairEvent)
		lr.SetTimestamp(pcommon.NewTimestampFromTime(r.At))
		lr.SetObservedTimestamp(pcommon.NewTimestampFromTime(time.Now()))
		lr.SetSeverityNumber(plog.SeverityNumberInfo)
		lr.SetSeverityText("Information")
		lr.Body().SetStr(fmt.Sprintf("After losses, a scan found %d processes that ran unknown and %d that had ended", r.Found, r.Ended))
		lr.Attributes().PutInt(KeyRepairFound, int64(r.Found))
		lr.Attributes().PutInt(KeyRepairEnded, int64(r.Ended))
	}
}

// apart is where records stand that are about no event: in a scope of their
// own, which is never marked as candidates.
func (w *Writer) apart(logs plog.Logs) plog.LogRecordSlice {
	resource := logs.ResourceLogs().AppendEmpty()
	for _, a := range w.host {
		resource.Resource().Attributes().PutStr(a.key, a.value)
	}
	scope := resource.ScopeLogs().AppendEmpty()
	scope.Scope().SetName(ScopeName)
	return scope.LogRecords()
}

// IsLoss reports whether the record tells of a gap.
func IsLoss(lr plog.LogRecord) bool { return lr.EventName() == LossEvent }

// IsNotice reports whether the record tells of a gap or a repair: then it is
// about no event, and no rule can be true for it.
func IsNotice(lr plog.LogRecord) bool { return IsLoss(lr) || lr.EventName() == RepairEvent }
