package record

import (
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/sakerhq/saker/internal/field"
)

// Keys of the attributes that tell what a record's attributes lack.
const (
	KeyTruncated = "saker.record.truncated" // keys of those that were longer
	KeyRedacted  = "saker.record.redacted"  // keys of those with secrets
	// keys of those that are not there, since nobody could read them
	KeyUnreadable = "saker.record.unreadable"
)

// lack is what a record doesn't say of its event: keys of attributes.
type lack struct {
	truncated, redacted, unreadable []string
	dropped                         int // of how many there was no room for
}

// any reports whether there is something, as there hardly ever is.
func (l *lack) any() bool {
	return len(l.truncated)+len(l.redacted)+len(l.unreadable)+l.dropped > 0
}

func (l *lack) reset() {
	if !l.any() {
		return
	}
	*l = lack{truncated: l.truncated[:0], redacted: l.redacted[:0], unreadable: l.unreadable[:0]}
}

func (l *lack) clone() lack {
	return lack{slices.Clone(l.truncated), slices.Clone(l.redacted), slices.Clone(l.unreadable), l.dropped}
}

func (l *lack) add(more *lack) {
	l.truncated = append(l.truncated, more.truncated...)
	l.redacted = append(l.redacted, more.redacted...)
	l.unreadable = append(l.unreadable, more.unreadable...)
	l.dropped += more.dropped
}

// alters reports whether later stages see other values than this one, which sees
// the event; what nobody could read nobody sees.
func (l *lack) alters() bool { return len(l.truncated)+len(l.redacted)+l.dropped > 0 }

// tell says it of lr, beside what was said of that before.
func (l *lack) tell(lr plog.LogRecord) {
	if l.dropped > 0 {
		lr.SetDroppedAttributesCount(lr.DroppedAttributesCount() + uint32(l.dropped))
	}
	tellKeys(lr.Attributes(), KeyTruncated, l.truncated)
	tellKeys(lr.Attributes(), KeyRedacted, l.redacted)
	tellKeys(lr.Attributes(), KeyUnreadable, l.unreadable)
}

func tellKeys(attrs pcommon.Map, key string, list []string) {
	if len(list) == 0 {
		return
	}
	slices.Sort(list) // what other records said must not show
	if told, ok := attrs.Get(key); ok {
		putTexts(told.Slice(), list)
		return
	}
	putTexts(attrs.PutEmptySlice(key), list)
}

func putTexts(to pcommon.Slice, list []string) {
	to.EnsureCapacity(to.Len() + len(list))
	for _, s := range list {
		to.AppendEmpty().SetStr(valid(s))
	}
}

// noted is keys with that of ref at the end, once.
func noted(keys []string, ref *field.Ref) []string {
	if n := len(keys); n > 0 && keys[n-1] == ref.Key() {
		return keys
	}
	return append(keys, ref.Key())
}
