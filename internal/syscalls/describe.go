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
	var b strings.Builder
	b.WriteString("# Events\n\n" +
		"Written by `go test ./internal/syscalls -update`. Names, parameters and types are those of Falco.\n\n" +
		"| event | category | parameters |\n|---|---|---|\n")
	for _, d := range Describe() {
		b.WriteString("| `" + d.Name + "` | " + d.Category + " | `" + strings.Join(d.Params, "`, `") + "` |\n")
	}
	return b.String()
}
