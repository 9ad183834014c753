package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// pageHead is what the page says whatever a run gives.
const pageHead = `# Kernels

Written by ` + "`make test-kernels`" + `: Debian's kernels, emulated, with the tests that need a
kernel. ` + "`go run ./test/kernels -render`" + ` writes it again from the logs of the last run.

`

const legend = `
yes: all its tests pass. no: the kernel lacks it, and the sensor goes on without. in part:
some of its tests find their part missing. –: not run, since the guest ended first (the
table above says so). missing: there was no such kernel to run when this was written. Programs of 32 bits are those of x86 and of arm;
on arm64 a 64-bit program has no way to enter as they do.

`

// page is docs/kernels.md.
func page(results []result) string {
	var b strings.Builder
	b.WriteString(pageHead)
	releases := [][]string{{"kernel", "release", "commit, time (UTC)", ""}}
	for _, r := range results {
		releases = append(releases, []string{r.target.name(), r.release, r.source, r.word()})
	}
	markdown(&b, releases)
	b.WriteString("\n## What works where\n\n")
	markdown(&b, featureTable(results))
	b.WriteString(legend)
	b.WriteString("## What is missing where\n\nThese are the words of `saker doctor`.\n\n")
	for _, r := range results {
		for _, loss := range limitations(r) {
			fmt.Fprintf(&b, "- %s: %s\n", r.target.name(), loss)
		}
	}
	b.WriteString(pathsHead)
	markdown(&b, pathTable(results))
	b.WriteString(floor)
	b.WriteString("\n## Instructions that the verifier goes through\n\n" +
		"Of each program alone, as this kernel has it read memory. A kernel refuses a million.\n" +
		"no: there is no such place for a program.\n\n")
	markdown(&b, sizeTable(results))
	b.WriteString("\n## Distributions\n\nBy version, not run: what the table above says of the kernel that they have. On any of\n" +
		"them a machine may forbid more: lockdown for confidentiality refuses every program that\n" +
		"reads the kernel's memory, so that nothing is captured; programs on functions can be\n" +
		"refused, too. `saker doctor` tells.\n\n")
	markdown(&b, distributions)
	return b.String()
}

func markdown(b *strings.Builder, rows [][]string) {
	for i, row := range rows {
		fmt.Fprintf(b, "| %s |\n", strings.Join(row, " | "))
		if i == 0 {
			b.WriteString("|" + strings.Repeat("---|", len(row)) + "\n")
		}
	}
}

// limited is a line of the doctor's about what is missing or costs more.
var limited = regexp.MustCompile(`(?m)^limited +(.*\S)\s*$`)

// limitations are the doctor's words about a kernel.
func limitations(r result) (all []string) {
	for _, o := range r.outcomes {
		if o.job != "saker doctor" {
			continue
		}
		for _, found := range limited.FindAllStringSubmatch(o.said, -1) {
			all = append(all, strings.Join(strings.Fields(found[1]), " "))
		}
	}
	return all
}

// verified is how the tests of the programs tell a size.
var verified = regexp.MustCompile(`verified \S+ (\w+)/(direct|indirect): (\d+)`)

// sizesOf are the instructions of each program, read directly where the kernel can.
func sizesOf(r result) map[string]int {
	sizes := map[string]int{}
	for _, way := range []string{"indirect", "direct"} {
		for _, o := range r.outcomes {
			if found := verified.FindStringSubmatch(o.said); found != nil && found[2] == way {
				sizes[found[1]], _ = strconv.Atoi(found[3])
			}
		}
	}
	return sizes
}

const pathsHead = `
## Paths that change during the call

Programs on the functions that lead to the security modules see the path that a call
found; without them it is what memory names when the call has ended. Each row is one
run: calls of every kind whose path another thread changes between the two, told as
they were by sensors with and without these programs, and the time in the programs
of each that are on calls and paths, for calls that make, change, rename and remove a
directory, half of them by its absolute path and half by its name: the least of eight
times. Emulated times say nothing alone.

`

// raced and cost are how the test of raced paths tells what came out.
var (
	raced = regexp.MustCompile(`raced paths: (\d+ of \d+) told with the hooks, (\d+ of \d+) without`)
	cost  = regexp.MustCompile(`cost of a call that changes a path: (\d+) ns in programs with the hooks, (\d+) ns without`)
)

// pathTable has the kernels that have hooks on paths.
func pathTable(results []result) [][]string {
	rows := [][]string{{"kernel", "told with the programs", "without", "ns a call with them", "without", "ratio"}}
	for _, r := range results {
		for _, o := range r.outcomes {
			told, ns := raced.FindStringSubmatch(o.said), cost.FindStringSubmatch(o.said)
			if told == nil || ns == nil {
				continue
			}
			with, _ := strconv.ParseFloat(ns[1], 64)
			without, _ := strconv.ParseFloat(ns[2], 64)
			rows = append(rows, []string{r.target.name(), told[1], told[2], ns[1], ns[2], fmt.Sprintf("%.2f", with/max(without, 1))})
		}
	}
	return rows
}

func sizeTable(results []result) [][]string {
	heading, names, byKernel := []string{"program"}, map[string]bool{}, []map[string]int{}
	for _, r := range results {
		sizes := sizesOf(r)
		heading, byKernel = append(heading, r.target.name()), append(byKernel, sizes)
		for name := range sizes {
			names[name] = true
		}
	}
	rows := [][]string{heading}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		row := []string{"`" + name + "`"}
		for _, sizes := range byKernel {
			cell := no
			switch {
			case sizes[name] > 0:
				cell = strconv.Itoa(sizes[name])
			case len(sizes) == 0:
				cell = notRun
			}
			row = append(row, cell)
		}
		rows = append(rows, row)
	}
	return rows
}
