package rules

import (
	"encoding/json"
	"testing"
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
				n, err := parse(want.Expr, 0)
				if err != nil {
					e := err.(*syntaxError)
					line, col := lineColumn(want.Expr, e.at)
					ok := !want.OK && e.at == want.Pos.Idx && line == want.Pos.Line && col == want.Pos.Col
					return ok, err.Error()
				}
				return want.OK && dumpNode(n) == want.AST, dumpNode(n)
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
