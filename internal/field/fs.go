package field

import (
	"github.com/sakerhq/saker/internal/event"
)

var pathFields = []*Field{
	{
		Name: "fs.path.name", Type: CharBuf, Get: fsName, Derive: fsNameFrom, Picks: true,
		From: []string{"evt.type", "evt.failed", "saker.file.path", "saker.fs.path.name"},
		Doc:  "The path that a successful call opens, makes, removes or changes.",
	},
	{
		Name: "fs.path.nameraw", Type: CharBuf, Attr: "saker.fs.path.nameraw", Get: given(nameParam),
		Secret: true,
		Doc:    "fs.path.name as it was given to the call.",
	},
	{
		Name: "fs.path.source", Type: CharBuf, Attr: "saker.fs.path.source", Get: fsSource,
		Secret: true,
		Doc:    "The path that a successful call renames, or the link that it makes.",
	},
	{
		Name: "fs.path.sourceraw", Type: CharBuf, Attr: "saker.fs.path.sourceraw", Get: given(sourceParam),
		Secret: true,
		Doc:    "fs.path.source as it was given to the call.",
	},
	{
		Name: "fs.path.target", Type: CharBuf, Get: fsTarget, Derive: fsTargetFrom, Picks: true,
		From: []string{"evt.type", "evt.failed", "saker.file.path", "saker.fs.path.target"},
		Doc:  "The new path of a successful rename, or what the link that a call makes leads to.",
	},
	{
		Name: "fs.path.targetraw", Type: CharBuf, Attr: "saker.fs.path.targetraw", Get: given(targetParam),
		Secret: true,
		Doc:    "fs.path.target as it was given to the call.",
	},

	{
		Name: "evt.abspath", Type: CharBuf, From: abspathInputs, Derive: abspath(0), Picks: true,
		Doc: "The path that a call at a directory's descriptor names, in full; of two, the one it takes from.",
	},
	{
		Name: "evt.abspath.src", Type: CharBuf, From: abspathInputs, Derive: abspath(0), Picks: true,
		Doc: "The same as evt.abspath.",
	},
	{
		Name: "evt.abspath.dst", Type: CharBuf, From: abspathInputs, Derive: abspath(1), Picks: true,
		Doc: "The path that a call puts something at.",
	},

	{
		Name: "saker.file.path", Type: FSPath, Attr: "file.path", Of: OfFile, Get: filePath,
		Secret: true,
		Doc:    "The path of the descriptor's file; without a descriptor, the path that the call names.",
	},
	{
		Name: "saker.fs.path.name", Type: FSPath, Attr: "saker.fs.path.name", Get: besideFD(fsName),
		Secret: true,
		Doc:    "fs.path.name of a call that has a descriptor of another file beside it.",
	},
	{
		Name: "saker.fs.path.target", Type: FSPath, Attr: "saker.fs.path.target", Get: besideFD(fsTarget),
		Secret: true,
		Doc:    "fs.path.target of a call that has a descriptor of another file beside it.",
	},
}

// pathParams are the parameters that hold a call's paths: of one path, or of
// where it is taken from and put. A link comes from its new path.
type pathParams struct{ name, source, target string }

var pathsOf = map[string]pathParams{
	"open":              {name: "name"},
	"openat":            {name: "name"},
	"openat2":           {name: "name"},
	"creat":             {name: "name"},
	"open_by_handle_at": {name: "path"},
	"mkdir":             {name: "path"},
	"mkdirat":           {name: "path"},
	"rmdir":             {name: "path"},
	"unlink":            {name: "path"},
	"unlinkat":          {name: "name"},
	"chmod":             {name: "filename"},
	"fchmod":            {name: "fd"},
	"fchmodat":          {name: "filename"},
	"chown":             {name: "path"},
	"lchown":            {name: "path"},
	"fchown":            {name: "fd"},
	"fchownat":          {name: "pathname"},
	"umount":            {name: "name"},
	"umount2":           {name: "name"},
	"quotactl":          {name: "special"},
	"rename":            {source: "oldpath", target: "newpath"},
	"renameat":          {source: "oldpath", target: "newpath"},
	"renameat2":         {source: "oldpath", target: "newpath"},
	"link":              {source: "newpath", target: "oldpath"},
	"linkat":            {source: "newpath", target: "oldpath"},
	"symlink":           {source: "linkpath", target: "target"},
	"symlinkat":         {source: "linkpath", target: "target"},
	"mount":             {source: "dev", target: "dir"},
	// Falco has no such path of these.
	"fchmodat2":     {name: "filename"},
	"mknod":         {name: "path"},
	"mknodat":       {name: "path"},
	"truncate":      {name: "path"},
	"utimensat":     {name: "path"},
	"setxattr":      {name: "path"},
	"lsetxattr":     {name: "path"},
	"setxattrat":    {name: "path"},
	"removexattr":   {name: "path"},
	"lremovexattr":  {name: "path"},
	"removexattrat": {name: "path"},
	"swapon":        {name: "path"},
	"swapoff":       {name: "path"},
	"acct":          {name: "path"},
	"chroot":        {name: "path"},
	"mount_setattr": {name: "path"},
	"move_mount":    {source: "from_path", target: "to_path"},
	"pivot_root":    {name: "new_root"},
}

