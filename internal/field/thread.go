package field

import (
	"strings"

	"github.com/sakerhq/saker/internal/event"
)

var threadFields = []*Field{
	{
		Name: "thread.tid", Type: Int64, Attr: "saker.thread.tid", Get: threadTID,
		Doc: "The number of the thread on the host.",
	},
	{
		Name: "thread.ismain", Type: Boolean, From: []string{"thread.tid", "proc.pid"}, Derive: isMain,
		Doc: "Whether the thread is the first of its process.",
	},
	{
		Name: "thread.cap_permitted", Type: CharBuf, Attr: "saker.thread.cap_permitted", Form: Words,
		Get: capsOf(func(p *event.Process) uint64 { return p.CapPermitted }),
		Doc: "The permitted capabilities, such as CAP_SYS_ADMIN, joined by blanks.",
	},
	{
		Name: "thread.cap_inheritable", Type: CharBuf, Attr: "saker.thread.cap_inheritable", Form: Words,
		Get: capsOf(func(p *event.Process) uint64 { return p.CapInheritable }),
		Doc: "The inheritable capabilities, joined by blanks.",
	},
	{
		Name: "thread.cap_effective", Type: CharBuf, Attr: "saker.thread.cap_effective", Form: Words,
		Get: capsOf(func(p *event.Process) uint64 { return p.CapEffective }),
		Doc: "The effective capabilities, joined by blanks.",
	},
}

func threadTID(e *event.Event, _ Arg) Value { return Num(int64(e.TID)) }

func isMain(in *Inputs, _ Arg) Value {
	if !in[0].Known() || !in[1].Known() {
		return NoValue
	}
	return Truth(in[0].Int() == in[1].Int())
}

// capNames are the names of the capabilities by their bit.
var capNames = strings.Fields(`
	CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER CAP_FSETID CAP_KILL CAP_SETGID CAP_SETUID
	CAP_SETPCAP CAP_LINUX_IMMUTABLE CAP_NET_BIND_SERVICE CAP_NET_BROADCAST CAP_NET_ADMIN CAP_NET_RAW
	CAP_IPC_LOCK CAP_IPC_OWNER CAP_SYS_MODULE CAP_SYS_RAWIO CAP_SYS_CHROOT CAP_SYS_PTRACE CAP_SYS_PACCT
	CAP_SYS_ADMIN CAP_SYS_BOOT CAP_SYS_NICE CAP_SYS_RESOURCE CAP_SYS_TIME CAP_SYS_TTY_CONFIG CAP_MKNOD
	CAP_LEASE CAP_AUDIT_WRITE CAP_AUDIT_CONTROL CAP_SETFCAP CAP_MAC_OVERRIDE CAP_MAC_ADMIN CAP_SYSLOG
	CAP_WAKE_ALARM CAP_BLOCK_SUSPEND CAP_AUDIT_READ CAP_PERFMON CAP_BPF CAP_CHECKPOINT_RESTORE`)

var capTexts memo[uint64]

// capsOf makes a Get of the names of a set of capabilities.
func capsOf(of func(*event.Process) uint64) func(*event.Event, Arg) Value {
	return func(e *event.Event, _ Arg) Value {
		set := of(e.Process)
		if s, ok := capTexts.get(set); ok {
			return Str(s)
		}
		var names []string
		for bit, name := range capNames {
			if set>>bit&1 != 0 {
				names = append(names, name)
			}
		}
		return Str(capTexts.put(set, strings.Join(names, " ")))
	}
}
