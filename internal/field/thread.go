package field

import (
	"strings"

	"github.com/sakerhq/saker/internal/event"
)

var threadFields = []*Field{
	{
		Name: "thread.tid", Type: Int64, Attr: "saker.thread.tid", Of: OfAct, Get: threadTID,
		Doc: "The number of the thread on the host.",
	},
	{
		Name: "thread.ismain", Type: Boolean, From: []string{"thread.tid", "proc.pid"}, Derive: isMain,
		Doc: "Whether the thread is the first of its process.",
	},
	{
		Name: "thread.vtid", Type: Int64, From: []string{"thread.tid", "proc.pid", "proc.vpid"}, Derive: vtid,
		Doc: "The number of the thread in its own namespace; in another than the host's, only of the first thread.",
	},
	{
		Name: "thread.nametid", Type: CharBuf, From: []string{"proc.name", "thread.tid"}, Derive: nameTID,
		Doc: "The thread's name and number, with nothing between.",
	},
	{
		Name: "saker.thread.cgroup", Type: CharBuf, Attr: "process.linux.cgroup", Get: of(cgroupText),
		Doc: "The path of the cgroup.",
	},
	{
		Name: "thread.cgroup", Type: CharBuf, Arg: MustName, From: []string{"saker.thread.cgroup"}, Derive: asIs,
		Doc: "The path of the cgroup, the same for every subsystem that the argument may name.",
	},
	{
		Name: "thread.cgroups", Type: CharBuf, From: []string{"saker.thread.cgroup"}, Derive: cgroups,
		Doc: "The path of the cgroup for each subsystem that container limits use, as subsystem=path joined by blanks.",
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

// vtid is certain of first threads, and of processes that the host numbers as
// they number themselves.
func vtid(in *Inputs, _ Arg) Value {
	tid, pid, vpid := in[0], in[1], in[2]
	switch {
	case !tid.Known() || !pid.Known() || !vpid.Known():
		return NoValue
	case tid.Int() == pid.Int():
		return vpid
	case pid.Int() == vpid.Int():
		return tid
	}
	return NoValue
}

func nameTID(in *Inputs, _ Arg) Value {
	if !in[0].Known() || !in[1].Known() {
		return NoValue
	}
	return Str(in[0].Text() + itoa(in[1].Int()))
}

func cgroupText(p *event.Process) Value { return StrOrMissing(p.Cgroup) }

// cgroups names the path once for each subsystem, in one hierarchy as in many.
func cgroups(in *Inputs, _ Arg) Value {
	return hold(in[0], func(v Value) Value {
		var b strings.Builder
		for i, subsystem := range []string{"cpuset", "cpu", "io", "memory", "pids"} {
			if i > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(subsystem + "=" + v.Text())
		}
		return Str(b.String())
	})
}

// capNames are the names of the capabilities by their bit.
var capNames = strings.Fields(`
	CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER CAP_FSETID CAP_KILL CAP_SETGID CAP_SETUID
	CAP_SETPCAP CAP_LINUX_IMMUTABLE CAP_NET_BIND_SERVICE CAP_NET_BROADCAST CAP_NET_ADMIN CAP_NET_RAW
	CAP_IPC_LOCK CAP_IPC_OWNER CAP_SYS_MODULE CAP_SYS_RAWIO CAP_SYS_CHROOT CAP_SYS_PTRACE CAP_SYS_PACCT
	CAP_SYS_ADMIN CAP_SYS_BOOT CAP_SYS_NICE CAP_SYS_RESOURCE CAP_SYS_TIME CAP_SYS_TTY_CONFIG CAP_MKNOD
	CAP_LEASE CAP_AUDIT_WRITE CAP_AUDIT_CONTROL CAP_SETFCAP CAP_MAC_OVERRIDE CAP_MAC_ADMIN CAP_SYSLOG
	CAP_WAKE_ALARM CAP_BLOCK_SUSPEND CAP_AUDIT_READ CAP_PERFMON CAP_BPF CAP_CHECKPOINT_RESTORE`)

var capTexts memo

// capsOf makes a Get of the names of a set of capabilities.
func capsOf(of func(*event.Process) uint64) func(*event.Event, Arg) Value {
	return func(e *event.Event, _ Arg) Value {
		set := of(e.Process)
		if s, ok := capTexts.get(nil, set); ok {
			return Str(s)
		}
		var names []string
		for bit, name := range capNames {
			if set>>bit&1 != 0 {
				names = append(names, name)
			}
		}
		return Str(capTexts.put(nil, set, strings.Join(names, " ")))
	}
}