func nameParam(p pathParams) string { return p.name }

func sourceParam(p pathParams) string { return p.source }

func targetParam(p pathParams) string { return p.target }

// pathArg is the argument of one of the event's paths, nil for none.
func pathArg(e *event.Event, which func(pathParams) string) *event.Arg {
	if e.Row == nil {
		return nil
	}
	name := which(pathsOf[e.Row.Name])
	if name == "" {
		return nil
	}
	if i := paramIndex(e.Row, name); i >= 0 && i < len(e.Args) && (e.Args[i].Valid || e.Args[i].Fault) {
		return &e.Args[i]
	}
	return nil
}

// path is one of the event's paths in full. What a descriptor was opened as
// is better known from the descriptor.
func path(e *event.Event, which func(pathParams) string) Value {
	arg := pathArg(e, which)
	switch {
	case arg == nil:
		return NoValue
	case e.FD != nil && (e.Row.Params[0].Name == "fd" || which(pathsOf[e.Row.Name]) == "fd"):
		return named(e.FD)
	case arg.Fault, arg.Cut && arg.Path == "":
		return Unreadable
	case arg.Path != "":
		return front(Str(arg.Path), arg.Cut)
	}
	return front(StrOrMissing(arg.Text), arg.Cut)
}

// named is the name of a descriptor, Missing for none.
func named(fd *event.FD) Value {
	switch {
	case fd.NameFault:
		return Unreadable
	case fd.NameCut:
		return Str(fd.Name).Only(Tail)
	}
	return StrOrMissing(fd.Name)
}

func fsName(e *event.Event, _ Arg) Value { return succeeded(e, nameParam) }

func fsSource(e *event.Event, _ Arg) Value { return succeeded(e, sourceParam) }

func fsTarget(e *event.Event, _ Arg) Value { return succeeded(e, targetParam) }

func succeeded(e *event.Event, which func(pathParams) string) Value {
	if e.Failed() {
		return NoValue
	}
	return path(e, which)
}

// given makes a Get of a path as the call got it.
func given(which func(pathParams) string) func(*event.Event, Arg) Value {
	return func(e *event.Event, _ Arg) Value {
		arg := pathArg(e, which)
		if arg == nil || e.Failed() {
			return NoValue
		}
		if arg.Fault {
			return Unreadable
		}
		return front(StrOrMissing(arg.Text), arg.Cut)
	}
}

func filePath(e *event.Event, _ Arg) Value {
	switch {
	case e.FD != nil && e.FD.Type.HasPath():
		return named(e.FD)
	case e.FD != nil:
		return NoValue
	}
	if name := path(e, nameParam); name != NoValue {
		return name
	}
	return path(e, targetParam)
}

// besideFD makes a Get of a path that file.path does not say already.
func besideFD(get func(*event.Event, Arg) Value) func(*event.Event, Arg) Value {
	return func(e *event.Event, a Arg) Value {
		v := get(e, a)
		if e.FD == nil || v.Equal(filePath(e, a)) {
			return NoValue
		}
		return v
	}
}

func fsNameFrom(in *Inputs, _ Arg) Value { return fsFrom(in, nameParam) }

func fsTargetFrom(in *Inputs, _ Arg) Value { return fsFrom(in, targetParam) }

func fsFrom(in *Inputs, which func(pathParams) string) Value {
	kind, failed, file, own := in[0], in[1], in[2], in[3]
	switch {
	case own.Kind() != Missing:
		return own
	case kind.Known() && which(pathsOf[kind.Text()]) == "", failed.Bool():
		return NoValue
	}
	return file
}

var abspathInputs = []string{"evt.type", "fs.path.name", "fs.path.source", "fs.path.target"}

// abspathOf says which of abspathInputs a call takes from and which it puts
// something at; 0 for none. Falco knows the field for these calls only.
var abspathOf = map[string][2]int{
	"openat": {1, 0}, "openat2": {1, 0}, "open_by_handle_at": {1, 0}, "unlinkat": {1, 0}, "mkdirat": {1, 0},
	"fchmodat": {1, 0}, "fchownat": {1, 0}, "symlinkat": {2, 0},
	"rename": {2, 3}, "renameat": {2, 3}, "renameat2": {2, 3}, "linkat": {3, 2},
}

// abspath makes a Derive of where a call takes from (0) or puts at (1).
func abspath(which int) func(*Inputs, Arg) Value {
	return func(in *Inputs, _ Arg) Value {
		if i := abspathOf[in[0].Text()][which]; i > 0 {
			return in[i]
		}
		return NoValue
	}
}
