package rules

import (
	"cmp"
	"path"
	"strings"

	"github.com/sakerhq/saker/rules/internal/source"
)

// ruleDef is a rule as defined so far.
type ruleDef struct {
	item      item
	ruleset   string
	cond      source.Text
	output    source.Text
	desc      source.Text
	priority  Priority
	source    string
	enabled   bool
	warnTypes bool
	skip      bool
	capture   bool
	millis    uint64
	tags      []string
	except    []*exceptionDef
	joined    *source.Scalar // the last condition that was appended with "or"
	bad       bool           // its errors are reported already
}

// addRule takes a rule entry into account.
func (l *loader) addRule(r *ruleItem) {
	name := r.item.name
	old, there := l.rules.get(name)
	l.touched[name] = true
	switch {
	case name == "", r.bad && there:
	case r.bad:
		l.rules.put(name, l.newDef(r, "condition", "output"))
	case r.override != nil:
		l.overrideRule(r, old)
	case r.changes["condition"] == nil:
		l.toggleRule(r, old)
	default:
		l.defineRule(r, old)
	}
}

// newDef is a rule of which an entry says some things. What is broken can
// still be checked for further errors.
func (l *loader) newDef(r *ruleItem, keys ...string) *ruleDef {
	def := &ruleDef{
		item: r.item, ruleset: path.Base(r.ruleset), source: cmp.Or(r.source, SyscallSource),
		enabled: true, warnTypes: true, bad: r.bad,
	}
	for _, key := range keys {
		if set := r.changes[key]; set != nil && r.override == nil {
			set(l, def, defining)
		}
	}
	return def
}

func (l *loader) toggleRule(r *ruleItem, old *ruleDef) {
	l.warnf(DeprecatedItem, r.item, "The standalone 'enabled' key usage is deprecated. The correct approach requires also a 'replace' entry under the 'override' key (i.e. 'enabled: replace').")
	if old == nil {
		l.errorf(ErrValidate, r.item, "Rule has 'enabled' key but no rule by that name already exists")
		return
	}
	r.changes["enabled"](l, old, replacing)
}

func (l *loader) defineRule(r *ruleItem, old *ruleDef) {
	if old != nil && old.source != cmp.Or(r.source, SyscallSource) {
		l.errorf(ErrValidate, r.item, "Rule has been re-defined with a different source")
		return
	}
	var keys []string
	for _, k := range ruleKeys {
		keys = append(keys, k.name)
	}
	def := l.newDef(r, keys...)
	if old != nil && !old.bad {
		def.ruleset = old.ruleset
	}
	l.rules.put(r.item.name, def)
}

func (l *loader) overrideRule(r *ruleItem, old *ruleDef) {
	switch {
	case old == nil:
		l.errorf(ErrValidate, r.item, "%s", r.noRule())
		return
	case r.source != "" && r.source != old.source && !old.bad:
		l.errorf(ErrValidate, r.item, "Rule has been re-defined with a different source")
		return
	case old.bad:
		return
	}
	for _, k := range ruleKeys {
		appends, named := r.override[k.name]
		if set := r.changes[k.name]; set != nil && named && appends {
			set(l, old, appending)
		} else if set != nil && named {
			set(l, old, replacing)
		}
	}
}

// noRule says that there is no rule to override.
func (r *ruleItem) noRule() string {
	for _, appends := range r.override {
		if appends {
			return "Rule uses 'append' or 'override.<key>: append' but no rule by that name already exists"
		}
	}
	return "An 'override.<key>: replace' to a rule was requested but no rule by that name already exists"
}

// trimmed is an output's text without the blanks around it.
func trimmed(t *source.Text) string { return strings.Trim(t.String(), " \t\r\n") }
