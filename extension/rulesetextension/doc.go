// Package rulesetextension loads rules once for all that use them.
//
// It takes rule files and gives one compiled rule set to every receiver and
// processor that names it. It owns where rules come from and how findings in
// them are told. It never evaluates a rule.
package rulesetextension

//go:generate go tool -modfile=../../tools/go.mod mdatagen metadata.yaml
