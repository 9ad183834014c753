package syntax

// operand reads a field or transformer, nil if there is none. Right of an
// operator a plain field must stand in val().
func (p *parser) operand(right bool) *Operand {
	at := p.here()
	if right && p.literal("val(") {
		return p.val(at)
	}
	for _, name := range TransformerNames {
		if p.literal(name + "(") {
			return p.transformer(at, name)
		}
	}
	if right {
		return nil
	}
	return p.field()
}

func (p *parser) field() *Operand {
	at := p.here()
	name, ok := p.read(fieldToken)
	if !ok {
		return nil
	}
	o := &Operand{At: at, Kind: Field, Name: name}
	p.argument(o)
	return o
}

// argument reads what may stand in brackets behind a field or transformer.
func (p *parser) argument(o *Operand) {
	if !p.literal("[") {
		return
	}
	text, ok := p.quoted()
	if !ok {
		text, ok = p.read(argToken)
	}
	if !ok {
		p.fail("expected a valid field argument: a quoted string or a bare string")
	}
	if !p.literal("]") {
		p.fail("expected a ']' token")
	}
	o.Arg, o.Has = text, true
}

func (p *parser) val(at int) *Operand {
	p.blanks()
	f := p.field()
	if f == nil {
		p.fail("expected a valid field name within 'val'")
	}
	p.closeTransformer()
	o := &Operand{At: at, Kind: Transformer, Name: "val", Args: []*Operand{f}}
	p.argument(o)
	return o
}

func (p *parser) closeTransformer() {
	p.blanks()
	if !p.literal(")") {
		p.fail("expected a ')' token closing the transformer")
	}
}

func (p *parser) transformer(at int, name string) *Operand {
	defer p.enter()()
	o := &Operand{At: at, Kind: Transformer, Name: name}
	p.separated(func() {
		arg := p.listOperand()
		if arg == nil {
			arg = p.item()
		}
		if arg == nil {
			p.fail("expected field transformer argument: field, transformer, quoted string, number, or transformer list")
		}
		o.Args = append(o.Args, arg)
	})
	p.closeTransformer()
	p.argument(o)
	return o
}

// item reads one argument of a transformer that is not a list.
func (p *parser) item() *Operand {
	at := p.here()
	if text, ok := p.read(numberToken); ok {
		return &Operand{At: at, Kind: Number, Name: text}
	}
	if text, ok := p.quoted(); ok {
		return &Operand{At: at, Kind: Text, Name: text}
	}
	return p.operand(false)
}

func (p *parser) listOperand() *Operand {
	at := p.here()
	if !p.literal("(") {
		return nil
	}
	o := &Operand{At: at, Kind: List}
	p.blanks()
	if p.literal(")") {
		return o
	}
	p.separated(func() {
		arg := p.item()
		if arg == nil {
			p.fail("expected transformer list argument: field, transformer, quoted string, or number")
		}
		o.Args = append(o.Args, arg)
	})
	if !p.literal(")") {
		p.fail("expected a ')' token closing the transformer list")
	}
	return o
}
