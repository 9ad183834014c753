package rules

import (
	"strings"

	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/rules/internal/syntax"
)

// compileOutput compiles a rule's output.
func (c *compiler) compileOutput(r *Rule, def *ruleDef) bool {
	at := item{"rule output", "", def.output.Place(0)}
	text := r.Output
	if strings.Contains(text, "%container.info") {
		c.warnf(DeprecatedItem, def.item, "%%container.info is deprecated and no more useful, and will be dropped by Falco 1.0.0. "+
			"The container plugin will automatically add required fields to the output message.")
		text = strings.ReplaceAll(text, "%container.info", "")
	}
	f, err := c.parseFormat(text)
	if err != nil {
		at.at = def.output.Place(min(err.at+def.leading(), len(def.output.String())))
		return c.failOutput(err, at)
	}
	for _, p := range f.parts {
		if p.value != nil && p.value.ref != nil && deprecatedOutput(p.value.ref.Name) {
			c.warnf(DeprecatedItem, at, "usage of deprecated field '%s' has been detected in the rule output", p.value.ref.Name)
		}
	}
	r.format = f
	return true
}

// failOutput reports what is wrong with an output, unless the rule is left out
// for it: then it is true.
func (c *compiler) failOutput(err *checkError, at item) bool {
	if c.forgive(err, at) {
		return true
	}
	c.add(Finding{Code: ErrOutput, Message: err.message, Hint: err.hint}, at)
	return false
}

// leading is how many blanks the output begins with.
func (def *ruleDef) leading() int {
	return len(def.output.String()) - len(strings.TrimLeft(def.output.String(), " \t\r\n"))
}

func deprecatedOutput(name string) bool {
	return name == "evt.dir" || strings.HasPrefix(name, "evt.latency") || name == "evt.wait_latency"
}

// parseFormat reads an output: texts with %field, %field[arg], %transformer(…)
// and %NNfield in them.
func (c *compiler) parseFormat(s string) (f format, err *checkError) {
	if s == "" {
		return f, wrongf(0, "empty formatting token")
	}
	f.text = s
	for offset := 0; ; {
		text, rest, found := strings.Cut(s[offset:], "%")
		f.literal(text)
		if !found {
			return f, nil
		}
		start := len(s) - len(rest)
		p, n, err := c.parseToken(rest, start)
		if err != nil {
			return f, err
		}
		f.add(p)
		offset = start + n
	}
}

// parseToken reads what follows a percent sign; n is how long it is.
func (c *compiler) parseToken(s string, at int) (p part, n int, err *checkError) {
	if s == "" {
		return p, 0, wrongf(at, "empty formatting token")
	}
	if s[0] == '*' {
		n++
	}
	for n < len(s) && '0' <= s[n] && s[n] <= '9' && p.width < 1<<16 {
		p.width = p.width*10 + int(s[n]-'0')
		n++
	}
	o, size, err := readFormatOperand(s[n:], at+n)
	if err != nil {
		return p, 0, err
	}
	if o.Kind == syntax.Field {
		o, size = c.longestField(o, size)
	}
	value, err := c.partOf(o, at)
	value.width = p.width
	return value, n + size, err
}

// partOf is what an operand prints.
func (c *compiler) partOf(o *syntax.Operand, at int) (p part, err *checkError) {
	if key, static := strings.CutPrefix(o.Name, "static."); static && o.Kind == syntax.Field {
		value, there := c.opts.Static[key]
		if !there {
			return p, wrongf(at, "unknown static field %s", key)
		}
		return part{literal: value}, nil
	}
	if p.value, err = c.resolve(o); err != nil {
		err.at = at
		err.message = "unknown filter: " + err.message
		return p, err
	}
	p.value = c.printed(p.value)
	if ref := p.value.ref; ref != nil && ref.Not&field.FilterOnly != 0 {
		return p, wrongf(at, "field '%s' can't be printed", ref)
	}
	return p, nil
}

// printed is what an expression prints: ancestors without an index, as in
// Falco, print the process itself.
func (c *compiler) printed(e *expr) *expr {
	if e.many != field.SomeAncestor {
		return e
	}
	if self, err := c.table.Ref(e.ref.Self); err == nil {
		return c.exprOf(self)
	}
	return e
}

// readFormatOperand parses a field or transformer at the start of s.
func readFormatOperand(s string, at int) (o *syntax.Operand, size int, wrong *checkError) {
	o, size, err := syntax.ParsePrefix(s)
	if err != nil {
		e := err.(*syntax.Error)
		return nil, 0, wrongf(at+e.At, "%s", e.Message)
	}
	if o == nil {
		return nil, 0, wrongf(at, "unexpected text after '%%': expected a field or transformer")
	}
	return o, size, nil
}

// longestField shortens a name to the longest one that is a field: what is
// behind it is text.
func (c *compiler) longestField(o *syntax.Operand, size int) (*syntax.Operand, int) {
	for end := len(o.Name); end > 0; end-- {
		name := o.Name[:end]
		if name[end-1] == '.' {
			continue
		}
		short := *o
		if end < len(o.Name) {
			short = syntax.Operand{Kind: syntax.Field, Name: name}
		}
		if _, err := c.table.Resolve(short.Name, short.Arg, short.Has); err == nil {
			if end < len(o.Name) {
				return &short, end
			}
			return o, size
		}
		if f := c.table.Lookup(name); end == len(o.Name) && o.Has && f != nil && f.Arg == field.NoArg {
			return &syntax.Operand{Kind: syntax.Field, Name: name}, end // the bracket is text
		}
	}
	return o, size
}
