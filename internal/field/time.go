package field

import (
	"time"

	"github.com/sakerhq/saker/internal/event"
)

var rawTime = []string{"evt.rawtime"}

var timeFields = []*Field{
	{
		Name: "evt.rawtime", Type: AbsTime, Attr: "Timestamp", Where: Core, Get: evtTime, Of: OfAct,
		Doc: "When the event happened, in nanoseconds since 1970.",
	},
	{
		Name: "evt.rawtime.s", Type: AbsTime, From: rawTime, Derive: seconds,
		Doc: "The whole seconds of evt.rawtime.",
	},
	{
		Name: "evt.rawtime.ns", Type: AbsTime, From: rawTime, Derive: nanoseconds,
		Doc: "The nanoseconds of evt.rawtime within its second.",
	},
	{
		Name: "evt.time", Type: CharBuf, From: rawTime, Derive: clock("15:04:05.000000000", local),
		Doc: "The local time of day with nanoseconds.",
	},
	{
		Name: "evt.time.s", Type: CharBuf, From: rawTime, Derive: clock("15:04:05", local),
		Doc: "The local time of day to the second.",
	},
	{
		Name: "evt.time.iso8601", Type: CharBuf, From: rawTime,
		Derive: clock("2006-01-02T15:04:05.000000000-0700", time.Time.UTC),
		Doc:    "Date and time in UTC with nanoseconds, ISO 8601.",
	},
	{
		Name: "evt.datetime", Type: CharBuf, From: rawTime,
		Derive: clock("2006-01-02 15:04:05.000000000", local),
		Doc:    "The local date and time with nanoseconds.",
	},
	{
		Name: "evt.datetime.s", Type: CharBuf, From: rawTime,
		Derive: clock("2006-01-02 15:04:05", local),
		Doc:    "The local date and time to the second.",
	},
	{
		Name: "evt.reltime", Type: RelTime, Attr: "saker.evt.reltime", Get: sinceFirst,
		Doc: "How long after the first event of the capture, in nanoseconds.",
	},
	{
		Name: "evt.reltime.s", Type: RelTime, From: []string{"evt.reltime"}, Derive: seconds,
		Doc: "The whole seconds of evt.reltime.",
	},
	{
		Name: "evt.reltime.ns", Type: RelTime, From: []string{"evt.reltime"}, Derive: nanoseconds,
		Doc: "The nanoseconds of evt.reltime within its second.",
	},
	{
		Name: "evt.deltatime", Type: RelTime, Attr: "saker.evt.deltatime", Get: sinceLast,
		Doc: "How long after the event that the capture had before this one, in nanoseconds; 0 for the first.",
	},
	{
		Name: "evt.deltatime.s", Type: RelTime, From: []string{"evt.deltatime"}, Derive: seconds,
		Doc: "The whole seconds of evt.deltatime.",
	},
	{
		Name: "evt.deltatime.ns", Type: RelTime, From: []string{"evt.deltatime"}, Derive: nanoseconds,
		Doc: "The nanoseconds of evt.deltatime within its second.",
	},
	{
		Name: "evt.outputtime", Type: CharBuf, Not: OutputOnly, From: rawTime,
		Derive: clock("15:04:05.000000000", local),
		Doc:    "The time as outputs say it.",
	},
}

func local(t time.Time) time.Time { return t.Local() }

func evtTime(e *event.Event, _ Arg) Value { return Unsigned(e.Time) }

func sinceFirst(e *event.Event, _ Arg) Value { return elapsed(e.Time, e.First) }

func sinceLast(e *event.Event, _ Arg) Value { return elapsed(e.Time, e.Last) }

// elapsed is the time since then, 0 for times that two processors told out of order.
func elapsed(now, then uint64) Value {
	if then == 0 || now < then {
		return Unsigned(0)
	}
	return Unsigned(now - then)
}

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
