// Package fields holds every field against what the machine says of itself.
//
// It takes a process that it starts and gives nothing: its test asks /proc,
// stat and the sockets what a field should say. It owns the table of these
// sources. It never looks at a process that it did not start, but its own.
package fields
