package rules

import (
	"maps"
	"strings"
)

// doubt warns of what is legal but hardly meant.
func (c *compiler) doubt(k *check) {
	c.doubtList(k)
	for _, v := range k.values {
		if trivial(k.op.code, v.text) {
			c.warn(Lint, v.at, "'%s %s' holds for every value that is there", k.op.name, quoteAlways(v.text))
		}
		if k.op.code == opRegex && plainRegex(v.text) {
			c.warn(SuspiciousCondition, v.at,
				"regex check with '%s' may be optimized with simpler operators such as '=', 'contains', 'startswith', 'endswith'", v.text)
		}
		if kind, other := c.looksLike(v.text); other {
			c.warn(SuspiciousCondition, v.at, "'%s' may be a valid %s misused as a const string value", v.text, kind)
		}
		if v.text == "<NA>" && (strings.HasPrefix(k.left.name, "ka.") || strings.HasPrefix(k.left.name, "jevt.")) {
			c.warn(UnsafeNACheck, v.at, "comparing a field value with <NA> is unsafe and can lead to unpredictable behavior of the rule condition, use 'exists' instead")
		}
	}
	if k.left.name == "evt.dir" && k.left.kind == isField {
		c.warn(DeprecatedItem, k.at, "due to the drop of enter events, 'evt.dir = <' always evaluates to true, "+
			"and 'evt.dir = >' always evaluates to false. The rule expression can be simplified by removing the condition on 'evt.dir'")
	}
}

// trivial reports whether every value satisfies an operator and constant.
func trivial(op opCode, text string) bool {
	switch op {
	case opContains, opIContains, opStartsWith, opEndsWith:
		return text == ""
	case opGlob, opIGlob:
		return text != "" && strings.Trim(text, "*") == ""
	case opPMatch:
		return strings.Trim(text, "/") == ""
	case opRegex:
		return text == ".*"
	}
	return false
}

// doubtList warns of names of lists that are none: they became words.
func (c *compiler) doubtList(k *check) {
	if k.right != nil || !k.op.list && k.mod == noModifier {
		return
	}
	for _, v := range k.values {
		hint := ""
		if strings.Contains(v.text, "_") || !k.list {
			hint = c.similar(v.text, maps.Keys(c.lists.at))
		}
		if k.list && hint == "" {
			continue
		}
		c.warnf(Lint, item{"condition expression", "", c.pos.place(v.at)},
			"there is no list '%s': it is compared as a word", v.text).Hint = hint
	}
}

// doubtUnserved warns of a check that reads a field which nobody answers.
func (c *compiler) doubtUnserved(k *check, sides ...*expr) {
	for _, side := range sides {
		if e := side.find(func(e *expr) bool { return e.ref != nil && e.ref.Unserved != "" }); e != nil {
			c.warn(Lint, k.at, "this check is never true, as '%s' has no value here: %s", e.ref, e.ref.Unserved)
		}
	}
}

// looksLike says which other thing than a text a constant could be.
func (c *compiler) looksLike(text string) (kind string, other bool) {
	for _, name := range transformerNames {
		if strings.HasPrefix(text, name+"(") && strings.HasSuffix(text, ")") {
			return "field transformer", true
		}
	}
	if o, err := parseOperand(text); err == nil && o.kind == isField {
		_, err := c.table.Resolve(o.name, o.arg, o.has)
		return "field", err == nil
	}
	return "", false
}
