// Package detectionprocessor turns log records into alerts.
//
// It takes log records and gives them on, annotated where a rule is true. It
// owns what becomes of records without a match. It never keeps state between
// records and never asks where a record came from.
package detectionprocessor

//go:generate go tool -modfile=../../tools/go.mod mdatagen metadata.yaml
