package field

import (
	"strconv"
	"strings"

	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/syscalls"
)

var openInputs = []string{"evt.type", "evt.arg.flags"}

var ioFields = []*Field{
	{
		Name: "evt.is_open_read", Type: Boolean, Get: isOpenRead, From: openInputs, Derive: openedFor("O_RDWR", "O_RDONLY"),
		Doc: "Whether the event is an open, openat, openat2 or open_by_handle_at that asks to read.",
	},
	{
		Name: "evt.is_open_write", Type: Boolean, Get: isOpenWrite, From: openInputs, Derive: openedFor("O_RDWR", "O_WRONLY"),
		Doc: "Whether the event is an open, openat, openat2 or open_by_handle_at that asks to write.",
	},
	{
		Name: "evt.is_open_exec", Type: Boolean, Get: isOpenExec,
		From: []string{"evt.type", "evt.arg.flags", "evt.arg.mode"}, Derive: openExecFrom,
		Doc: "Whether the event may create a file with a permission to execute.",
	},

	{
		Name: "evt.is_io", Type: Boolean, From: []string{"evt.type"}, Derive: hasFlag(syscalls.ReadsFD | syscalls.WritesFD),
		Doc: "Whether events of the type read from a descriptor or write to one.",
	},
	{
		Name: "evt.is_io_read", Type: Boolean, From: []string{"evt.type"}, Derive: hasFlag(syscalls.ReadsFD),
		Doc: "Whether events of the type read from a descriptor.",
	},
	{
		Name: "evt.is_io_write", Type: Boolean, From: []string{"evt.type"}, Derive: hasFlag(syscalls.WritesFD),
		Doc: "Whether events of the type write to a descriptor.",
	},
	{
		Name: "evt.is_wait", Type: Boolean, From: []string{"evt.type"}, Derive: hasFlag(syscalls.Waits),
		Doc: "Whether events of the type wait for something.",
	},
	{
		Name: "evt.io_dir", Type: CharBuf, From: []string{"evt.type"}, Derive: ioDir,
		Doc: "read or write, for events that do.",
	},
	{
		Name: "evt.buffer", Type: ByteBuf, Attr: "saker.evt.buffer", Get: evtBuffer,
		Secret: true,
		Doc:    "The bytes that were read or written, as far as they were captured.",
	},
	{
		Name: "evt.buflen", Type: Uint64, From: []string{"evt.type", "evt.rawres", "fd.type"}, Derive: evtBufLen,
		Doc: "How many bytes were read or written.",
	},
	{
		Name: "evt.buflen.in", Type: Uint64, From: buflenInputs, Derive: buflenOf(syscalls.ReadsFD, anyFD),
		Doc: "How many bytes were read.",
	},
	{
		Name: "evt.buflen.out", Type: Uint64, From: buflenInputs, Derive: buflenOf(syscalls.WritesFD, anyFD),
		Doc: "How many bytes were written.",
	},
	{
		Name: "evt.buflen.file", Type: Uint64, From: buflenInputs, Derive: buflenOf(bothWays, event.FDType.HasPath),
		Doc: "How many bytes were read from a file or written to one.",
	},
	{
		Name: "evt.buflen.file.in", Type: Uint64, From: buflenInputs, Derive: buflenOf(syscalls.ReadsFD, event.FDType.HasPath),
		Doc: "How many bytes were read from a file.",
	},
	{
		Name: "evt.buflen.file.out", Type: Uint64, From: buflenInputs, Derive: buflenOf(syscalls.WritesFD, event.FDType.HasPath),
		Doc: "How many bytes were written to a file.",
	},
	{
		Name: "evt.buflen.net", Type: Uint64, From: buflenInputs, Derive: buflenOf(bothWays, event.FDType.IsInet),
		Doc: "How many bytes were received or sent.",
	},
	{
		Name: "evt.buflen.net.in", Type: Uint64, From: buflenInputs, Derive: buflenOf(syscalls.ReadsFD, event.FDType.IsInet),
		Doc: "How many bytes were received.",
	},
	{
		Name: "evt.buflen.net.out", Type: Uint64, From: buflenInputs, Derive: buflenOf(syscalls.WritesFD, event.FDType.IsInet),
		Doc: "How many bytes were sent.",
	},
	{
		Name: "evt.is_open_create", Type: Boolean, Attr: "saker.evt.is_open_create", Get: isOpenCreate,
		Doc: "Whether the event made the file that it opened.",
	},
	{
		Name: "fdlist.nums", Type: CharBuf, From: []string{"evt.type", "evt.arg.fds"}, Derive: listedNumbers,
		Doc: "The numbers of the descriptors that a poll found ready, with commas between.",
	},
	{
		Name: "evt.is_syslog", Type: Boolean, From: []string{"evt.type", "fd.type", "fd.name"}, Derive: isSyslog,
		Doc: "Whether the event writes to the system log's socket.",
	},
}

// opens tells the event types that Falco counts as opening.
func opens(name string) bool {
	switch name {
	case "open", "openat", "openat2", "open_by_handle_at":
		return true
	}
	return false
}

// Falco's numbers of the open flags that ask for access.
const (
	askRead  = 1
	askWrite = 2
)

// access is what Falco's numbers of open flags say of access, by the kernel's
// number. Neither is 3, which opens for ioctl alone.
var access = [...]uint64{0: askRead, 1: askWrite, 2: askRead | askWrite}

var (
	isOpenRead  = asks(func(e *event.Event, flags int) bool { return opensFor(e, flags)&askRead != 0 })
	isOpenWrite = asks(func(e *event.Event, flags int) bool { return opensFor(e, flags)&askWrite != 0 })
	mayMake     = asks(func(e *event.Event, flags int) bool { return syscalls.Creates(uint64(e.Args[flags].Num)) })
)

