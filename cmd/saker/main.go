// Command saker is for people who write rules and run collectors.
//
// It takes rule files and Saker's own tables and gives findings and lists, as
// text or as JSON. It owns no knowledge: everything it prints comes from the
// tables that the collector uses too. Only doctor captures, for a moment.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
)

// Exit codes.
const (
	exitOK       = 0
	exitFindings = 1 // the input has errors, or doctor saw no capture
	exitUsage    = 2 // called in a wrong way, or a file can't be read
)

// command is one subcommand. It gets its own flags and arguments and gives
// the exit code; what it writes to errs is for people.
type command struct {
	name, args, doc string
	run             func(args []string, out, errs io.Writer) int
}

var commands = []command{
	{"check", "[--json] FILE...", "load rule files together, in this order, and show all findings", check},
	{"list", "[--json] FILE...", "list the rules of rule files; without files, those that Saker ships", list},
	{"pushdown", "[--json] FILE|DIR...", "show what of each call the kernel leaves out for rule files, and which rules need the rest", pushed},
	{"fields", "[--json]", "list the fields that rules may name", fields},
	{"events", "[--json]", "list the events that can be captured, with their parameters", events},
	{"doctor", "[--json]", "show what the sensor can do on this machine, and prove that it captures", doctor},
	{"version", "", "show the version", version},
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, out, errs io.Writer) int {
	if len(args) == 0 {
		usage(errs)
		return exitUsage
	}
	for _, c := range commands {
		if c.name == args[0] {
			return c.run(args[1:], out, errs)
		}
	}
	if args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		usage(out)
		return exitOK
	}
	fmt.Fprintf(errs, "saker: there is no command %q\n", args[0])
	usage(errs)
	return exitUsage
}

func usage(w io.Writer) {
	fmt.Fprintln(w, "usage: saker COMMAND")
	columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, c := range commands {
		fmt.Fprintf(columns, "  %s %s\t%s\n", c.name, c.args, c.doc)
	}
	columns.Flush()
}

// options reads the flags that commands share. On a wrong flag it says so and
// gives false.
func options(name string, args []string, errs io.Writer) (asJSON bool, rest []string, ok bool) {
	flags := flag.NewFlagSet("saker "+name, flag.ContinueOnError)
	flags.SetOutput(errs)
	flags.BoolVar(&asJSON, "json", false, "write JSON")
	if err := flags.Parse(args); err != nil {
		return false, nil, false
	}
	return asJSON, flags.Args(), true
}
