package syntax

import "strings"

// Operator is one row of the operator table.
type Operator struct {
	Name  string
	Code  OpCode
	Unary bool // takes no right side
	List  bool // takes a list in parentheses
	order bool // takes a number or a field only
	word  bool // a blank must follow
}

// OpCode tells operators apart; two names of one have the same.
type OpCode uint8

// The operators, as a file of rules names them.
const (
	OpExists OpCode = iota
	OpLE
	OpLT
	OpGE
	OpGT
	OpEq
	OpNE
	OpGlob
	OpIGlob
	OpContains
	OpIContains
	OpBContains
	OpStartsWith
	OpBStartsWith
	OpEndsWith
	OpRegex
	OpIntersects
	OpIn
	OpPMatch
)

// operators stand in the order in which the parser tries them: a name that is
// the beginning of another one comes after it.
var operators = []*Operator{
	{Name: "exists", Code: OpExists, Unary: true},
	{Name: "<=", Code: OpLE, order: true},
	{Name: "<", Code: OpLT, order: true},
	{Name: ">=", Code: OpGE, order: true},
	{Name: ">", Code: OpGT, order: true},
	{Name: "==", Code: OpEq},
	{Name: "=", Code: OpEq},
	{Name: "!=", Code: OpNE},
	{Name: "glob", Code: OpGlob, word: true},
	{Name: "iglob", Code: OpIGlob, word: true},
	{Name: "contains", Code: OpContains, word: true},
	{Name: "icontains", Code: OpIContains, word: true},
	{Name: "bcontains", Code: OpBContains, word: true},
	{Name: "startswith", Code: OpStartsWith, word: true},
	{Name: "bstartswith", Code: OpBStartsWith, word: true},
	{Name: "endswith", Code: OpEndsWith, word: true},
	{Name: "regex", Code: OpRegex, word: true},
	{Name: "intersects", Code: OpIntersects, List: true},
	{Name: "in", Code: OpIn, List: true},
	{Name: "pmatch", Code: OpPMatch, List: true},
}

// OperatorNames are the names of all operators.
func OperatorNames() (names []string) {
	for _, o := range operators {
		names = append(names, o.Name)
	}
	return names
}

// takesModifier reports whether oneof, anyof and allof may follow.
func (o *Operator) takesModifier() bool { return !o.Unary && !o.List && !o.order }

// operatorNamed is the operator that a rule file names, nil if there is none.
func operatorNamed(name string) *Operator {
	for _, o := range operators {
		if o.Name == name {
			return o
		}
	}
	return nil
}

// Comparison reads an operator, with a modifier or without.
func Comparison(s string) (o *Operator, modified bool) {
	words := strings.Fields(s)
	if len(words) == 0 || len(words) > 2 {
		return nil, false
	}
	o = operatorNamed(words[0])
	if len(words) == 1 || o == nil {
		return o, false
	}
	for _, m := range modifierNames[1:] {
		if words[1] == m && o.takesModifier() {
			return o, true
		}
	}
	return nil, false
}
