package record

import (
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/field"
)

// form is what records say, key by key: a record is a copy of the keys with the values
// filled in. To put attributes one by one would compare the key of each with those of
// all before it.
type form struct {
	keys pcommon.Map // of said, without values
	said []want      // by some record
	rest []want      // by none so far
	// most is how many attributes a record has where more may be known, else 0. Which
	// of them are left out depends on their order: then all are put one by one.
	most int
}

func newForm(wanted []want, most int) form {
	if len(wanted) <= most {
		most = 0
	}
	return form{keys: pcommon.NewMap(), rest: slices.Clone(wanted), most: most}
}

// fill says in attrs, which are empty, what keys say, and what is known of all that
// the form is for: keys begin with its own.
func (w *Writer) fill(attrs pcommon.Map, e *event.Event, keys pcommon.Map, f *form) {
	attrs.EnsureCapacity(keys.Len() + f.most + w.spare)
	keys.CopyTo(attrs)
	i, all := 0, true
	for _, to := range attrs.All() {
		if i == len(f.said) {
			break
		}
		all = w.tell(to, e, &f.said[i]) && all
		i++
	}
	if !all {
		attrs.RemoveIf(func(_ string, v pcommon.Value) bool { return v.Type() == pcommon.ValueTypeEmpty })
	}
	for i := 0; i < len(f.rest); i++ {
		if wanted := &f.rest[i]; w.add(attrs, e, wanted, f.most) && f.most == 0 {
			f.keys.PutEmpty(wanted.ref.Key())
			f.said = append(f.said, *wanted)
			f.rest = slices.Delete(f.rest, i, i+1)
			i--
		}
	}
}

// tell says in to what is wanted of the event, if that is known.
func (w *Writer) tell(to pcommon.Value, e *event.Event, wanted *want) bool {
	v := wanted.get(e, wanted.arg) // of copies it twice
	if w.knows(wanted.ref, &v) {
		w.put(to, e, wanted.ref, &v)
		return true
	}
	return false
}

// add appends an attribute that does, if there is room: most are allowed.
func (w *Writer) add(attrs pcommon.Map, e *event.Event, wanted *want, most int) bool {
	v := wanted.get(e, wanted.arg)
	switch {
	case !w.knows(wanted.ref, &v):
		return false
	case most > 0 && attrs.Len() >= most:
		w.lack.dropped++
		return false
	}
	w.put(attrs.PutEmpty(wanted.ref.Key()), e, wanted.ref, &v)
	return true
}

// knows reports whether v, of ref, is known, and notes if nobody could read it.
func (w *Writer) knows(ref *field.Ref, v *field.Value) bool {
	if v.IsUnreadable() {
		w.lack.unreadable = noted(w.lack.unreadable, ref)
	}
	return v.Known()
}
