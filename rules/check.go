package rules

import (
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/rules/internal/source"
	"github.com/sakerhq/saker/rules/internal/syntax"
)

// compiler turns checked nodes into a set. One compiler serves one load.
type compiler struct {
	*report
	schema *Schema
	pos    *source.Positions
	opts   *Options
	lists  *index[*listDef]

	exprs map[string]*expr
	preds map[string]*predicate
	set   *Set

	// Of the rule at hand:
	rule  *ruleDef
	table *field.Table
	scope string // keeps apart the fields of different tables
	left  bool   // the rule is left out for a name that is not known here
	bad   bool   // an error was found
}

func newCompiler(schema *Schema, r *report, pos *source.Positions) *compiler {
	return &compiler{
		report: r, schema: schema, pos: pos,
		opts: &Options{}, lists: &index[*listDef]{}, exprs: map[string]*expr{}, preds: map[string]*predicate{}, set: &Set{},
	}
}

// begin makes def the rule at hand.
func (c *compiler) begin(def *ruleDef) {
	c.rule, c.table, c.scope = def, c.schema.table(def.source), ""
	if def.source != SyscallSource {
		c.scope = "(log) "
	}
	c.left, c.bad = false, false
}

// checkError is what is wrong with an operand or constant.
type checkError struct {
	at      int
	message string
	hint    string
	unknown string // the name, where nothing has it
}

func wrongf(at int, format string, args ...any) *checkError {
	return &checkError{at: at, message: fmt.Sprintf(format, args...)}
}

func (c *compiler) fail(e *checkError) {
	it := item{"condition expression", "", c.pos.Place(e.at)}
	if !c.forgive(e, it) {
		c.bad = true
		c.add(Finding{Code: ErrCondition, Message: e.message, Hint: e.hint}, it)
	}
}

// forgive leaves the rule out, with a warning, for a name that is not known:
// where the rule asks for it, and where its source is served by a plugin of
// Falco's.
func (c *compiler) forgive(e *checkError, it item) bool {
	f := Finding{Code: UnknownFilter, Message: e.message, Hint: e.hint, Warning: true}
	switch {
	case e.unknown == "":
		return false
	case c.rule.skip:
	case c.rule.source != SyscallSource && !strings.HasPrefix(e.unknown, "log.") && !strings.HasPrefix(e.unknown, "jevt."):
		f.Code, f.Message = UnknownSource, fmt.Sprintf("Unknown source %s, skipping: %s", c.rule.source, e.message)
	default:
		return false
	}
	c.left = true
	c.add(f, it)
	return true
}

func (c *compiler) warn(code Code, at int, format string, args ...any) {
	c.warnf(code, item{"condition expression", "", c.pos.Place(at)}, format, args...)
}

// resolve types an operand and gives it its slot.
func (c *compiler) resolve(o *syntax.Operand) (*expr, *checkError) {
	switch o.Kind {
	case syntax.Field:
		return c.resolveField(o)
	case syntax.Transformer:
		return c.resolveTransformer(o)
	case syntax.List:
		return c.resolveTuple(o)
	default:
		return c.intern(&expr{
			text: syntax.Quote(o.Name), kind: exprConstant, typ: field.CharBuf, value: field.Str(o.Name),
		}), nil
	}
}

func (c *compiler) resolveField(o *syntax.Operand) (*expr, *checkError) {
	ref, err := c.table.Resolve(o.Name, o.Arg, o.Has)
	if err != nil {
		return nil, c.unknownField(o, err)
	}
	return c.exprOf(ref), nil
}

// unknownField says what is wrong with a reference, and what was meant.
func (c *compiler) unknownField(o *syntax.Operand, err error) *checkError {
	e := wrongf(o.At, "%s", err)
	e.unknown = o.Name
	if errors.Is(err, field.ErrUnknown) {
		e.hint = c.similar(o.Name, fieldNames(c.table))
	}
	return e
}

func fieldNames(t *field.Table) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, f := range t.Fields() {
			if !yield(f.Name) {
				return
			}
		}
	}
}

// exprOf is the shared expression of a field.
func (c *compiler) exprOf(ref *field.Ref) *expr {
	if same := ref.Same(); same != nil {
		ref = same
	}
	e := &expr{
		text: ref.String(), kind: exprField, ref: ref, get: ref.Get, of: ref.Parts(),
		typ: ref.Type, list: ref.List && ref.Many == field.One, many: ref.Many,
	}
	if ref.Arg.Given {
		e.many = field.One
	}
	if e.typ == field.Dynamic && c.schema.Param != nil && !ref.Arg.IsIndex {
		e.typ, e.dynamic = c.schema.Param(ref.Arg.Text), true
	}
	if ref.Derive != nil {
		e.kind = exprDerived
		for _, in := range ref.Inputs() {
			e.args = append(e.args, c.exprOf(in))
		}
	}
	return c.intern(e)
}

