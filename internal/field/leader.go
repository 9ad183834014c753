package field

import "github.com/sakerhq/saker/internal/event"

var leaderFields = []*Field{
	{
		Name: "proc.sid", Type: Int64, Attr: "saker.proc.sid", Of: OfImage, Get: procSID, With: []string{"saker.proc.session_leader"},
		Doc: "The number of the session in the process's own namespace.",
	},
	{
		Name: "proc.sname", Type: CharBuf, Attr: "saker.proc.sname", Get: ofSession(nameText),
		Doc: "The session leader's name, empty when it is not known.",
	},
	{
		Name: "proc.sid.exe", Type: CharBuf, Attr: "saker.proc.sid_exe", Get: ofSession(exeText),
		Secret: true,
		Doc:    "The session leader's argv[0], empty when it is not known.",
	},
	{
		Name: "proc.sid.exepath", Type: CharBuf, Attr: "saker.proc.sid_exepath", Get: ofSession(pathText),
		Doc: "The path of the session leader's executable, empty when it is not known.",
	},
	{
		Name: "proc.is_sid_leader", Type: Boolean, Attr: "saker.proc.is_sid_leader", Of: OfImage, Get: isSIDLeader,
		Doc: "Whether the process leads its session.",
	},

	{
		Name: "proc.pgid", Type: Int64, Attr: "process.group_leader.pid", Of: OfImage, Get: procPGID,
		Doc: "The number of the process group on the host.",
	},
	{
		Name: "proc.pgid.name", Type: CharBuf, Attr: "saker.proc.pgid_name", Get: ofGroup(nameText),
		Doc: "The group leader's name, empty when it is not known.",
	},
	{
		Name: "proc.pgid.exe", Type: CharBuf, Attr: "saker.proc.pgid_exe", Get: ofGroup(exeText),
		Secret: true,
		Doc:    "The group leader's argv[0], empty when it is not known.",
	},
	{
		Name: "proc.pgid.exepath", Type: CharBuf, Attr: "saker.proc.pgid_exepath", Get: ofGroup(pathText),
		Doc: "The path of the group leader's executable, empty when it is not known.",
	},
	{
		Name: "proc.is_pgid_leader", Type: Boolean, Attr: "saker.proc.is_pgid_leader", Of: OfImage, Get: isPGIDLeader,
		Doc: "Whether the process leads its group.",
	},

	{
		Name: "proc.vpgid", Type: Int64, Attr: "saker.proc.vpgid", Of: OfImage, Get: procVPGID,
		Doc: "The number of the process group in the process's own namespace.",
	},
	{
		Name: "proc.vpgid.name", Type: CharBuf, Attr: "saker.proc.vpgid_name", Get: ofGroup(nameText),
		Doc: "The group leader's name, empty when it is not known.",
	},
	{
		Name: "proc.vpgid.exe", Type: CharBuf, Attr: "saker.proc.vpgid_exe", Get: ofGroup(exeText),
		Secret: true,
		Doc:    "The group leader's argv[0], empty when it is not known.",
	},
	{
		Name: "proc.vpgid.exepath", Type: CharBuf, Attr: "saker.proc.vpgid_exepath", Get: ofGroup(pathText),
		Doc: "The path of the group leader's executable, empty when it is not known.",
	},
	{
		Name: "proc.is_vpgid_leader", Type: Boolean, Attr: "saker.proc.is_vpgid_leader", Of: OfImage, Get: isVPGIDLeader,
		Doc: "Whether the process leads its group, by their numbers in its own namespace.",
	},
}

func procSID(e *event.Event, _ Arg) Value { return Num(int64(e.Process.VSID)) }

func procPGID(e *event.Event, _ Arg) Value { return Num(int64(e.Process.PGID)) }

func procVPGID(e *event.Event, _ Arg) Value { return Num(int64(e.Process.VPGID)) }

func ofSession(of func(*event.Process) Value) func(*event.Event, Arg) Value {
	return func(e *event.Event, _ Arg) Value { return ofLeader(e.Process.Session, of) }
}

func ofGroup(of func(*event.Process) Value) func(*event.Event, Arg) Value {
	return func(e *event.Event, _ Arg) Value { return ofLeader(e.Process.GroupLeader, of) }
}

func ofLeader(p *event.Process, of func(*event.Process) Value) Value {
	if p == nil {
		return Str("")
	}
	return of(p)
}

func isSIDLeader(e *event.Event, _ Arg) Value { return Truth(e.Process.VSID == e.Process.VPID) }

func isPGIDLeader(e *event.Event, _ Arg) Value { return Truth(e.Process.PGID == e.Process.PID) }

func isVPGIDLeader(e *event.Event, _ Arg) Value { return Truth(e.Process.VPGID == e.Process.VPID) }
