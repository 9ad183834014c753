package rules

import (
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/sakerhq/saker/rules/internal/source"
)

// ruleItem is one rule entry of a file: changes of a rule, by their keys.
type ruleItem struct {
	item     item
	ruleset  string
	source   string
	override map[string]bool // the keys that change an earlier rule: do they append (else replace)?
	changes  map[string]change
	bad      bool
}

// change is what the value of a key makes of a rule.
type change func(l *loader, def *ruleDef, way way)

type way uint8

const (
	defining way = iota
	replacing
	appending
)

// ruleKeys are the keys of a rule entry that make or change a rule, all but
// its name and source.
var ruleKeys = []struct {
	name    string
	needed  bool // a new rule must have it
	appends bool // may be appended to
	read    func(m *mapping, key string, needed bool) change
}{
	{"condition", true, true, readCondition},
	{"output", true, true, readText(func(def *ruleDef) *source.Text { return &def.output })},
	{"desc", true, true, readText(func(def *ruleDef) *source.Text { return &def.desc })},
	{"priority", true, false, readPriority},
	{"enabled", false, false, readBool(func(def *ruleDef) *bool { return &def.enabled })},
	{"warn_evttypes", false, false, readBool(func(def *ruleDef) *bool { return &def.warnTypes })},
	{"skip-if-unknown-filter", false, false, readBool(func(def *ruleDef) *bool { return &def.skip })},
	{"capture", false, false, readBool(func(def *ruleDef) *bool { return &def.capture })},
	{"capture_duration", false, false, readMillis},
	{"tags", false, true, readTags},
	{"exceptions", false, true, readExceptions},
}

// ruleOverrides says which keys "override" may name, and which of them append.
var ruleOverrides = func() map[string]bool {
	keys := map[string]bool{}
	for _, k := range ruleKeys {
		keys[k.name] = k.appends
	}
	return keys
}()

// readRule reads a rule entry.
func (l *loader) readRule(m *mapping) *ruleItem {
	r := &ruleItem{ruleset: m.file.Name, changes: map[string]change{}}
	m.item.name = m.str("rule", true)
	appended, override := m.readChange(ruleOverrides)
	if r.override = override; appended {
		r.override = map[string]bool{"condition": true, "exceptions": true}
	}
	full := !appended && !m.has("override")
	toggle := full
	for _, k := range ruleKeys {
		toggle = toggle && (!k.needed || !m.has(k.name))
	}
	if n := m.find("source"); !appended || n == nil || n.Kind != yaml.ScalarNode || !isNull(n) && n.Value != "" {
		r.source = m.str("source", false)
	}
	for _, k := range ruleKeys {
		if change := k.read(m, k.name, full && !toggle && k.needed); change != nil && m.has(k.name) {
			r.changes[k.name] = change
		}
	}
	if toggle && !m.has("enabled") {
		m.fail(ErrYAMLValidate, "Item has no mapping for key 'enabled'")
	}
	if n := m.find("exceptions"); appended && !m.bad && r.changes["condition"] == nil && (n == nil || len(n.Content) == 0) {
		m.fail(ErrValidate, "Appended rule must have exceptions or condition property")
	}
	if !appended && len(override) > 0 {
		m.checkOverride(override)
	}
	m.finish()
	r.item, r.bad = m.item, m.bad
	return r
}

// readText makes a key of a text that belongs in a rule.
func readText(of func(*ruleDef) *source.Text) func(*mapping, string, bool) change {
	return func(m *mapping, key string, needed bool) change {
		s := m.scalar(key, needed)
		if s == nil {
			return nil
		}
		return func(_ *loader, def *ruleDef, way way) {
			if to := of(def); way == appending {
				*to = to.Join(s.Text())
			} else {
				*to = s.Text()
			}
		}
	}
}

func readCondition(m *mapping, key string, needed bool) change {
	set := readText(func(def *ruleDef) *source.Text { return &def.cond })(m, key, needed)
	if set == nil {
		return nil
	}
	s := &source.Scalar{File: m.file, Node: m.find(key)}
	return func(l *loader, def *ruleDef, way way) {
		set(l, def, way)
		if way == appending && startsWithOr(s) {
			def.joined = s
		}
	}
}

// readBool makes a key of a truth value that belongs in a rule.
func readBool(of func(*ruleDef) *bool) func(*mapping, string, bool) change {
	return func(m *mapping, key string, _ bool) change {
		b := m.bool(key)
		if b == nil {
			return nil
		}
		return func(_ *loader, def *ruleDef, _ way) { *of(def) = *b }
	}
}

