package rules

import "strings"

// maxDepth is how deep conditions, lists and transformers may nest.
const maxDepth = 1000

// transformerNames are what may stand before a parenthesis left of an
// operator; on the right side "val" is allowed too.
var transformerNames = []string{"tolower", "toupper", "b64", "basename", "len", "join", "concat", "getopt"}

const transformerHint = "'val', 'tolower', 'toupper', 'b64', 'basename', 'len', 'join', 'concat', 'getopt'"

// parser turns the text of one condition into nodes.
type parser struct {
	lexer
	depth int
}

// parse reads a whole condition, of nodes whose offsets count from base. Its
// error is a *syntaxError.
func parse(text string, base int) (n node, err error) {
	p := &parser{lexer: lexer{src: text, base: base}}
	defer recoverSyntax(&err)
	n = p.or()
	p.blanks()
	if !p.done() {
		p.fail("unexpected token after '%s', expecting 'or', 'and'", p.last)
	}
	return n, nil
}

// parseOperand reads a field or transformer that stands alone, as in the
// fields of an exception.
func parseOperand(text string) (o *operand, err error) {
	p := &parser{lexer: lexer{src: text}}
	defer recoverSyntax(&err)
	if o = p.operand(false); o == nil || !p.done() {
		p.fail("'%s' is not a field or transformer", text)
	}
	return o, nil
}

func recoverSyntax(err *error) {
	switch e := recover().(type) {
	case nil:
	case *syntaxError:
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

func (p *parser) or() node { return p.group("or", p.and) }

func (p *parser) and() node { return p.group("and", p.not) }

// group reads terms that word joins.
func (p *parser) group(word string, term func() node) node {
	p.blanks()
	kids := []node{term()}
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
	return &group{word == "or", kids}
}

// closeParen reads what follows an opening parenthesis, up to the closing one.
func (p *parser) closeParen() node {
	defer p.enter()()
	n := p.or()
	p.blanks()
	if !p.literal(")") {
		p.fail("expected a ')' token")
	}
	return n
}

func (p *parser) not() node {
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

func negate(n node, really bool) node {
	if !really {
		return n
	}
	return &not{n}
}

func (p *parser) check() node {
	p.blanks()
	at := p.here()
	if p.literal("(") {
		return p.closeParen()
	}
	if left := p.operand(false); left != nil {
		return p.condition(at, left)
	}
	if name, ok := p.read(identifierToken); ok {
		return &macroRef{at, name}
	}
	p.fail("expected a '(' token, a field check, or an identifier")
	return nil
}

// condition reads the operator and right side that follow left.
func (p *parser) condition(at int, left *operand) node {
	p.blanks()
	c := &check{at: at, left: left, opAt: p.here(), op: p.operator()}
	blank := p.blanks()
	switch {
	case c.op.unary:
	case c.op.order:
		p.orderedRight(c)
	case c.op.list:
		p.listRight(c)
	case (blank || c.op.word) && p.modified(c):
	default:
		p.valueRight(c)
	}
	return c
}

func (p *parser) operator() *operator {
	for _, o := range operators {
		if o.word && p.word(o.name) || !o.word && p.literal(o.name) {
			return o
		}
	}
	var names []string
	for _, o := range operators {
		names = append(names, "'"+o.name+"'")
	}
	p.fail("expected a valid check operator: one of %s", strings.Join(names, ", "))
	return nil
}

func (p *parser) orderedRight(c *check) {
	at := p.here()
	if text, ok := p.read(numberToken); ok {
		c.values = []constant{{at, text}}
	} else if c.right = p.operand(true); c.right == nil {
		p.fail("expected a number value or a field with a valid transformer: %s", transformerHint)
	}
}

func (p *parser) listRight(c *check) {
	if p.list(c) {
		return
	}
	if c.right = p.operand(true); c.right != nil {
		return
	}
	at := p.here()
	name, ok := p.read(identifierToken)
	if !ok {
		p.fail("expected a list, an identifier, or a field with a valid transformer: %s", transformerHint)
	}
	c.values = []constant{{at, name}}
}

func (p *parser) valueRight(c *check) {
	if c.right = p.operand(true); c.right != nil {
		return
	}
	at := p.here()
	text, ok := p.str()
	if !ok {
		p.fail("expected a string value or a field with a valid transformer: %s", transformerHint)
	}
	c.values = []constant{{at, text}}
}

// modified reads a modifier and its list or the list's name. Without one the
// word is a plain string.
func (p *parser) modified(c *check) bool {
	start := p.lexer
	for m := oneOf; m <= allOf; m++ {
		if !p.word(modifierNames[m]) {
			continue
		}
		p.blanks()
		if p.list(c) {
			c.mod = m
			return true
		}
		at := p.here()
		if name, ok := p.read(identifierToken); ok && name != "and" && name != "or" {
			c.mod, c.values = m, []constant{{at, name}}
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
func (p *parser) list(c *check) bool {
	if !p.literal("(") {
		return false
	}
	c.list = true
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
		c.values = append(c.values, constant{at, text})
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
