package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/sakerhq/saker/internal/pushdown"
	"github.com/sakerhq/saker/rules"
)

// pushedCall is what pushdown shows of a call.
type pushedCall struct {
	Call    string   `json:"call"`
	LeftOut []string `json:"left_out"`
	Told    []string `json:"told"` // what could be left out but for a rule, and for which
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
	calls, _ := pushdown.Judge(set)
	for _, c := range calls {
		list = append(list, pushedOf(c))
	}
	if asJSON {
		writeJSON(out, list)
		return exitOK
	}
	columns := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, c := range list {
		fmt.Fprintf(columns, "%s", c.Call)
		if c.LeftOut != nil {
			fmt.Fprintf(columns, "\tleaves out %s", strings.Join(c.LeftOut, ", "))
		}
		if c.Told != nil {
			fmt.Fprintf(columns, "\ttells %s", strings.Join(c.Told, ", "))
		}
		fmt.Fprintln(columns)
	}
	columns.Flush()
	return exitOK
}

func pushedOf(c pushdown.Call) pushedCall {
	p := pushedCall{Call: c.Row.Name}
	judge := func(what string, needed []*rules.Rule) {
		if len(needed) == 0 {
			p.LeftOut = append(p.LeftOut, what)
			return
		}
		p.Told = append(p.Told, fmt.Sprintf("%s (%s)", what, needed[0].Name))
	}
	if c.Errors.Learned != 0 && len(c.Errors.Any()) == 0 {
		p.LeftOut = append(p.LeftOut, "failed calls, but for connections in progress")
	} else {
		judge("failed calls", c.Errors.Any())
	}
	judge("calls that succeed", slices.Concat(c.Zero, c.Positive))
	if c.Opens {
		judge("directories", c.Directories)
	}
	if c.Flags != nil {
		for place, needed := range c.Flags.Rules() {
			judge("flags "+cmp.Or(strings.Join(c.Flags.Words(place), " "), "none"), needed)
		}
	}
	return p
}
