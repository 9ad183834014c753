package syscalls

// userRows are calls on whom a process belongs to.
var userRows = []*Row{
	{Name: "setuid", Category: User, Effect: ChangesProcess, Params: []Param{res, value("uid", UID, Arg0)}},
	{Name: "setgid", Category: User, Effect: ChangesProcess, Params: []Param{res, value("gid", GID, Arg0)}},
	{Name: "setreuid", Category: User, Effect: ChangesProcess, Params: []Param{
		res, value("ruid", UID, Arg0), value("euid", UID, Arg1),
	}},
	// Falco types the groups of setregid as users; rules and outputs see that.
	{Name: "setregid", Category: User, Effect: ChangesProcess, Params: []Param{
		res, value("rgid", UID, Arg0), value("egid", UID, Arg1),
	}},
	{Name: "setresuid", Category: User, Effect: ChangesProcess, Params: []Param{
		res, value("ruid", UID, Arg0), value("euid", UID, Arg1), value("suid", UID, Arg2),
	}},
	{Name: "setresgid", Category: User, Effect: ChangesProcess, Params: []Param{
		res, value("rgid", GID, Arg0), value("egid", GID, Arg1), value("sgid", GID, Arg2),
	}},
	{Name: "setfsuid", Category: Other, Effect: ChangesProcess, Params: beyond(value("uid", UID, Arg0))},
	{Name: "setfsgid", Category: Other, Effect: ChangesProcess, Params: beyond(value("gid", GID, Arg0))},
	{Name: "setgroups", Category: Other, Effect: ChangesProcess, Params: beyond(res, value("size", Int32, Arg0))},
	// Beyond Falco: the effective ids and capabilities are others now than what was told last.
	{Name: "credchange", Kind: Meta, Category: User, Params: []Param{
		value("by", CharBuf, OfProcess),
		value("uid_before", UID, OfProcess), value("uid", UID, OfProcess),
		value("gid_before", GID, OfProcess), value("gid", GID, OfProcess),
		hex(value("cap_effective_before", Uint64, OfProcess)), hex(value("cap_effective", Uint64, OfProcess)),
	}},

	{Name: "getuid", Category: User, Params: []Param{value("uid", UID, Result)}},
	{Name: "geteuid", Category: User, Params: []Param{value("euid", UID, Result)}},
	{Name: "getgid", Category: User, Params: []Param{value("gid", GID, Result)}},
	{Name: "getegid", Category: User, Params: []Param{value("egid", GID, Result)}},
	{Name: "getresuid", Category: User, Params: []Param{
		res, pointed(value("ruid", UID, Arg0)), pointed(value("euid", UID, Arg1)), pointed(value("suid", UID, Arg2)),
	}},
	{Name: "getresgid", Category: User, Params: []Param{
		res, pointed(value("rgid", GID, Arg0)), pointed(value("egid", GID, Arg1)), pointed(value("sgid", GID, Arg2)),
	}},
	{Name: "quotactl", Category: User, Params: quota()},
}

// pointed is a 32-bit number that the kernel writes where the argument points.
func pointed(p Param) Param { return out(member(p, 0, 4)) }

// quota is the parameters of quotactl. What its last argument points at
// depends on a command that is no small number, and so is not captured.
func quota() []Param {
	n := func(name string) Param { return value(name, Uint64, Nowhere) }
	t := func(name string) Param { return value(name, RelTime, Nowhere) }
	decimal := func(p Param) Param { p.Base = Decimal; return p }
	return []Param{
		res, text("special", Arg1), text("quotafilepath", Nowhere),
		n("dqb_bhardlimit"), n("dqb_bsoftlimit"), n("dqb_curspace"), n("dqb_ihardlimit"), n("dqb_isoftlimit"),
		t("dqb_btime"), t("dqb_itime"), t("dqi_bgrace"), t("dqi_igrace"),
		decimal(flagsOf(Flags8, "dqi_flags", Nowhere, quotaInfoFlags)),
		decimal(flagsOf(Flags8, "quota_fmt_out", Nowhere, quotaFormats)),
		decimal(flagsOf(Flags16, "cmd", Arg0, quotaCommands)), decimal(flagsOf(Flags8, "type", Arg0, quotaTypes)),
		value("id", Uint32, Arg2), decimal(flagsOf(Flags8, "quota_fmt", Nowhere, quotaFormats)),
	}
}
