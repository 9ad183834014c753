// Package record turns events into log records and reads them back.
//
// It takes events with the fields that are wanted, and gives log records; it
// takes log records, its own or foreign, and gives the values of fields. It
// owns how a value looks as an attribute. It never decides what is worth a
// record, and both directions walk the one table of fields.
package record

import (
	"os"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/internal/syscalls"
)

// ScopeName is the instrumentation scope of the records.
const ScopeName = "github.com/sakerhq/saker"

// eventPrefix stands before the event's type in a record's event name.
const eventPrefix = "syscall."

// Options are what records don't say. The zero value says everything.
type Options struct {
	Redactor *Redactor // hides secrets; nil: none
	Limits   Limits
}

// Limits are how large a record may become; 0 sets none.
type Limits struct {
	// Attributes is how many attributes a record has at most, beside those that
	// tell what it lacks; it counts the others as dropped.
	Attributes int `mapstructure:"attributes"`
	// ValueLength is how many characters a text has at most, an array's each; of
	// a buffer, bytes.
	ValueLength int `mapstructure:"value_length"`
	// ArrayLength is how many elements an array has at most.
	ArrayLength int `mapstructure:"array_length"`
}

// Keys of the attributes that tell what a record's attributes lack.
const (
	KeyTruncated = "saker.record.truncated" // keys of those that were longer
	KeyRedacted  = "saker.record.redacted"  // keys of those with secrets
	// keys of those that are not there, since nobody could read them
	KeyUnreadable = "saker.record.unreadable"
)

// Writer collects the records of a batch, with one resource for the host and
// one for each container. It copies what it takes from an event. It is for
// one goroutine; make it with NewWriter.
type Writer struct {
	host   []attribute
	onHost []*field.Ref // that live in the resource

	logs   plog.Logs
	places map[place]plog.LogRecordSlice
	n      int

	held    map[*event.Container]*held
	waiting []*event.Container // those of held, in order
	nHeld   int

	names map[*syscalls.Row]string
	text  arena

	redactor *Redactor
	limits   Limits
	// Of the last record: keys of the attributes that don't say all.
	truncated, redacted, unreadable []string
	dropped                         int
	hidden                          uint64 // attributes that lacked secrets so far
	// Of the record at hand: its event without secrets, nil if not needed so far,
	// and what its programs are.
	cleaned *event.Event
	program suspicion

	// Scratch of Add: what the record will say, each reference once.
	asked  []*field.Ref
	wanted []*field.Ref
	usual  int      // how many of wanted the last record said
	seen   []uint64 // by a reference's number: the Add that saw it
	depth  []int    // by a field's number: how many ancestors its array needs
	deep   []uint64 // by a field's number: the Add that set depth
	add    uint64
}

// suspicion says whether programs are known for telling secrets.
type suspicion uint8

const (
	notLooked suspicion = iota
	harmlessProgram
	suspectProgram
)

// place is a resource: a container as it is known now. The zero place is the host.
type place struct {
	id, owner string
	told      event.Told
	meta      *event.ContainerMeta
}

// NewWriter makes a writer for the events of this host.
func NewWriter(opts Options) *Writer {
	w := &Writer{host: host(), names: map[*syscalls.Row]string{}, held: map[*event.Container]*held{}, redactor: opts.Redactor, limits: opts.Limits}
	fields := field.Falco().Fields()
	w.depth, w.deep = make([]int, len(fields)), make([]uint64, len(fields))
	for _, f := range fields {
		if f.Derive != nil || f.Where != field.Resource {
			continue
		}
		if ref, err := field.Falco().Ref(f.Name); err == nil {
			w.onHost = append(w.onHost, ref)
		}
	}
	w.begin()
	return w
}

type attribute struct{ key, value string }

// host is what a resource says of this host.
func host() []attribute {
	h := []attribute{{"os.type", "linux"}}
	if name, err := os.Hostname(); err == nil {
		h = append(h, attribute{"host.name", name})
	}
	if id, err := os.ReadFile("/etc/machine-id"); err == nil && len(id) > 0 {
		h = append(h, attribute{"host.id", strings.TrimSpace(string(id))})
	}
	return h
}

func (w *Writer) begin() {
	w.logs, w.places, w.n = plog.NewLogs(), map[place]plog.LogRecordSlice{}, 0
}

// Len is the number of records since the last Take, without those that wait.
func (w *Writer) Len() int { return w.n }

// Take gives the batch, which is the caller's from then on, and begins a new one.
func (w *Writer) Take() plog.Logs {
	logs := w.logs
	w.begin()
	return logs
}

// Add appends a record of the event that says every field of refs, so that
// any of them can be read back. It is valid until Take. Where an answer about
// the event's container is awaited, the record waits for Release.
func (w *Writer) Add(e *event.Event, refs []*field.Ref) plog.LogRecord {
	now := time.Now()
	if c := e.Process.Container; c != nil && c.Told == event.Waiting {
		lr := w.write(w.hold(c, now).AppendEmpty(), e, refs, now)
		w.leaveOpen(e, lr)
		return lr
	}
	w.n++
	return w.write(w.recordsOf(e).AppendEmpty(), e, refs, now)
}

