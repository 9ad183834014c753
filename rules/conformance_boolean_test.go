package rules

import (
	"encoding/json"
	"testing"

	"github.com/sakerhq/saker/internal/field"
)

// booleanEvent stands for the fields that Falco's own test of and, or and not
// makes up: constants, and texts with quotes in them.
var booleanEvent = fixed{
	"c.true":        field.Num(1),
	"c.false":       field.Num(0),
	"c.doublequote": field.Str(`hello "quoted"`),
	"c.singlequote": field.Str(`hello 'quoted'`),
}

func TestConformanceBoolean(t *testing.T) {
	var fields []*field.Field
	for name, value := range booleanEvent {
		f := &field.Field{Name: name, Type: field.CharBuf, Doc: "for tests", Attr: "x." + name, Get: noGet}
		if value.Kind() == field.Int {
			f.Type = field.Int64
		}
		fields = append(fields, f)
	}
	table, err := field.NewTable(fields, nil)
	if err != nil {
		t.Fatal(err)
	}
	openGolden(t, "upstream/upstream_boolean.jsonl").each(func(line []byte) (bool, string) {
		var row struct {
			Expr   string
			Expect bool
		}
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatal(err)
		}
		set, fs := loadCondition(table, row.Expr)
		if set == nil {
			return false, fs.Err().Error()
		}
		got := set.NewMatcher().Eval(set.Rules()[0], booleanEvent)
		return got == truth(row.Expect), got.String()
	})
}
