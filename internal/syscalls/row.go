// Package syscalls is the table of events: one row per system call or
// metaevent, with Falco's names, parameters and types.
//
// It takes nothing and gives rows. It owns names, kinds, flag names and the
// numbers per architecture: what the kernel captures, how it is decoded,
// evt.arg.*, attributes, rule checking, docs and "saker events" all come from
// a row. It never reads memory and knows no event.
package syscalls

// Kind is what makes an event happen.
type Kind uint8

const (
	// Call is a system call that returned.
	Call Kind = iota
	// Meta is an event that no call of the actor makes (procexit). ArgN are
	// what the kernel's program puts there.
	Meta
)

// Flags are what Falco's event table says of an event.
type Flags uint8

// The flags.
const (
	CreatesFD Flags = 1 << iota
	UsesFD
	DestroysFD
	ReadsFD
	WritesFD
	Waits
)

// Effect is what a successful call changes in the state of its process, so
// that the kernel must tell the process anew after it.
type Effect uint8

const (
	// NoEffect is a change of nothing that a process record holds.
	NoEffect Effect = iota
	// ChangesProcess is a change of credentials, directory, root, session, namespaces.
	ChangesProcess
	// ChangesEither is the same of the process itself, or of a child that the first
	// argument names.
	ChangesEither
	// NewImage is a process that runs another program; the event of a success is
	// the kernel's own report of that.
	NewImage
)

// From is where a parameter's value comes from.
type From uint8

// The places.
const (
	Nowhere From = iota // not captured: the value is missing
	Result
	Arg0
	Arg1
	Arg2
	Arg3
	Arg4
	Arg5
	OfFile    // a fact of the event's own descriptor (Row.FD), told by the kernel
	OfProcess // a fact of the process after the event (execve's exe, args, cwd …)
	OfRow     // known from the row alone
)

// Row is one event. Where Calls is empty, a call is the row of its own name
// and of its name with 32 behind it, which 32-bit tables use for the form with
// wide ids (setuid32).
type Row struct {
	Name     string
	Calls    string // names of the calls that the row serves, if not Name
	Kind     Kind
	Category Category
	Flags    Flags
	Effect   Effect
	// Busy marks calls so frequent that rules get them only where they name
	// them, as in Falco (base_syscalls.all).
	Busy bool
	// FD is Result or ArgN that holds the event's descriptor; Nowhere: none.
	// With FDSize, ArgN points at descriptors, and it is the one at FDOffset.
	FD               From
	FDOffset, FDSize uint8
	// Inside: where there are hooks that see paths inside a call, they see all of
	// this one's, in the order of Params.
	Inside bool
	Params []Param

	raw bool // its parameters are the registers
}

// Param is one parameter of a row, in Falco's order.
type Param struct {
	Name string
	Type Type
	Base Base
	From From
	// Dir is the argument with the directory that a relative path starts
	// from; Nowhere: the working directory.
	Dir From
	// Itself: the path's last name is what the call means, be it a link's.
	Itself bool
	// Len is the argument, or Result, that holds a buffer's or address's
	// length; Nowhere at an address: not known, as much as an address can have.
	// At a Vector it is the number of buffers, at a member that of structures.
	Len From
	// Unit is how many bytes one of Len's is; 0: one.
	Unit uint8
	// Offset and Size select a member of the structure that From points at
	// (open_how); Size 0: From itself.
	Offset, Size uint8
	// Longs: the structure is made of longs and pointers, which are half as
	// wide for 32-bit programs.
	Longs bool
	// Out: the kernel fills what From points at, so that a call that failed
	// left nothing there.
	Out    bool
	Only   Only
	Values *Values // names of flags or enumerated values, nil for plain types
}

// Only is when a parameter is there: when the argument Arg is a number below
// 32 whose bit is set in Bits. The zero Only is always.
type Only struct {
	Arg  From
	Bits uint32
}

// Holds reports whether the argument's value is one of those meant.
func (o Only) Holds(value uint64) bool { return value < 32 && o.Bits>>value&1 != 0 }

// Type is a parameter's type in Falco's terms.
type Type uint8

