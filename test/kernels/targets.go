package main

import (
	"fmt"
	"slices"
	"strings"
)

// target is a kernel to run on: the newest that Debian has of a series.
type target struct {
	arch   string // as Go and Debian say it
	series string // as 6.1; latest: of all
	suite  string // where Debian has it
}

func (t target) name() string { return t.arch + "/" + t.series }

const latest = "latest"

// targets are all kernels, in the order in which they run. Their suites have
// several packages of each series, in case that the newest is gone.
var targets = []target{
	{"amd64", "5.10", "bullseye-security"},
	{"amd64", "6.1", "bookworm-security"},
	{"amd64", "6.12", "bookworm-security"},
	{"amd64", "6.18", "trixie-backports"},
	{"amd64", latest, "trixie-backports"},
	{"arm64", "6.1", "bookworm-security"},
	{"arm64", "6.12", "bookworm-security"},
	{"arm64", latest, "trixie-backports"},
}

// shellSuite is where the shell of the guests comes from: a release, whose
// packages stay where they are.
const shellSuite = "bookworm"

// choose gives the targets that words name: a whole name, an architecture or
// a series. No words choose all.
func choose(words []string) ([]target, error) {
	if len(words) == 0 {
		return targets, nil
	}
	var chosen []target
	for _, t := range targets {
		if slices.ContainsFunc(words, t.is) {
			chosen = append(chosen, t)
		}
	}
	for _, word := range words {
		if !slices.ContainsFunc(chosen, func(t target) bool { return t.is(word) }) {
			return nil, fmt.Errorf("no kernel is called %s; there are %s", word, strings.Join(names(), ", "))
		}
	}
	return chosen, nil
}

func (t target) is(word string) bool { return word == t.name() || word == t.arch || word == t.series }

func names() (all []string) {
	for _, t := range targets {
		all = append(all, t.name())
	}
	return all
}

// suites are those of all that is fetched, once each.
func suites() []string {
	all := []string{shellSuite}
	for _, t := range targets {
		all = append(all, t.suite)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// machine is how a guest of an architecture is run.
type machine struct {
	qemu    string   // the program
	pkg     string   // the Debian package that has it
	flags   []string // the board
	console string   // the kernel's name of the serial line
}

// A simple processor of each: on x86 a recent one takes the emulator a third longer.
var machines = map[string]machine{
	"amd64": {"qemu-system-x86_64", "qemu-system-x86", []string{"-machine", "q35", "-cpu", "qemu64"}, "ttyS0"},
	"arm64": {"qemu-system-aarch64", "qemu-system-arm", []string{"-machine", "virt", "-cpu", "cortex-a72"}, "ttyAMA0"},
}
