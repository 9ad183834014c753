package rules

import (
	"slices"

	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/rules/internal/syntax"
)

// Test is one test of a set: a value compared with another one, or with
// constants.
type Test struct{ p *predicate }

// Field is the field that the test is of, nil where it is of something that is
// made of fields.
func (t Test) Field() *field.Ref {
	if t.p.left.kind == exprField || t.p.left.kind == exprDerived {
		return t.p.left.ref
	}
	return nil
}

// Operator is the operator's name, as documented.
func (t Test) Operator() string { return t.p.op.Name }

// Constants are what the field is compared with, and whether with nothing else
// and, where there are several, with each in turn until one fits.
func (t Test) Constants() (texts []string, any bool) {
	return t.p.values, t.p.right == nil && (t.p.mod == syntax.NoModifier || t.p.mod == syntax.AnyOf)
}

// Reads reports whether the test depends on no other fields than some, and on
// what is made of these.
func (t Test) Reads(only func(*field.Ref) bool) bool {
	return t.p.left.reads(only) && (t.p.right == nil || t.p.right.reads(only))
}

// reads reports whether e is one of some fields, or made of nothing else.
func (e *expr) reads(only func(*field.Ref) bool) bool {
	if e.ref != nil && only(e.ref) {
		return true
	}
	for _, arg := range e.args {
		if !arg.reads(only) {
			return false
		}
	}
	return e.kind != exprField
}

// String is the test as a rule writes it.
func (t Test) String() string { return t.p.text }

// Trust is which answers of a test hold for all events that one stands for.
type Trust uint8

// OnlyTrue and OnlyFalse: where the test answers otherwise, some of these may not.
const (
	Never Trust = iota
	OnlyTrue
	OnlyFalse
	Always
)

// of is an answer as far as it is trusted.
func (trust Trust) of(t Truth) Truth {
	if trust == OnlyTrue && t == False || trust == OnlyFalse && t == True {
		return Unknown
	}
	return t
}

// Judge says which rules can be true for events that are alike in what some
// tests ask, whatever else they are. It is for one goroutine.
type Judge struct {
	trust  func(Test) Trust
	of     func(eventType string) []planned
	reader reader
	types  map[string]*judged
}

// judged is what a judge knows of events of one type.
type judged struct {
	rules    []planned
	trusted  []*cond
	trust    []Trust            // by these
	answers  map[*cond]Truth    // of the trusted, as the event at hand gives them
	possible map[string][]*Rule // by these answers
}

// NewJudge makes a judge of a source's enabled rules that trusts some tests to
// answer for all events that it will be asked about; what others answer is
// unknown.
func (s *Set) NewJudge(source string, trust func(Test) Trust) *Judge {
	return s.newJudge(trust, func(eventType string) []planned { return s.planned(source, eventType) })
}

// NewJudge makes a judge of this rule alone.
func (r *Rule) NewJudge(trust func(Test) Trust) *Judge {
	return r.set.newJudge(trust, r.planned)
}

func (s *Set) newJudge(trust func(Test) Trust, of func(string) []planned) *Judge {
	return &Judge{trust: trust, of: of, reader: newReader(s), types: map[string]*judged{}}
}

// Possible are the rules that can be true for events of a type that answer the
// trusted tests as src does, in their order. The slice is the judge's.
func (j *Judge) Possible(src field.Source, eventType string) []*Rule {
	of := j.types[eventType]
	if of == nil {
		of = j.judged(eventType)
		j.types[eventType] = of
	}
	key := of.ask(&j.reader, src)
	possible, known := of.possible[key]
	if !known {
		possible = of.judge()
		of.possible[key] = possible
	}
	return possible
}

func (j *Judge) judged(eventType string) *judged {
	of := &judged{rules: j.of(eventType), answers: map[*cond]Truth{}, possible: map[string][]*Rule{}}
	eachTest(of.rules, func(c *cond) {
		if trust := j.trust(Test{c.pred}); trust != Never {
			of.trusted, of.trust = append(of.trusted, c), append(of.trust, trust)
		}
	})
	return of
}

// ask has the trusted tests answered; key is what they say together.
func (of *judged) ask(r *reader, src field.Source) (key string) {
	r.begin(src)
	r.know(field.OfAll)
	defer r.finish()
	answers := make([]byte, len(of.trusted))
	for i, c := range of.trusted {
		t := of.trust[i].of(c.pred.answer(r))
		answers[i], of.answers[c] = byte(t), t
	}
	return string(answers)
}

func (of *judged) judge() (possible []*Rule) {
	for _, p := range of.rules {
		if p.cond.under(of.answer) != False {
			possible = append(possible, p.rule)
		}
	}
	return possible
}

func (of *judged) answer(c *cond) (t Truth, known bool) {
	t, known = of.answers[c]
	return t, known
}

// planned is a rule with its condition for an event type.
type planned struct {
	rule *Rule
	cond *cond
}

// planned are the enabled rules of a source that can match a type, in their order.
func (s *Set) planned(source, eventType string) (all []planned) {
	for _, p := range s.plans(source, eventType).plans {
		for i, c := range p.conds {
			all = append(all, planned{p.rules[i], c})
		}
	}
	return all
}

// planned is the rule, if it can match the type.
func (r *Rule) planned(eventType string) []planned {
	for _, p := range r.set.plans(r.Source, eventType).plans {
		if i := slices.Index(p.rules, r); i >= 0 {
			return []planned{{r, p.conds[i]}}
		}
	}
	return nil
}

// Tests calls f for each test that the rule has for an event type.
func (r *Rule) Tests(eventType string, f func(Test)) {
	eachTest(r.planned(eventType), func(c *cond) { f(Test{c.pred}) })
}

// RefsFor are those of the rule's Refs that it reads for an event type: for what of
// its condition can tell something of it, and for the output.
func (r *Rule) RefsFor(eventType string) []*field.Ref {
	for _, p := range r.planned(eventType) {
		return r.refsOf(p.cond)
	}
	return nil
}

// Tests calls f for each test that a rule for an event type has.
func (s *Set) Tests(source, eventType string, f func(Test)) {
	eachTest(s.planned(source, eventType), func(c *cond) { f(Test{c.pred}) })
}

func eachTest(rules []planned, f func(*cond)) {
	seen := map[*cond]bool{}
	for _, p := range rules {
		p.cond.eachTest(seen, f)
	}
}

func (c *cond) eachTest(seen map[*cond]bool, f func(*cond)) {
	if seen[c] {
		return
	}
	seen[c] = true
	if c.kind == condPred {
		f(c)
	}
	for _, k := range c.kids {
		k.eachTest(seen, f)
	}
}
