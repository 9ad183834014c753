package field

import (
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
		processFields, originFields, standardFields, measureFields, peerFields, lineageFields, leaderFields, imageFields, threadFields,
		userFields, containerFields, unservedFields,
	), syscalls.IsParam)
	if err != nil {
		panic(err)
	}
	return t
})

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
