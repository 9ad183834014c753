package rules

import (
	"encoding/json"
	"testing"

	"github.com/sakerhq/saker/rules/internal/syntax"
)

func TestConformanceParse(t *testing.T) {
	for _, name := range []string{"parse.jsonl", "upstream/parse.jsonl"} {
		t.Run(name, func(t *testing.T) {
			g := openGolden(t, name)
			g.each(func(row []byte) (bool, string) {
				var want struct {
					Expr, AST string
					OK        bool
					Pos       struct{ Idx, Line, Col int }
				}
				if err := json.Unmarshal(row, &want); err != nil {
					t.Fatal(err)
				}
				n, err := syntax.Parse(want.Expr, 0)
				if err != nil {
					e := err.(*syntax.Error)
					line, col := lineColumn(want.Expr, e.At)
					ok := !want.OK && e.At == want.Pos.Idx && line == want.Pos.Line && col == want.Pos.Col
					return ok, err.Error()
				}
				got := asFalco(syntax.Dump(n))
				return want.OK && got == want.AST, got
			})
		})
	}
}

func lineColumn(s string, at int) (line, col int) {
	line, col = 1, 1
	for _, c := range []byte(s[:at]) {
		if col++; c == '\n' {
			line, col = line+1, 1
		}
	}
	return line, col
}
