package field

import (
	"slices"
	"strings"
	"sync"
)

// Log is the table of the fields that rules of other sources than "syscall"
// may name, made at the first call: any log record answers them.
var Log = sync.OnceValue(func() *Table {
	t, err := NewTable(slices.Concat(logFields, jsonFields("jevt"), jsonFields("json"), sharedFields()), nil)
	if err != nil {
		panic(err)
	}
	return t
})

var logFields = []*Field{
	{
		Name: "log.body", Type: CharBuf, Attr: "Body", Where: Core, Get: fixed(NoValue),
		Doc: "The body as text, a structured one as JSON.",
	},
	{
		Name: "log.attr", Type: CharBuf, Arg: MustKey, Attr: "Attributes", Where: Core, Get: fixed(NoValue),
		Doc: "An attribute of the record as text.",
	},
	{
		Name: "log.resource", Type: CharBuf, Arg: MustKey, Attr: "Resource", Where: Core, Get: fixed(NoValue),
		Doc: "An attribute of the record's resource as text.",
	},
	{
		Name: "log.severity", Type: CharBuf, Attr: "SeverityText", Where: Core, Get: fixed(NoValue),
		Doc: "The severity as the record's text says it, else as TRACE, DEBUG, INFO, WARN, ERROR or FATAL after its number.",
	},
	{
		Name: "log.severity.number", Type: Uint8, Attr: "SeverityNumber", Where: Core, Get: fixed(NoValue),
		Doc: "The severity as a number from 1 to 24: 5 and more is debug, 9 info, 13 warning, 17 error, 21 fatal.",
	},
	{
		Name: "log.event", Type: CharBuf, Attr: "EventName", Where: Core, Get: fixed(NoValue),
		Doc: "The name of the event that the record tells.",
	},
	{
		Name: "evt.source", Type: CharBuf, Attr: "saker.source", Get: fixed(NoValue),
		Doc: "The source whose rules the record is for.",
	},
	{
		Name: "evt.plugininfo", Type: CharBuf, From: []string{"log.body"}, Derive: asIs,
		Doc: "The same as log.body.",
	},
}

// jsonFields are what Falco's plugin for JSON answers, under one of its names.
func jsonFields(class string) []*Field {
	return []*Field{
		{
			Name: class + ".value", Type: CharBuf, Arg: MustKey, Attr: "Body", Where: Core, Get: fixed(NoValue),
			Doc: "What a JSON pointer such as /user/groups/0 finds in the body, be that JSON text or structured.",
		},
		{Name: class + ".obj", Type: CharBuf, From: []string{"log.body"}, Derive: asIs, Doc: "The same as log.body."},
		{Name: class + ".rawtime", Type: Uint64, From: rawTime, Derive: asIs, Doc: "The same as evt.rawtime."},
		{Name: class + ".time", Type: CharBuf, From: []string{"evt.time"}, Derive: asIs, Doc: "The same as evt.time."},
	}
}

// sharedFields are those of system calls that any event has.
func sharedFields() (fields []*Field) {
	for _, f := range Falco().Fields() {
		class := strings.HasPrefix(f.Name, "evt.time") || strings.HasPrefix(f.Name, "evt.datetime") ||
			strings.HasPrefix(f.Name, "evt.rawtime")
		switch f.Name {
		case "evt.hostname", "evt.outputtime", "evt.is_async", "evt.asynctype", "evt.pluginname":
			class = true
		}
		if class {
			shared := *f
			fields = append(fields, &shared)
		}
	}
	return append(fields, unserved("log records are not counted",
		&Field{Name: "evt.num", Type: Uint64, Doc: "The event's number."},
		&Field{Name: "evt.reltime", Type: RelTime, Doc: "The nanoseconds since the first event."},
		&Field{Name: "evt.reltime.s", Type: RelTime, Doc: "The whole seconds of evt.reltime."},
		&Field{Name: "evt.reltime.ns", Type: RelTime, Doc: "The nanoseconds of evt.reltime within its second."})...)
}
