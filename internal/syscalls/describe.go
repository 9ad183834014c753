package syscalls

import "strings"

// Description is a row as documentation shows it.
type Description struct {
	Name     string
	Category string
	Params   []string // name:TYPE, in order
}

// Describe gives the documentation of all rows, in the table's order.
func Describe() []Description {
	all := make([]Description, 0, len(rows))
	for _, row := range rows {
		d := Description{Name: row.Name, Category: row.Category.String()}
		for i := range row.Params {
			d.Params = append(d.Params, row.Params[i].String())
		}
		all = append(all, d)
	}
	return all
}

// String is the parameter's name and type in Falco's notation: flags:FLAGS32(hex).
func (p *Param) String() string {
	return p.Name + ":" + p.Type.String() + [...]string{Decimal: "", Hex: "(hex)", Octal: "(oct)"}[p.Base]
}

// Markdown is docs/events.md.
func Markdown() string {
	var b, others strings.Builder
	b.WriteString("# Events\n\n" +
		"Written by `go test ./internal/syscalls -update`. Names, parameters and types are those of Falco.\n" +
		"Calls that have no event of their own in Falco begin with `ID` and `nativeID`, as there.\n\n" +
		"| event | category | parameters |\n|---|---|---|\n")
	for i, d := range Describe() {
		if rows[i].raw {
			others.WriteString(" `" + d.Name + "`")
			continue
		}
		b.WriteString("| `" + d.Name + "` | " + d.Category + " |")
		for _, p := range d.Params {
			b.WriteString(" `" + p + "`")
		}
		b.WriteString(" |\n")
	}
	b.WriteString("\n## Calls with raw arguments\n\n" +
		"Every other call of Linux can be captured by name, with its six argument registers\n" +
		"as `arg1` to `arg6`; a call that takes fewer leaves the rest to chance.\n\n" +
		strings.TrimSpace(others.String()) + "\n")
	return b.String()
}
