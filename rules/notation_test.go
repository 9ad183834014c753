package rules

import (
	"strings"

	"github.com/sakerhq/saker/rules/internal/syntax"
)

// asFalco is a canonical condition as Falco writes it: without the quotes and
// parentheses that only reading it again needs.
func asFalco(canonical string) string {
	n, err := syntax.Parse(canonical, 0)
	if err != nil {
		return canonical + ": " + err.Error()
	}
	return falcoNode(n)
}

func falcoNode(n syntax.Node) string {
	switch n := n.(type) {
	case *syntax.Group:
		var kids []string
		for _, kid := range n.Kids {
			kids = append(kids, falcoNode(kid))
		}
		return "(" + strings.Join(kids, map[bool]string{true: " or ", false: " and "}[n.Or]) + ")"
	case *syntax.Not:
		return "not " + falcoNode(n.Kid)
	case *syntax.Check:
		return falcoCheck(n)
	}
	return n.(*syntax.MacroRef).Name
}

func falcoCheck(c *syntax.Check) string {
	check := falcoOperand(c.Left) + " " + c.Op.Name
	if c.Op.Unary {
		return check
	}
	check += [...]string{" ", " oneof ", " anyof ", " allof "}[c.Mod]
	if c.Right != nil {
		return check + falcoOperand(c.Right)
	}
	var values []string
	for _, v := range c.Values {
		values = append(values, falcoQuote(v.Text))
	}
	list := strings.Join(values, ", ")
	if c.List {
		return check + "(" + list + ")"
	}
	return check + list
}

func falcoOperand(o *syntax.Operand) string {
	var text string
	switch o.Kind {
	case syntax.Field, syntax.Number, syntax.Text:
		text = falcoQuote(o.Name)
	case syntax.Transformer, syntax.List:
		var args []string
		for _, arg := range o.Args {
			args = append(args, falcoOperand(arg))
		}
		text = o.Name + "(" + strings.Join(args, ",") + ")"
	}
	if o.Has && o.Arg == "" {
		return text + `[""]`
	}
	if o.Has {
		return text + "[" + falcoQuote(o.Arg) + "]"
	}
	return text
}

var falcoEscapes = strings.NewReplacer(
	`\`, `\\`, `"`, `\"`, "\b", `\b`, "\f", `\f`, "\n", `\n`, "\r", `\r`, "\t", `\t`)

func falcoQuote(s string) string {
	if strings.ContainsAny(s, " \t\b\r\n\f\"'=\\") {
		return `"` + falcoEscapes.Replace(s) + `"`
	}
	return s
}
