// Package similar guesses what a misspelt name was meant to be.
//
// It takes a name and those that there are, and gives the one that is near. It
// owns what is near. It never says that a name is wrong.
package similar

import (
	"iter"
	"strings"
)

// To is the candidate that a misspelt name was probably meant to be, "" when
// none is near.
func To(name string, candidates iter.Seq[string]) string {
	best, bestDistance := "", max(1, len(name)/4)+1
	lower := strings.ToLower(name)
	for c := range candidates {
		if c == name {
			continue
		}
		d := distance(lower, strings.ToLower(c), bestDistance+1)
		if d < bestDistance || d == bestDistance && best != "" && c < best {
			best, bestDistance = c, d
		}
	}
	return best
}

// distance counts the insertions, deletions, changes and swaps of neighbours
// between a and b. Beyond limit any number not below limit may come.
func distance(a, b string, limit int) int {
	if abs(len(a)-len(b)) >= limit || len(a) > 64 || len(b) > 64 {
		return limit
	}
	var rows [3][66]int
	for j := range len(b) + 1 {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		prev2, prev, row := &rows[(i+1)%3], &rows[(i-1)%3], &rows[i%3]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			row[j] = min(prev[j]+1, row[j-1]+1, prev[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], prev2[j-2]+1)
			}
		}
	}
	return rows[len(a)%3][len(b)]
}

func abs(n int) int { return max(n, -n) }
