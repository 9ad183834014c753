package field

import (
	"strings"

	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/syscalls"
)

var fdFields = []*Field{
	{
		Name: "fd.num", Type: Int64, Attr: "saker.fd.num", Get: fdNum,
		Doc: "The number of the descriptor that the event works on, -1 when a call that makes one failed.",
	},
	{
		Name: "fd.type", Type: CharBuf, Attr: "saker.fd.type", Of: OfFile, Get: fdType,
		Doc: "What the descriptor refers to: file, directory, ipv4, ipv6, unix, pipe, event, signalfd, eventpoll, " +
			"inotify, timerfd, netlink, bpf, userfaultfd, io_uring, memfd, pidfd.",
	},
	{
		Name: "fd.typechar", Type: CharBuf, From: []string{"fd.type"}, Derive: fdTypeChar, Get: fdChar,
		Doc: "One letter for fd.type: f, d, 4, 6, u, p, e, s, l, i, t, n, b, r, m, P, or o for others.",
	},
	{
		Name: "fd.name", Type: CharBuf, Get: fdName, Derive: fdNameFrom, Picks: true,
		From: []string{"evt.type", "fd.type", "saker.file.path", "saker.fd.name", "saker.fd.tuple"},
		Doc:  "The path of the file, symbolic links resolved, or the two ends of the connection, the client's first.",
	},
	{
		Name: "saker.fd.name", Type: CharBuf, Attr: "saker.fd.name", Of: OfFile, On: isOther, Get: fdOtherName,
		Secret: true,
		Doc:    "The name of a descriptor that is neither a file, a directory nor an internet socket.",
	},
	{
		Name: "fd.nameraw", Type: CharBuf, Attr: "saker.fd.nameraw", Get: fdNameRaw,
		Secret: true,
		Doc:    "The path as it was given to the call that opened it, without doubled slashes.",
	},
	{
		Name: "fd.directory", Type: CharBuf, From: []string{"fd.type", "fd.name"}, Derive: fdDirectory,
		Doc: "The directory of the file, or the directory itself.",
	},
	{
		Name: "fd.filename", Type: CharBuf, From: []string{"fd.type", "fd.name"}, Derive: fdFilename,
		Doc: "The last part of the file's path.",
	},
	{
		Name: "fd.dev", Type: Int32, Base: Hex, Attr: "saker.fd.dev", Get: fdDev,
		Doc: "The number of the device that holds the file.",
	},
	{
		Name: "fd.dev.major", Type: Int32, From: []string{"fd.dev"}, Derive: fdDevMajor,
		Doc: "The major part of fd.dev.",
	},
	{
		Name: "fd.dev.minor", Type: Int32, From: []string{"fd.dev"}, Derive: fdDevMinor,
		Doc: "The minor part of fd.dev.",
	},
	{
		Name: "fd.ino", Type: Int64, Attr: "file.inode", Form: Digits, Get: fdIno,
		Doc: "The number of the file's inode.",
	},
	{
		Name: "fd.is_upper_layer", Type: Boolean, Attr: "saker.fd.is_upper_layer", Get: fdUpper,
		Doc: "Whether the file lies in an overlay's upper layer.",
	},
	{
		Name: "fd.is_lower_layer", Type: Boolean, Attr: "saker.fd.is_lower_layer", Get: fdLower,
		Doc: "Whether the file lies in an overlay's lower layer.",
	},
	{
		Name: "fd.origin", Type: FSPath, Attr: "saker.fd.origin", Of: OfFile, Get: fdOrigin,
		Secret: true,
		Doc: "What the file is called on the host where its file system was mounted first, when it was reached through another " +
			"mount: a bind mount, a volume, the host's disk mounted in a container.",
	},
	{
		Name: "fd.replaced", Type: Boolean, Attr: "saker.fd.replaced", Get: fdReplaced,
		Doc: "Whether the descriptor was made another file's, or nobody's, while the call used this socket or opened this file, as " +
			"hardly anybody but who hides does; of a file the name is then the path as given.",
	},
	{
		Name: "fd.uid", Type: CharBuf, From: []string{"thread.tid", "fd.num"}, Derive: fdUID,
		Doc: "The thread's and the descriptor's number in one text.",
	},
	{
		Name: "fd.containername", Type: CharBuf, From: []string{"container.id", "fd.name"}, Derive: inContainer,
		Doc: "container.id, a colon and fd.name.",
	},
	{
		Name: "fd.containerdirectory", Type: CharBuf, From: []string{"container.id", "fd.directory"}, Derive: inContainer,
		Doc: "container.id, a colon and fd.directory.",
	},
}

func fdNum(e *event.Event, _ Arg) Value {
	const onFD = syscalls.CreatesFD | syscalls.UsesFD | syscalls.DestroysFD
	if e.Row == nil || e.Row.Flags&onFD == 0 {
		return NoValue
	}
	return Num(e.FDNum)
}

// openedPath is the place of the path that a call opens, -1 for none.
func openedPath(e *event.Event) int {
	if e.Row == nil || e.Row.Flags&syscalls.CreatesFD == 0 {
		return -1
	}
	for i := range e.Row.Params {
		switch e.Row.Params[i].Type {
		case syscalls.FSPath, syscalls.FSRelPath:
			if lack := lacking(e, i); valid(e, i) || lack.IsUnreadable() {
				return i
			}
			return -1
		}
	}
	return -1
}

