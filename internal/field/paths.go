package field

import (
	"strings"

	"github.com/sakerhq/saker/internal/syscalls"
)

// pathMarkdown is the part of docs/fields.md on the paths of calls.
func pathMarkdown() string {
	var b strings.Builder
	b.WriteString("\n## Paths\n\n" +
		"Each path that a call takes is told in full and as it was given. In full it is the kernel's own,\n" +
		"which no symbolic link, `..`, descriptor or root directory changes, where the table says so; anywhere else\n" +
		"it is what was given, joined to the directory where it starts, and `evt.unresolved` names the parameter:\n\n" +
		"- *inside*: where programs may be on the kernel's functions ([kernels.md](kernels.md)), if the call got as far as\n" +
		"  its security check; without them as the others;\n" +
		"- *name*: a name without a slash in its directory, or in the root directory;\n" +
		"- *opened*: of what was opened, in `fd.name` and `fs.path.name`; `evt.arg` stays joined.\n\n" +
		"`.` and the empty path are always the kernel's, for they are the directory itself. Without *inside*, what was\n" +
		"given is read when the call has ended. Where chdir, fchdir and chroot led is told in `proc.cwd` and in the paths\n" +
		"of later calls; the path that a program was executed by leads to `proc.exepath`.\n\n" +
		"| call | in full | as given | the kernel's |\n|---|---|---|---|\n")
	for _, row := range syscalls.Rows() {
		for i := range row.Params {
			p := &row.Params[i]
			if p.From >= syscalls.Arg0 && p.From <= syscalls.Arg5 && (p.Type == syscalls.FSPath || p.Type == syscalls.FSRelPath) {
				b.WriteString(pathRow(row, p))
			}
		}
	}
	return b.String()
}

// pathRow is a line of the table.
func pathRow(row *syscalls.Row, p *syscalls.Param) string {
	full, given := code("evt.arg."+p.Name), code("evt.rawarg."+p.Name)
	of := pathsOf[row.Name]
	for field, name := range map[string]string{"name": of.name, "source": of.source, "target": of.target} {
		if name == p.Name {
			full += ", " + code("fs.path."+field)
			given += ", " + code("fs.path."+field+"raw")
		}
	}
	return "| `" + row.Name + "` | " + full + " | " + given + " | " + strings.Join(knownWhere(row, p), ", ") + " |\n"
}

// knownWhere says where a path in full is the kernel's.
func knownWhere(row *syscalls.Row, p *syscalls.Param) (where []string) {
	for _, w := range []struct {
		is   bool
		name string
	}{
		{row.Inside, "inside"},
		{p.Itself, "name"},
		{row.Params[0].Name == "fd" && row.FD == syscalls.Result, "opened"},
	} {
		if w.is {
			where = append(where, w.name)
		}
	}
	return where
}