// intern gives equal expressions the same slot.
func (c *compiler) intern(e *expr) *expr {
	key := c.scope + e.text
	if e.kind == exprCall || e.kind == exprTuple {
		key = "\x00" + key // a transformer is never a field
	}
	if old := c.exprs[key]; old != nil {
		return old
	}
	if e.ref == nil { // a field says itself
		for _, arg := range e.args {
			e.of |= arg.of
		}
	}
	e.slot = len(c.set.exprs)
	c.set.exprs = append(c.set.exprs, e)
	c.exprs[key] = e
	return e
}

func (c *compiler) resolveTuple(o *syntax.Operand) (*expr, *checkError) {
	e := &expr{kind: exprTuple, typ: field.CharBuf, list: true}
	var texts []string
	for _, arg := range o.Args {
		a, err := c.resolve(arg)
		if err != nil {
			return nil, err
		}
		e.args = append(e.args, a)
		texts = append(texts, a.text)
	}
	e.text = "(" + strings.Join(texts, ",") + ")"
	return c.intern(e), nil
}

func (c *compiler) resolveTransformer(o *syntax.Operand) (*expr, *checkError) {
	t := transformerNamed(o.Name)
	if len(o.Args) < t.min || t.max > 0 && len(o.Args) > t.max {
		if t.max == t.min {
			return nil, wrongf(o.At, "%s() requires exactly %d arguments", t.name, t.min)
		}
		return nil, wrongf(o.At, "%s() requires at least %d arguments", t.name, t.min)
	}
	if o.Has && !t.key {
		return nil, wrongf(o.At, "%s() takes no argument in brackets", t.name)
	}
	e := &expr{kind: exprCall, call: t.call, whole: !t.letters, key: o.Arg}
	var texts []string
	for _, arg := range o.Args {
		a, err := c.resolve(arg)
		if err != nil {
			return nil, err
		}
		if a.ref != nil && a.ref.Not&field.NoTransformer != 0 && t.name != "val" {
			return nil, wrongf(arg.At, "field '%s' does not support transformers", arg)
		}
		e.args = append(e.args, a)
		texts = append(texts, a.text)
	}
	if err := t.checkArgs(o, e.args); err != nil {
		return nil, err
	}
	if e.text = t.name + "(" + strings.Join(texts, ",") + ")"; o.Has {
		e.text += "[" + o.Arg + "]"
	}
	t.result(e)
	return c.intern(e), nil
}

// checkArgs checks the types of a transformer's arguments.
func (t *transformer) checkArgs(o *syntax.Operand, args []*expr) *checkError {
	for i, a := range args {
		ok := t.accepts(a)
		switch {
		case t.name == "join" && i == 1:
			ok = a.list
		case t.name == "getopt" && i == 1:
			ok = a.kind == exprConstant
		}
		if !ok {
			return wrongf(o.Args[i].At, "can't add field transformer: type '%s' is not supported by '%s' transformer applied on field '%s'",
				a.typeName(), t.name, o.Args[i])
		}
	}
	return nil
}

// legal checks that an operator fits the type of its left side.
func legal(k *syntax.Check, left *expr) *checkError {
	cl := types[left.typ].class
	switch {
	case left.ref != nil && left.ref.Not&field.OutputOnly != 0:
		return wrongf(k.Left.At, "field '%s' can only be used in outputs", k.Left)
	case left.ref != nil && left.ref.Not&field.EqualOnly != 0 && k.Op.Code != syntax.OpEq:
		return wrongf(k.OpAt, "field '%s' supports only the '=' operator", k.Left)
	case cl.ops == 0:
		return wrongf(k.OpAt, "'%s' operator not supported for type '%s'", k.Op.Name, left.typeName())
	case !left.list:
		if !cl.ops.has(k.Op.Code) {
			return wrongf(k.OpAt, "'%s' operator not supported for %s", k.Op.Name, cl.name)
		}
	case left.typ == field.FSPath || left.typ == field.FSRelPath || left.typ == field.ByteBuf:
		return wrongf(k.OpAt, "list filters are not supported for type '%s'", types[left.typ].name)
	case !listClass.ops.has(k.Op.Code) || k.Mod != syntax.NoModifier:
		return wrongf(k.OpAt, "'%s' operator not supported for %s", k.Op.Name, listClass.name)
	}
	return nil
}

// legalRight checks the right side of a comparison between fields.
func legalRight(k *syntax.Check, left, right *expr) *checkError {
	switch {
	case k.Op.Code == syntax.OpPMatch || k.Op.Code == syntax.OpRegex:
		return wrongf(k.OpAt, "operator '%s' doesn't support right-hand side fields", k.Op.Name)
	case left.typ == field.IPNet:
		return wrongf(k.Right.At, "field '%s' of type IPNET can't be compared with a field", k.Left)
	case right.find(func(e *expr) bool { return e.ref != nil && e.ref.Not&field.NoRHS != 0 }) != nil:
		return wrongf(k.Right.At, "field '%s' can't stand on the right-hand side", k.Right)
	case left.typ != right.typ || left.list != right.list:
		return wrongf(k.Right.At, "field '%s' has type '%s' while the right-hand side field '%s' has incompatible type '%s'",
			k.Left, left.typeName(), k.Right, right.typeName())
	}
	return nil
}
