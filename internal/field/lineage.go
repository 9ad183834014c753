package field

import (
	"strings"
	"unsafe"

	"github.com/sakerhq/saker/internal/event"
)

// maxAncestors is how far up ancestors are looked at; it bounds the array in a
// record.
const maxAncestors = event.MaxAncestors

var lineageFields = []*Field{
	{
		Name: "proc.pname", Type: CharBuf, Attr: "saker.proc.pname", Get: ofParent(nameText),
		Doc: "The parent's name.",
	},
	{
		Name: "proc.pexe", Type: CharBuf, Attr: "saker.proc.pexe", Get: ofParent(exeText),
		Secret: true,
		Doc:    "The parent's argv[0].",
	},
	{
		Name: "proc.pexepath", Type: CharBuf, Attr: "saker.proc.pexepath", Get: ofParent(pathText),
		Doc: "The path of the parent's executable.",
	},
	{
		Name: "proc.pcmdline", Type: CharBuf, Attr: "saker.proc.pcmdline", Get: ofParent(lineText),
		Secret: true,
		Doc:    "The parent's name and arguments.",
	},
	{
		Name: "proc.ppid.ts", Type: RelTime, Attr: "saker.proc.ppid.ts", Get: ofParent(bornTime),
		Doc: "When the parent was made, in nanoseconds since 1970.",
	},
	{
		Name: "proc.ppid.duration", Type: RelTime, Attr: "saker.proc.ppid.duration", Get: parentAge, Of: OfAct,
		Doc: "How long ago the parent was made, in nanoseconds.",
	},

	{
		Name: "proc.aname", Type: CharBuf, Many: SomeAncestor, Arg: MayIndex, Not: NoRHS | NoTransformer,
		Attr: "saker.proc.aname", Self: "proc.name", Get: ofAncestors(viewName),
		Doc: "An ancestor's name: [1] is the parent's; without an index, a comparison holds if some ancestor satisfies it.",
	},
	{
		Name: "proc.aexe", Type: CharBuf, Many: SomeAncestor, Arg: MayIndex, Not: NoRHS | NoTransformer,
		Attr: "saker.proc.aexe", Self: "proc.exe", Get: ofAncestors(viewExe),
		Secret: true,
		Doc:    "An ancestor's argv[0], counted as in proc.aname.",
	},
	{
		Name: "proc.aexepath", Type: CharBuf, Many: SomeAncestor, Arg: MayIndex, Not: NoRHS | NoTransformer,
		Attr: "saker.proc.aexepath", Self: "proc.exepath", Get: ofAncestors(viewPath),
		Doc: "The path of an ancestor's executable, counted as in proc.aname.",
	},
	{
		Name: "proc.acmdline", Type: CharBuf, Many: SomeAncestor, Arg: MayIndex, Not: NoRHS | NoTransformer,
		Attr: "saker.proc.acmdline", Self: "proc.cmdline", Get: ofAncestors(viewLine),
		Secret: true,
		Doc:    "An ancestor's name and arguments, counted as in proc.aname.",
	},
	{
		Name: "proc.apid", Type: Int64, Many: SomeAncestor, Arg: MayIndex, Not: NoRHS | NoTransformer,
		Attr: "saker.proc.apid", Self: "proc.pid", Get: ofAncestors(viewPID),
		Doc: "An ancestor's number on the host, counted as in proc.aname.",
	},

	{
		Name: "proc.aenv", Type: CharBuf, Many: SomeAncestor, Arg: MayKey, Not: NoRHS | NoTransformer,
		Attr: "saker.proc.aenv", Keyed: "saker.proc.aenv_of", Self: "proc.env", Get: envOfAncestors,
		Secret: true, Needs: Environment,
		Doc: "An ancestor's environment, counted as in proc.aname; with a name, that variable of the nearest ancestor that has it.",
	},

	{
		Name: "proc.aargs", Type: CharBuf, Arg: MayIndex, From: []string{"saker.proc.aargs", "proc.args"}, Derive: ancestorArgs,
		Doc: "An ancestor's arguments, counted as in proc.aname; without an index, those of all ancestors, joined by blanks.",
	},
	{
		Name: "saker.proc.aargs", Type: CharBuf, List: true, Attr: "saker.proc.aargs", Get: argsOfAncestors,
		Secret: true,
		Doc:    "Every ancestor's arguments, the parent's first.",
	},

	{
		Name: "proc.loginshellid", Type: Int64, Attr: "saker.proc.loginshellid", Get: loginShell,
		Doc: "The number of the eldest of the process and its ancestors whose name ends in sh, 0 for none.",
	},
}

