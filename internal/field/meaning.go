package field

import (
	"strconv"
	"strings"

	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/syscalls"
)

// atCWD is the descriptor number that stands for the working directory.
const atCWD = -100

// meaning is what an argument's value means: the name of a flag or error, the
// file behind a descriptor, the name of a process or user, a path in full.
// Empty for values that mean no more than they say.
func meaning(e *event.Event, i int) string {
	p, arg := &e.Row.Params[i], &e.Args[i]
	if p.Values != nil {
		return flagNames(p.Values, uint64(arg.Num))
	}
	switch p.Type {
	case syscalls.FSPath, syscalls.FSRelPath:
		return arg.Path
	case syscalls.FD:
		return descriptor(arg)
	case syscalls.Errno:
		if arg.Num < 0 {
			return syscalls.ErrnoName(-arg.Num)
		}
	case syscalls.PID:
		return processName(e, arg.Num)
	case syscalls.UID:
		return accountName(arg, e.Process.UID, &e.Process.User, &e.Process.Login, e.Process.LoginUID)
	case syscalls.GID:
		return accountName(arg, e.Process.GID, &e.Process.Group, nil, 0)
	case syscalls.SigType:
		return signalName(arg.Num)
	case syscalls.SigSet:
		return signalNames(uint32(arg.Num))
	case syscalls.RelTime:
		return strconv.FormatFloat(float64(arg.Num)/1e9, 'g', 6, 64) + "s"
	case syscalls.SyscallID:
		return e.Row.Name
	}
	return ""
}

// descriptor says what a descriptor refers to: <f>/etc/passwd.
func descriptor(arg *event.Arg) string {
	switch {
	case arg.Num == atCWD:
		return "AT_FDCWD"
	case arg.Num < 0:
		return syscalls.ErrnoName(-arg.Num)
	case arg.FD == nil:
		return ""
	}
	f := arg.FD
	letter := f.Type.Char()
	if !f.Type.IsInet() {
		return "<" + letter + ">" + f.Name
	}
	if proto := f.Proto.String(); proto != "" {
		letter += proto[:1]
	}
	return "<" + letter + ">" + event.Tuple(f.Ends())
}

// processName is the name of a process that the event knows.
func processName(e *event.Event, pid int64) string {
	for p, n := e.Process, 0; p != nil && n < maxAncestors; p, n = p.Parent, n+1 {
		if int64(p.PID) == pid || n == 0 && int64(e.TID) == pid {
			return p.Name
		}
	}
	return ""
}

// accountName is the name of a user or group: the process's own, who logged in,
// or what the accounts where the process is call that number.
func accountName(arg *event.Arg, own uint32, account, login *event.Account, loginID uint32) string {
	switch id := uint32(arg.Num); {
	case id == event.NoID:
		return "<NONE>"
	case id == own && account.Known:
		return account.Name
	case login != nil && id == loginID && login.Known:
		return login.Name
	case arg.Text != "":
		return arg.Text
	case id == 0:
		return "root"
	}
	return na
}

// address is an address as a program passed it.
func address(arg *event.Arg) string {
	if arg.Addr.IsValid() {
		return event.End(arg.Addr)
	}
	return arg.Text
}

// tupleArg is the two ends of a socket; the other one is what the caller
// passed, where it did.
func tupleArg(arg *event.Arg) string {
	switch f := arg.FD; {
	case f == nil:
		return address(arg)
	case !f.Type.IsInet():
		return f.Name
	case arg.Addr.IsValid():
		passed := *f
		passed.Remote = arg.Addr
		return event.Tuple(passed.Ends())
	default:
		return event.Tuple(f.Ends())
	}
}

var signals = strings.Fields(`
	SIGHUP SIGINT SIGQUIT SIGILL SIGTRAP SIGABRT SIGBUS SIGFPE SIGKILL SIGUSR1 SIGSEGV SIGUSR2 SIGPIPE
	SIGALRM SIGTERM SIGSTKFLT SIGCHLD SIGCONT SIGSTOP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGXCPU SIGXFSZ
	SIGVTALRM SIGPROF SIGWINCH SIGIO SIGPWR SIGSYS`)

func signalName(n int64) string {
	if n < 1 || n > int64(len(signals)) {
		return ""
	}
	return signals[n-1]
}

// signalNames are the names of the signals in a set.
func signalNames(set uint32) string {
	var names []string
	for i, name := range signals {
		if set>>i&1 != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}

var flagTexts memo

// flagNames are the names of a number of the kernel's, as rules know them.
func flagNames(values *syscalls.Values, number uint64) string {
	if s, ok := flagTexts.get(values, number); ok {
		return s
	}
	return flagTexts.put(values, number, string(values.AppendNames(nil, values.Falco(number))))
}
