package field

import (
	"strconv"
	"strings"

	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/syscalls"
)

var argFields = []*Field{
	{
		Name: "evt.arg", Type: CharBuf, Arg: MustParam, Attr: "saker.evt.arg", Keyed: "saker.evt.arg", Get: evtArg,
		Secret: true,
		Doc:    "One parameter of the event as text: a flag's or error's name, a descriptor's file, else the value itself.",
	},
	{
		Name: "evt.rawarg", Type: Dynamic, Arg: MustParam, Not: NoRHS | NoTransformer,
		Attr: "saker.evt.rawarg", Keyed: "saker.evt.rawarg", Get: evtRawArg,
		Secret: true,
		Doc:    "One parameter of the event with its own type, a number as a number.",
	},
	{
		Name: "evt.args", Type: CharBuf, Attr: "saker.evt.args", Get: evtArgs,
		Secret: true, Needs: Environment,
		Doc: "All parameters of the event as name=value, with what a value means behind it in parentheses.",
	},
	{
		Name: "evt.unreadable", Type: CharBuf, List: true, Attr: "saker.evt.unreadable", Get: evtUnreadable,
		Doc: "The parameters whose memory could not be read when the call had ended, though the call did not fail for that: " +
			"conditions on them are unknown.",
	},
	{
		Name: "evt.truncated", Type: CharBuf, List: true, Attr: "saker.evt.truncated", Get: evtTruncated,
		Doc: "The parameters that were longer than what was read of them: conditions that depend on the rest are unknown.",
	},
	{
		Name: "evt.unresolved", Type: CharBuf, List: true, Attr: "saker.evt.unresolved", Get: evtUnresolved,
		Doc: "The parameters whose path in full is what was given, joined to where it starts, " +
			"and would lead elsewhere by a symbolic link on its way: all other paths in full are the kernel's.",
	},
	{
		Name: "evt.info", Type: CharBuf, From: []string{"evt.args"}, Derive: asIs,
		Doc: "The same as evt.args.",
	},
}

func asIs(in *Inputs, _ Arg) Value { return in[0] }

// paramIndex is the place of a row's parameter, -1 for none.
func paramIndex(row *syscalls.Row, name string) int {
	if row == nil {
		return -1
	}
	for i := range row.Params {
		if row.Params[i].Name == name {
			return i
		}
	}
	return -1
}

// findParam is the place of the parameter that a reference names, -1 for none.
func findParam(row *syscalls.Row, a Arg) int {
	switch {
	case row == nil:
		return -1
	case !a.IsIndex:
		return paramIndex(row, a.Text)
	case a.Index < len(row.Params):
		return a.Index
	}
	return -1
}

func valid(e *event.Event, i int) bool { return i < len(e.Args) && e.Args[i].Valid }

// falcoNumber is argument i as a number of Falco's.
func falcoNumber(e *event.Event, i int) uint64 {
	p, n := &e.Row.Params[i], uint64(e.Args[i].Num)
	switch {
	case p.Values != nil:
		return p.Values.Falco(n)
	case p.Type == syscalls.OpenMode:
		return n & 0o7777
	}
	return n
}

func evtArg(e *event.Event, a Arg) Value {
	i := findParam(e.Row, a)
	if i < 0 || !valid(e, i) {
		return lacking(e, i)
	}
	v := Str(meaning(e, i))
	switch {
	case v.n == 0:
		v = Str(plain(e, i))
	case e.Row.Params[i].Values != nil:
		v.word = true
	}
	return front(v, e.Args[i].Cut)
}

// lacking is what there is of argument i, which is not valid.
func lacking(e *event.Event, i int) Value {
	if i >= 0 && i < len(e.Args) && e.Args[i].Fault {
		return Unreadable
	}
	return NoValue
}

func evtUnreadable(e *event.Event, _ Arg) Value {
	return paramsWith(e, func(a *event.Arg) bool { return a.Fault })
}

func evtTruncated(e *event.Event, _ Arg) Value {
	return paramsWith(e, func(a *event.Arg) bool { return a.Cut })
}

func evtUnresolved(e *event.Event, _ Arg) Value {
	return paramsWith(e, func(a *event.Arg) bool { return a.Unresolved })
}

