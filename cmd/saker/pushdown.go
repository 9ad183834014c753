package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/pushdown"
	"github.com/sakerhq/saker/internal/syscalls"
	"github.com/sakerhq/saker/rules"
)

// pushedCalls is what pushdown shows.
type pushedCalls struct {
	Calls []pushedCall `json:"calls"`
	// Paths is how many states the kernel has for the paths of files that are
	// opened; 0: it doesn't read these.
	Paths int `json:"path_states"`
	// Given is the same for paths as they are given.
	Given int `json:"given_states"`
}

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
	files, err := readAll(names)
	if err == nil && len(files) == 0 {
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
	shown := pushedOfSet(set)
	if asJSON {
		writeJSON(out, shown)
		return exitOK
	}
	shown.print(out)
	return exitOK
}

// readAll reads files, and those of directories that rules can be in.
func readAll(names []string) (files []rules.File, err error) {
	for _, name := range names {
		if info, err := os.Stat(name); err != nil || !info.IsDir() {
			more, err := read([]string{name})
			if err != nil {
				return nil, err
			}
			files = append(files, more...)
			continue
		}
		entries, err := os.ReadDir(name)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if ext := filepath.Ext(e.Name()); e.Type().IsRegular() && (ext == ".yaml" || ext == ".yml") {
				more, err := read([]string{filepath.Join(name, e.Name())})
				if err != nil {
					return nil, err
				}
				files = append(files, more...)
			}
		}
	}
	return files, nil
}

func pushedOfSet(set *rules.Set) (p pushedCalls) {
	calls, paths := pushdown.Judge(set)
	p.Calls = []pushedCall{}
	for _, c := range calls {
		p.Calls = append(p.Calls, pushedOf(c, paths))
	}
	p.Paths, p.Given = paths.Opened.States(), paths.Given.States()
	return p
}

func pushedOf(c pushdown.Call, paths pushdown.Paths) pushedCall {
	p := pushedCall{Call: c.Row.Name}
	failed := "failed calls"
	if c.Errors.Learned != 0 && len(c.Errors.Any()) == 0 {
		failed = "failed calls, but for connections in progress"
	}
	p.judge(failed, c.Errors.Any())
	p.judge("calls that succeed", slices.Concat(c.Zero, c.Positive))
	if len(c.Unmarked) == 0 {
		p.LeftOut = append(p.LeftOut, "calls of which all could be read")
	}
	if c.OpensPath() {
		p.judge("directories", c.Directories)
		if paths.Opened.States() > 0 {
			p.judge("files that no rule names", paths.Opened.Generic(&c))
		}
		if paths.Given.States() > 0 {
			p.judge("paths that are given as no rule asks", paths.Given.Generic(&c))
		}
	}
	for i := range c.Numbers {
		if n := &c.Numbers[i]; n.Param != nil || !c.Recalled[bpf.SocketTCP] || !c.Recalled[bpf.SocketUDP] {
			p.judgeNumber(c.Row, n)
		}
	}
	p.judgeSockets(&c)
	if !c.Learned && c.Row.Effect != syscalls.NewImage {
		p.judge("processes that its rules are not about", c.OfAnyProcess())
	}
	return p
}

// judge says that something is left out, or the first rule that needs it.
func (p *pushedCall) judge(what string, needed []*rules.Rule) {
	if len(needed) == 0 {
		p.LeftOut = append(p.LeftOut, what)
		return
	}
	p.Told = append(p.Told, fmt.Sprintf("%s (%s)", what, needed[0].Name))
}

// judgeSockets says what is left out of sockets, if rules tell them apart.
func (p *pushedCall) judgeSockets(c *pushdown.Call) {
	for _, kind := range []bpf.Socket{bpf.SocketUnix, bpf.SocketTCP, bpf.SocketUDP, bpf.SocketConnected} {
		switch needed := c.Sockets[kind]; {
		case c.Sockets == nil || len(needed) == len(c.Asked):
		case c.Recalled[kind]:
			p.Told = append(p.Told, fmt.Sprintf("%s sockets, for what later calls on them mean", kind))
		default:
			p.judge(kind.String()+" sockets", needed)
		}
	}
}

// judgeNumber says what of a number is left out and told, if some is left out.
func (p *pushedCall) judgeNumber(row *syscalls.Row, n *pushdown.Number) {
	if !slices.ContainsFunc(n.Rules(), func(needed []*rules.Rule) bool { return len(needed) == 0 }) {
		return
	}
	if !n.IsFlags() {
		p.LeftOut = append(p.LeftOut, "any other "+n.Name)
	}
	for place, needed := range n.Rules() {
		switch {
		case !n.IsFlags() && len(needed) > 0:
			p.judge(n.Name+" "+n.Range(row, place), needed)
		case n.IsFlags() && len(n.Words(place)) > 0:
			p.judge(strings.Join(n.Words(place), "|"), needed)
		}
	}
}

// print writes a line for each call, and what is told apart of paths.
func (p *pushedCalls) print(out io.Writer) {
	columns := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, c := range p.Calls {
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
	if p.Paths > 0 {
		fmt.Fprintf(out, "\nThe paths of files that are opened are read, with %d states.\n", p.Paths)
	}
	if p.Given > 0 {
		fmt.Fprintf(out, "\nPaths are read as they are given, with %d states.\n", p.Given)
	}
}
