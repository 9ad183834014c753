package main

import (
	"cmp"
	"strconv"
	"strings"
)

// compareVersions orders versions as Debian's policy does: epoch, then version
// and revision, each by turns of what is no digit and of numbers.
func compareVersions(a, b string) int {
	epochA, a := epoch(a)
	epochB, b := epoch(b)
	upstreamA, revisionA := revision(a)
	upstreamB, revisionB := revision(b)
	return cmp.Or(cmp.Compare(epochA, epochB), compareParts(upstreamA, upstreamB), compareParts(revisionA, revisionB))
}

func epoch(version string) (number int, rest string) {
	before, after, found := strings.Cut(version, ":")
	if number, err := strconv.Atoi(before); found && err == nil {
		return number, after
	}
	return 0, version
}

func revision(version string) (upstream, revision string) {
	if i := strings.LastIndexByte(version, '-'); i >= 0 {
		return version[:i], version[i+1:]
	}
	return version, ""
}

func compareParts(a, b string) int {
	for a != "" || b != "" {
		var wordA, wordB, numberA, numberB string
		wordA, a = split(a, false)
		wordB, b = split(b, false)
		numberA, a = split(a, true)
		numberB, b = split(b, true)
		if c := cmp.Or(compareWords(wordA, wordB), compareNumbers(numberA, numberB)); c != 0 {
			return c
		}
	}
	return 0
}

// split cuts off the digits at the start, or what is before the first digit.
func split(s string, digits bool) (head, rest string) {
	i := 0
	for i < len(s) && (s[i] >= '0' && s[i] <= '9') == digits {
		i++
	}
	return s[:i], s[i:]
}

func compareNumbers(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

// compareWords compares letter by letter: ~ is before the end, the end before
// letters, these before all else.
func compareWords(a, b string) int {
	for i := range max(len(a), len(b)) {
		if c := cmp.Compare(weight(a, i), weight(b, i)); c != 0 {
			return c
		}
	}
	return 0
}

func weight(s string, i int) int {
	if i >= len(s) {
		return 0
	}
	switch c := s[i]; {
	case c == '~':
		return -1
	case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
		return int(c)
	default:
		return int(c) + 256
	}
}
