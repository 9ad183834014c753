package rules

import (
	"slices"
	"strings"
)

// typeSet is a set of event types: those named, or all except those.
type typeSet struct {
	except bool
	names  []string // sorted, distinct
}

var allTypes = typeSet{except: true}

func typesOf(names ...string) typeSet {
	names = slices.Clone(names)
	slices.Sort(names)
	return typeSet{names: slices.Compact(names)}
}

func (s typeSet) complement() typeSet { return typeSet{!s.except, s.names} }

func (s typeSet) has(name string) bool {
	_, found := slices.BinarySearch(s.names, name)
	return found != s.except
}

func (s typeSet) intersect(o typeSet) typeSet {
	switch {
	case s.except && o.except:
		return typesOf(append(slices.Clone(s.names), o.names...)...).complement()
	case s.except:
		return o.intersect(s)
	}
	var names []string
	for _, n := range s.names {
		if o.has(n) {
			names = append(names, n)
		}
	}
	return typeSet{names: names}
}

func (s typeSet) union(o typeSet) typeSet {
	return s.complement().intersect(o.complement()).complement()
}

// sorted is the set's names; for a set of exceptions what it leaves out.
func (s typeSet) sorted() []string { return s.names }

func (s typeSet) String() string {
	if s.except && len(s.names) == 0 {
		return "all"
	}
	text := strings.Join(s.names, " ")
	if s.except {
		return "all but " + text
	}
	return text
}

// narrow is the set of event types for which a condition can be true. Only
// tests of the type itself narrow, and what stands under "not" beside other
// tests does not.
func narrow(n node, negated bool) typeSet {
	switch n := n.(type) {
	case *not:
		return narrow(n.kid, !negated)
	case *group:
		sets := make([]typeSet, len(n.kids))
		for i, kid := range n.kids {
			sets[i] = narrow(kid, negated)
		}
		if n.or == negated { // De Morgan: and, or "or" negated
			return fold(sets, typeSet.intersect)
		}
		return fold(sets, typeSet.union)
	case *check:
		if s, ok := n.types(); ok {
			if negated {
				return s.complement()
			}
			return s
		}
	}
	return allTypes
}

// fold joins many sets, in halves, so that it takes no square of time.
func fold(sets []typeSet, join func(a, b typeSet) typeSet) typeSet {
	if len(sets) == 1 {
		return sets[0]
	}
	half := len(sets) / 2
	return join(fold(sets[:half], join), fold(sets[half:], join))
}

// types is the set of event types that a check of the type itself accepts.
func (c *check) types() (typeSet, bool) {
	if !c.left.isTypeField() || c.right != nil {
		return typeSet{}, false
	}
	names := make([]string, len(c.values))
	for i, v := range c.values {
		names[i] = v.text
	}
	switch {
	case c.op.code == opEq && (c.mod == noModifier || c.mod == anyOf),
		c.op.code == opIn, c.op.code == opIntersects:
		return typesOf(names...), true
	case c.op.code == opNE && (c.mod == noModifier || c.mod == allOf):
		return typesOf(names...).complement(), true
	}
	return typeSet{}, false
}

// isTypeField reports whether o is the event's type.
func (o *operand) isTypeField() bool {
	return o.kind == isField && (o.name == "evt.type" || o.name == "syscall.type")
}
