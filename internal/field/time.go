package field

import (
	"time"

	"github.com/sakerhq/saker/internal/event"
)

var rawTime = []string{"evt.rawtime"}

var timeFields = []*Field{
	{
		Name: "evt.rawtime", Type: AbsTime, Attr: "Timestamp", Where: Core, Get: evtTime, Volatile: true,
		Doc: "When the event happened, in nanoseconds since 1970.",
	},
	{
		Name: "evt.rawtime.s", Type: AbsTime, From: rawTime, Derive: seconds, Volatile: true,
		Doc: "The whole seconds of evt.rawtime.",
	},
	{
		Name: "evt.rawtime.ns", Type: AbsTime, From: rawTime, Derive: nanoseconds, Volatile: true,
		Doc: "The nanoseconds of evt.rawtime within its second.",
	},
	{
		Name: "evt.time", Type: CharBuf, From: rawTime, Derive: clock("15:04:05.000000000", local), Volatile: true,
		Doc: "The local time of day with nanoseconds.",
	},
	{
		Name: "evt.time.s", Type: CharBuf, From: rawTime, Derive: clock("15:04:05", local), Volatile: true,
		Doc: "The local time of day to the second.",
	},
	{
		Name: "evt.time.iso8601", Type: CharBuf, From: rawTime, Volatile: true,
		Derive: clock("2006-01-02T15:04:05.000000000-0700", time.Time.UTC),
		Doc:    "Date and time in UTC with nanoseconds, ISO 8601.",
	},
	{
		Name: "evt.datetime", Type: CharBuf, From: rawTime, Volatile: true,
		Derive: clock("2006-01-02 15:04:05.000000000", local),
		Doc:    "The local date and time with nanoseconds.",
	},
	{
		Name: "evt.datetime.s", Type: CharBuf, From: rawTime, Volatile: true,
		Derive: clock("2006-01-02 15:04:05", local),
		Doc:    "The local date and time to the second.",
	},
	{
		Name: "evt.outputtime", Type: CharBuf, Not: OutputOnly, From: rawTime, Volatile: true,
		Derive: clock("15:04:05.000000000", local),
		Doc:    "The time as outputs say it.",
	},
}

func local(t time.Time) time.Time { return t.Local() }

func evtTime(e *event.Event, _ Arg) Value { return Unsigned(e.Time) }

func seconds(in *Inputs, _ Arg) Value {
	return hold(in[0], func(v Value) Value { return Unsigned(v.Uint() / uint64(time.Second)) })
}

func nanoseconds(in *Inputs, _ Arg) Value {
	return hold(in[0], func(v Value) Value { return Unsigned(v.Uint() % uint64(time.Second)) })
}

// clock makes a Derive that says a time in the layout and zone.
func clock(layout string, zone func(time.Time) time.Time) func(*Inputs, Arg) Value {
	return func(in *Inputs, _ Arg) Value {
		return hold(in[0], func(v Value) Value {
			return Str(zone(time.Unix(0, v.Int())).Format(layout))
		})
	}
}
