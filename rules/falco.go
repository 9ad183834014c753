package rules

import (
	"sync"

	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/internal/syscalls"
)

// FalcoSchema is the schema that Falco's rules are written for: the real
// fields and event types, and for other sources the fields of log records.
func FalcoSchema() *Schema { return falcoSchema() }

var falcoSchema = sync.OnceValue(func() *Schema {
	s := &Schema{Fields: field.Falco(), Others: field.Log(), Event: syscalls.Known}
	params := map[string]field.Type{}
	for _, row := range syscalls.Rows() {
		s.Events = append(s.Events, row.Name)
		if row.Busy {
			s.Named = append(s.Named, row.Name)
		}
		for _, p := range row.Params {
			if _, there := params[p.Name]; !there {
				params[p.Name] = paramTypes[p.Type.String()]
			}
		}
	}
	s.Param = func(name string) field.Type {
		if t, known := params[name]; known {
			return t
		}
		return field.Int64
	}
	return s
})

// paramTypes are the types of fields that stand for a parameter of a type of
// Falco's. As there, the first event with a parameter of that name decides.
var paramTypes = map[string]field.Type{
	"ERRNO": field.Int64, "FD": field.Int64, "PID": field.Int64, "SYSCALLID": field.Int64, "INT32": field.Int32,
	"INT16": field.Int16, "INT64": field.Int64, "RELTIME": field.RelTime, "FDLIST": field.CharBuf, "SIGSET": field.Uint32,
	"FLAGS8": field.Uint8, "ENUMFLAGS8": field.Uint8,
	"SIGTYPE": field.Uint8, "UINT8": field.Uint8, "FLAGS16": field.Uint16, "ENUMFLAGS16": field.Uint16,
	"UINT16": field.Uint16, "UID": field.Uint32, "GID": field.Uint32, "FLAGS32": field.Uint32,
	"ENUMFLAGS32": field.Uint32, "MODE": field.Uint32, "UINT32": field.Uint32, "UINT64": field.Uint64,
	"ABSTIME": field.AbsTime, "CHARBUF": field.CharBuf, "FSPATH": field.FSPath, "FSRELPATH": field.FSRelPath,
	"BYTEBUF": field.ByteBuf, "SOCKADDR": field.Dynamic, "SOCKTUPLE": field.Dynamic, "DYN": field.Dynamic,
}
