package rules

import (
	"maps"
	"strings"

	"github.com/sakerhq/saker/rules/internal/syntax"
)

// doubt warns of what is legal but hardly meant.
func (c *compiler) doubt(k *syntax.Check) {
	c.doubtList(k)
	for _, v := range k.Values {
		if trivial(k.Op.Code, v.Text) {
			c.warn(Lint, v.At, "'%s %s' holds for every value that is there", k.Op.Name, syntax.Quote(v.Text))
		}
		if k.Op.Code == syntax.OpRegex && plainRegex(v.Text) {
			c.warn(SuspiciousCondition, v.At,
				"regex check with '%s' may be optimized with simpler operators such as '=', 'contains', 'startswith', 'endswith'", v.Text)
		}
		if kind, other := c.looksLike(v.Text); other {
			c.warn(SuspiciousCondition, v.At, "'%s' may be a valid %s misused as a const string value", v.Text, kind)
		}
		if v.Text == "<NA>" && (strings.HasPrefix(k.Left.Name, "ka.") || strings.HasPrefix(k.Left.Name, "jevt.")) {
			c.warn(UnsafeNACheck, v.At, "comparing a field value with <NA> is unsafe and can lead to unpredictable behavior of the rule condition, use 'exists' instead")
		}
	}
	if k.Left.Name == "evt.dir" && k.Left.Kind == syntax.Field {
		c.warn(DeprecatedItem, k.At, "due to the drop of enter events, 'evt.dir = <' always evaluates to true, "+
			"and 'evt.dir = >' always evaluates to false. The rule expression can be simplified by removing the condition on 'evt.dir'")
	}
}

// trivial reports whether every value satisfies an operator and constant.
func trivial(op syntax.OpCode, text string) bool {
	switch op {
	case syntax.OpContains, syntax.OpIContains, syntax.OpStartsWith, syntax.OpEndsWith:
		return text == ""
	case syntax.OpGlob, syntax.OpIGlob:
		return text != "" && strings.Trim(text, "*") == ""
	case syntax.OpPMatch:
		return strings.Trim(text, "/") == ""
	case syntax.OpRegex:
		return text == ".*"
	}
	return false
}

// plainRegex reports whether a pattern would be said better without regex.
func plainRegex(pattern string) bool {
	pattern = strings.TrimSuffix(strings.TrimPrefix(pattern, ".*"), ".*")
	return !strings.ContainsAny(pattern, `.[]{}()\*+?|^$`)
}

// doubtList warns of names of lists that are none: they became words.
func (c *compiler) doubtList(k *syntax.Check) {
	if k.Right != nil || !k.Op.List && k.Mod == syntax.NoModifier {
		return
	}
	for _, v := range k.Values {
		hint := ""
		if strings.Contains(v.Text, "_") || !k.List {
			hint = c.similar(v.Text, maps.Keys(c.lists.at))
		}
		if k.List && hint == "" {
			continue
		}
		c.warnf(Lint, item{"condition expression", "", c.pos.Place(v.At)},
			"there is no list '%s': it is compared as a word", v.Text).Hint = hint
	}
}

// doubtUnserved warns of a check that reads a field which nobody answers.
func (c *compiler) doubtUnserved(k *syntax.Check, sides ...*expr) {
	for _, side := range sides {
		if e := side.find(func(e *expr) bool { return e.ref != nil && e.ref.Unserved != "" }); e != nil {
			c.warn(Lint, k.At, "this check is never true, as '%s' has no value here: %s", e.ref, e.ref.Unserved)
		}
	}
}

// looksLike says which other thing than a text a constant could be.
func (c *compiler) looksLike(text string) (kind string, other bool) {
	for _, name := range syntax.TransformerNames {
		if strings.HasPrefix(text, name+"(") && strings.HasSuffix(text, ")") {
			return "field transformer", true
		}
	}
	if o, err := syntax.ParseOperand(text); err == nil && o.Kind == syntax.Field {
		_, err := c.table.Resolve(o.Name, o.Arg, o.Has)
		return "field", err == nil
	}
	return "", false
}
