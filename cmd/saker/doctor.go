package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/cilium/ebpf/btf"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/syscalls"
)

// verdict is what a check found, and what to do about it.
type verdict struct {
	Status  status `json:"status"`
	Finding string `json:"finding"`
	Advice  string `json:"advice,omitempty"`
}

// status is how good a finding is.
type status string

const (
	fine    status = "ok"
	limited status = "limited" // the sensor works, and something is missing or costs more
	missing status = "missing" // the sensor can't work
)

// patient is the kernel and the process that the checks look at.
type patient struct {
	root    string      // where the host's / is
	kernel  *btf.Spec   // nil: the kernel does not describe its types
	sensor  *bpf.Sensor // nil: it did not load
	loadErr error       // why
	acting  []string    // the program that acts, and its arguments before a file's name
	// patience is how long it may take until the act is seen.
	patience time.Duration
}

// patience is for busy machines, where a child may take long to start.
const patience = 30 * time.Second

// result is one check's line.
type result struct {
	Check string `json:"check"`
	verdict
}

// doctor says what the sensor can and can't do here, and proves that it works.
func doctor(args []string, out, errs io.Writer) int {
	flags := flag.NewFlagSet("saker doctor", flag.ContinueOnError)
	flags.SetOutput(errs)
	asJSON := flags.Bool("json", false, "write JSON")
	act := flags.String("act", "", "open a `file` and end: what doctor has a child do")
	if err := flags.Parse(args); err != nil || extra("doctor", flags.Args(), errs) {
		return exitUsage
	}
	if *act != "" {
		return open(*act, errs)
	}
	p := examine()
	defer p.close()
	results := make([]result, len(checks))
	for i, c := range checks {
		results[i] = result{c.name, c.run(p)}
	}
	works := results[len(results)-1].Status != missing
	if *asJSON {
		writeJSON(out, struct {
			Works  bool     `json:"works"`
			Checks []result `json:"checks"`
		}{works, results})
	} else {
		write(out, results, works)
	}
	if !works {
		return exitFindings
	}
	return exitOK
}

// examine loads the sensor as a collector would.
func examine() *patient {
	p := &patient{root: "/", acting: []string{"/proc/self/exe", "doctor", "--act"}, patience: patience}
	if self, err := os.Executable(); err == nil {
		p.acting[0] = self
	}
	p.kernel, _ = btf.LoadKernelSpec()
	var rows []*syscalls.Row
	for _, name := range []string{"open", "openat", "openat2"} {
		rows = append(rows, syscalls.ByName(name))
	}
	p.sensor, p.loadErr = bpf.Load(bpf.Options{Rows: rows})
	return p
}

func (p *patient) close() {
	if p.sensor != nil {
		_ = p.sensor.Close() // the process ends anyway
	}
}

// write shows a line for each check, with the advice below where there is one.
func write(out io.Writer, results []result, works bool) {
	columns := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, r := range results {
		fmt.Fprintf(columns, "%s\t%s\t%s\n", r.Status, r.Check, oneLine(r.Finding))
		if r.Advice != "" {
			fmt.Fprintf(columns, "\t\t→ %s\n", r.Advice)
		}
	}
	columns.Flush()
	if works {
		fmt.Fprintln(out, "\nCapture works here.")
		return
	}
	fmt.Fprintln(out, "\nCapture does not work here; see what is missing above.")
}

// oneLine is a text without line breaks: a verifier's complaint has many.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// open is the act that doctor wants to see.
func open(file string, errs io.Writer) int {
	f, err := os.Open(file)
	if err != nil {
		fmt.Fprintln(errs, "saker doctor:", err)
		return exitUsage
	}
	f.Close()
	return exitOK
}