// asks makes a Get of what the flags of an open ask for.
func asks(is func(e *event.Event, flags int) bool) func(*event.Event, Arg) Value {
	return func(e *event.Event, _ Arg) Value {
		if e.Row == nil {
			return NoValue
		}
		if !opens(e.Row.Name) {
			return Truth(false)
		}
		i := paramIndex(e.Row, "flags")
		if i < 0 || !valid(e, i) {
			return NoValue
		}
		return Truth(is(e, i))
	}
}

func opensFor(e *event.Event, flags int) uint64 {
	if i := int(e.Args[flags].Num & 3); i < len(access) {
		return access[i]
	}
	return falcoNumber(e, flags)
}

func isOpenExec(e *event.Event, a Arg) Value {
	if e.Row == nil {
		return NoValue
	}
	if made := mayMake(e, a); e.Row.Name != "creat" && !made.Bool() {
		return made
	}
	i := paramIndex(e.Row, "mode")
	if i < 0 || !valid(e, i) {
		return NoValue
	}
	return Truth(falcoNumber(e, i)&0o111 != 0)
}

// openedFor makes a Derive that looks for either flag in an open's flags.
func openedFor(one, other string) func(*Inputs, Arg) Value {
	return func(in *Inputs, _ Arg) Value {
		switch {
		case !in[0].Known():
			return in[0]
		case !opens(in[0].Text()):
			return Truth(false)
		}
		return hold(in[1], func(v Value) Value {
			return Truth(strings.Contains(v.Text(), one) || strings.Contains(v.Text(), other))
		})
	}
}

func openExecFrom(in *Inputs, _ Arg) Value {
	name, flags := in[0].Text(), in[1].Text()
	switch {
	case !in[0].Known():
		return in[0]
	case name == "creat":
	case !opens(name):
		return Truth(false)
	case !in[1].Known():
		return in[1]
	case !strings.Contains(flags, "O_CREAT") && !strings.Contains(flags, "O_TMPFILE"):
		return Truth(false)
	}
	return hold(in[2], func(v Value) Value {
		mode, err := strconv.ParseUint(v.Text(), 8, 32)
		return Truth(err == nil && mode&0o111 != 0)
	})
}

// isOpenCreate is what the kernel says of the file; a temporary one is new.
func isOpenCreate(e *event.Event, _ Arg) Value {
	switch {
	case e.Row == nil:
		return NoValue
	case e.Failed() || e.FD == nil || !opens(e.Row.Name) && e.Row.Name != "creat":
		return Truth(false)
	}
	i := paramIndex(e.Row, "flags")
	return Truth(e.FD.Created || i >= 0 && valid(e, i) && syscalls.Temporary(uint64(e.Args[i].Num)))
}

// listedNumbers takes the numbers out of "3:f1 5:p4".
func listedNumbers(in *Inputs, _ Arg) Value {
	if name := in[0].Text(); name != "poll" && name != "ppoll" {
		return NoValue
	}
	return hold(in[1], func(v Value) Value {
		var b strings.Builder
		for entry := range strings.FieldsSeq(v.Text()) {
			number, _, _ := strings.Cut(entry, ":")
			if b.Len() > 0 {
				b.WriteByte(',')
			}
			b.WriteString(number)
		}
		return Str(b.String())
	})
}

// hasFlag makes a Derive that looks for flags in the row of the event's type.
func hasFlag(f syscalls.Flags) func(*Inputs, Arg) Value {
	return func(in *Inputs, _ Arg) Value {
		return hold(in[0], func(v Value) Value {
			row := syscalls.ByName(v.Text())
			return Truth(row != nil && row.Flags&f != 0)
		})
	}
}

func ioDir(in *Inputs, _ Arg) Value {
	row := syscalls.ByName(in[0].Text())
	switch {
	case row == nil:
		return NoValue
	case row.Flags&syscalls.ReadsFD != 0:
		return Str("read")
	case row.Flags&syscalls.WritesFD != 0:
		return Str("write")
	}
	return NoValue
}

func evtBuffer(e *event.Event, _ Arg) Value {
	if e.Row == nil || e.Row.Flags&(syscalls.ReadsFD|syscalls.WritesFD) == 0 {
		return NoValue
	}
	if i := paramIndex(e.Row, "data"); i >= 0 && valid(e, i) {
		return BufText(e.Args[i].Text)
	}
	return NoValue
}

func evtBufLen(in *Inputs, _ Arg) Value {
	row := syscalls.ByName(in[0].Text())
	if row == nil || row.Flags&(syscalls.ReadsFD|syscalls.WritesFD) == 0 || !in[1].Known() || in[1].Int() < 0 || !in[2].Known() {
		return NoValue
	}
	return Unsigned(in[1].Uint())
}

const bothWays = syscalls.ReadsFD | syscalls.WritesFD

func anyFD(event.FDType) bool { return true }

var buflenInputs = []string{"evt.buflen", "evt.type", "fd.type"}

// buflenOf makes a Derive of evt.buflen for one direction and kind of descriptor.
func buflenOf(way syscalls.Flags, on func(event.FDType) bool) func(*Inputs, Arg) Value {
	return func(in *Inputs, _ Arg) Value {
		row := syscalls.ByName(in[1].Text())
		if row == nil || row.Flags&way == 0 || !on(event.FDTypeOf(in[2].Text())) {
			return NoValue
		}
		return in[0]
	}
}

func isSyslog(in *Inputs, _ Arg) Value {
	row := syscalls.ByName(in[0].Text())
	return Truth(row != nil && row.Flags&syscalls.WritesFD != 0 &&
		in[1].Text() == "unix" && strings.HasSuffix(in[2].Text(), "/dev/log"))
}
