package field

import "github.com/sakerhq/saker/internal/event"

var userFields = []*Field{
	{
		Name: "user.uid", Type: Uint32, Attr: "process.user.id", Get: userUID,
		Doc: "The effective user's number.",
	},
	{
		Name: "user.name", Type: CharBuf, Get: userName, From: []string{"saker.user.name", "user.uid"}, Derive: userNameFrom,
		Doc: "The effective user's name, <NA> when it is not known.",
	},
	{
		Name: "saker.user.name", Type: CharBuf, Attr: "process.user.name", Get: knownUser,
		Doc: "The effective user's name, only when it is known.",
	},
	{
		Name: "user.homedir", Type: CharBuf, Attr: "saker.user.homedir", Get: userHome,
		Doc: "The effective user's home directory, <NA> when it is not known.",
	},
	{
		Name: "user.shell", Type: CharBuf, Attr: "saker.user.shell", Get: userShell,
		Doc: "The effective user's login shell, <NA> when it is not known.",
	},
	{
		Name: "user.loginuid", Type: Int64, Attr: "saker.user.loginuid", Get: loginUID,
		Doc: "The number of the user who logged in, -1 when nobody did.",
	},
	{
		Name: "user.loginname", Type: CharBuf, Attr: "saker.user.loginname", Get: loginName,
		Doc: "The name of the user who logged in, <NA> when it is not known.",
	},
	{
		Name: "group.gid", Type: Uint32, Attr: "saker.group.gid", Get: groupGID,
		Doc: "The effective group's number.",
	},
	{
		Name: "group.name", Type: CharBuf, Attr: "saker.group.name", Get: groupName,
		Doc: "The effective group's name, <NA> when it is not known.",
	},
}

func userUID(e *event.Event, _ Arg) Value { return Unsigned(uint64(e.Process.UID)) }

// awaited reports whether an account of the process may soon be known: those
// of its container are being read.
func awaited(p *event.Process) bool {
	return p.Container != nil && p.Container.Told == event.Waiting
}

// nameOr is the name of a process's account; number 0 is root wherever a
// database is silent.
func nameOr(p *event.Process, a *event.Account, id uint32, otherwise Value) Value {
	switch {
	case a.Known:
		return Str(a.Name)
	case awaited(p) && id != event.NoID:
		return UnknownValue
	case id == 0:
		return Str("root")
	}
	return otherwise
}

func userName(e *event.Event, _ Arg) Value {
	return nameOr(e.Process, &e.Process.User, e.Process.UID, Str(na))
}

func knownUser(e *event.Event, _ Arg) Value {
	return nameOr(e.Process, &e.Process.User, e.Process.UID, NoValue)
}

func userNameFrom(in *Inputs, _ Arg) Value {
	if in[0].Kind() == Missing && in[1].Known() {
		return Str(na)
	}
	return in[0]
}

func userHome(e *event.Event, _ Arg) Value {
	switch u := &e.Process.User; {
	case u.Known:
		return Str(u.Home)
	case awaited(e.Process):
		return UnknownValue
	case e.Process.UID == 0:
		return Str("/root")
	}
	return Str(na)
}

func userShell(e *event.Event, _ Arg) Value {
	switch u := &e.Process.User; {
	case u.Known:
		return Str(u.Shell)
	case awaited(e.Process):
		return UnknownValue
	}
	return Str(na)
}

func loginUID(e *event.Event, _ Arg) Value { return Num(int64(int32(e.Process.LoginUID))) }

func loginName(e *event.Event, _ Arg) Value {
	return nameOr(e.Process, &e.Process.Login, e.Process.LoginUID, Str(na))
}

func groupGID(e *event.Event, _ Arg) Value { return Unsigned(uint64(e.Process.GID)) }

func groupName(e *event.Event, _ Arg) Value {
	return nameOr(e.Process, &e.Process.Group, e.Process.GID, Str(na))
}
