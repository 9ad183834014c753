package syscalls

import (
	"maps"
	"slices"
	"sync"
)

// rows is the table; a row's place in it is its number.
var rows = withOthers(slices.Concat(
	fileRows, fileFactRows, mountRows, ioRows, netRows, processRows, userRows, memoryRows, ipcRows, waitRows,
	kernelRows,
))

// withOthers adds a row of raw arguments for each call that has none of its own.
func withOthers(own []*Row) []*Row {
	served := map[string]bool{}
	for _, row := range own {
		for _, name := range row.calls() {
			served[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(numbers())) {
		if !served[name] {
			own = append(own, &Row{Name: name, Calls: name, Params: generic(), raw: true})
		}
	}
	return own
}

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
