package rules

import (
	"maps"

	"github.com/sakerhq/saker/rules/internal/source"
	"github.com/sakerhq/saker/rules/internal/syntax"
)

// macros puts macros' conditions in the place of their names.
type macros struct {
	*loader
	lists *expander
	nodes int // in the condition at hand
	total int // in all conditions
}

// parseText expands lists and parses. It reports what is wrong; then it gives nil.
func (l *loader) parseText(x *expander, t source.Text, it item) syntax.Node {
	expanded, ok := x.expand(&t)
	if !ok {
		l.errorf(ErrCondition, it, "condition becomes longer than %d bytes by its lists", maxExpanded)
		return nil
	}
	base := l.pos.Add(&expanded)
	n, err := syntax.Parse(expanded.String(), base)
	if err != nil {
		e := err.(*syntax.Error)
		l.errorf(ErrCondition, item{"condition expression", "", l.pos.Place(base + e.At)}, "%s", e.Message)
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
func (m *macros) parsed(def *macroDef) syntax.Node {
	if !def.parsed && !def.bad {
		def.parsed = true
		def.node = m.parseText(m.lists, def.cond, def.item)
	}
	return def.node
}

// expand replaces the macros in n. Macros defined after before are not seen.
// It reports what is wrong; then ok is false and the name stays in its place.
func (m *macros) expand(n syntax.Node, before int) (out syntax.Node, ok bool) {
	m.nodes++
	m.total++
	switch n := n.(type) {
	case *syntax.Group:
		g := &syntax.Group{Or: n.Or, Kids: make([]syntax.Node, len(n.Kids))}
		ok = true
		for i, kid := range n.Kids {
			var good bool
			g.Kids[i], good = m.expand(kid, before)
			ok = ok && good
		}
		return g, ok
	case *syntax.Not:
		kid, ok := m.expand(n.Kid, before)
		return &syntax.Not{Kid: kid}, ok
	case *syntax.MacroRef:
		return m.reference(n, before)
	}
	return n, true
}

func (m *macros) reference(ref *syntax.MacroRef, before int) (syntax.Node, bool) {
	it := item{"condition expression", "", m.pos.Place(ref.At)}
	def, there := m.macros.get(ref.Name)
	switch {
	case !there || def.first >= before:
		f := m.errorf(ErrValidate, it, "Undefined macro '%s' used in filter.", ref.Name)
		f.Hint = m.similar(ref.Name, maps.Keys(m.macros.at))
		return ref, false
	case def.busy:
		m.errorf(ErrValidate, it, "reference loop in macro '%s'", ref.Name)
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
