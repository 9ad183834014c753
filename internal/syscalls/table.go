package syscalls

import (
	"slices"
	"sync"
)

// rows is the table; a row's place in it is its number.
var rows = slices.Concat(fileRows, netRows, processRows)

// Rows are all events that can be captured, in the table's order: a row's
// number is its index. The caller must not change them.
func Rows() []*Row { return rows }

var byName = sync.OnceValue(func() map[string]*Row {
	m := make(map[string]*Row, len(rows))
	for _, r := range rows {
		m[r.Name] = r
	}
	return m
})

// ByName is the row of an event type, nil for one that can't be captured.
func ByName(name string) *Row { return byName()[name] }
