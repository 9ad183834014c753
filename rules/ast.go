package rules

import "strings"

// node is one node of a parsed condition: *group, *not, *macroRef or *check.
type node interface {
	dump(b *strings.Builder)
}

// group joins two or more conditions with "and" or "or".
type group struct {
	or   bool
	kids []node
}

// not negates one condition.
type not struct{ kid node }

// macroRef names a macro; expansion puts the macro's condition in its place.
type macroRef struct {
	at   int
	name string
}

// check is one test of a field.
type check struct {
	at     int
	left   *operand
	opAt   int
	op     *operator
	mod    modifier
	values []constant // right side, unless right is set
	list   bool       // values stood in parentheses
	right  *operand   // right side that is a field or transformer
}

// constant is a value as written, unquoted.
type constant struct {
	at   int
	text string
}

// operand is what can be read from an event: a field, a transformer over
// operands, or within a transformer a constant or a list of operands.
type operand struct {
	at   int
	kind operandKind
	name string // field name, transformer name or the constant's text
	arg  string // in brackets
	has  bool   // arg is given
	args []*operand
}

type operandKind uint8

const (
	isField operandKind = iota
	isTransformer
	isConstant
	isNumber
	isList
)

// modifier says how many of the constants must satisfy the operator.
type modifier uint8

const (
	noModifier modifier = iota
	oneOf
	anyOf
	allOf
)

var modifierNames = [...]string{"", "oneof", "anyof", "allof"}

// Dump is the canonical text of a condition: it parses to the same condition.
func dumpNode(n node) string {
	var b strings.Builder
	n.dump(&b)
	return b.String()
}

func (n *group) dump(b *strings.Builder) {
	word := " and "
	if n.or {
		word = " or "
	}
	b.WriteByte('(')
	for i, kid := range n.kids {
		if i > 0 {
			b.WriteString(word)
		}
		kid.dump(b)
	}
	b.WriteByte(')')
}

func (n *not) dump(b *strings.Builder) {
	b.WriteString("not ")
	n.kid.dump(b)
}

func (n *macroRef) dump(b *strings.Builder) { b.WriteString(n.name) }

func (n *check) dump(b *strings.Builder) {
	n.left.dump(b)
	b.WriteByte(' ')
	b.WriteString(n.op.name)
	if n.op.unary {
		return
	}
	b.WriteByte(' ')
	if n.mod != noModifier {
		b.WriteString(modifierNames[n.mod])
		b.WriteByte(' ')
	}
	switch {
	case n.right != nil:
		n.right.dump(b)
	case n.list:
		b.WriteByte('(')
		for i, v := range n.values {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(quote(v.text))
		}
		b.WriteByte(')')
	default:
		b.WriteString(quote(n.values[0].text))
	}
}

func (o *operand) String() string {
	var b strings.Builder
	o.dump(&b)
	return b.String()
}

func (o *operand) dump(b *strings.Builder) {
	if o.kind == isConstant {
		b.WriteString(quote(o.name))
	} else if o.kind != isList {
		b.WriteString(o.name)
	}
	if o.kind == isTransformer || o.kind == isList {
		b.WriteByte('(')
		for i, arg := range o.args {
			if i > 0 {
				b.WriteByte(',')
			}
			arg.dump(b)
		}
		b.WriteByte(')')
	}
	if o.has {
		b.WriteByte('[')
		if o.arg == "" {
			b.WriteString(`""`)
		}
		b.WriteString(quote(o.arg))
		b.WriteByte(']')
	}
}

// quote writes a string in double quotes where it could not stand bare.
func quote(s string) string {
	if !strings.ContainsAny(s, " \t\b\r\n\f\"'=\\") {
		return s
	}
	return `"` + quoteEscapes.Replace(s) + `"`
}

var quoteEscapes = strings.NewReplacer(
	`\`, `\\`, `"`, `\"`, "\b", `\b`, "\f", `\f`, "\n", `\n`, "\r", `\r`, "\t", `\t`)
