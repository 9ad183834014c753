package main

import (
	"fmt"
	"io"
	"runtime/debug"
	"strings"
	"text/tabwriter"

	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/internal/syscalls"
)

// shownField is what the list shows of a field.
type shownField struct {
	Name      string `json:"name"`   // with the form of its argument
	Source    string `json:"source"` // of the rules that may name it
	Type      string `json:"type"`
	List      bool   `json:"list,omitempty"`
	Attribute string `json:"attribute,omitempty"`
	ByKey     string `json:"attribute_by_argument,omitempty"` // what stands before the argument and a dot
	// Restrictions are uses that the field is not made for.
	Restrictions []string `json:"restrictions,omitempty"`
	Cost         string   `json:"cost,omitempty"`
	Doc          string   `json:"doc"`
	Unserved     string   `json:"unserved,omitempty"` // why nobody answers it
}

// argForms are how a field with an argument is written.
var argForms = map[field.ArgRule]string{
	field.MayIndex: "[[N]]", field.MayKey: "[[KEY]]", field.MustIndex: "[N]", field.MustKey: "[KEY]",
	field.MustParam: ".PARAMETER", field.MustName: ".NAME",
}

func fields(args []string, out, errs io.Writer) int {
	asJSON, rest, ok := options("fields", args, errs)
	if !ok || extra("fields", rest, errs) {
		return exitUsage
	}
	var all []shownField
	for _, of := range []struct {
		source string
		table  *field.Table
	}{{"syscall", field.Falco()}, {"others", field.Log()}} {
		for _, f := range of.table.Fields() {
			all = append(all, shownField{
				Name: f.Name + argForms[f.Arg], Source: of.source, Type: f.Type.String(), List: f.List || f.Many == field.SomeAncestor,
				Attribute: f.Attr, ByKey: f.Keyed, Restrictions: f.Restrictions(), Cost: f.Cost(), Doc: f.Doc, Unserved: f.Unserved,
			})
		}
	}
	if asJSON {
		writeJSON(out, all)
		return exitOK
	}
	columns := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, f := range all {
		doc := f.Doc
		if f.Unserved != "" {
			doc += " Not answered: " + f.Unserved + "."
		}
		fmt.Fprintf(columns, "%s\t%s\t%s\t%s\n", f.Source, f.Name, f.Type, doc)
	}
	columns.Flush()
	return exitOK
}

// shownEvent is what the list shows of an event.
type shownEvent struct {
	Name       string   `json:"name"`
	Category   string   `json:"category"`
	Parameters []string `json:"parameters"`
}

func events(args []string, out, errs io.Writer) int {
	asJSON, rest, ok := options("events", args, errs)
	if !ok || extra("events", rest, errs) {
		return exitUsage
	}
	var all []shownEvent
	for _, d := range syscalls.Describe() {
		all = append(all, shownEvent{d.Name, d.Category, d.Params})
	}
	if asJSON {
		writeJSON(out, all)
		return exitOK
	}
	columns := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, e := range all {
		fmt.Fprintf(columns, "%s\t%s\t%s\n", e.Name, e.Category, strings.Join(e.Parameters, " "))
	}
	columns.Flush()
	return exitOK
}

func version(args []string, out, errs io.Writer) int {
	if extra("version", args, errs) {
		return exitUsage
	}
	name := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		name = info.Main.Version
	}
	fmt.Fprintln(out, "saker", name)
	return exitOK
}

// extra complains about arguments that a command does not take.
func extra(name string, args []string, errs io.Writer) bool {
	if len(args) > 0 {
		fmt.Fprintf(errs, "saker %s: takes no %q\n", name, args[0])
	}
	return len(args) > 0
}
