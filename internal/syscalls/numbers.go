package syscalls

import (
	_ "embed"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:generate go run ./gen

// numbersText has a line for each call: its name, then its number in each of
// arches, or a dash.
//
//go:embed numbers.txt
var numbersText string

// arches are the tables of numbers. 386 and arm are also the 32-bit tables of
// amd64 and arm64. Numbers of x32 are without the bit 0x40000000 that marks them.
var arches = []string{"amd64", "arm64", "386", "arm", "x32"}

const noNumber = -1

var numbers = sync.OnceValue(func() map[string][5]int {
	m := map[string][5]int{}
	for line := range strings.Lines(numbersText) {
		words := strings.Fields(line)
		if len(words) != 1+len(arches) || words[0] == "#" {
			continue
		}
		var row [5]int
		for i, word := range words[1:] {
			n, err := strconv.Atoi(word)
			if err != nil {
				n = noNumber
			}
			row[i] = n
		}
		m[words[0]] = row
	}
	return m
})

// Number gives the numbers of the calls that a row serves on an architecture
// (amd64, arm64, 386, arm, x32), none if there are none or arch is unknown.
func Number(arch string, row *Row) []int {
	var found []int
	for _, name := range CallNames(arch, row) {
		found = append(found, numbers()[name][slices.Index(arches, arch)])
	}
	return found
}

// CallNames gives the names of the calls that a row serves on an architecture,
// as Number their numbers.
func CallNames(arch string, row *Row) []string {
	column := slices.Index(arches, arch)
	if column < 0 || row.Kind != Call {
		return nil
	}
	var found []string
	for _, name := range row.calls() {
		if n, ok := numbers()[name]; ok && n[column] != noNumber {
			found = append(found, name)
		}
	}
	return found
}

// calls are the names of the calls that a row serves.
func (r *Row) calls() []string {
	if r.Calls != "" {
		return strings.Fields(r.Calls)
	}
	return []string{r.Name, r.Name + "32"}
}
