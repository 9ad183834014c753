package syntax

import "strings"

// maxDepth is how deep conditions, lists and transformers may nest.
const maxDepth = 1000

// TransformerNames are read only: what may stand before a parenthesis left of an
// operator; on the right side "val" is allowed too.
var TransformerNames = []string{"tolower", "toupper", "b64", "basename", "len", "join", "concat", "getopt"}

const transformerHint = "'val', 'tolower', 'toupper', 'b64', 'basename', 'len', 'join', 'concat', 'getopt'"

// parser turns the text of one condition into nodes.
type parser struct {
	lexer
	depth int
}

// Parse reads a whole condition, of nodes whose offsets count from base. Its
// error is an *Error, whose offset counts from the start of text.
func Parse(text string, base int) (n Node, err error) {
	p := &parser{lexer: lexer{src: text, base: base}}
	defer recoverSyntax(&err)
	n = p.or()
	p.blanks()
	if !p.done() {
		p.fail("unexpected token after '%s', expecting 'or', 'and'", p.last)
	}
	return n, nil
}

// ParseOperand reads a field or transformer that stands alone, as in the
// fields of an exception. Its error is an *Error.
func ParseOperand(text string) (o *Operand, err error) {
	p := &parser{lexer: lexer{src: text}}
	defer recoverSyntax(&err)
	if o = p.operand(false); o == nil || !p.done() {
		p.fail("'%s' is not a field or transformer", text)
	}
	return o, nil
}

// ParsePrefix reads the field or transformer that text begins with, and how long
// it is; nil if there is none. Its error is an *Error.
func ParsePrefix(text string) (o *Operand, size int, err error) {
	p := &parser{lexer: lexer{src: text}}
	defer recoverSyntax(&err)
	o = p.operand(false)
	return o, p.pos, nil
}

// recoverSyntax catches what fail throws.
func recoverSyntax(err *error) {
	switch e := recover().(type) {
	case nil:
	case *Error:
		*err = e
	default:
		panic(e)
	}
}

// enter counts one level of nesting; the caller defers the result.
func (p *parser) enter() func() {
	if p.depth++; p.depth > maxDepth {
		p.fail("nested deeper than %d levels", maxDepth)
	}
	return func() { p.depth-- }
}

func (p *parser) or() Node { return p.group("or", p.and) }

func (p *parser) and() Node { return p.group("and", p.not) }

// group reads terms that word joins.
func (p *parser) group(word string, term func() Node) Node {
	p.blanks()
	kids := []Node{term()}
	p.blanks()
	for p.literal(word) {
		switch {
		case p.blanks():
			kids = append(kids, term())
		case p.literal("("):
			kids = append(kids, p.closeParen())
		default:
			p.fail("expected blank or '(' after '%s'", word)
		}
		p.blanks()
	}
	if len(kids) == 1 {
		return kids[0]
	}
	return &Group{word == "or", kids}
}

// closeParen reads what follows an opening parenthesis, up to the closing one.
func (p *parser) closeParen() Node {
	defer p.enter()()
	n := p.or()
	p.blanks()
	if !p.literal(")") {
		p.fail("expected a ')' token")
	}
	return n
}

func (p *parser) not() Node {
	negated := false
	p.blanks()
	for {
		switch {
		case p.literal("not("):
			return negate(p.closeParen(), !negated)
		case p.word("not"):
			p.blanks()
			negated = !negated
		default:
			return negate(p.check(), negated)
		}
	}
}

func negate(n Node, really bool) Node {
	if !really {
		return n
	}
	return &Not{n}
}

func (p *parser) check() Node {
	p.blanks()
	at := p.here()
	if p.literal("(") {
		return p.closeParen()
	}
	if left := p.operand(false); left != nil {
		return p.condition(at, left)
	}
	if name, ok := p.read(identifierToken); ok {
		return &MacroRef{at, name}
	}
	p.fail("expected a '(' token, a field check, or an identifier")
	return nil
}

// condition reads the operator and right side that follow left.
func (p *parser) condition(at int, left *Operand) Node {
	p.blanks()
	c := &Check{At: at, Left: left, OpAt: p.here(), Op: p.operator()}
	blank := p.blanks()
	switch {
	case c.Op.Unary:
	case c.Op.order:
		p.orderedRight(c)
	case c.Op.List:
		p.listRight(c)
	case (blank || c.Op.word) && p.modified(c):
	default:
		p.valueRight(c)
	}
	return c
}

func (p *parser) operator() *Operator {
	for _, o := range operators {
		if o.word && p.word(o.Name) || !o.word && p.literal(o.Name) {
			return o
		}
	}
	p.fail("expected a valid check operator: one of '%s'", strings.Join(OperatorNames(), "', '"))
	return nil
}

func (p *parser) orderedRight(c *Check) {
	at := p.here()
	if text, ok := p.read(numberToken); ok {
		c.Values = []Constant{{at, text}}
	} else if c.Right = p.operand(true); c.Right == nil {
		p.fail("expected a number value or a field with a valid transformer: %s", transformerHint)
	}
}

func (p *parser) listRight(c *Check) {
	if p.list(c) {
		return
	}
	if c.Right = p.operand(true); c.Right != nil {
		return
	}
	at := p.here()
	name, ok := p.read(identifierToken)
	if !ok {
		p.fail("expected a list, an identifier, or a field with a valid transformer: %s", transformerHint)
	}
	c.Values = []Constant{{at, name}}
}

func (p *parser) valueRight(c *Check) {
	if c.Right = p.operand(true); c.Right != nil {
		return
	}
	at := p.here()
	text, ok := p.str()
	if !ok {
		p.fail("expected a string value or a field with a valid transformer: %s", transformerHint)
	}
	c.Values = []Constant{{at, text}}
}

// modified reads a modifier and its list or the list's name. Without one the
// word is a plain string.
func (p *parser) modified(c *Check) bool {
	start := p.lexer
	for m := OneOf; m <= AllOf; m++ {
		if !p.word(modifierNames[m]) {
			continue
		}
		p.blanks()
		if p.list(c) {
			c.Mod = m
			return true
		}
		at := p.here()
		if name, ok := p.read(identifierToken); ok && name != "and" && name != "or" {
			c.Mod, c.Values = m, []Constant{{at, name}}
			return true
		}
		p.lexer = start
	}
	return false
}

func (p *parser) str() (string, bool) {
	if s, ok := p.quoted(); ok {
		return s, true
	}
	return p.read(bareToken)
}

// list reads strings in parentheses.
func (p *parser) list(c *Check) bool {
	if !p.literal("(") {
		return false
	}
	c.List = true
	p.blanks()
	if p.literal(")") {
		return true
	}
	p.separated(func() {
		at := p.here()
		text, ok := p.str()
		if !ok {
			p.fail("expected a string value")
		}
		c.Values = append(c.Values, Constant{at, text})
	})
	if !p.literal(")") {
		p.fail("expected a ')' token")
	}
	return true
}

// separated reads what item reads, once and again after each comma.
func (p *parser) separated(item func()) {
	for more := true; more; more = p.literal(",") {
		p.blanks()
		item()
		p.blanks()
	}
}
