package record

import (
	"math"
	"slices"

	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/internal/syscalls"
)

// plan is what records say for some references, of the events of a row that work on a
// type of descriptor: the primary references behind them, each once.
type plan struct {
	asked []*field.Ref
	row   *syscalls.Row
	fd    event.FDType
	sum   uint64 // of these
	// all is shared and own. What is shared depends on the process alone: many records
	// say the same of it.
	all, own form
	shared   []want
	depth    map[int]int // by a field's number: how many ancestors its array needs
}

// want is a reference and how its value is got, in one place: a record looks up
// many.
type want struct {
	ref *field.Ref
	get func(*event.Event, field.Arg) field.Value
	arg field.Arg
}

func wantOf(ref *field.Ref, arg field.Arg) want {
	if ref.InArray() {
		arg = field.Arg{} // of ancestors all, as the record says them as far as needed
	}
	return want{ref: ref, get: ref.Get, arg: arg}
}

// of is the wanted value of an event.
func (w *want) of(e *event.Event) field.Value { return w.get(e, w.arg) }

const ofProcess = field.OfType | field.OfImage | field.OfRelatives

// maxPlans is how many plans are remembered: for each rule one, and for those
// that are true of the same events.
const maxPlans = 1024

// plans makes plans and remembers them.
type plans struct {
	last  *plan
	bySum map[uint64]*plan
	// most is how many attributes a record has; 0: as many as there are. Which
	// of more are left out depends on all: then none are shared.
	most int
}

// of is the plan for refs and an event.
func (ps *plans) of(refs []*field.Ref, e *event.Event) *plan {
	fd := event.FDUnknown
	if e.FD != nil {
		fd = e.FD.Type
	}
	if ps.last != nil && ps.last.serves(refs, e.Row, fd) {
		return ps.last // mostly one rule's again
	}
	sum := uint64(fd) + 1
	for i := range len(e.Row.Name) {
		sum = (sum + uint64(e.Row.Name[i])) * spread
	}
	for _, ref := range refs {
		sum = (sum + uint64(ref.ID()) + 1) * spread
	}
	p := ps.bySum[sum]
	if p == nil || !p.serves(refs, e.Row, fd) {
		if p = newPlan(refs, e.Row, fd, ps.most); len(ps.bySum) >= maxPlans {
			clear(ps.bySum)
		}
		p.sum, ps.bySum[sum] = sum, p
	}
	ps.last = p
	return p
}

func (p *plan) serves(refs []*field.Ref, row *syscalls.Row, fd event.FDType) bool {
	return p.row == row && p.fd == fd && slices.Equal(p.asked, refs)
}

// Odd numbers spread sums of few bits over all.
const (
	spread  = 0x9e3779b97f4a7c15
	spread2 = 0xbf58476d1ce4e5b9
)

func newPlan(refs []*field.Ref, row *syscalls.Row, fd event.FDType, most int) *plan {
	p := &plan{asked: slices.Clone(refs), row: row, fd: fd, depth: map[int]int{}}
	known := map[*field.Ref]bool{}
	var all []want
	for _, ref := range refs {
		for _, primary := range ref.Carries() {
			arg, possible := primary.For(row, fd)
			if primary.Where == field.Record && !p.knows(primary, known) && possible {
				all = append(all, wantOf(primary, arg))
			}
		}
	}
	p.all = newForm(all, most)
	if p.all.most == 0 {
		p.shared = slices.DeleteFunc(slices.Clone(all), ofEvent)
		p.own = newForm(slices.DeleteFunc(slices.Clone(all), func(w want) bool { return !ofEvent(w) }), 0)
	}
	return p
}

// ofEvent reports whether what is wanted is about what many events don't share.
func ofEvent(w want) bool { return w.ref.Parts()&^ofProcess != 0 }

// knows reports whether the record will say ref already, and notes that it will.
func (p *plan) knows(ref *field.Ref, known map[*field.Ref]bool) bool {
	again := known[ref]
	known[ref] = true
	if again || !ref.InArray() {
		return again
	}
	need := math.MaxInt
	if ref.Arg.IsIndex {
		need = ref.Arg.Index
	}
	deep, again := p.depth[ref.Index()]
	p.depth[ref.Index()] = max(deep, need)
	return again
}
