package rules

import (
	"strconv"

	"gopkg.in/yaml.v3"
)

// ruleItem is one rule entry of a file; what is absent is nil.
type ruleItem struct {
	item      item
	ruleset   string
	cond      *scalar
	output    *scalar
	desc      *scalar
	priority  *Priority
	source    string
	enabled   *bool
	warnTypes *bool
	skip      *bool
	capture   *bool
	millis    *uint64
	tags      []*scalar
	hasTags   bool
	except    []*exceptionDef
	hasExcept bool
	append    bool
	override  map[string]bool // key → is it appended to (else replaced)?
	bad       bool
}

// complete reports whether the item has any of the keys that make a rule.
func (r *ruleItem) complete(m *mapping) bool {
	return m.has("condition") || m.has("output") || m.has("desc") || m.has("priority")
}

// readRule reads a rule entry.
func (l *loader) readRule(m *mapping) *ruleItem {
	r := &ruleItem{ruleset: m.file.Name}
	m.item.name = m.str("rule", true)
	l.readMode(m, r)
	change := r.append || m.has("override")
	toggle := !change && !r.complete(m)
	full := !change && !toggle
	r.cond = m.scalar("condition", full)
	r.output = m.scalar("output", full)
	r.desc = m.scalar("desc", full)
	r.priority = l.readPriority(m, full)
	if !r.append || !isBlankSource(m) {
		r.source = m.str("source", false)
	}
	r.enabled = m.bool("enabled")
	if toggle && !m.has("enabled") {
		m.fail(ErrYAMLValidate, "Item has no mapping for key 'enabled'")
	}
	r.warnTypes = m.bool("warn_evttypes")
	r.skip = m.bool("skip-if-unknown-filter")
	r.capture = m.bool("capture")
	r.millis = l.readMillis(m)
	r.tags, r.hasTags = m.strings("tags"), m.has("tags")
	r.hasExcept = m.has("exceptions")
	r.except = l.readExceptions(m)
	l.checkOverride(m, r)
	m.finish()
	r.item, r.bad = m.item, m.bad
	return r
}

// isBlankSource reports whether the source is null or empty, as it may be in
// an appended rule.
func isBlankSource(m *mapping) bool {
	n := m.find("source")
	return n != nil && n.Kind == yaml.ScalarNode && (isNull(n) || n.Value == "")
}

func (l *loader) readPriority(m *mapping, required bool) *Priority {
	s := m.scalar("priority", required)
	if s == nil {
		return nil
	}
	p, ok := ParsePriority(s.node.Value)
	if !ok {
		m.bad = true
		l.notOneOf(priorityNames[:], s.node.Value, Finding{Code: ErrYAMLValidate, Message: "Invalid priority"},
			item{"rule priority", "", m.file.placeOf(s.node)})
		return nil
	}
	return &p
}

func (l *loader) readMillis(m *mapping) *uint64 {
	s := m.scalar("capture_duration", false)
	if s == nil {
		return nil
	}
	n, err := strconv.ParseUint(s.node.Value, 10, 32)
	if err != nil {
		m.wrong("capture_duration", s.node, "Can't decode YAML scalar value '"+s.node.Value+"': it must be a number of milliseconds")
		return nil
	}
	return &n
}

// readMode reads "append" and "override".
func (l *loader) readMode(m *mapping, r *ruleItem) {
	appendTo, override := l.readChange(m, map[string]bool{
		"condition": true, "output": true, "desc": true, "tags": true, "exceptions": true,
		"priority": false, "capture": false, "capture_duration": false, "enabled": false,
		"warn_evttypes": false, "skip-if-unknown-filter": false,
	})
	r.append, r.override = appendTo, override
}

// readChange reads "append" and "override" of any item. allowed are the keys
// that may be overridden and whether they may be appended to.
func (l *loader) readChange(m *mapping, allowed map[string]bool) (bool, map[string]bool) {
	appendTo := false
	if b := m.bool("append"); b != nil && *b {
		l.warnf(DeprecatedItem, m.item, "'append' key is deprecated. Add an 'append' entry (e.g. 'condition: append') under 'override' instead.")
		appendTo = true
	}
	n := m.find("override")
	if n == nil {
		return appendTo, nil
	}
	if n.Kind != yaml.MappingNode {
		m.wrong("override", n, "Value of 'override' must be a mapping of keys to 'append' or 'replace'")
		return appendTo, nil
	}
	if appendTo {
		m.fail(ErrYAMLValidate, "Keys 'override' and 'append: true' cannot be used together. Add an 'append' entry (e.g. 'condition: append') under 'override' instead.")
	}
	override := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], follow(n.Content[i+1])
		l.readOverride(m, key, value, allowed, override)
	}
	return appendTo, override
}

func (l *loader) readOverride(m *mapping, key, value *yaml.Node, allowed, override map[string]bool) {
	it := item{"overrides", key.Value, m.file.placeOf(key)}
	mayAppend, known := allowed[key.Value]
	switch {
	case value.Value == "append" && mayAppend:
		override[key.Value] = true
	case value.Value == "append":
		m.bad = true
		l.errorf(ErrYAMLValidate, it, "Key '%s' cannot be appended to, use 'replace' instead", key.Value)
	case value.Value == "replace" && known:
		override[key.Value] = false
	case value.Value == "replace":
		m.bad = true
		l.errorf(ErrYAMLValidate, it, "Key '%s' cannot be replaced", key.Value)
	default:
		m.bad = true
		it.at = m.file.placeOf(value)
		l.notOneOf([]string{"append", "replace"}, value.Value,
			Finding{Code: ErrYAMLValidate, Message: "Invalid override operation for key '" + key.Value + "':"}, it)
	}
}

// overridable are the keys of a rule that "override" has to name.
var overridable = []string{
	"condition", "output", "desc", "tags", "exceptions", "priority", "capture", "capture_duration",
	"enabled", "warn_evttypes", "skip-if-unknown-filter",
}

// checkOverride holds a rule's keys against what "override" names.
func (l *loader) checkOverride(m *mapping, r *ruleItem) {
	if len(r.override) == 0 {
		return
	}
	for _, key := range overridable {
		appended, named := r.override[key]
		n := m.find(key)
		switch {
		case named && n == nil:
			how := "replace"
			if appended {
				how = "append"
			}
			m.fail(ErrYAMLValidate, "An %s override for '%s' was specified but '%s' is not defined", how, key, key)
		case !named && n != nil:
			m.bad = true
			l.errorf(ErrYAMLValidate, item{"overrides", key, m.file.placeOf(n)},
				"Unexpected key '%s': no corresponding entry under 'override' is defined.", key)
		}
	}
}
