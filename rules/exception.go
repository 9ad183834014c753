package rules

import (
	"cmp"
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/sakerhq/saker/rules/internal/source"
	"github.com/sakerhq/saker/rules/internal/syntax"
)

// exceptionDef is an exception of a rule: tuples of values for which the rule
// does not hold.
type exceptionDef struct {
	item   item
	fields *entry // nil: not given
	comps  *entry // nil: not given
	values []*entry
	has    bool // values are given
}

// entry is a scalar or a list of entries.
type entry struct {
	scalar *source.Scalar // nil: a list
	list   []*entry
}

func readExceptions(m *mapping, key string, _ bool) change {
	n := m.find(key)
	if n == nil {
		return nil
	}
	var es []*exceptionDef
	m.mappings(n, item{kind: "exceptions"}, "Rule exceptions must be a sequence", "Rule exception must be a mapping", "exception",
		func(e *mapping) { es = append(es, readException(e)) })
	return func(l *loader, def *ruleDef, way way) {
		if way == appending {
			l.mergeExceptions(def, es)
		} else {
			l.setExceptions(def, es, way)
		}
	}
}

func readException(m *mapping) *exceptionDef {
	m.item.name = m.str("name", true)
	e := &exceptionDef{item: m.item, fields: m.entry("fields"), comps: m.entry("comps")}
	if n := m.find("values"); n != nil && !isNull(n) {
		if n.Kind != yaml.SequenceNode {
			m.wrong("values", n, "Value is not a sequence")
			return e
		}
		e.has = true
		for _, v := range n.Content {
			e.values = append(e.values, m.entryOf(v, 0))
		}
	}
	return e
}

// entry is a key's scalar or list, nil if it is absent or null.
func (m *mapping) entry(key string) *entry {
	n := m.find(key)
	if n == nil || isNull(n) {
		return nil
	}
	return m.entryOf(n, 0)
}

func (m *mapping) entryOf(n *yaml.Node, depth int) *entry {
	n = follow(n)
	switch {
	case n.Kind == yaml.ScalarNode:
		return &entry{scalar: &source.Scalar{File: m.file, Node: n}}
	case n.Kind == yaml.SequenceNode && depth < 3:
		e := &entry{list: []*entry{}}
		for _, k := range n.Content {
			e.list = append(e.list, m.entryOf(k, depth+1))
		}
		return e
	}
	m.wrong("exceptions", n, "Value of an exception must be a scalar or a list of them")
	return &entry{}
}

// column is a field of an exception and how it is compared.
type column struct {
	field *entry
	comp  string
}

// columns are an exception's fields side by side with its comps, which stand
// for themselves where there are none.
func (e *exceptionDef) columns() (cols []column) {
	if e.fields.scalar != nil {
		return []column{{e.fields, cmp.Or(e.comps.text(), "in")}}
	}
	for i, f := range e.fields.list {
		c := column{f, "="}
		if e.comps != nil {
			c.comp = cmp.Or(e.comps.list[i].text(), "=")
		}
		cols = append(cols, c)
	}
	return cols
}

// tuples are an exception's values, one for each column. Those of a field that
// stands alone are all one.
func (e *exceptionDef) tuples() (tuples [][]*entry) {
	if e.fields.scalar != nil {
		return [][]*entry{{{list: e.values}}}
	}
	for _, v := range e.values {
		if v.scalar != nil {
			tuples = append(tuples, []*entry{v})
		} else {
			tuples = append(tuples, v.list)
		}
	}
	return tuples
}

