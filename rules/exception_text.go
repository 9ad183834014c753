package rules

import (
	"strings"

	"github.com/sakerhq/saker/rules/internal/source"
	"github.com/sakerhq/saker/rules/internal/syntax"
)

// condition is a rule's condition with its exceptions, as one text.
func (def *ruleDef) condition() source.Text {
	var b source.Builder
	any := false
	for _, e := range def.except {
		any = any || len(e.values) > 0
	}
	if !any {
		return def.cond
	}
	scalar, at := def.cond.Locate(0)
	b.Put("(", scalar, at)
	b.Copy(&def.cond, 0, len(def.cond.String()))
	b.Plain(")")
	for _, e := range def.except {
		if len(e.values) > 0 {
			e.write(&b)
		}
	}
	return b.Text()
}

// write adds the condition of an exception.
func (e *exceptionDef) write(b *source.Builder) {
	columns := e.columns()
	b.Put(" and not (", columns[0].field.scalar, 0)
	for i, tuple := range e.tuples() {
		if i > 0 {
			b.Plain(" or ")
		}
		b.Plain("(")
		for k, v := range tuple {
			c := columns[k]
			words := c.field.text() + " " + c.comp + " "
			if k > 0 {
				words = " and " + words
			}
			b.Put(words, c.field.scalar, 0)
			if op, modified := syntax.Comparison(c.comp); (modified || op.List) && v.scalar != nil && !strings.HasPrefix(v.text(), "(") {
				v = &entry{list: []*entry{v}}
			}
			v.write(b, c.field.scalar)
		}
		b.Plain(")")
	}
	b.Plain(")")
}

// write adds a value, or a list of values in parentheses.
func (e *entry) write(b *source.Builder, at *source.Scalar) {
	if e.scalar != nil {
		b.Put(quoteItem(e.scalar.Node.Value), e.scalar, 0)
		return
	}
	b.Put("(", at, 0)
	for i, v := range e.list {
		if i > 0 {
			b.Plain(", ")
		}
		v.write(b, at)
	}
	b.Plain(")")
}

// quoteItem puts a value with blanks in quotes unless it stands in quotes.
func quoteItem(s string) string {
	if !strings.ContainsAny(s, " \t\b\r\n") || s[0] == '"' || s[0] == '\'' {
		return s
	}
	return `"` + s + `"`
}
