package rules

import (
	"slices"
	"strings"
	"sync"

	"github.com/google/uuid"

	"github.com/sakerhq/saker/internal/field"
)

// File is one rules file.
type File struct {
	Name    string // as findings call it; its last element is the rules' ruleset
	Content []byte
}

// Options are the choices of a load. The zero value loads all rules and
// matches the first one, as Falco does.
type Options struct {
	// All matching rules fire, not only the first.
	All bool
	// Threshold is the least grave priority whose rules load; nil: all.
	Threshold *Priority
	// Select enables and disables rules, in order, once all files are loaded.
	Select []Selection
	// Append adds to what rules say. Findings call its parts as falco.yaml does:
	// append_output[0].extra_output, append_output[0].extra_fields[0].
	Append []OutputAddition
	// Static are values for %static.KEY in outputs.
	Static map[string]string
}

// Selection enables or disables rules by name, by tag or by both.
type Selection struct {
	Enable bool
	Rule   string // with * for any text; empty: any rule
	Tag    string // empty: any tags
}

// OutputAddition is what rules say of an event beside what their files tell
// them to.
type OutputAddition struct {
	Rule   string       // exact name; empty: any rule
	Source string       // empty: any source
	Tags   []string     // all of them must be on the rule
	Text   string       // for the output, after a blank
	Fields []ExtraField // beside the output
	// Suggested adds the facts to the output that Falco's container plugin
	// suggests, and Options.Static.
	Suggested bool
}

// ExtraField is a value with a name, for an alert.
type ExtraField struct {
	Key    string // empty: Format is a field or transformer alone, and the key too
	Format string // as an output
}

// Set is a compiled set of rules. It never changes and is safe for concurrent use.
type Set struct {
	rules   []*Rule // all that loaded, disabled ones too, in order
	all     bool
	sources map[string]*plans
	events  []string
	exprs   []*expr
	conds   conds
	readers sync.Pool // of *reader
}

// plans are the rules of one source by the event types that they can match.
type plans struct {
	byType map[string]*typed
	others *typed // for types that no rule names
}

// Rules are all rules in their order, disabled ones too. The slice is the set's.
func (s *Set) Rules() []*Rule { return s.rules }

// EventTypes are the types of system events that an enabled rule can match,
// sorted.
func (s *Set) EventTypes() []string { return s.events }

// Rule is one compiled rule. It never changes.
type Rule struct {
	Name     string
	Desc     string
	Priority Priority
	Source   string
	Tags     []string
	Ruleset  string // the file that defined it first
	Enabled  bool
	Capture  bool
	// CaptureMillis is how long a capture lasts, 0 for the default.
	CaptureMillis uint64
	// Condition and Output are the texts, put together but not compiled.
	Condition string
	Output    string

	set        *Set
	cond       *cond
	compiled   string
	types      typeSet
	format     format
	extras     []extraField
	exceptions []string
	refs       []*field.Ref
}

// ruleNamespace makes rules' UUIDs distinct from all others.
var ruleNamespace = uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://github.com/sakerhq/saker/rules"))

// UUID is the same for the same rule name in the same ruleset, everywhere.
func (r *Rule) UUID() string {
	return uuid.NewSHA1(ruleNamespace, []byte(r.Ruleset+"\x00"+r.Name)).String()
}

// Refs are the fields that the rule's condition, exceptions and output read,
// with those that these are derived from. The slice is the rule's.
func (r *Rule) Refs() []*field.Ref { return r.refs }

// Compiled is the condition with macros, lists and exceptions put in.
func (r *Rule) Compiled() string { return r.compiled }

// Exceptions are the names of the rule's exceptions.
func (r *Rule) Exceptions() []string { return r.exceptions }

// EventTypes are the event types that can make the condition true, sorted;
// any is true when there are no bounds, or none but that the named types can't.
func (r *Rule) EventTypes() (types []string, any bool) {
	return r.types.names, r.types.except
}

// Dump is the compiled set as text: one block for each rule.
func (s *Set) Dump() string {
	var b strings.Builder
	for _, r := range s.rules {
		b.WriteString(r.Name)
		b.WriteString("\n\tcondition ")
		b.WriteString(r.compiled)
		b.WriteString("\n\tprogram   ")
		r.cond.dump(&b)
		b.WriteString("\n\ttypes     ")
		b.WriteString(r.types.String())
		b.WriteString("\n\toutput    ")
		b.WriteString(r.format.text)
		b.WriteByte('\n')
	}
	for _, c := range s.conds.all {
		if c.kind == condPred {
			b.WriteString(c.pred.dump(c.id))
		}
	}
	return b.String()
}

// index plans the enabled rules for every source and event type.
func (s *Set) index(schema *Schema) {
	s.sources = map[string]*plans{}
	bySource := map[string][]*Rule{}
	for _, r := range s.rules {
		if r.Enabled {
			bySource[r.Source] = append(bySource[r.Source], r)
		}
	}
	var numbers uint64
	for source, rules := range bySource {
		s.sources[source] = s.newPlans(rules, &numbers)
	}
	s.events = eventTypes(bySource[SyscallSource], schema)
}

// eventTypes are the types that rules name, and for those that can match any
// type the schema's.
func eventTypes(rules []*Rule, schema *Schema) []string {
	var events []string
	for _, r := range rules {
		if !r.types.except {
			events = append(events, r.types.names...)
			continue
		}
		for _, t := range schema.Events {
			if r.types.has(t) && !slices.Contains(schema.Named, t) {
				events = append(events, t)
			}
		}
	}
	slices.Sort(events)
	return slices.Compact(events)
}

func (s *Set) newPlans(rules []*Rule, numbers *uint64) *plans {
	p := &plans{byType: map[string]*typed{}}
	for _, r := range rules {
		for _, t := range r.types.names {
			p.byType[t] = nil
		}
	}
	for t := range p.byType {
		p.byType[t] = newTyped(&s.conds, rulesFor(rules, func(set typeSet) bool { return set.has(t) }), t)
	}
	p.others = newTyped(&s.conds, rulesFor(rules, func(set typeSet) bool { return set.except }), "")
	for _, t := range p.byType {
		*numbers++
		t.number = *numbers
	}
	return p
}

// plans are those of the rules that an event of a source and type can match.
func (s *Set) plans(source, eventType string) *typed {
	of := s.sources[source]
	if of == nil {
		return &typed{}
	}
	if plans, named := of.byType[eventType]; named {
		return plans
	}
	return of.others
}

func rulesFor(rules []*Rule, can func(typeSet) bool) (out []*Rule) {
	for _, r := range rules {
		if can(r.types) {
			out = append(out, r)
		}
	}
	return out
}
