package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/sakerhq/saker/rules"
	"github.com/sakerhq/saker/rules/library"
)

// check loads files and shows what is wrong with them.
func check(args []string, out, errs io.Writer) int {
	asJSON, names, ok := options("check", args, errs)
	if !ok {
		return exitUsage
	}
	if len(names) == 0 {
		fmt.Fprintln(errs, "saker check: name at least one rule file")
		return exitUsage
	}
	files, err := read(names)
	if err != nil {
		fmt.Fprintln(errs, "saker check:", err)
		return exitUsage
	}
	set, findings := rules.Load(rules.FalcoSchema(), files, rules.Options{})
	if asJSON {
		if findings == nil {
			findings = rules.Findings{} // an empty list, not null
		}
		writeJSON(out, findings)
	} else {
		report(out, set, findings)
	}
	if findings.Err() != nil {
		return exitFindings
	}
	return exitOK
}

func report(out io.Writer, set *rules.Set, findings rules.Findings) {
	failed := 0
	for i := range findings {
		fmt.Fprintln(out, findings[i].String())
		if !findings[i].Warning {
			failed++
		}
	}
	if set == nil {
		fmt.Fprintf(out, "%d errors, %d warnings\n", failed, len(findings)-failed)
		return
	}
	fmt.Fprintf(out, "%d rules, no errors, %d warnings\n", len(set.Rules()), len(findings))
}

// listed is what the list shows of a rule.
type listed struct {
	Name     string   `json:"name"`
	Desc     string   `json:"desc"`
	Priority string   `json:"priority"`
	Source   string   `json:"source"`
	Tags     []string `json:"tags"`
	Events   []string `json:"events"`
	// EventsExcept: the rule can match all event types but those of Events.
	EventsExcept bool     `json:"events_except,omitempty"`
	Condition    string   `json:"condition"` // with macros, lists and exceptions put in
	Fields       []string `json:"fields"`
	Enabled      bool     `json:"enabled"`
	File         string   `json:"file"`
	UUID         string   `json:"uuid"`
}

// list shows rules.
func list(args []string, out, errs io.Writer) int {
	asJSON, names, ok := options("list", args, errs)
	if !ok {
		return exitUsage
	}
	files, err := read(names)
	if len(names) == 0 {
		files, err = library.Files(library.Maturities()[0])
	}
	if err != nil {
		fmt.Fprintln(errs, "saker list:", err)
		return exitUsage
	}
	set, findings := rules.Load(rules.FalcoSchema(), files, rules.Options{})
	if err := findings.Err(); err != nil {
		fmt.Fprintln(errs, "saker list:", err)
		return exitFindings
	}
	all := make([]listed, len(set.Rules()))
	for i, r := range set.Rules() {
		all[i] = describe(r)
	}
	if asJSON {
		writeJSON(out, all)
		return exitOK
	}
	columns := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, r := range all {
		fmt.Fprintf(columns, "%s\t%s\t%s\t%s\n", r.Priority, r.Source, r.Name, strings.Join(r.Tags, " "))
	}
	columns.Flush()
	return exitOK
}

func describe(r *rules.Rule) listed {
	events, except := r.EventTypes()
	l := listed{
		Name: r.Name, Desc: strings.TrimSpace(r.Desc), Priority: r.Priority.String(), Source: r.Source,
		Tags: r.Tags, Events: events, EventsExcept: except, Condition: r.Compiled(), Enabled: r.Enabled, File: r.Ruleset, UUID: r.UUID(),
	}
	for _, ref := range r.Refs() {
		l.Fields = append(l.Fields, ref.String())
	}
	return l
}

func read(names []string) (files []rules.File, err error) {
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		files = append(files, rules.File{Name: name, Content: content})
	}
	return files, nil
}

func writeJSON(out io.Writer, v any) {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	// A reader that went away is all that can go wrong; there is nobody to tell.
	_ = e.Encode(v)
}
