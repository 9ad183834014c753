package syntax

import "strings"

// Node is one node of a parsed condition: *Group, *Not, *MacroRef or *Check.
type Node interface {
	dump(b *strings.Builder)
}

// Group joins two or more conditions with "and" or "or".
type Group struct {
	Or   bool
	Kids []Node
}

// Not negates one condition.
type Not struct{ Kid Node }

// MacroRef names a macro; expansion puts the macro's condition in its place.
type MacroRef struct {
	At   int // of the name, as Parse counts
	Name string
}

// Check is one test of a field.
type Check struct {
	At     int // of its first byte; OpAt: of the operator
	Left   *Operand
	OpAt   int
	Op     *Operator
	Mod    Modifier
	Values []Constant // right side, unless Right is set
	List   bool       // Values stood in parentheses
	Right  *Operand   // right side that is a field or transformer
}

// Constant is a value as written, unquoted.
type Constant struct {
	At   int
	Text string
}

// Operand is what can be read from an event: a field, a transformer over
// operands, or within a transformer a constant or a list of operands.
type Operand struct {
	At   int
	Kind OperandKind
	Name string // field name, transformer name or the constant's text
	Arg  string // in brackets
	Has  bool   // Arg is given
	Args []*Operand
}

// OperandKind says what an operand is.
type OperandKind uint8

// The kinds of operands. Only fields and transformers stand outside of
// transformers.
const (
	Field OperandKind = iota
	Transformer
	Text
	Number
	List
)

// Modifier says how many of the constants must satisfy the operator.
type Modifier uint8

// The modifiers, as words in front of a list.
const (
	NoModifier Modifier = iota
	OneOf
	AnyOf
	AllOf
)

var modifierNames = [...]string{"", "oneof", "anyof", "allof"}

// Dump is the canonical text of a condition: it parses to the same condition.
func Dump(n Node) string {
	var b strings.Builder
	n.dump(&b)
	return b.String()
}

func (n *Group) dump(b *strings.Builder) {
	word := " and "
	if n.Or {
		word = " or "
	}
	b.WriteByte('(')
	for i, kid := range n.Kids {
		if i > 0 {
			b.WriteString(word)
		}
		kid.dump(b)
	}
	b.WriteByte(')')
}

func (n *Not) dump(b *strings.Builder) {
	b.WriteString("not ")
	if _, twice := n.Kid.(*Not); twice { // "not not a" is "a"
		b.WriteByte('(')
		defer b.WriteByte(')')
	}
	n.Kid.dump(b)
}

func (n *MacroRef) dump(b *strings.Builder) {
	if n.Name == "not" { // which would negate what follows
		b.WriteString("(not)")
		return
	}
	b.WriteString(n.Name)
}

func (n *Check) dump(b *strings.Builder) {
	n.Left.dump(b)
	b.WriteByte(' ')
	b.WriteString(n.Op.Name)
	if n.Op.Unary {
		return
	}
	b.WriteByte(' ')
	if n.Mod != NoModifier {
		b.WriteString(modifierNames[n.Mod])
		b.WriteByte(' ')
	}
	switch {
	case n.Right != nil:
		n.Right.dump(b)
	case n.List:
		b.WriteByte('(')
		for i, v := range n.Values {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(quoteOdd(v.Text, notBare))
		}
		b.WriteByte(')')
	default:
		b.WriteString(quoteOdd(n.Values[0].Text, notBare))
	}
}

// String is the operand as a rule writes it.
func (o *Operand) String() string {
	var b strings.Builder
	o.dump(&b)
	return b.String()
}

func (o *Operand) dump(b *strings.Builder) {
	if o.Kind == Text {
		b.WriteString(Quote(o.Name)) // bare it could be a field or a number
	} else if o.Kind != List {
		b.WriteString(o.Name)
	}
	if o.Kind == Transformer || o.Kind == List {
		b.WriteByte('(')
		for i, arg := range o.Args {
			if i > 0 {
				b.WriteByte(',')
			}
			arg.dump(b)
		}
		b.WriteByte(')')
	}
	if o.Has {
		b.WriteByte('[')
		b.WriteString(quoteOdd(o.Arg, notArg))
		b.WriteByte(']')
	}
}

// Quote writes a string in double quotes.
func Quote(s string) string {
	rest, backslash := strings.CutSuffix(s, `\`)
	if backslash {
		return `"` + quoteEscapes.Replace(rest) + `\ "` // after any other the quote would not close
	}
	return `"` + quoteEscapes.Replace(s) + `"`
}

// quoteOdd writes a string in double quotes where it could not stand bare, or
// where that would be hard to read.
func quoteOdd(s, odd string) string {
	if s == "" || strings.ContainsAny(s, odd) || strings.ContainsAny(s, "\f\\") {
		return Quote(s)
	}
	return s
}

var quoteEscapes = strings.NewReplacer(
	`\`, `\\`, `"`, `\"`, "\b", `\b`, "\f", `\f`, "\n", `\n`, "\r", `\r`, "\t", `\t`)
