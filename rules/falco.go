package rules

import (
	"sync"

	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/internal/syscalls"
)

// FalcoSchema is the schema that Falco's rules are written for: the real
// fields and event types.
func FalcoSchema() *Schema { return falcoSchema() }

var falcoSchema = sync.OnceValue(func() *Schema {
	s := &Schema{Fields: field.Falco(), Event: syscalls.Known}
	for _, row := range syscalls.Rows() {
		s.Events = append(s.Events, row.Name)
	}
	return s
})
