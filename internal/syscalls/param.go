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

func text(name string, from From) Param { return value(name, CharBuf, from) }

func flags(name string, from From, values *Values) Param {
	return Param{Name: name, Type: Flags32, Base: Hex, From: from, Values: values}
}

func enum(name string, t Type, from From, values *Values) Param {
	return Param{Name: name, Type: t, From: from, Values: values}
}

// member is a parameter that lies in the structure that from points at.
func member(p Param, offset, size uint8) Param {
	p.Offset, p.Size = offset, size
	return p
}

// mode is the permissions that a call gives a file.
func mode(from From) Param {
	return Param{Name: "mode", Type: Mode, Base: Octal, From: from, Values: permissions}
}

// openMode is the permissions that an opening call gives a file it creates.
func openMode(from From) Param { return octal(value("mode", OpenMode, from)) }

func data(from, length From) Param {
	return Param{Name: "data", Type: ByteBuf, From: from, Len: length}
}

// message is the data that a message header leads to.
func message(from From) Param {
	return Param{Name: "data", Type: Message, From: from, Len: Result}
}

// peer is tuple where the caller passed the other end's address.
func peer(from, length From) Param {
	return Param{Name: "tuple", Type: SockTuple, From: from, Len: length}
}

// generic is the parameters of calls that Falco has no own event for.
func generic() []Param {
	return []Param{value("ID", SyscallID, OfRow), value("nativeID", Uint16, OfRow)}
}

// image is the parameters of a program's start, after the result.
func image(more ...Param) []Param {
	of := func(name string, t Type) Param { return value(name, t, OfProcess) }
	params := []Param{
		res, of("exe", CharBuf), of("args", CharBufs), of("tid", PID), of("pid", PID), of("ptid", PID),
		of("cwd", CharBuf),
		value("fdlimit", Uint64, Nowhere), value("pgft_maj", Uint64, Nowhere), value("pgft_min", Uint64, Nowhere),
		value("vm_size", Uint32, Nowhere), value("vm_rss", Uint32, Nowhere), value("vm_swap", Uint32, Nowhere),
		of("comm", CharBuf), of("cgroups", CharBufs), of("env", CharBufs), of("tty", Uint32), of("vpgid", PID),
		of("loginuid", UID), flags("flags", OfProcess, exeFlags),
		hex(of("cap_inheritable", Uint64)), hex(of("cap_permitted", Uint64)), hex(of("cap_effective", Uint64)),
		of("exe_ino", Uint64), of("exe_ino_ctime", AbsTime), of("exe_ino_mtime", AbsTime),
		of("uid", UID), of("trusted_exepath", FSPath), of("pgid", PID), of("gid", GID),
	}
	return append(params, more...)
}
