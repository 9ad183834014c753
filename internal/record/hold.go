package record

import (
	"time"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/field"
)

// held are the records of a container that is being asked about, in order.
type held struct {
	since   time.Time
	oldest  uint64 // time of an event
	records plog.LogRecordSlice
	open    []open
}

// open is a record with values that were unknown when it was written.
type open struct {
	record          plog.LogRecord
	process         *event.Process // whose session may begin with the container; nil: of this event alone
	uid, gid, login uint32
	refs            []*field.Ref
}

// hold is where the record of an event of a time waits for its container.
func (w *Writer) hold(c *event.Container, at uint64) plog.LogRecordSlice {
	h := w.held[c]
	if h == nil {
		h = &held{since: time.Now(), oldest: at, records: plog.NewLogRecordSlice()}
		w.held[c] = h
		w.waiting = append(w.waiting, c)
	}
	w.nHeld++
	h.oldest = min(h.oldest, at)
	return h.records
}

// leaveOpen notes what a record that was just written does not say yet.
func (w *Writer) leaveOpen(e *event.Event, lr plog.LogRecord, p *plan) {
	var refs []*field.Ref
	for _, list := range [...][]want{p.all.said, p.all.rest} {
		for i := range list {
			if v := list[i].of(e); v.Kind() == field.Unknown {
				refs = append(refs, list[i].ref)
			}
		}
	}
	if who := e.Process; refs != nil {
		lasting := who
		if e.Apart {
			lasting = nil
		}
		h := w.held[who.Container]
		h.open = append(h.open, open{lr, lasting, who.UID, who.GID, who.LoginUID, refs})
	}
}

// Held is the number of records that wait for their container.
func (w *Writer) Held() int { return w.nHeld }

// Longest is the container that records wait for since the longest time, and
// since when; nil: none wait.
func (w *Writer) Longest() (*event.Container, time.Time) {
	if len(w.waiting) == 0 {
		return nil, time.Time{}
	}
	c := w.waiting[0]
	return c, w.held[c].since
}

// Ready is a container that records wait for though nothing more is to be waited for; nil:
// there is none.
func (w *Writer) Ready() *event.Container {
	for _, c := range w.waiting {
		if c.Told != event.Waiting {
			return c
		}
	}
	return nil
}

// Release moves the records that wait for a container into the batch, and gives
// their number. They say what is known of it now, be it that there is none: name
// must name the accounts of a process by its numbers.
func (w *Writer) Release(c *event.Container, name func(*event.Process)) int {
	h := w.held[c]
	if h == nil {
		return 0
	}
	shown := c
	if !c.IsSure() {
		shown = nil
	}
	for i := range h.open {
		w.complete(&h.open[i], shown, name)
	}
	n := h.records.Len()
	h.records.MoveAndAppendTo(w.recordsOf(&event.Event{Process: &event.Process{Container: shown}}))
	delete(w.held, c)
	for i, other := range w.waiting {
		if other == c {
			w.waiting = append(w.waiting[:i], w.waiting[i+1:]...)
			break
		}
	}
	w.n, w.nHeld, w.oldest = w.n+n, w.nHeld-n, min(w.oldest, h.oldest)
	return n
}

// complete says in a record what has become known since.
func (w *Writer) complete(o *open, c *event.Container, name func(*event.Process)) {
	p := event.Process{Container: c, UID: o.uid, GID: o.gid, LoginUID: o.login}
	name(&p)
	if o.process != nil {
		p.Entry = o.process.Entry
	}
	e := event.Event{Process: &p}
	w.reset()
	attrs := o.record.Attributes()
	free := w.limits.Attributes - attrs.Len()
	for _, key := range []string{KeyTruncated, KeyRedacted, keyMatched} {
		if _, ok := attrs.Get(key); ok {
			free++
		}
	}
	for _, ref := range o.refs {
		v := ref.Get(&e, ref.Arg)
		switch {
		case !v.Known():
		case w.limits.Attributes > 0 && free <= 0:
			w.lack.dropped++
		default:
			free--
			w.put(attrs.PutEmpty(ref.Key()), &e, ref, &v)
		}
	}
	w.lack.tell(o.record)
	w.hidden += uint64(len(w.lack.redacted))
}
