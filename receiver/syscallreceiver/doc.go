// Package syscallreceiver emits what happens on a host as log records.
//
// It takes raw records from the kernel (or a recording) and gives batches of
// log records. It owns the one goroutine that reads, decodes, matches and
// batches, and the account of what was lost. It never waits for a rule's
// final verdict: what could match goes out.
package syscallreceiver

//go:generate go tool -modfile=../../tools/go.mod mdatagen metadata.yaml
