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
some of its tests find their part missing. –: not run. missing: there was no such
kernel to run when this was written.

`

// page is docs/kernels.md.
func page(results []result) string {
	var b strings.Builder
	b.WriteString(pageHead)
	releases := [][]string{{"kernel", "release", ""}}
	for _, r := range results {
		releases = append(releases, []string{r.target.name(), r.release, r.word()})
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
	b.WriteString(floor)
	b.WriteString("\n## Instructions that the verifier goes through\n\n" +
		"Of each program alone, as this kernel has it read memory. A kernel refuses a million.\n\n")
	markdown(&b, sizeTable(results))
	b.WriteString("\n## Distributions\n\nBy version, not run: what the table above says of the kernel that they have.\n\n")
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
			cell := notRun
			if sizes[name] > 0 {
				cell = strconv.Itoa(sizes[name])
			}
			row = append(row, cell)
		}
		rows = append(rows, row)
	}
	return rows
}
