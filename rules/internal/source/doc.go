// Package source knows where in rule files the words of a condition stand.
//
// It takes files, YAML nodes and offsets and gives places with line, column and
// the line itself. It owns the way back from texts that were put together from
// several values, and from one number for each byte of all texts. It never
// says what a text means or what is wrong with it.
package source
