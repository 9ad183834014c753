package event

import (
	"strings"
	"unsafe"
)

// lines are texts that are made from a process once and kept while what they
// are made of stays.
type lines struct {
	args    *string // where Args lie; they never change there
	count   int
	argText string
	command string
	cwd     string
	exec    uint64
	entity  string
}

// ArgsText is argv[1:] joined by blanks. It allocates only at the first call
// for a program image. Only the goroutine that owns p may call it.
func (p *Process) ArgsText() string {
	p.renew()
	return p.lines.argText
}

// CommandLine is the process's name, then its arguments, joined by blanks; as
// ArgsText otherwise.
func (p *Process) CommandLine() string {
	p.renew()
	return p.lines.command
}

func (p *Process) renew() {
	l := &p.lines
	if l.command != "" && l.count == len(p.Args) && l.args == unsafe.SliceData(p.Args) && l.name() == p.Name {
		return
	}
	l.args, l.count = unsafe.SliceData(p.Args), len(p.Args)
	l.command = Join(p.Name, p.Args)
	l.argText = ""
	if len(p.Args) > 0 {
		l.argText = l.command[len(p.Name)+1:]
	}
}

// name is what the command begins with.
func (l *lines) name() string {
	if l.count == 0 {
		return l.command
	}
	return l.command[:len(l.command)-len(l.argText)-1]
}

// ShareText lets p have the texts of another process as long as they are the
// same: those of a child are its parent's.
func (p *Process) ShareText(from *Process) {
	from.renew()
	exec, entity := p.lines.exec, p.lines.entity
	p.lines = from.lines
	p.lines.exec, p.lines.entity = exec, entity
}

// Directory is Cwd with a trailing slash, empty when Cwd is not known; as
// ArgsText otherwise.
func (p *Process) Directory() string {
	if p.Cwd == "" || strings.HasSuffix(p.Cwd, "/") {
		return p.Cwd
	}
	l := &p.lines
	if len(l.cwd) != len(p.Cwd)+1 || l.cwd[:len(p.Cwd)] != p.Cwd {
		l.cwd = p.Cwd + "/"
	}
	return l.cwd
}

// Join is first, then rest, with blanks between.
func Join(first string, rest []string) string {
	n := len(first)
	for _, s := range rest {
		n += 1 + len(s)
	}
	if len(rest) == 0 {
		return first
	}
	var b strings.Builder
	b.Grow(n)
	b.WriteString(first)
	for _, s := range rest {
		b.WriteByte(' ')
		b.WriteString(s)
	}
	return b.String()
}
