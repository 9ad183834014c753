package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// marked is a part of the page that is made of the report: what stands between the two
// comments, of which the first names it.
var marked = regexp.MustCompile(`(?s)(<!-- bench: (\w+) -->\n).*?(<!-- end -->)`)

// renew puts the report's tables in the places of the page that are marked for them. All
// that was measured must have a place, and a place without figures keeps none.
func (r *report) renew(page string) (string, error) {
	tables := map[string]string{"circumstances": strings.Join(r.circumstances(), "  \n") + "\n"}
	for _, g := range r.grids() {
		tables[g.name] = g.markdown()
	}
	page = marked.ReplaceAllStringFunc(page, func(place string) string {
		found := marked.FindStringSubmatch(place)
		table, there := tables[found[2]]
		if !there {
			table = "Not measured.\n"
		}
		delete(tables, found[2])
		return found[1] + "\n" + table + "\n" + found[3]
	})
	for name := range tables {
		return "", fmt.Errorf("no place <!-- bench: %s --> for a table", name)
	}
	return page, nil
}

// markdown is a table as a page has it. Columns without anything are left out, but
// those of Falco's: that it was not measured is to be seen.
func (g grid) markdown() string {
	var b strings.Builder
	shown := g.filled()
	line := func(cells []string) {
		for i, cell := range cells {
			if shown[i] {
				fmt.Fprintf(&b, "| %s ", strings.NewReplacer("|", `\|`, "<", "&lt;").Replace(cell))
			}
		}
		b.WriteString("|\n")
	}
	line(g.columns)
	b.WriteString(strings.Repeat("|---", strings.Count(b.String(), "| ")) + "|\n")
	for _, row := range g.rows {
		line(row)
	}
	for _, note := range g.notes {
		fmt.Fprintf(&b, "\n%s.\n", strings.TrimSuffix(note, "."))
	}
	return b.String()
}

// filled says which columns are shown.
func (g grid) filled() []bool {
	shown := make([]bool, len(g.columns))
	for i, name := range g.columns {
		shown[i] = strings.Contains(name, falco)
		for _, row := range g.rows {
			shown[i] = shown[i] || row[i] != ""
		}
	}
	return shown
}

// document renews a page by the run whose report lies in dir, and puts that report and
// its picture beside it, so that anyone can tell the page from its run.
func document(page, dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, reportName))
	if err != nil {
		return fmt.Errorf("read the last run's report: %w", err)
	}
	r := &report{}
	if err := json.Unmarshal(text, r); err != nil {
		return fmt.Errorf("%s: %w", reportName, err)
	}
	old, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	renewed, err := r.renew(string(old))
	if err != nil {
		return fmt.Errorf("%s: %w", page, err)
	}
	if err := os.WriteFile(page, []byte(renewed), 0o644); err != nil {
		return err
	}
	return save(filepath.Dir(page), r)
}
