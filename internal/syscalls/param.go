package syscalls

// res is the result as most events carry it.
var res = Param{Name: "res", Type: Errno, From: Result}

// The device and inode of the file that the event opened.
var (
	dev = Param{Name: "dev", Type: Device, Base: Hex, From: OfFile}
	ino = Param{Name: "ino", Type: Uint64, From: OfFile}
)

// tuple is a socket's two ends as the kernel has them.
var tuple = Param{Name: "tuple", Type: SockTuple, From: OfFile}

// value is a parameter that is just a number.
func value(name string, t Type, from From) Param { return Param{Name: name, Type: t, From: from} }

func hex(p Param) Param { p.Base = Hex; return p }

func octal(p Param) Param { p.Base = Octal; return p }

func fd(name string, from From) Param { return value(name, FD, from) }

// path is a path that starts from the working directory.
func path(name string, from From) Param { return value(name, FSPath, from) }

// pathAt is a path that starts from the directory in argument dir.
func pathAt(name string, from, dir From) Param {
	return Param{Name: name, Type: FSRelPath, From: from, Dir: dir}
}

// itself is a path at whose end a symbolic link is not followed, whatever the flags.
func itself(p Param) Param { p.Itself = true; return p }

func text(name string, from From) Param { return value(name, CharBuf, from) }

func flags(name string, from From, values *Values) Param {
	return Param{Name: name, Type: Flags32, Base: Hex, From: from, Values: values}
}

// flagsOf is flags of another width.
func flagsOf(t Type, name string, from From, values *Values) Param {
	return Param{Name: name, Type: t, Base: Hex, From: from, Values: values}
}

// dynamic is a text that for other operations than only's is a number.
func dynamic(p Param) Param { p.Type = DynText; return p }

func enum(name string, t Type, from From, values *Values) Param {
	return Param{Name: name, Type: t, From: from, Values: values}
}

// member is a parameter that lies in the structure that from points at.
func member(p Param, offset, size uint8) Param {
	p.Offset, p.Size = offset, size
	return p
}

// long is a member of a structure of longs; index counts them.
func long(p Param, index uint8) Param {
	p = member(p, 8*index, 8)
	p.Longs = true
	return p
}

// timespec is a length of time that from points at.
func timespec(name string, from From) Param {
	p := member(value(name, RelTime, from), 0, 16)
	p.Longs = true
	return p
}

// each is a parameter in an array of structures of unit bytes, of which the
// argument n tells the number.
func each(p Param, n From, unit uint8) Param { p.Len, p.Unit = n, unit; return p }

// out is a parameter that the kernel fills.
func out(p Param) Param { p.Out = true; return p }

// only is a parameter that is there when the argument is one of values.
func only(p Param, argument From, values ...uint8) Param {
	p.Only.Arg = argument
	for _, v := range values {
		p.Only.Bits |= 1 << v
	}
	return p
}

// mode is the permissions that a call gives a file.
func mode(from From) Param {
	return Param{Name: "mode", Type: Mode, Base: Octal, From: from, Values: permissions}
}

// openMode is the permissions that an opening call gives a file it creates.
func openMode(from From) Param { return octal(value("mode", OpenMode, from)) }

// data is what the second argument points at, as with all calls that move some.
func data(length From) Param { return bytes("data", Arg1, length) }

func bytes(name string, from, length From) Param {
	return Param{Name: name, Type: ByteBuf, From: from, Len: length}
}

// vector is the same of several buffers, as many as the third argument says.
var vector = Param{Name: "data", Type: Vector, From: Arg1, Len: Arg2}

// message is the data that a message header leads to.
func message(from From) Param {
	return Param{Name: "data", Type: Message, From: from, Len: Result}
}

// messages is the same for the first of several.
func messages(from From) Param {
	return Param{Name: "data", Type: Messages, From: from, Len: Result}
}

// descriptor is a descriptor that the kernel writes where from points.
func descriptor(name string, from From, offset uint8) Param {
	return out(member(fd(name, from), offset, 4))
}

// peer is tuple where the caller passed the other end's address.
func peer(from, length From) Param {
	return Param{Name: "tuple", Type: SockTuple, From: from, Len: length}
}

// beyond is the parameters of a call that has no event of its own in Falco:
// those that Falco gives all of them, then what the call really takes.
func beyond(params ...Param) []Param {
	return append([]Param{value("ID", SyscallID, OfRow), value("nativeID", Uint16, OfRow)}, params...)
}

// generic is the parameters of a call that is only known by name: its
// arguments as the registers held them, counted as Falco does for keyctl.
func generic() []Param {
	raw := func(name string, from From) Param { return hex(value(name, Uint64, from)) }
	return beyond(raw("arg1", Arg0), raw("arg2", Arg1), raw("arg3", Arg2), raw("arg4", Arg3), raw("arg5", Arg4), raw("arg6", Arg5))
}

// image is the parameters of a program's start, after the result.
func image(more ...Param) []Param {
	of := func(name string, t Type) Param { return value(name, t, OfProcess) }
	params := []Param{
		res, of("exe", CharBuf), of("args", CharBufs), of("tid", PID), of("pid", PID), of("ptid", PID),
		of("cwd", CharBuf), of("fdlimit", Uint64), of("pgft_maj", Uint64), of("pgft_min", Uint64),
		of("vm_size", Uint32), of("vm_rss", Uint32), of("vm_swap", Uint32),
		of("comm", CharBuf), of("cgroups", CharBufs), of("env", CharBufs), of("tty", Uint32), of("vpgid", PID),
		of("loginuid", UID), flags("flags", OfProcess, exeFlags),
		hex(of("cap_inheritable", Uint64)), hex(of("cap_permitted", Uint64)), hex(of("cap_effective", Uint64)),
		of("exe_ino", Uint64), of("exe_ino_ctime", AbsTime), of("exe_ino_mtime", AbsTime),
		of("uid", UID), of("trusted_exepath", FSPath), of("pgid", PID), of("gid", GID),
	}
	return append(params, more...)
}

// What a process uses of memory is told of a program's start only: the counters
// change with every page.
var (
	vmSize = value("vm_size", Uint32, Nowhere)
	vmRSS  = value("vm_rss", Uint32, Nowhere)
	vmSwap = value("vm_swap", Uint32, Nowhere)
)

// fork is the parameters of a process's or thread's start: those of who comes
// back from the call, the parent with the child's number or the child with 0.
func fork(flags Param) []Param {
	of := func(name string, t Type) Param { return value(name, t, OfProcess) }
	return []Param{
		value("res", PID, Result), of("exe", CharBuf), of("args", CharBufs), of("tid", PID), of("pid", PID),
		of("ptid", PID), of("cwd", CharBuf),
		value("fdlimit", Int64, Nowhere), value("pgft_maj", Uint64, Nowhere), value("pgft_min", Uint64, Nowhere),
		vmSize, vmRSS, vmSwap,
		of("comm", CharBuf), of("cgroups", CharBufs), flags, of("uid", Uint32), of("gid", Uint32),
		of("vtid", PID), of("vpid", PID), of("pidns_init_start_ts", Uint64),
	}
}
