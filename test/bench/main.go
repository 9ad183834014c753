// Command bench measures what Saker costs, beside nothing and beside peers.
//
// It takes a built collector and, from the environment, a Falco (FALCO,
// FALCO_RULES, FALCO_CONFIG); it gives a table, JSON and a picture of ratios. It
// owns the loads and the way of measuring: subjects in turn, medians, a control
// that does nothing. It never says what a result should be.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// config is what the flags and the environment say.
type config struct {
	collector   string
	rules       string // a rules file; empty: Saker's stable library
	extra       string // a rules file beside these
	hooks       string // of Saker's receiver; empty: as by default
	out         string
	rounds      int
	macroRounds int
	chunk       time.Duration
	parts       string
	falco       falcoConfig
}

// part is one kind of measurement. It adds its rows to the report.
type part struct {
	name string
	run  func(*config, *report) error
}

var parts = []part{
	{"added", measureAdded},
	{"macro", measureMacro},
	{"flood", measureFlood},
	{"loss", measureLoss},
	{"quota", measureQuota},
	{"ring", measureRing},
	{"engine", measureEngine},
	{"growth", measureGrowth},
}

func main() {
	do := run
	if part := os.Getenv(asWorker); part != "" {
		do = func() error { return play(part, os.Args[1:]) }
	}
	if err := do(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	c := &config{falco: falcoConfig{
		program: os.Getenv("FALCO"), rules: os.Getenv("FALCO_RULES"), config: os.Getenv("FALCO_CONFIG"),
	}}
	flag.StringVar(&c.collector, "collector", "build/saker-collector", "the collector's `program`")
	flag.StringVar(&c.rules, "rules", c.falco.rules, "rules `file` for Saker (default: FALCO_RULES, else the stable library)")
	flag.StringVar(&c.out, "out", "build", "`directory` for bench.json and bench.svg")
	flag.IntVar(&c.rounds, "rounds", 7, "how often each subject is measured")
	flag.IntVar(&c.macroRounds, "macro-rounds", 4, "how often each subject is measured with whole programs")
	flag.DurationVar(&c.chunk, "chunk", 20*time.Millisecond, "how long one chunk of a load takes")
	flag.StringVar(&c.parts, "parts", partNames(), "what to measure")
	page := flag.String("doc", "", "measure nothing, but renew the tables of this `file` by the report in -out")
	flag.Parse()
	if *page != "" {
		return document(*page, c.out)
	}
	r := newReport(c)
	for _, p := range parts {
		if !strings.Contains(","+c.parts+",", ","+p.name+",") {
			continue
		}
		if err := p.run(c, r); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	r.Busy = append(r.Busy, loadAverage())
	r.print(os.Stdout)
	return save(c.out, r)
}

func partNames() string {
	var names []string
	for _, p := range parts {
		names = append(names, p.name)
	}
	return strings.Join(names, ",")
}

// The files of all that was measured.
const (
	reportName  = "bench.json"
	pictureName = "bench.svg"
)

// save writes the report as JSON and as a picture.
func save(dir string, r *report) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, reportName), append(text, '\n'), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, pictureName), r.picture(), 0o644)
}
