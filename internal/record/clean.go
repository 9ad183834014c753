package record

import (
	"strings"

	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/syscalls"
)

// Clean is an event as it would be if its programs had been told other texts in
// the place of secrets; e itself where they were told none. In lists of
// arguments a secret ends where its argument does. That can't be seen in the
// texts that are made of them, so these are made of a clean event.
func (r *Redactor) Clean(e *event.Event) *event.Event {
	process, args := r.process(e.Process), r.arguments(e)
	if process == e.Process && args == nil {
		return e
	}
	clean := *e
	clean.Process = process
	if args != nil {
		clean.Args = args
	}
	return &clean
}

// process is p without the secrets that it and its ancestors were told. Of those
// it begins with the eldest: there may be very many.
func (r *Redactor) process(p *event.Process) *event.Process {
	var line []*event.Process
	for up := p; up != nil && len(line) <= event.MaxAncestors; up = up.Parent {
		line = append(line, up)
	}
	parent := (*event.Process)(nil)
	for i := len(line) - 1; i >= 0; i-- {
		parent = r.child(line[i], parent)
	}
	return parent
}

// child is p without secrets, of a parent that has none.
func (r *Redactor) child(p, parent *event.Process) *event.Process {
	argv := r.list([]string{p.Name, p.Exe}, p.Args)
	env := r.environment(p.Env)
	if parent == p.Parent && argv == nil && env == nil {
		return p
	}
	clean := *p
	clean.Parent = parent
	if argv != nil {
		clean.Exe, clean.Args = argv[1], argv[2:]
	}
	if env != nil {
		clean.Env = env
	}
	return &clean
}

// suspectsAny reports whether one of the nearest n generations of a process runs a
// program that is named like those which are told secrets.
func (r *Redactor) suspectsAny(p *event.Process, n int) bool {
	for ; p != nil && n > 0; p, n = p.Parent, n-1 {
		if r.Suspects(p.Exe) || r.Suspects(p.Name) {
			return true
		}
	}
	return false
}

// list is RedactAll for arguments behind those that say what program they are of.
func (r *Redactor) list(program, args []string) []string {
	return r.RedactAll(len(program)+len(args), func(i int) string {
		if i < len(program) {
			return program[i]
		}
		return args[i-len(program)]
	})
}

// environment is the variables without secrets, nil if they have none. What one
// of them says is never about the next.
func (r *Redactor) environment(variables []string) (clean []string) {
	for i, variable := range variables {
		hidden := r.RedactAll(1, func(int) string { return variable })
		if hidden == nil {
			continue
		}
		if clean == nil {
			clean = append(clean, variables...)
		}
		clean[i] = hidden[0]
	}
	return clean
}

// arguments are those of the event without secrets, nil if they have none.
func (r *Redactor) arguments(e *event.Event) (clean []event.Arg) {
	for i := range e.Args {
		a := e.Args[i]
		a.Text, a.Path = r.argument(e, i), r.text(a.Path)
		if a.Text == e.Args[i].Text && a.Path == e.Args[i].Path {
			continue
		}
		if clean == nil {
			clean = append(clean, e.Args...)
		}
		clean[i] = a
	}
	return clean
}

// argument is one of them; those that are lists are all the process's own.
func (r *Redactor) argument(e *event.Event, i int) string {
	param, text := &e.Row.Params[i], e.Args[i].Text
	if param.Type != syscalls.CharBufs {
		return r.text(text)
	}
	all, program := strings.Split(text, "\x00"), []string(nil)
	if param.Name == "env" {
		all = r.environment(all)
	} else {
		program = []string{e.Process.Name, e.Process.Exe}
		all = r.list(program, all)
	}
	if all == nil {
		return text
	}
	return strings.Join(all[len(program):], "\x00")
}

func (r *Redactor) text(s string) string {
	s, _ = r.Redact(s)
	return s
}
