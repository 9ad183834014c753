package field

import (
	"cmp"
	"slices"
	"sync"

	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/syscalls"
)

// Falco is the table of the fields that rules for system calls may name, made
// at the first call. The rows are in files by class; it panics on a row that
// contradicts itself, which a test finds first.
var Falco = sync.OnceValue(func() *Table {
	t, err := NewTable(slices.Concat(
		eventFields, timeFields, ioFields, argFields,
		fdFields, addressFields, pathFields,
		reading(OfImage, processFields), reading(OfImage|OfRelatives, originFields), reading(OfImage, standardFields),
		measureFields, peerFields,
		reading(OfImage|OfRelatives, lineageFields, leaderFields),
		reading(OfImage, imageFields, threadFields, userFields, containerFields, podFields),
		unservedFields,
	), syscalls.IsParam)
	if err != nil {
		panic(err)
	}
	return t
})

// reading says of the rows that don't say themselves what their values depend on.
func reading(parts Parts, classes ...[]*Field) []*Field {
	rows := slices.Concat(classes...)
	for _, f := range rows {
		f.Of = cmp.Or(f.Of, parts)
	}
	return rows
}

// na is what Falco's text fields say where a name is not known.
const na = "<NA>"

// fixed makes a Get of a value that all events share.
func fixed(v Value) func(*event.Event, Arg) Value {
	return func(*event.Event, Arg) Value { return v }
}

// hold passes Missing and Unknown on, and other values through f.
func hold(v Value, f func(Value) Value) Value {
	if !v.Known() {
		return v
	}
	return f(v)
}
