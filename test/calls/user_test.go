package calls

import "golang.org/x/sys/unix"

// number is a trigger of a call that returns one of the actor's own numbers,
// which are root's.
func number(name, param string) trigger {
	return trigger{name, func(a *actor) string { a.call(); return param + "=0(root)" }}
}

// numbers is a trigger of a call that writes three such numbers.
func numbers(name string, params ...any) trigger {
	return trigger{name, func(a *actor) string {
		a.call(a.buffer(4), a.buffer(4), a.buffer(4))
		return f("res=0 %s=0(root) %s=0(root) %s=0(root)", params...)
	}}
}

// Changes of credentials are to what they are already, or leave them alone.
var userTriggers = []trigger{
	{"setuid", func(a *actor) string { a.call(0); return "res=0 uid=0(root)" }},
	{"setgid", func(a *actor) string { a.call(0); return "res=0 gid=0(root)" }},
	{"setreuid", func(a *actor) string { a.call(minus(1), 0); return "res=0 ruid=-1(<NONE>) euid=0(root)" }},
	{"setregid", func(a *actor) string { a.call(0, minus(1)); return "res=0 rgid=0(root) egid=-1(<NONE>)" }},
	{"setresuid", func(a *actor) string {
		a.call(0, minus(1), 0)
		return "res=0 ruid=0(root) euid=-1(<NONE>) suid=0(root)"
	}},
	{"setresgid", func(a *actor) string {
		a.call(0, 0, minus(1))
		return "res=0 rgid=0(root) egid=0(root) sgid=-1(<NONE>)"
	}},
	number("getuid", "uid"), number("geteuid", "euid"), number("getgid", "gid"), number("getegid", "egid"),
	numbers("getresuid", "ruid", "euid", "suid"), numbers("getresgid", "rgid", "egid", "sgid"),
	{"quotactl", func(a *actor) string {
		r := a.call(0x80000701, a.text("/dev/none"), 42, a.buffer(128))
		return f("%s special=/dev/none quotafilepath=<NA> dqb_bhardlimit=<NA> *cmd=32(Q_GETQUOTA) type=2(GRPQUOTA) id=42 quota_fmt=<NA>", res(r))
	}},
	// To another id and back, each time told.
	{"credchange", func(*actor) string {
		credentials := func(effective uintptr) {
			if r := raw(unix.SYS_SETREUID, []uintptr{minus(1), effective}); r != 0 {
				panic(r)
			}
		}
		credentials(4711)
		credentials(0)
		return "by=setreuid uid_before=0(root) uid=4711(<NA>) gid_before=0(root) gid=0(root) cap_effective_before=* cap_effective=0\n" +
			"by=setreuid uid_before=4711(<NA>) uid=0(root) gid_before=0(root) gid=0(root) cap_effective_before=0 cap_effective=*"
	}},
	{"setfsuid", func(a *actor) string { a.call(0); return "uid=0(root)" }},
	{"setfsgid", func(a *actor) string { a.call(0); return "gid=0(root)" }},
	{"setgroups", func(a *actor) string { a.call(0, 0); return "res=0 size=0" }},
}