// The types. Those with a comment have Falco's type, but more meaning.
const (
	Errno Type = iota + 1
	FD
	OtherFD // FD whose file is not told: another process's, or perhaps no descriptor at all
	PID
	UID
	GID
	SigType
	FSPath
	FSRelPath
	CharBuf
	ByteBuf
	CharBufs // ByteBuf of NUL-separated strings (args, env, cgroups)
	Message  // ByteBuf of a message: From is its header, with address and buffers
	Messages // the same of the first of several messages
	Vector   // ByteBuf of buffers: From is the array that leads to them (iovec)
	SockAddr
	SockTuple // an ArgN as From: there the caller passed the peer's address
	FDList    // descriptors that are ready: From is an array of pollfd
	SigSet    // the first 32 signals of a set
	Flags8
	Flags16
	Flags32
	Enum8
	Enum16
	Enum32
	Mode
	OpenMode // Uint32, counts only for a call that creates a file
	Int16
	Int32
	Int64
	Int      // Int64, an int of C
	Uint     // Uint64, an unsigned of C
	Wide     // Uint64; for 32-bit programs the upper half is the argument behind
	WideHigh // the same with the upper half in front
	Uint8
	Uint16
	Uint32
	Uint64
	Device // Uint32, as stat(2) gives it
	AbsTime
	RelTime // with Size 16 a timespec
	SyscallID
	Dyn
	DynText // Dyn: a text where Only holds, else a number
)

var typeNames = [...]string{
	Errno: "ERRNO", FD: "FD", OtherFD: "FD", PID: "PID", UID: "UID", GID: "GID", SigType: "SIGTYPE",
	FSPath: "FSPATH", FSRelPath: "FSRELPATH", CharBuf: "CHARBUF", ByteBuf: "BYTEBUF",
	CharBufs: "BYTEBUF", Message: "BYTEBUF", Messages: "BYTEBUF", Vector: "BYTEBUF", SockAddr: "SOCKADDR", SockTuple: "SOCKTUPLE",
	FDList: "FDLIST", SigSet: "SIGSET", Flags8: "FLAGS8", Flags16: "FLAGS16", Flags32: "FLAGS32",
	Enum8: "ENUMFLAGS8", Enum16: "ENUMFLAGS16", Enum32: "ENUMFLAGS32",
	Mode: "MODE", OpenMode: "UINT32", Int16: "INT16", Int32: "INT32", Int64: "INT64", Int: "INT64", Uint: "UINT64", Wide: "UINT64", WideHigh: "UINT64",
	Uint8: "UINT8", Uint16: "UINT16", Uint32: "UINT32", Uint64: "UINT64", Device: "UINT32",
	AbsTime: "ABSTIME", RelTime: "RELTIME", SyscallID: "SYSCALLID", Dyn: "DYN", DynText: "DYN",
}

// width is how much of a register a type has; the zero width is 32 bits without a sign.
type width struct {
	bits   int
	signed bool
}

var widths = [DynText + 1]width{
	Int16: {16, true}, Uint16: {16, false}, Uint8: {8, false},
	PID: {32, true}, Int32: {32, true}, Int: {32, true}, Errno: {32, true}, FD: {32, true}, OtherFD: {32, true},
	Int64: {64, true}, Uint64: {64, true}, Dyn: {64, true}, DynText: {64, true}, Wide: {64, true}, WideHigh: {64, true}, RelTime: {64, true},
}

// Width is how many bits of a register are a number of the type, and whether the
// highest one is its sign.
func (t Type) Width() (bits int, signed bool) {
	if w := widths[t]; w.bits != 0 {
		return w.bits, w.signed
	}
	return 32, false
}

// Number is what a register's content is as the type has it.
func (t Type) Number(register uint64) int64 {
	bits, signed := t.Width()
	if signed {
		return int64(register<<(64-bits)) >> (64 - bits)
	}
	return int64(register << (64 - bits) >> (64 - bits))
}

// String is Falco's name of the type.
func (t Type) String() string { return typeNames[t] }

// Base is how a numeric parameter prints.
type Base uint8

// The bases; the zero Base is decimal.
const (
	Decimal Base = iota
	Hex
	Octal
)

// Category is what kind of act an event is: evt.category.
type Category uint8

// The categories.
const (
	Other Category = iota
	File
	Net
	Process
	User
	IORead
	IOWrite
	IOOther
	IPC
	Memory
	Signal
	Sleep
	System
	Time
	Wait
)

var categoryNames = [...]string{
	Other: "other", File: "file", Net: "net", Process: "process", User: "user",
	IORead: "io_read", IOWrite: "io_write", IOOther: "io_other", IPC: "IPC", Memory: "memory",
	Signal: "signal", Sleep: "sleep", System: "system", Time: "time", Wait: "wait",
}

// String is the value of evt.category.
func (c Category) String() string { return categoryNames[c] }