// The views of an ancestor.
const (
	viewName = iota
	viewExe
	viewPath
	viewLine
	viewPID
	viewArgs
	viewEnv
)

var views = [...]func(*event.Process) Value{
	viewName: nameText, viewExe: exeText, viewPath: pathText, viewLine: lineText,
	viewPID:  func(p *event.Process) Value { return Num(int64(p.PID)) },
	viewArgs: argsText,
	viewEnv:  envText,
}

// ofParent makes a Get of something of the parent.
func ofParent(of func(*event.Process) Value) func(*event.Event, Arg) Value {
	return func(e *event.Event, _ Arg) Value {
		if e.Process.Parent == nil {
			return NoValue
		}
		return of(e.Process.Parent)
	}
}

func bornTime(p *event.Process) Value { return nonzero(p.Born) }

func parentAge(e *event.Event, _ Arg) Value { return age(e, e.Process.Parent) }

// ofAncestors makes a Get of a view of one ancestor or of all.
func ofAncestors(view uint64) func(*event.Event, Arg) Value {
	return func(e *event.Event, a Arg) Value {
		if !a.IsIndex {
			return allAncestors(e.Process, view)
		}
		p := e.Process
		for range min(a.Index, maxAncestors+1) {
			if p = p.Parent; p == nil {
				return NoValue
			}
		}
		return views[view](p)
	}
}

func allAncestors(p *event.Process, view uint64) Value {
	n, cut := 0, false
	for up := p.Parent; up != nil && n < maxAncestors; up = up.Parent {
		cut = cut || up.ArgsCut && (view == viewLine || view == viewArgs) || up.EnvCut && view == viewEnv
		n++
	}
	if n == 0 {
		return NoValue
	}
	return front(Value{kind: List, shape: ancestors, data: unsafe.Pointer(p.Parent), n: n, num: view}, cut)
}

func argsOfAncestors(e *event.Event, _ Arg) Value { return allAncestors(e.Process, viewArgs) }

func ancestorArgs(in *Inputs, a Arg) Value {
	all, own := in[0], in[1]
	switch {
	case a.IsIndex && a.Index == 0:
		return own
	case a.IsIndex && a.Index <= all.Len():
		return all.At(a.Index - 1)
	case a.IsIndex || all.Len() == 0:
		return NoValue
	}
	var rest []string
	for _, args := range all.All() {
		rest = append(rest, args.Text())
	}
	return Str(event.Join(rest[0], rest[1:]))
}

// envOfAncestors is the environment of ancestors, or one variable of it: empty
// when no ancestor has it.
func envOfAncestors(e *event.Event, a Arg) Value {
	if !a.Given || a.IsIndex {
		return ofAncestors(viewEnv)(e, a)
	}
	for p, n := e.Process.Parent, 0; p != nil && n < maxAncestors; p, n = p.Parent, n+1 {
		if value := variable(p, a.Text); value != "" {
			return Str(value)
		}
	}
	return Str("")
}

func loginShell(e *event.Event, _ Arg) Value {
	var pid uint32
	for p, n := e.Process, 0; p != nil && n <= maxAncestors; p, n = p.Parent, n+1 {
		if strings.HasSuffix(p.Name, "sh") {
			pid = p.PID
		}
	}
	return Num(int64(pid))
}
