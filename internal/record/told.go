package record

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/sakerhq/saker/internal/event"
)

// told is what records of a plan say of a process, with the secrets hidden: it
// is found out once for each image of it, which the process of most alerts has
// more than one record of. Like the words of rules it is for good, as its key
// says all that it depends on.
type told struct {
	key   toldKey
	again bool // the key was met before
	ready bool
	attrs pcommon.Map // behind so many keys of the event's own
	keys  int
	lack  lack
	// Whether the process runs what is told secrets.
	program suspicion
}

// toldKey is what plan.shared stands for.
type toldKey struct {
	plan             *plan
	image, relatives uint64
	thread           string
}

const (
	toldBits = 8        // 256 images, with their plans, are remembered
	maxTold  = 16 << 10 // bytes of texts; of what says more nothing is remembered
)

// told is what is remembered of the event's process, nil for nothing. A process
// that is met for the first time may well be met for the last time: nothing is
// made for it but a note.
func (w *Writer) told(p *plan, e *event.Event) *told {
	if e.Process.Image == 0 || e.Apart || len(p.shared) == 0 {
		return nil
	}
	key := toldKey{p, e.Process.Image, e.Relatives, e.Comm}
	t := &w.remembered[(key.image*spread+key.relatives*spread2+p.sum)>>(64-toldBits)]
	switch {
	case t.key != key:
		key.thread = strings.Clone(key.thread)
		*t = told{key: key}
	case !t.again:
		t.again = true
		w.remember(t, e)
	}
	if !t.ready {
		return nil
	}
	if t.keys != len(p.own.said) {
		t.lead(p.own.keys)
	}
	return t
}

// remember finds out what records say of the event's process.
func (w *Writer) remember(t *told, e *event.Event) {
	t.attrs, t.keys = pcommon.NewMap(), 0
	for i := range t.key.plan.shared {
		w.add(t.attrs, e, &t.key.plan.shared[i], 0)
	}
	bytes := 0
	for _, v := range t.attrs.All() {
		bytes += detach(v)
	}
	t.lack, t.program = w.lack.clone(), w.program
	t.ready = bytes <= maxTold
	if !t.ready {
		t.attrs, t.lack = pcommon.Map{}, lack{}
	}
	w.reset()
}

// lead has these keys stand before what is said of the process.
func (t *told) lead(keys pcommon.Map) {
	attrs, i := pcommon.NewMap(), 0
	keys.CopyTo(attrs)
	for key, v := range t.attrs.All() {
		if i++; i > t.keys {
			v.CopyTo(attrs.PutEmpty(key))
		}
	}
	t.attrs, t.keys = attrs, keys.Len()
}

// detach gives the texts of v memory of their own, and says how much that is.
func detach(v pcommon.Value) (bytes int) {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		v.SetStr(strings.Clone(v.Str()))
		bytes = len(v.Str())
	case pcommon.ValueTypeSlice:
		for _, element := range v.Slice().All() {
			bytes += detach(element)
		}
	}
	return bytes
}
