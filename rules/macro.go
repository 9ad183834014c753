package rules

import "maps"

// macros puts macros' conditions in the place of their names.
type macros struct {
	*loader
	lists *expander
	nodes int // in the condition at hand
	total int // in all conditions
}

// parseText expands lists and parses. It reports what is wrong; then it gives nil.
func (l *loader) parseText(x *expander, t text, it item) node {
	expanded, ok := x.expand(&t)
	if !ok {
		l.errorf(ErrCondition, it, "condition becomes longer than %d bytes by its lists", maxExpanded)
		return nil
	}
	base := l.pos.add(&expanded)
	n, err := parse(expanded.s, base)
	if err != nil {
		e := err.(*syntaxError)
		l.errorf(ErrCondition, item{"condition expression", "", l.pos.place(base + e.at)}, "%s", e.message)
		return nil
	}
	return n
}

// prepare parses and expands all macros.
func (m *macros) prepare() {
	for _, def := range m.macros.order {
		def.parsed, def.node, def.busy = false, nil, false
	}
	for _, def := range m.macros.order {
		if n := m.parsed(def); n != nil {
			m.nodes = 0
			def.busy = true
			m.expand(n, def.last)
			def.busy = false
		}
	}
}

// parsed is a macro's own condition, with macros still in it.
func (m *macros) parsed(def *macroDef) node {
	if !def.parsed && !def.bad {
		def.parsed = true
		def.node = m.parseText(m.lists, def.cond, def.item)
	}
	return def.node
}

// expand replaces the macros in n. Macros defined after before are not seen.
// It reports what is wrong; then ok is false and the name stays in its place.
func (m *macros) expand(n node, before int) (out node, ok bool) {
	m.nodes++
	m.total++
	switch n := n.(type) {
	case *group:
		g := &group{or: n.or, kids: make([]node, len(n.kids))}
		ok = true
		for i, kid := range n.kids {
			var good bool
			g.kids[i], good = m.expand(kid, before)
			ok = ok && good
		}
		return g, ok
	case *not:
		kid, ok := m.expand(n.kid, before)
		return &not{kid}, ok
	case *macroRef:
		return m.reference(n, before)
	}
	return n, true
}

func (m *macros) reference(ref *macroRef, before int) (node, bool) {
	it := item{"condition expression", "", m.pos.place(ref.at)}
	def, there := m.macros.get(ref.name)
	switch {
	case !there || def.first >= before:
		f := m.errorf(ErrValidate, it, "Undefined macro '%s' used in filter.", ref.name)
		f.Hint = m.similar(ref.name, maps.Keys(m.macros.at))
		return ref, false
	case def.busy:
		m.errorf(ErrValidate, it, "reference loop in macro '%s'", ref.name)
		return ref, false
	}
	def.used = true
	n := m.parsed(def)
	if n == nil {
		return ref, false
	}
	if m.nodes > maxNodes || m.total > maxTotalNodes {
		m.errorf(ErrCondition, it, "conditions become too large by their macros")
		return ref, false
	}
	def.busy = true
	defer func() { def.busy = false }()
	return m.expand(n, def.last)
}