// checkException checks an exception that defines its fields.
func (l *loader) checkException(e *exceptionDef, source string) bool {
	alone := e.fields != nil && e.fields.scalar != nil
	switch {
	case e.fields == nil || !alone && len(e.fields.list) == 0:
		l.errorf(ErrYAMLValidate, e.item, "Item has no mapping for key 'fields'")
		return false
	case alone && e.comps != nil && !takesList(e.comps):
		return l.wrongException(e, "When fields is a single value, comps must be one of (in, pmatch, intersects) or a modifier operator (e.g. startswith oneof)")
	case !alone && e.comps != nil && (e.comps.scalar != nil || len(e.comps.list) != len(e.fields.list)):
		return l.wrongException(e, "Fields and comps lists must have equal length")
	}
	columns := e.columns()
	for _, c := range columns {
		if o, _ := syntax.Comparison(c.comp); o == nil {
			l.notOneOf(syntax.OperatorNames(), c.comp, Finding{Code: ErrValidate, Message: "Unknown comparison operator"}, e.item)
			return false
		}
	}
	for _, c := range columns {
		if !l.checkExceptionField(e, c.field, source) {
			return false
		}
	}
	for _, tuple := range e.tuples() {
		if len(tuple) != len(columns) {
			return l.wrongException(e, "Fields and values lists must have equal length")
		}
	}
	return true
}

func (l *loader) wrongException(e *exceptionDef, message string) bool {
	l.errorf(ErrValidate, e.item, "%s", message)
	return false
}

// takesList reports whether a comparison is with a list of values.
func takesList(comp *entry) bool {
	o, modified := syntax.Comparison(comp.text())
	return o != nil && (modified || o.List)
}

func (l *loader) checkExceptionField(e *exceptionDef, f *entry, source string) bool {
	name := f.text()
	if o, err := syntax.ParseOperand(name); err == nil {
		c := &compiler{report: &report{}, schema: l.schema, table: l.schema.table(source), exprs: map[string]*expr{}, set: &Set{}}
		if _, err := c.resolve(o); err == nil || err.unknown != "" && source != SyscallSource {
			return true // the condition is compiled with it, and tells
		}
	}
	it := e.item
	if f.scalar != nil {
		it.at = f.scalar.Place(0)
	}
	l.errorf(ErrValidate, it, "'%s' is not a supported filter field", name).Hint = l.similar(name, fieldNames(l.schema.table(source)))
	return false
}

func (e *entry) text() string {
	if e == nil || e.scalar == nil {
		return ""
	}
	return e.scalar.Node.Value
}

// uniqueExceptions warns of names that stand twice.
func (l *loader) uniqueExceptions(es []*exceptionDef) {
	seen := map[string]bool{}
	for _, e := range es {
		if seen[e.item.name] {
			l.warnf(ExceptionNotUnique, e.item, "Multiple definitions of exception '%s' in the same rule", e.item.name)
		}
		seen[e.item.name] = true
	}
}

// setExceptions gives a rule exceptions in place of those that it has.
func (l *loader) setExceptions(def *ruleDef, es []*exceptionDef, way way) {
	def.except = nil
	for _, e := range es {
		if way == replacing && e.fields != nil && e.fields.scalar == nil && e.comps == nil {
			l.wrongException(e, "Exceptions that replace others need 'comps' beside a list of fields")
			def.bad = true
		} else if l.checkException(e, def.source) {
			def.except = append(def.except, e)
		} else {
			def.bad = true
		}
	}
	l.uniqueExceptions(es)
}

// mergeExceptions appends exceptions to those of a rule.
func (l *loader) mergeExceptions(def *ruleDef, es []*exceptionDef) {
	for _, e := range es {
		old := def.exception(e.item.name)
		switch {
		case !e.has || len(e.values) == 0:
			l.warnf(AppendNoValues, e.item, "Overriding/appending exception with no values")
		case old == nil && e.fields == nil:
			l.wrongException(e, "Rule exception must have fields property with a list of fields")
		case old == nil:
			if l.checkException(e, def.source) {
				def.except = append(def.except, e)
			} else {
				def.bad = true
			}
		case e.fields != nil || e.comps != nil:
			l.wrongException(e, "Can not append exception values to existing exception and redefine its fields or comps")
		default:
			check := *old
			check.values, check.item = e.values, e.item
			if !l.checkException(&check, def.source) {
				def.bad = true
				continue
			}
			merged := *old
			merged.values = append(old.values[:len(old.values):len(old.values)], e.values...)
			def.except = slices.Clone(def.except)
			def.except[slices.Index(def.except, old)] = &merged
		}
	}
}

func (def *ruleDef) exception(name string) *exceptionDef {
	for _, e := range def.except {
		if e.item.name == name {
			return e
		}
	}
	return nil
}
