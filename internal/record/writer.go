// Package record turns events into log records and reads them back.
//
// It takes events with the fields that are wanted, and gives log records; it
// takes log records, its own or foreign, and gives the values of fields. It
// owns how a value looks as an attribute. It never decides what is worth a
// record, and both directions walk the one table of fields.
package record

import (
	"fmt"
	"math"
	"os"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/sakerhq/saker/internal/config"
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
	// Alerts: most records become alerts, and have room for that.
	Alerts bool
}

// Limits are how large a record may become; 0 sets none.
type Limits struct {
	// Attributes is how many attributes a record has at most, beside those that
	// tell what it lacks; it counts the others as dropped. SDKs of OpenTelemetry
	// have the same default.
	Attributes int `mapstructure:"attributes"`
	// ValueLength is how many characters a text has at most, each of an array's too,
	// and bytes of a buffer; saker.record.truncated names what was cut.
	ValueLength int `mapstructure:"value_length"`
	// ArrayLength is how many elements an array has at most, as arguments or
	// ancestors.
	ArrayLength int `mapstructure:"array_length"`
}

// Validate reports limits that are none.
func (l *Limits) Validate() error {
	var errs []error
	for _, limit := range []struct {
		key string
		n   int
	}{{"attributes", l.Attributes}, {"value_length", l.ValueLength}, {"array_length", l.ArrayLength}} {
		if limit.n < 0 {
			errs = append(errs, fmt.Errorf("%s: %d is negative; 0 sets no limit", limit.key, limit.n))
		}
	}
	return config.Join(errs...)
}

// Writer collects the records of a batch, with one resource for the host and
// one for each container. It copies what it takes from an event. It is for
// one goroutine; make it with NewWriter.
type Writer struct {
	host   []attribute
	onHost []*field.Ref // that live in the resource

	logs   plog.Logs
	places map[place]plog.LogRecordSlice
	// The place of the last record.
	at      place
	records plog.LogRecordSlice
	n       int
	oldest  uint64 // time of an event
	looked  uint64 // at the clock, 0: not for this batch

	held    map[*event.Container]*held
	waiting []*event.Container // those of held, in order
	nHeld   int

	names map[*syscalls.Row]string
	text  arena

	redactor *Redactor
	limits   Limits
	spare    int    // room for attributes that others add
	lack     lack   // of the last record
	hidden   uint64 // attributes that lacked secrets so far
	// Of the record at hand: its event without secrets, nil if not needed so far,
	// what its programs are, and how far its arrays of ancestors go.
	cleaned *event.Event
	program suspicion
	depth   map[int]int

	plans      plans
	remembered [1 << toldBits]told
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
	w.plans = plans{bySum: map[uint64]*plan{}, most: opts.Limits.Attributes}
	for _, f := range field.Falco().Fields() {
		if f.Derive != nil || f.Where != field.Resource {
			continue
		}
		if ref, err := field.Falco().Ref(f.Name); err == nil {
			w.onHost = append(w.onHost, ref)
		}
	}
	if opts.Alerts {
		w.spare = alertAttributes
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
	w.logs, w.places, w.n, w.oldest, w.looked = plog.NewLogs(), map[place]plog.LogRecordSlice{}, 0, math.MaxUint64, 0
}

// Len is the number of records since the last Take, without those that wait.
func (w *Writer) Len() int { return w.n }

// Oldest is when the first event of the batch happened, which may be long before its
// record was written. Without one it means nothing.
func (w *Writer) Oldest() time.Time { return time.Unix(0, int64(w.oldest)) }

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
	p := w.plans.of(refs, e)
	if c := e.Process.Container; c != nil && c.Told == event.Waiting {
		lr := w.write(w.hold(c, e.Time).AppendEmpty(), e, p)
		w.leaveOpen(e, lr, p)
		return lr
	}
	w.n, w.oldest = w.n+1, min(w.oldest, e.Time)
	return w.write(w.recordsOf(e).AppendEmpty(), e, p)
}

// observed is when the event was there to be read. What had happened when the clock was
// looked at last was: of a burst one event looks at it.
func (w *Writer) observed(e *event.Event) pcommon.Timestamp {
	if e.Time >= w.looked {
		w.looked = uint64(time.Now().UnixNano())
	}
	return pcommon.Timestamp(w.looked)
}

// write makes lr a record of the event.
func (w *Writer) write(lr plog.LogRecord, e *event.Event, p *plan) plog.LogRecord {
	lr.SetTimestamp(pcommon.Timestamp(e.Time))
	lr.SetObservedTimestamp(w.observed(e))
	lr.SetEventName(w.eventName(e.Row))
	w.reset()
	w.depth = p.depth
	if t := w.told(p, e); t != nil {
		w.program = t.program
		if t.lack.any() {
			w.lack.add(&t.lack)
		}
		w.fill(lr.Attributes(), e, t.attrs, &p.own)
	} else {
		w.fill(lr.Attributes(), e, p.all.keys, &p.all)
	}
	if w.lack.any() {
		w.lack.tell(lr)
		w.hidden += uint64(len(w.lack.redacted))
	}
	return lr
}

// reset forgets the last record.
func (w *Writer) reset() {
	w.lack.reset()
	w.cleaned, w.program = nil, notLooked
}

// Altered reports whether the last record says less than its event: later
// stages then see other values than this one.
func (w *Writer) Altered() bool { return w.lack.alters() }

// Redacted is how many attributes of all records so far lack secrets.
func (w *Writer) Redacted() uint64 { return w.hidden }

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
	if len(w.places) > 0 && at == w.at {
		return w.records // mostly the last one's again
	}
	records, ok := w.places[at]
	if !ok {
		records = w.begun(e)
		w.places[at] = records
	}
	w.at, w.records = at, records
	return records
}

// begun is the records of a resource that has none so far.
func (w *Writer) begun(e *event.Event) plog.LogRecordSlice {
	rl := w.logs.ResourceLogs().AppendEmpty()
	attrs := rl.Resource().Attributes()
	for _, a := range w.host {
		attrs.PutStr(a.key, a.value)
	}
	for _, ref := range w.onHost {
		v := ref.Get(e, ref.Arg)
		if v.Known() {
			w.put(attrs.PutEmpty(ref.Key()), e, ref, &v)
		}
	}
	sl := rl.ScopeLogs().AppendEmpty()
	sl.Scope().SetName(ScopeName)
	return sl.LogRecords()
}
