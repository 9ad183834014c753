package main

import (
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/sakerhq/saker/internal/pushdown"
	"github.com/sakerhq/saker/rules"
)

// pushedCall is what pushdown shows of a call.
type pushedCall struct {
	Call    string   `json:"call"`
	LeftOut string   `json:"left_out,omitempty"`
	Why     string   `json:"told_because,omitempty"`
	Rules   []string `json:"rules,omitempty"`
}

// pushed shows what the kernel leaves out for the rules of some files.
func pushed(args []string, out, errs io.Writer) int {
	asJSON, names, ok := options("pushdown", args, errs)
	if !ok {
		return exitUsage
	}
	files, err := read(names)
	if err == nil && len(names) == 0 {
		err = errors.New("name at least one rule file")
	}
	if err != nil {
		fmt.Fprintln(errs, "saker pushdown:", err)
		return exitUsage
	}
	set, findings := rules.Load(rules.FalcoSchema(), files, rules.Options{})
	if set == nil {
		fmt.Fprintln(errs, "saker pushdown:", findings.Err())
		return exitFindings
	}
	list := []pushedCall{}
	for _, c := range pushdown.Calls(set) {
		list = append(list, pushedOf(c))
	}
	if asJSON {
		writeJSON(out, list)
		return exitOK
	}
	columns := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, c := range list {
		if c.LeftOut != "" {
			fmt.Fprintf(columns, "%s\tleaves out %s\n", c.Call, c.LeftOut)
			continue
		}
		fmt.Fprintf(columns, "%s\ttells all: %s\n", c.Call, c.Why)
	}
	columns.Flush()
	return exitOK
}

func pushedOf(c pushdown.Call) pushedCall {
	p := pushedCall{Call: c.Row.Name}
	switch {
	case c.Learned:
		p.Why = "a failed one can be a connection in progress"
	case len(c.Failed) == 0:
		p.LeftOut = "failed calls"
	default:
		p.Why = fmt.Sprintf("a failed one can match %q", c.Failed[0].Name)
	}
	for _, r := range c.Failed {
		p.Rules = append(p.Rules, r.Name)
	}
	return p
}