// write makes lr a record of the event.
func (w *Writer) write(lr plog.LogRecord, e *event.Event, refs []*field.Ref, now time.Time) plog.LogRecord {
	w.want(refs)
	lr.SetTimestamp(pcommon.Timestamp(e.Time))
	lr.SetObservedTimestamp(pcommon.NewTimestampFromTime(now))
	lr.SetEventName(w.eventName(e.Row))
	attrs := lr.Attributes()
	attrs.EnsureCapacity(w.usual)
	w.reset()
	most := w.limits.Attributes
	for _, ref := range w.wanted {
		switch v := w.value(e, ref); {
		case v.IsUnreadable():
			w.unreadable = w.noted(w.unreadable, ref)
		case !v.Known():
		case most > 0 && attrs.Len() >= most:
			w.dropped++
		default:
			if v.Part() != field.Whole {
				w.truncated = w.noted(w.truncated, ref)
			}
			w.put(attrs, e, ref, &v)
		}
	}
	w.usual = attrs.Len()
	if w.Altered() || len(w.unreadable) > 0 {
		w.tellLack(lr)
	}
	return lr
}

// reset forgets what the last record lacked.
func (w *Writer) reset() {
	w.truncated, w.redacted, w.unreadable = w.truncated[:0], w.redacted[:0], w.unreadable[:0]
	w.dropped, w.cleaned, w.program = 0, nil, notLooked
}

// Altered reports whether the last record says less than its event: later
// stages then see other values than this one.
func (w *Writer) Altered() bool { return len(w.truncated)+len(w.redacted)+w.dropped > 0 }

// Redacted is how many attributes of all records so far lack secrets.
func (w *Writer) Redacted() uint64 { return w.hidden }

// tellLack says of lr what it doesn't say, beside what was said of that before.
func (w *Writer) tellLack(lr plog.LogRecord) {
	lr.SetDroppedAttributesCount(lr.DroppedAttributesCount() + uint32(w.dropped))
	for key, list := range map[string][]string{KeyTruncated: w.truncated, KeyRedacted: w.redacted, KeyUnreadable: w.unreadable} {
		if len(list) == 0 {
			continue
		}
		if told, ok := lr.Attributes().Get(key); ok {
			putTexts(told.Slice(), list)
		} else {
			putTexts(lr.Attributes().PutEmptySlice(key), list)
		}
	}
}

func putTexts(to pcommon.Slice, list []string) {
	to.EnsureCapacity(to.Len() + len(list))
	for _, s := range list {
		to.AppendEmpty().SetStr(valid(s))
	}
}

// value is a wanted value of the event; of ancestors all, as the record says
// them as far as needed.
func (w *Writer) value(e *event.Event, ref *field.Ref) field.Value {
	if ref.InArray() {
		return ref.Get(e, field.Arg{})
	}
	return ref.Get(e, ref.Arg)
}

// want finds the primary references behind refs, each once, and how far up
// ancestors go.
func (w *Writer) want(refs []*field.Ref) {
	if slices.Equal(refs, w.asked) {
		return // mostly one rule's again
	}
	w.asked = append(w.asked[:0], refs...)
	w.add++
	w.wanted = w.wanted[:0]
	for _, ref := range refs {
		for _, primary := range ref.Carries() {
			if primary.Where == field.Record && !w.known(primary) {
				w.wanted = append(w.wanted, primary)
			}
		}
	}
	w.usual = len(w.wanted)
}

// known reports whether the record will say ref already, and notes that it will.
func (w *Writer) known(ref *field.Ref) bool {
	for ref.ID() >= len(w.seen) {
		w.seen = append(w.seen, 0)
	}
	again := w.seen[ref.ID()] == w.add
	w.seen[ref.ID()] = w.add
	if again || !ref.InArray() {
		return again
	}
	need, i := ref.Arg.Index, ref.Index()
	if !ref.Arg.IsIndex {
		need = int(^uint(0) >> 1)
	}
	again = w.deep[i] == w.add
	if !again || need > w.depth[i] {
		w.depth[i] = need
	}
	w.deep[i] = w.add
	return again
}

func (w *Writer) eventName(row *syscalls.Row) string {
	name, ok := w.names[row]
	if !ok {
		name = eventPrefix + row.Name
		w.names[row] = name
	}
	return name
}

// recordsOf is where the event's record belongs.
func (w *Writer) recordsOf(e *event.Event) plog.LogRecordSlice {
	var at place
	if c := e.Process.Container; c != nil {
		at = place{c.ID, c.Owner, c.Told, c.Meta}
	}
	if records, ok := w.places[at]; ok {
		return records
	}
	rl := w.logs.ResourceLogs().AppendEmpty()
	attrs := rl.Resource().Attributes()
	for _, a := range w.host {
		attrs.PutStr(a.key, a.value)
	}
	for _, ref := range w.onHost {
		v := ref.Get(e, ref.Arg)
		if v.Known() {
			w.put(attrs, e, ref, &v)
		}
	}
	sl := rl.ScopeLogs().AppendEmpty()
	sl.Scope().SetName(ScopeName)
	w.places[at] = sl.LogRecords()
	return sl.LogRecords()
}
