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
	// Meta is an event that no call of the actor makes (procexit).
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
	// NoEffect: nothing that a process record holds.
	NoEffect Effect = iota
	// ChangesProcess: credentials, directory, root, session, namespaces.
	ChangesProcess
)

// From is where a parameter's value comes from.
type From uint8

// The places. OfFile parameters are facts of the event's own descriptor
// (Row.FD), told by the kernel.
const (
	Nowhere From = iota
	Result
	Arg0
	Arg1
	Arg2
	Arg3
	Arg4
	Arg5
	OfFile
	OfProcess // facts of the process after the event (execve's exe, args, cwd …)
)

// Row is one event.
type Row struct {
	Name     string
	Kind     Kind
	Category Category
	Flags    Flags
	Effect   Effect
	FD       From // Result or ArgN that holds the event's descriptor; Nowhere: none
	Params   []Param
}

// Param is one parameter of a row, in Falco's order.
type Param struct {
	Name string
	Type Type
	From From
	// Dir is the argument with the directory that a relative path starts
	// from; Nowhere: the working directory.
	Dir From
	// Len is the argument, or Result, that holds a buffer's or address's length.
	Len From
	// Offset and Size select a member of the structure that From points at
	// (open_how); Size 0: From itself.
	Offset, Size uint8
	Values       *Values // names of flags or enumerated values, nil for plain types
}

// Type is a parameter's type in Falco's terms.
type Type uint8

// The types.
const (
	Errno Type = iota + 1
	FD
	PID
	UID
	GID
	SigType
	FSPath
	FSRelPath
	CharBuf
	CharBufs // NUL-separated strings (args, env, cgroups)
	ByteBuf
	SockAddr
	SockTuple
	Flags8
	Flags16
	Flags32
	Enum8
	Enum16
	Enum32
	Mode
	Int8
	Int16
	Int32
	Int64
	Uint8
	Uint16
	Uint32
	Uint64
	AbsTime
	RelTime
	SyscallID
	Dyn
	IOVec  // iovec array of a message, captured as ByteBuf
	MsgHdr // message header: its address
)

// Base is how a numeric parameter prints.
type Base uint8

// The bases; the zero Base is decimal.
const (
	Decimal Base = iota
	Hex
	Octal
)
