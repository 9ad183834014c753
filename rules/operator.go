package rules

// operator is one row of the operator table.
type operator struct {
	name  string
	code  opCode
	unary bool // takes no right side
	list  bool // takes a list in parentheses
	order bool // takes a number or a field only
	word  bool // a blank must follow
	cost  int  // how dear a test is, roughly
}

type opCode uint8

const (
	opExists opCode = iota
	opLE
	opLT
	opGE
	opGT
	opEq
	opNE
	opGlob
	opIGlob
	opContains
	opIContains
	opBContains
	opStartsWith
	opBStartsWith
	opEndsWith
	opRegex
	opIntersects
	opIn
	opPMatch
)

// operators stand in the order in which the parser tries them: a name that is
// the beginning of another one comes after it.
var operators = []*operator{
	{name: "exists", code: opExists, unary: true},
	{name: "<=", code: opLE, order: true},
	{name: "<", code: opLT, order: true},
	{name: ">=", code: opGE, order: true},
	{name: ">", code: opGT, order: true},
	{name: "==", code: opEq},
	{name: "=", code: opEq},
	{name: "!=", code: opNE},
	{name: "glob", code: opGlob, word: true, cost: 8},
	{name: "iglob", code: opIGlob, word: true, cost: 8},
	{name: "contains", code: opContains, word: true, cost: 4},
	{name: "icontains", code: opIContains, word: true, cost: 8},
	{name: "bcontains", code: opBContains, word: true, cost: 4},
	{name: "startswith", code: opStartsWith, word: true},
	{name: "bstartswith", code: opBStartsWith, word: true},
	{name: "endswith", code: opEndsWith, word: true, cost: 1},
	{name: "regex", code: opRegex, word: true, cost: 40},
	{name: "intersects", code: opIntersects, list: true, cost: 2},
	{name: "in", code: opIn, list: true, cost: 2},
	{name: "pmatch", code: opPMatch, list: true, cost: 12},
}

var operatorNames = func() (names []string) {
	for _, o := range operators {
		names = append(names, o.name)
	}
	return names
}()

// takesModifier reports whether oneof, anyof and allof may follow.
func (o *operator) takesModifier() bool { return !o.unary && !o.list && !o.order }

// operatorNamed is the operator that a rule file names, nil if there is none.
func operatorNamed(name string) *operator {
	for _, o := range operators {
		if o.name == name {
			return o
		}
	}
	return nil
}

// opSet is a set of operators.
type opSet uint32

func ops(codes ...opCode) (s opSet) {
	for _, c := range codes {
		s |= 1 << c
	}
	return s
}

func (s opSet) has(c opCode) bool { return s&(1<<c) != 0 }

// class is a group of field types that allow the same operators.
type class struct {
	name string // as messages call its fields
	ops  opSet
}

var (
	orderOps = ops(opLE, opLT, opGE, opGT)
	equalOps = ops(opExists, opEq, opNE, opIn, opIntersects)
	textOps  = ops(opGlob, opIGlob, opContains, opIContains, opStartsWith, opEndsWith, opRegex, opPMatch)

	numberClass  = &class{"numeric filters", equalOps | orderOps}
	boolClass    = &class{"boolean filters", equalOps}
	stringClass  = &class{"string filters", equalOps | orderOps | textOps}
	bytesClass   = &class{"buffer filters", equalOps | ops(opContains, opStartsWith, opEndsWith, opBContains, opBStartsWith)}
	addressClass = &class{"ip address and network filters", equalOps}
	dynamicClass = &class{"fields of dynamic type", 0}
	listClass    = &class{"list filters", ops(opExists, opIn, opIntersects)}
)