func fdType(e *event.Event, _ Arg) Value {
	if e.FD == nil {
		return NoValue
	}
	return Word(e.FD.Type.String())
}

func fdChar(e *event.Event, _ Arg) Value {
	if e.FD == nil {
		return NoValue
	}
	return Word(e.FD.Type.Char())
}

func fdTypeChar(in *Inputs, _ Arg) Value {
	return hold(in[0], func(v Value) Value { return Str(event.FDTypeOf(v.Text()).Char()) })
}

func fdName(e *event.Event, _ Arg) Value {
	switch f := e.FD; {
	case f == nil:
		return NoValue
	case f.Type.IsInet():
		return Str(event.Tuple(f.Ends()))
	case f.NameCut || f.NameFault:
		return named(f)
	default:
		return Str(f.Name)
	}
}

// fdNameFrom puts the name together from what a record says. A record that
// isn't Saker's has no event type; whatever it names is taken.
func fdNameFrom(in *Inputs, _ Arg) Value {
	event, kind, path, other, tuple := in[0], in[1], in[2], in[3], in[4]
	name := other
	switch kind.Text() {
	case "":
		switch {
		case event.Known():
			return NoValue
		case path.Known():
			return path
		}
		return tuple
	case "file", "directory":
		name = path
	case "ipv4", "ipv6":
		name = tuple
	}
	if name.Kind() == Missing {
		return Str("")
	}
	return name
}

// isOther reports whether descriptors of a type are neither files nor sockets of the internet.
func isOther(t event.FDType) bool { return !t.HasPath() && !t.IsInet() }

func fdOtherName(e *event.Event, _ Arg) Value {
	if e.FD == nil || !isOther(e.FD.Type) {
		return NoValue
	}
	return StrOrMissing(e.FD.Name)
}

func fdNameRaw(e *event.Event, _ Arg) Value {
	i := openedPath(e)
	if i < 0 {
		return NoValue
	}
	if e.Args[i].Fault {
		return Unreadable
	}
	name := e.Args[i].Text
	for strings.Contains(name, "//") {
		name = strings.ReplaceAll(name, "//", "/")
	}
	return front(StrOrMissing(name), e.Args[i].Cut)
}

// isFile reports whether a descriptor is a file by its type; one without a
// type is, as a record that isn't Saker's may name just the path.
func isFile(kind Value) bool { return !kind.Known() || kind.Text() == "file" }

func fdDirectory(in *Inputs, _ Arg) Value {
	kind, name := in[0], in[1]
	switch {
	case !name.Known() || kind.Text() == "directory":
		return name
	case !isFile(kind):
		return NoValue
	}
	switch i := strings.LastIndexByte(name.Text(), '/'); i {
	case -1, 0:
		return Str("/")
	default:
		return Str(name.Text()[:i])
	}
}

func fdFilename(in *Inputs, _ Arg) Value {
	kind, name := in[0], in[1]
	switch {
	case !name.Known():
		return name
	case !isFile(kind):
		return NoValue
	}
	return Str(name.Text()[strings.LastIndexByte(name.Text(), '/')+1:])
}

func fdDev(e *event.Event, _ Arg) Value {
	if e.FD == nil {
		return NoValue
	}
	return Num(int64(e.FD.Dev))
}

func fdDevMajor(in *Inputs, _ Arg) Value {
	return hold(in[0], func(v Value) Value { return Num(v.Int() >> 8 & 0xfff) })
}

func fdDevMinor(in *Inputs, _ Arg) Value {
	return hold(in[0], func(v Value) Value { return Num(v.Int()&0xff | v.Int()>>12&0xfff00) })
}

func fdIno(e *event.Event, _ Arg) Value {
	if e.FD == nil || e.FD.Ino == 0 {
		return NoValue
	}
	return Num(int64(e.FD.Ino))
}

func fdUpper(e *event.Event, _ Arg) Value {
	if e.FD == nil {
		return NoValue
	}
	return Truth(e.FD.Upper)
}

func fdLower(e *event.Event, _ Arg) Value {
	if e.FD == nil {
		return NoValue
	}
	return Truth(e.FD.Lower)
}

func fdOrigin(e *event.Event, _ Arg) Value {
	if e.FD == nil {
		return NoValue
	}
	return StrOrMissing(e.FD.Origin)
}

func fdReplaced(e *event.Event, _ Arg) Value {
	if e.FD == nil {
		return NoValue
	}
	return Truth(e.FD.Replaced)
}

func fdUID(in *Inputs, _ Arg) Value {
	if !in[0].Known() || !in[1].Known() {
		return NoValue
	}
	return Str(itoa(in[0].Int()) + itoa(in[1].Int()))
}

func inContainer(in *Inputs, _ Arg) Value {
	switch {
	case in[1].IsUnreadable():
		return in[1]
	case in[0].Kind() == Unknown:
		return in[0]
	case !in[0].Known(), !in[1].Known():
		return NoValue
	}
	return Str(in[0].Text() + ":" + in[1].Text())
}
