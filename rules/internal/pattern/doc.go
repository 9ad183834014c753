// Package pattern matches texts with the patterns of the rule language.
//
// It takes patterns and texts and gives yes or no. It owns globs, prefixes of
// paths (pmatch), anchored regular expressions and the folding of case, all as
// Falco has them. It never takes exponential time and, but for Wildcard, never
// allocates in a match.
package pattern