// paramsWith is the names of parameters, Missing if there are none.
func paramsWith(e *event.Event, is func(*event.Arg) bool) Value {
	var names []string
	for i := range e.Args {
		if is(&e.Args[i]) {
			names = append(names, e.Row.Params[i].Name)
		}
	}
	if names == nil {
		return NoValue
	}
	return Strs(names)
}

// plain is an argument's value without what it means: numbers in the
// parameter's base, bytes with dots for what can't be printed.
func plain(e *event.Event, i int) string {
	arg := &e.Args[i]
	switch p := &e.Row.Params[i]; p.Type {
	case syscalls.CharBuf, syscalls.FSPath, syscalls.FSRelPath, syscalls.FDList:
		return arg.Text
	case syscalls.CharBufs:
		return eachEnded(arg.Text)
	case syscalls.ByteBuf, syscalls.Message, syscalls.Messages, syscalls.Vector:
		return printable(arg.Text)
	case syscalls.DynText:
		if arg.Text != "" {
			return arg.Text
		}
		return strconv.FormatInt(arg.Num, 10)
	case syscalls.SockAddr:
		return address(arg)
	case syscalls.SockTuple:
		return tupleArg(arg)
	case syscalls.UID, syscalls.GID:
		return strconv.FormatInt(int64(int32(arg.Num)), 10)
	case syscalls.Int32:
		if p.Base == syscalls.Hex {
			return number(uint64(uint32(arg.Num)), p)
		}
		return strconv.FormatInt(arg.Num, 10)
	case syscalls.FD, syscalls.OtherFD, syscalls.PID, syscalls.Errno, syscalls.Int16, syscalls.Int64, syscalls.Int:
		return strconv.FormatInt(arg.Num, 10)
	default:
		return number(falcoNumber(e, i), p)
	}
}

// eachEnded is a list of strings with a dot for the NUL that ends each.
func eachEnded(s string) string {
	if s == "" {
		return ""
	}
	return printable(s) + "."
}

// number says n in the base of a parameter; flags stand in decimal, since
// their names say more.
func number(n uint64, p *syscalls.Param) string {
	switch {
	case p.Base == syscalls.Octal:
		return strconv.FormatUint(n, 8)
	case p.Base == syscalls.Hex && p.Values == nil:
		return strings.ToUpper(strconv.FormatUint(n, 16))
	}
	return strconv.FormatUint(n, 10)
}

// printable is s with a dot for every byte that is no printable ASCII.
func printable(s string) string {
	bad := func(c byte) bool { return c < ' ' || c > '~' }
	for i := range len(s) {
		if bad(s[i]) {
			b := []byte(s)
			for j := range b {
				if bad(b[j]) {
					b[j] = '.'
				}
			}
			return string(b)
		}
	}
	return s
}

func evtRawArg(e *event.Event, a Arg) Value {
	i := findParam(e.Row, a)
	if i < 0 || !valid(e, i) {
		return lacking(e, i)
	}
	arg := &e.Args[i]
	switch e.Row.Params[i].Type {
	case syscalls.CharBuf, syscalls.FSPath, syscalls.FSRelPath, syscalls.FDList:
		return front(Str(arg.Text), arg.Cut)
	case syscalls.ByteBuf, syscalls.CharBufs, syscalls.Message, syscalls.Messages, syscalls.Vector:
		return front(BufText(arg.Text), arg.Cut)
	case syscalls.DynText:
		if arg.Text != "" {
			return front(Str(arg.Text), arg.Cut)
		}
	case syscalls.SockAddr, syscalls.SockTuple:
		return NoValue
	}
	return Num(int64(falcoNumber(e, i)))
}

func evtArgs(e *event.Event, _ Arg) Value {
	if e.Row == nil {
		return Str("")
	}
	var b strings.Builder
	partly := false
	for i := range e.Row.Params {
		if i < len(e.Args) && (e.Args[i].Cut || e.Args[i].Fault) {
			partly = true
		}
		if e.Row.Params[i].From == syscalls.OfRow {
			continue // the event's type says it; Falco prints nothing of such calls
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(e.Row.Params[i].Name)
		b.WriteByte('=')
		if !valid(e, i) {
			b.WriteString(na)
			continue
		}
		said := plain(e, i)
		b.WriteString(said)
		if means := meaning(e, i); means != "" && means != said {
			b.WriteString("(" + means + ")")
		}
	}
	return front(Str(b.String()), partly)
}
