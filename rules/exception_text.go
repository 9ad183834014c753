package rules

import "strings"

// condition is a rule's condition with its exceptions, as one text.
func (def *ruleDef) condition() text {
	var b textBuilder
	any := false
	for _, e := range def.except {
		any = any || len(e.values) > 0
	}
	if !any {
		return def.cond
	}
	first := def.cond.spans[0]
	b.put("(", first.scalar, first.at)
	b.copy(&def.cond, 0, len(def.cond.s))
	b.plain(")")
	for _, e := range def.except {
		if len(e.values) > 0 {
			e.write(&b)
		}
	}
	return b.text()
}

// write adds the condition of an exception.
func (e *exceptionDef) write(b *textBuilder) {
	columns := e.columns()
	b.put(" and not (", columns[0].field.scalar, 0)
	for i, tuple := range e.tuples() {
		if i > 0 {
			b.plain(" or ")
		}
		b.plain("(")
		for k, v := range tuple {
			c := columns[k]
			words := c.field.text() + " " + c.comp + " "
			if k > 0 {
				words = " and " + words
			}
			b.put(words, c.field.scalar, 0)
			if op, modified := comparison(c.comp); (modified || op.list) && v.scalar != nil && !strings.HasPrefix(v.text(), "(") {
				v = &entry{list: []*entry{v}}
			}
			v.write(b, c.field.scalar)
		}
		b.plain(")")
	}
	b.plain(")")
}

// write adds a value, or a list of values in parentheses.
func (e *entry) write(b *textBuilder, at *scalar) {
	if e.scalar != nil {
		b.put(quoteItem(e.scalar.node.Value), e.scalar, 0)
		return
	}
	b.put("(", at, 0)
	for i, v := range e.list {
		if i > 0 {
			b.plain(", ")
		}
		v.write(b, at)
	}
	b.plain(")")
}

// quoteItem puts a value with blanks in quotes unless it stands in quotes.
func quoteItem(s string) string {
	if !strings.ContainsAny(s, " \t\b\r\n") || s[0] == '"' || s[0] == '\'' {
		return s
	}
	return `"` + s + `"`
}