func readPriority(m *mapping, key string, needed bool) change {
	s := m.scalar(key, needed)
	if s == nil {
		return nil
	}
	p, ok := ParsePriority(s.Node.Value)
	if !ok {
		m.bad = true
		m.notOneOf(priorityNames[:], s.Node.Value, Finding{Code: ErrYAMLValidate, Message: "Invalid priority"},
			item{"rule priority", "", m.file.Node(s.Node)})
	}
	return func(_ *loader, def *ruleDef, _ way) { def.priority = p }
}

func readMillis(m *mapping, key string, _ bool) change {
	s := m.scalar(key, false)
	if s == nil {
		return nil
	}
	n, err := strconv.ParseUint(s.Node.Value, 10, 32)
	if err != nil {
		m.wrong(key, s.Node, "Can't decode YAML scalar value '"+s.Node.Value+"': it must be a number of milliseconds")
	}
	return func(_ *loader, def *ruleDef, _ way) { def.millis = n }
}

func readTags(m *mapping, key string, _ bool) change {
	tags := m.strings(key)
	return func(_ *loader, def *ruleDef, way way) {
		if way != appending {
			def.tags = nil
		}
		for _, s := range tags {
			def.tags = append(def.tags, s.Node.Value)
		}
	}
}

// startsWithOr reports whether an appended condition begins with "or".
func startsWithOr(s *source.Scalar) bool {
	word := strings.TrimLeft(s.Node.Value, " \t\r\n")
	return strings.HasPrefix(word, "or ") || strings.HasPrefix(word, "or(") || strings.HasPrefix(word, "or\n")
}

// readChange reads "append" and "override" of any item. allowed are the keys
// that may be overridden and whether they may be appended to.
func (m *mapping) readChange(allowed map[string]bool) (appended bool, override map[string]bool) {
	if b := m.bool("append"); b != nil && *b {
		m.warnf(DeprecatedItem, m.item, "'append' key is deprecated. Add an 'append' entry (e.g. 'condition: append') under 'override' instead.")
		appended = true
	}
	n := m.find("override")
	if n == nil {
		return appended, nil
	}
	if n.Kind != yaml.MappingNode {
		m.wrong("override", n, "Value of 'override' must be a mapping of keys to 'append' or 'replace'")
		return appended, nil
	}
	if appended {
		m.fail(ErrYAMLValidate, "Keys 'override' and 'append: true' cannot be used together. Add an 'append' entry (e.g. 'condition: append') under 'override' instead.")
	}
	override = map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		m.readOverride(n.Content[i], follow(n.Content[i+1]), allowed, override)
	}
	return appended, override
}

func (m *mapping) readOverride(key, value *yaml.Node, allowed, override map[string]bool) {
	it := item{"overrides", key.Value, m.file.Node(key)}
	mayAppend, known := allowed[key.Value]
	appends := value.Value == "append"
	switch {
	case appends && mayAppend, value.Value == "replace" && known:
		override[key.Value] = appends
		return
	case appends:
		m.errorf(ErrYAMLValidate, it, "Key '%s' cannot be appended to, use 'replace' instead", key.Value)
	case value.Value == "replace":
		m.errorf(ErrYAMLValidate, it, "Key '%s' cannot be replaced", key.Value)
	default:
		it.at = m.file.Node(value)
		m.notOneOf([]string{"append", "replace"}, value.Value,
			Finding{Code: ErrYAMLValidate, Message: "Invalid override operation for key '" + key.Value + "':"}, it)
	}
	m.bad = true
}

// checkOverride holds a rule's keys against what "override" names.
func (m *mapping) checkOverride(override map[string]bool) {
	for _, k := range ruleKeys {
		appends, named := override[k.name]
		n := m.find(k.name)
		switch {
		case named && n == nil:
			how := "replace"
			if appends {
				how = "append"
			}
			m.fail(ErrYAMLValidate, "An %s override for '%s' was specified but '%s' is not defined", how, k.name, k.name)
		case !named && n != nil:
			m.bad = true
			m.errorf(ErrYAMLValidate, item{"overrides", k.name, m.file.Node(n)},
				"Unexpected key '%s': no corresponding entry under 'override' is defined.", k.name)
		}
	}
}
