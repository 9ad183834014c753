package rules

import (
	"iter"
	"slices"
	"strings"

	"github.com/sakerhq/saker/internal/similar"
)

// maxHints is how many findings get a hint; finding them takes time.
const maxHints = 100

// similar is the candidate that a misspelt name was probably meant to be, ""
// when none is near.
func (r *report) similar(name string, candidates iter.Seq[string]) string {
	if len(r.findings) > maxHints {
		return ""
	}
	return similar.To(name, candidates)
}

// notOneOf reports a value that is none of those there are: with the one that
// was meant, or else with all.
func (r *report) notOneOf(names []string, value string, f Finding, it item) {
	f.Message += " '" + value + "'"
	if f.Hint = r.similar(value, slices.Values(names)); f.Hint == "" {
		f.Message += ": it must be one of " + strings.Join(names, ", ")
	}
	r.add(f, it)
}
