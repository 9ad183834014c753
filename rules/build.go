package rules

import (
	"math"
	"slices"

	"github.com/sakerhq/saker/rules/internal/syntax"
)

// check compiles what the files since the last check may have broken. Falco compiles all
// after every file: what a rule needs must be there by the end of its file.
func (l *loader) check() {
	some := l.rules.order
	if !l.changed {
		some = slices.DeleteFunc(slices.Clone(some), func(def *ruleDef) bool { return !l.touched[def.item.name] })
	}
	l.build(some)
	l.changed = false
	clear(l.touched)
}

// build compiles some of the rules that are collected so far.
func (l *loader) build(some []*ruleDef) *Set {
	for _, def := range l.lists.order {
		def.used = false
	}
	for _, def := range l.macros.order {
		def.used = false
	}
	x := newExpander(&l.lists)
	m := &macros{loader: l, lists: x}
	m.prepare()
	c := newCompiler(l.schema, &l.report, &l.pos)
	c.opts, c.lists = &l.opts, &l.lists
	c.set.all = l.opts.All
	for _, def := range some {
		if r := l.buildRule(def, m, c); r != nil {
			c.set.rules = append(c.set.rules, r)
		}
	}
	return c.set
}

// buildRule compiles one rule; nil after an error, or when it is left out.
func (l *loader) buildRule(def *ruleDef, m *macros, c *compiler) *Rule {
	c.begin(def)
	r := l.newRule(def)
	ok := !def.bad
	if !def.cond.Empty() {
		ok = l.buildCondition(r, def, m, c) && ok
	}
	if !def.output.Empty() {
		ok = c.compileOutput(r, def) && ok
	}
	ok = c.compileAdditions(r) && ok
	if !ok || c.left {
		return nil
	}
	if def.warnTypes && def.source == SyscallSource && (r.types.except || r.types.empty()) {
		l.warnf(NoEventType, def.item, "Rule matches too many evt.type values. This has a significant performance penalty.")
	}
	r.set = c.set
	r.refs = r.refsOf(r.cond)
	return r
}

// buildCondition compiles a rule's condition. It goes on after errors, to find
// them all.
func (l *loader) buildCondition(r *Rule, def *ruleDef, m *macros, c *compiler) bool {
	n := l.parseText(m.lists, def.condition(), def.item)
	if n == nil {
		return false
	}
	m.nodes = 0
	n, ok := m.expand(n, math.MaxInt)
	r.compiled = syntax.Dump(n)
	if r.cond = c.compile(n); r.cond == nil {
		return false
	}
	r.types = r.cond.types()
	return ok && !c.bad
}

func (l *loader) newRule(def *ruleDef) *Rule {
	r := &Rule{
		Name: def.item.name, Desc: def.desc.String(), Priority: def.priority, Source: def.source, Tags: def.tags,
		Ruleset: def.ruleset, Enabled: def.enabled, Capture: def.capture, CaptureMillis: def.millis,
		Condition: def.cond.String(), Output: trimmed(&def.output),
	}
	for _, e := range def.except {
		r.exceptions = append(r.exceptions, e.item.name)
	}
	return r
}

func (l *loader) warnUnused() {
	for _, def := range l.macros.order {
		if !def.used && !def.bad {
			l.warnf(UnusedMacro, def.item, "Macro not referred to by any other rule/macro")
		}
	}
	for _, def := range l.lists.order {
		if !def.used && !def.bad {
			l.warnf(UnusedList, def.item, "List not referred to by any other rule/macro")
		}
	}
}
