package record

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/field"
)

// Reader gives the fields of one log record after another; it is a
// field.Source. A field whose attribute the record and its resource lack, or
// have as another type, is Missing. It is for one goroutine.
//
// Its values share the record's memory: they are valid until the record
// changes or Reset.
type Reader struct {
	record plog.LogRecord
	slots  []slot // by a field's number
	keyed  []keyed
	reset  uint64
	list   []field.Value // elements of the lists that were read
	kind   *field.Field  // evt.type
	// Keys of the attributes that say not all, and of those that nobody could read.
	truncated, unreadable pcommon.Slice
	partly                bool // there are any
}

// slot is the attribute of one field, if reset is the reader's.
type slot struct {
	reset uint64
	value pcommon.Value
}

// keyed is an attribute whose key ends in an argument.
type keyed struct {
	field int
	arg   string
	value pcommon.Value
}

// NewReader makes a reader that has no record yet.
func NewReader() *Reader {
	return &Reader{
		slots:  make([]slot, len(field.Falco().Fields())),
		kind:   field.Falco().Lookup("evt.type"),
		record: plog.NewLogRecord(),
	}
}

// Reset makes lr, of the resource, the record that is read.
func (r *Reader) Reset(resource pcommon.Resource, lr plog.LogRecord) {
	r.record = lr
	r.reset++
	r.keyed = r.keyed[:0]
	r.list = r.list[:0]
	r.partly = false
	r.take(resource.Attributes())
	r.take(lr.Attributes())
}

// take sorts attributes to their fields; later ones win.
func (r *Reader) take(attrs pcommon.Map) {
	k := keysOnce()
	for key, value := range attrs.All() {
		if w, ok := k.whole[key]; ok {
			if s := &r.slots[w.field]; !w.also || s.reset != r.reset {
				*s = slot{r.reset, value}
			}
			continue
		}
		if key == KeyTruncated || key == KeyUnreadable {
			r.lacks(key, value)
			continue
		}
		for _, t := range k.templates {
			if strings.HasPrefix(key, t.prefix) {
				r.keyed = append(r.keyed, keyed{t.field, key[len(t.prefix):], value})
			}
		}
	}
}

// EventType is the type of the event that the record tells, "" if it tells none.
func (r *Reader) EventType() string {
	if s := &r.slots[r.kind.Index()]; s.reset == r.reset && s.value.Type() == pcommon.ValueTypeStr {
		return s.value.Str()
	}
	if name, ok := strings.CutPrefix(r.record.EventName(), eventPrefix); ok {
		return name
	}
	return ""
}

// lacks notes what the record says of itself.
func (r *Reader) lacks(key string, list pcommon.Value) {
	if list.Type() != pcommon.ValueTypeSlice {
		return
	}
	if !r.partly {
		r.partly, r.truncated, r.unreadable = true, pcommon.NewSlice(), pcommon.NewSlice()
	}
	if key == KeyTruncated {
		r.truncated = list.Slice()
	} else {
		r.unreadable = list.Slice()
	}
}

// Value implements field.Source.
func (r *Reader) Value(ref *field.Ref) field.Value {
	v := r.value(ref)
	switch {
	case !r.partly || v.Kind() == field.Unknown:
	case !v.Known() && has(r.unreadable, ref.Key()):
		return field.Unreadable
	case v.Known() && has(r.truncated, ref.Key()):
		return v.Only(partOf(v))
	}
	return v
}

// partOf is which part a text is: one that lacks its beginning says so.
func partOf(v field.Value) field.Part {
	if strings.HasPrefix(v.Text(), event.CutRoot) {
		return field.Tail
	}
	return field.Front
}

func has(list pcommon.Slice, key string) bool {
	for _, v := range list.All() {
		if v.AsString() == key {
			return true
		}
	}
	return false
}

func (r *Reader) value(ref *field.Ref) field.Value {
	if same := ref.Same(); same != nil {
		return field.Eval(r, same)
	}
	switch {
	case ref.Where == field.Core:
		return timeOfRecord(r.record)
	case ref.Field == r.kind:
		return field.StrOrMissing(r.EventType())
	case ref.ByKey():
		return r.ofKey(ref)
	}
	if s := &r.slots[ref.Index()]; s.reset == r.reset {
		return r.read(ref, s.value)
	}
	return field.NoValue
}

func (r *Reader) ofKey(ref *field.Ref) field.Value {
	for i := len(r.keyed) - 1; i >= 0; i-- {
		if k := &r.keyed[i]; k.field == ref.Index() && k.arg == ref.Arg.Text {
			return r.read(ref, k.value)
		}
	}
	return field.NoValue
}

// timeOfRecord is when the event happened; a record that doesn't tell was made
// then.
func timeOfRecord(lr plog.LogRecord) field.Value {
	t := lr.Timestamp()
	if t == 0 {
		t = lr.ObservedTimestamp()
	}
	if t == 0 {
		return field.NoValue
	}
	return field.Unsigned(uint64(t))
}
