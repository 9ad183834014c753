package rules

import "strings"

// ruleDef is a rule as defined so far.
type ruleDef struct {
	item      item
	ruleset   string
	cond      text
	output    text
	desc      text
	priority  Priority
	source    string
	enabled   bool
	warnTypes bool
	skip      bool
	capture   bool
	millis    uint64
	tags      []string
	except    []*exceptionDef
	joined    *scalar // the last condition that was appended with "or"
	bad       bool    // its errors are reported already
}

// addRule takes a rule entry into account.
func (l *loader) addRule(r *ruleItem) {
	name := r.item.name
	if name == "" {
		return
	}
	old, there := l.rules.get(name)
	if r.bad {
		if !there {
			l.rules.put(name, l.brokenRule(r))
		}
		return
	}
	switch {
	case len(r.override) > 0:
		l.overrideRule(r, old)
	case r.append:
		l.appendRule(r, old)
	case r.cond == nil:
		l.toggleRule(r, old)
	default:
		l.defineRule(r, old)
	}
}

// brokenRule keeps what can still be checked of a rule with errors.
func (l *loader) brokenRule(r *ruleItem) *ruleDef {
	def := &ruleDef{item: r.item, source: r.source, bad: true}
	if def.source == "" {
		def.source = SyscallSource
	}
	if len(r.override) > 0 || r.append {
		return def
	}
	if r.cond != nil {
		def.cond = textOf(r.cond)
	}
	if r.output != nil {
		def.output = textOf(r.output)
	}
	return def
}

const noSuchRule = "Rule uses 'append' or 'override.<key>: append' but no rule by that name already exists"

func (l *loader) toggleRule(r *ruleItem, old *ruleDef) {
	l.warnf(DeprecatedItem, r.item, "The standalone 'enabled' key usage is deprecated. The correct approach requires also a 'replace' entry under the 'override' key (i.e. 'enabled: replace').")
	if old == nil {
		l.errorf(ErrValidate, r.item, "Rule has 'enabled' key but no rule by that name already exists")
		return
	}
	old.enabled = *r.enabled
}

func (l *loader) defineRule(r *ruleItem, old *ruleDef) {
	def := &ruleDef{
		item: r.item, ruleset: ruleset(r.ruleset), cond: textOf(r.cond), output: textOf(r.output), desc: textOf(r.desc),
		priority: *r.priority, source: r.source, enabled: true, warnTypes: true, tags: values(r.tags),
	}
	if def.source == "" {
		def.source = SyscallSource
	}
	def.set(r)
	if old != nil && old.source != def.source {
		l.errorf(ErrValidate, r.item, "Rule has been re-defined with a different source")
		return
	}
	except, ok := l.sound(r.except, def.source)
	def.except, def.bad = except, !ok
	if old != nil && !old.bad {
		def.ruleset = old.ruleset
	}
	l.rules.put(r.item.name, def)
}

// set takes over the plain values that an item has.
func (def *ruleDef) set(r *ruleItem) {
	take(&def.enabled, r.enabled)
	take(&def.warnTypes, r.warnTypes)
	take(&def.skip, r.skip)
	take(&def.capture, r.capture)
	take(&def.millis, r.millis)
	take(&def.priority, r.priority)
}

func take[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

func values(ss []*scalar) []string {
	var out []string
	for _, s := range ss {
		out = append(out, s.node.Value)
	}
	return out
}

func (l *loader) appendRule(r *ruleItem, old *ruleDef) {
	if r.cond == nil && len(r.except) == 0 {
		l.errorf(ErrValidate, r.item, "Appended rule must have exceptions or condition property")
		return
	}
	if old == nil {
		l.errorf(ErrValidate, r.item, noSuchRule)
		return
	}
	if r.source != "" && r.source != old.source && !old.bad {
		l.errorf(ErrValidate, r.item, "Rule has been re-defined with a different source")
		return
	}
	if old.bad {
		return
	}
	if r.cond != nil {
		old.appendCondition(r.cond)
	}
	l.mergeExceptions(old, r)
}

func (l *loader) overrideRule(r *ruleItem, old *ruleDef) {
	if old == nil {
		l.errorf(ErrValidate, r.item, "%s", r.noRule())
		return
	}
	if r.source != "" && r.source != old.source && !old.bad {
		l.errorf(ErrValidate, r.item, "Rule has been re-defined with a different source")
		return
	}
	if old.bad {
		return
	}
	old.set(r)
	if r.override["condition"] {
		old.appendCondition(r.cond)
	} else {
		merge(&old.cond, r.cond, false)
	}
	merge(&old.output, r.output, r.override["output"])
	merge(&old.desc, r.desc, r.override["desc"])
	if r.hasTags && r.override["tags"] {
		old.tags = append(old.tags, values(r.tags)...)
	} else if r.hasTags {
		old.tags = values(r.tags)
	}
	if !r.hasExcept {
		return
	}
	if r.override["exceptions"] {
		l.mergeExceptions(old, r)
		return
	}
	for _, e := range r.except {
		if e.fields != nil && e.fields.scalar == nil && e.comps == nil {
			l.wrongException(e, "Exceptions that replace others need 'comps' beside a list of fields")
			old.bad = true
			return
		}
	}
	except, ok := l.sound(r.except, old.source)
	old.except, old.bad = except, !ok
}

// noRule says that there is no rule to override.
func (r *ruleItem) noRule() string {
	for _, appended := range r.override {
		if appended {
			return noSuchRule
		}
	}
	return "An 'override.<key>: replace' to a rule was requested but no rule by that name already exists"
}

func (def *ruleDef) appendCondition(s *scalar) {
	def.cond = def.cond.join(textOf(s))
	if startsWithOr(s) {
		def.joined = s
	}
}

func merge(to *text, s *scalar, appended bool) {
	switch {
	case s == nil:
	case appended:
		*to = to.join(textOf(s))
	default:
		*to = textOf(s)
	}
}

// trimmed is an output's text without the blanks around it.
func (t *text) trimmed() string { return strings.Trim(t.s, " \t\r\n") }
