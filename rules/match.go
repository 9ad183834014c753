package rules

import (
	"hash/maphash"
	"math/bits"

	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/field"
)

// Truth is what a condition answers.
type Truth uint8

// The answers, in an order in which "and" is the least and "or" the greatest.
const (
	False Truth = iota
	// Unknown: a value is missing here that a later stage may know.
	Unknown
	True
)

// String is the answer's name.
func (t Truth) String() string { return [...]string{"false", "unknown", "true"}[t] }

func truth(b bool) Truth {
	if b {
		return True
	}
	return False
}

// Match is one rule that an event makes true or leaves open.
type Match struct {
	Rule    *Rule
	Verdict Truth // True or Unknown
}

// reader reads expressions from one event and keeps what it has read.
type reader struct {
	src   field.Source
	event *event.Event // src is over it; nil: over something else
	known field.Parts  // of the event; what depends on others is unknown
	in    field.Inputs
	elem  field.Value // the element of a list that is being tested
	gen   uint32      // grows with every start; a slot of another generation is empty
	slots []slot      // of each expression
	rooms []room      // of each expression
}

// slot is one expression's value; it fills a cache line.
type slot struct {
	value field.Value
	gen   uint32
}

// room is the memory of a computed value.
type room struct {
	buf  []byte
	list []field.Value
}

func newReader(s *Set) reader {
	return reader{slots: make([]slot, len(s.exprs)), rooms: make([]room, len(s.exprs))}
}

// begin turns to an event; know comes next.
func (r *reader) begin(src field.Source) {
	r.src = src
	e, _ := src.(field.OfEvent)
	r.event = e.Event
}

// know forgets what was read. From now on only these parts are known.
func (r *reader) know(known field.Parts) {
	r.known = known
	if r.gen++; r.gen == 0 {
		for i := range r.slots {
			r.slots[i].gen = 0
		}
		r.gen = 1
	}
}

// finish lets go of the event.
func (r *reader) finish() { r.src, r.event = nil, nil }

func (r *reader) read(e *expr) *field.Value {
	s := &r.slots[e.slot]
	if s.gen != r.gen {
		s.gen = r.gen
		switch {
		case e.of&^r.known != 0:
			s.value = field.UnknownValue
		case r.event != nil && e.get != nil: // as eval does, with one copy
			s.value = e.get(r.event, e.ref.Arg)
		default:
			s.value = e.eval(r)
		}
	}
	return &s.value
}

// Matcher matches events against a set. It is for one goroutine.
type Matcher struct {
	reader
	set     *Set
	answers []answer
	words   words
	matches []Match
	last    struct { // most events are of the type of the one before
		source, typ string
		plans       *typed
	}
}

// answer is what a condition said of the event of a generation.
type answer struct {
	gen   uint32
	truth Truth
}

// NewMatcher makes a matcher for one goroutine.
func (s *Set) NewMatcher() *Matcher {
	return &Matcher{
		reader:  newReader(s),
		set:     s,
		answers: make([]answer, len(s.conds.all)),
		words:   words{seed: maphash.MakeSeed()},
		matches: make([]Match, 0, len(s.rules)),
	}
}

// Match gives the enabled rules of source that the event makes true or leaves
// unknown, in their order; where the set matches the first rule only, up to
// and with the first true one. eventType is the event's. The result is valid
// until the next call. Match allocates only to remember what it finds out about
// processes and files.
func (m *Matcher) Match(src field.Source, source, eventType string) []Match {
	m.matches = m.matches[:0]
	if source != m.last.source || eventType != m.last.typ {
		m.last.source, m.last.typ, m.last.plans = source, eventType, m.set.plans(source, eventType)
	}
	if len(m.last.plans.plans) == 0 {
		return nil
	}
	m.begin(src)
	m.know(field.OfAll)
	if e := m.event; e == nil || e.Apart || e.Process.Image == 0 || m.last.plans.typ == "" {
		m.all(m.last.plans)
	} else {
		m.candidates(m.last.plans)
	}
	m.finish()
	return m.matches
}

// all asks all rules of a type.
func (m *Matcher) all(t *typed) {
	for _, p := range t.plans {
		if m.run(p, m.gated(p, p.shared)) {
			break
		}
	}
}

// run asks some rules of a plan, and reports whether they decide.
func (m *Matcher) run(p *plan, word uint64) (done bool) {
	for ; word != 0; word &= word - 1 {
		i := bits.TrailingZeros64(word)
		v := m.eval(p.conds[i])
		if v == False {
			continue
		}
		m.matches = append(m.matches, Match{p.rules[i], v})
		if v == True && !m.set.all {
			return true
		}
	}
	return false
}

// gated is the rules of a plan that gates leave.
func (m *Matcher) gated(p *plan, gates []gate) uint64 {
	word := p.all()
	for i := range gates {
		if g := &gates[i]; word&g.need != 0 && m.eval(g.cond) == False {
			word &^= g.need
		}
	}
	return word
}

func (m *Matcher) know(known field.Parts) {
	m.reader.know(known)
	if m.gen == 1 {
		clear(m.answers)
	}
}

// Eval answers one rule's condition for an event, enabled or not and whatever
// the event's type.
func (m *Matcher) Eval(r *Rule, src field.Source) Truth {
	m.begin(src)
	m.know(field.OfAll)
	defer m.finish()
	return m.eval(r.cond)
}

// OfProcess calls f for each enabled rule of source that is not false for
// everything that a process does, by what is known of it alone: nothing of the
// processes that it comes from, nor what it does.
func (m *Matcher) OfProcess(p *event.Process, source string, f func(*Rule)) {
	m.begin(field.OfEvent{Event: &event.Event{Process: p}})
	m.know(field.OfImage)
	defer m.finish()
	for _, r := range m.set.rules {
		if r.Enabled && r.Source == source && m.eval(r.cond) != False {
			f(r)
		}
	}
}

func (m *Matcher) eval(c *cond) Truth {
	a := &m.answers[c.id]
	if a.gen == m.gen {
		return a.truth
	}
	t := m.work(c)
	a.gen, a.truth = m.gen, t
	return t
}

// work answers a condition that has not been asked for at this event.
func (m *Matcher) work(c *cond) Truth {
	switch c.kind {
	case condPred:
		return c.pred.answer(&m.reader)
	case condNot:
		return True - m.eval(c.kids[0])
	case condAnd:
		t := True
		for _, k := range c.kids {
			if t = min(t, m.eval(k)); t == False {
				break
			}
		}
		return t
	case condOr:
		t := False
		for _, k := range c.kids {
			if t = max(t, m.eval(k)); t == True {
				break
			}
		}
		return t
	}
	return truth(c.kind == condTrue)
}
