package rules

import (
	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/rules/internal/syntax"
)

// opSet is a set of operators.
type opSet uint32

func ops(codes ...syntax.OpCode) (s opSet) {
	for _, c := range codes {
		s |= 1 << c
	}
	return s
}

func (s opSet) has(c syntax.OpCode) bool { return s&(1<<c) != 0 }

// class is a group of field types that allow the same operators.
type class struct {
	name string // as messages call its fields
	ops  opSet
}

var (
	orderOps = ops(syntax.OpLE, syntax.OpLT, syntax.OpGE, syntax.OpGT)
	equalOps = ops(syntax.OpExists, syntax.OpEq, syntax.OpNE, syntax.OpIn, syntax.OpIntersects)
	textOps  = ops(syntax.OpGlob, syntax.OpIGlob, syntax.OpContains, syntax.OpIContains, syntax.OpStartsWith, syntax.OpEndsWith, syntax.OpRegex, syntax.OpPMatch)

	numberClass  = &class{"numeric filters", equalOps | orderOps}
	boolClass    = &class{"boolean filters", equalOps}
	stringClass  = &class{"string filters", equalOps | orderOps | textOps}
	bytesClass   = &class{"buffer filters", equalOps | ops(syntax.OpContains, syntax.OpStartsWith, syntax.OpEndsWith, syntax.OpBContains, syntax.OpBStartsWith)}
	addressClass = &class{"ip address and network filters", equalOps}
	dynamicClass = &class{"fields of dynamic type", 0}
	listClass    = &class{"list filters", ops(syntax.OpExists, syntax.OpIn, syntax.OpIntersects)}
)

// costs are how dear a test with an operator is, roughly.
var costs = [...]int{
	syntax.OpGlob: 8, syntax.OpIGlob: 8, syntax.OpContains: 4, syntax.OpIContains: 8, syntax.OpBContains: 4, syntax.OpEndsWith: 1,
	syntax.OpRegex: 40, syntax.OpIntersects: 2, syntax.OpIn: 2, syntax.OpPMatch: 12,
}

// types are how the types of fields are called in messages, which operators
// they allow, and how the numeric ones keep their numbers.
var types = [...]struct {
	name   string
	class  *class
	bits   uint
	signed bool
}{
	0:               {class: dynamicClass},
	field.CharBuf:   {"CHARBUF", stringClass, 0, false},
	field.FSPath:    {"FSPATH", stringClass, 0, false},
	field.FSRelPath: {"FSRELPATH", stringClass, 0, false},
	field.ByteBuf:   {"BYTEBUF", bytesClass, 0, false},
	field.Boolean:   {"BOOL", boolClass, 64, false},
	field.Int8:      {"INT8", numberClass, 8, true},
	field.Int16:     {"INT16", numberClass, 16, true},
	field.Int32:     {"INT32", numberClass, 32, true},
	field.Int64:     {"INT64", numberClass, 64, true},
	field.Uint8:     {"UINT8", numberClass, 8, false},
	field.Uint16:    {"UINT16", numberClass, 16, false},
	field.Uint32:    {"UINT32", numberClass, 32, false},
	field.Uint64:    {"UINT64", numberClass, 64, false},
	field.Double:    {"DOUBLE", numberClass, 64, false},
	field.RelTime:   {"RELTIME", numberClass, 64, false},
	field.AbsTime:   {"ABSTIME", numberClass, 64, false},
	field.Port:      {"PORT", numberClass, 16, false},
	field.IPAddr:    {"IPADDR", addressClass, 0, false},
	field.IPv4Addr:  {"IPV4ADDR", addressClass, 0, false},
	field.IPv6Addr:  {"IPV6ADDR", addressClass, 0, false},
	field.IPNet:     {"IPNET", addressClass, 0, false},
	field.Dynamic:   {"DYNAMIC", dynamicClass, 0, false},
}

func isText(t field.Type) bool { return types[t].class == stringClass }
