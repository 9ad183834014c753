package pushdown

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Parts of random conditions: some say how a call ended, some don't, some do
// only together.
var (
	types = []string{"openat", "mkdirat", "symlinkat", "unlinkat", "renameat", "linkat", "fchmodat", "dup", "dup3", "execve", "connect", "sendto", "kill", "clone", "setresuid", "chdir"}
	tests = []string{
		"evt.failed = true", "evt.failed = false", "evt.rawres >= 0", "evt.rawres < 0", "evt.rawres = -2", "evt.rawres != -17",
		"evt.res = SUCCESS", "evt.res != SUCCESS", "evt.res in (ENOENT, EEXIST)", "evt.res startswith E", "saker.error.type exists",
		"evt.count.error = 1", "fd.num >= 0", "fd.num = -1", "fd.num < 100", "fd.num exists", "evt.is_open_write = true", "evt.is_open_read = true",
		"evt.is_open_exec = true", "evt.arg.flags contains O_TRUNC", "evt.arg.flags contains O_", "evt.arg.flags = O_RDONLY",
		"fd.name startswith /etc", "fd.name startswith /", "fd.name = /etc/shadow", "fd.name != /etc/passwd", "fd.name in (/dev/null, /dev/zero, /etc/shadow)",
		"fd.name contains id_rsa", "fd.name icontains ID_RSA", "fd.name contains /d3/", "fd.name glob /proc/*/status", "fd.name glob *id_rsa*",
		"fd.name glob /etc/[a-p]*", "fd.name pmatch (/etc, /proc/self, /dev/null)", "fd.name pmatch (/tmp/*/001)", "fd.name endswith .pub",
		"fd.name regex '/etc/.*'", "fd.directory = /etc", "fd.directory in (/etc, /dev, /)", "fd.directory startswith /usr", "fd.directory != /dev",
		"fd.directory endswith /d3", "fd.directory glob */mounted", "fd.filename in (shadow, id_rsa)", "fd.filename startswith id", "fd.filename contains ass",
		"fd.filename = .bashrc", "fd.filename endswith a", "fd.filename glob ?asswd", "fd.nameraw contains ..", "fd.nameraw contains ../", "fd.nameraw glob *../*", "fd.nameraw startswith /etc/", "fd.nameraw = file", "fd.origin startswith /etc", "fd.origin exists",
		"basename(fd.name) = shadow", "toupper(fd.name) startswith /ETC", "fd.name = val(fd.directory)", "fd.type = file", "fd.type in (directory, pipe)",
		"evt.unreadable exists", "evt.truncated exists", "fd.replaced = true", "fd.replaced = false", "fd.sport = 9", "fd.connected = true",
		"fd.name endswith file", "fd.name exists", "fd.typechar = f", "proc.name exists", "proc.name = nobody", "evt.arg.flags contains O_CREAT",
	}
	// What the process is at some time, or becomes, or its children are.
	processTests = []string{
		"proc.name startswith named", "proc.name = named", "user.uid = 4711", "user.uid != 0", "user.uid = 0 and thread.tid exists",
		"proc.cwd startswith /proc", "proc.cwd contains TestSameAlerts", "proc.is_sid_leader = true", "proc.args contains shadow", "proc.args = follower",
		"proc.exepath endswith sh", "proc.pname startswith named", "proc.aname[2] = sh", "container.id != host", "container.name = late",
		"container.name exists", "not container.id = host", "proc.name in (sh, dash, named)", "not proc.name startswith named", "proc.is_exe_upper_layer = true",
	}
)

// numberTests are conditions on numbers that calls are given.
var numberTests = []struct{ types, tests string }{
	{"ptrace", "evt.arg.request = PTRACE_ATTACH; evt.arg.request in (PTRACE_ATTACH, PTRACE_SEIZE); evt.arg.request != PTRACE_UNKNOWN; evt.rawarg.pid < 0"},
	{"prctl", "evt.arg.option = PR_GET_DUMPABLE; evt.arg.option contains GET; evt.arg.option = 99999; evt.rawarg.option >= 36; evt.rawarg.arg2_int < 0"},
	{"bpf", "evt.arg.cmd in (BPF_PROG_LOAD, BPF_OBJ_GET); evt.arg.cmd startswith BPF_MAP; evt.rawarg.cmd > 1000"},
	{"fcntl", "evt.arg.cmd = F_GETFL; evt.arg.cmd in (F_GETFD, F_DUPFD); evt.rawarg.cmd != 1; evt.arg.arg = 32"},
	{"socket", "evt.arg.domain = AF_INET; evt.arg.domain contains UNIX; evt.arg.type = 2; evt.rawarg.proto = 17; evt.arg.flags contains O_CLOEXEC"},
	{"kill", "evt.arg.sig = SIGKILL; evt.rawarg.sig > 64; evt.rawarg.pid = -1; evt.arg.sig contains SIG"},
	{"lseek", "evt.arg.whence = SEEK_END; evt.arg.offset > 7; evt.rawarg.offset < 0; evt.arg.whence contains SEEK"},
	{"chmod, fchmodat", "evt.arg.mode contains S_ISUID; evt.arg.mode contains S_IX; evt.arg.mode contains S_ISUID and not evt.arg.mode contains S_ISGID"},
	{"openat2", "evt.arg.flags contains O_TRUNC; evt.is_open_write = true; evt.arg.resolve contains RESOLVE_BENEATH; evt.arg.resolve contains RESOLVE_NO"},
	{"unshare, setns", "evt.arg.flags contains CLONE_NEW; evt.arg.nstype contains CLONE_NEWNS; evt.arg.flags contains CLONE_FS"},
	{"flock", "evt.arg.operation contains LOCK_EX; evt.arg.operation contains LOCK_NB"},
}

// randomNumbers is a rule of numbers, true for some of those that are given.
func randomNumbers(r *rand.Rand) string {
	about := numberTests[r.IntN(len(numberTests))]
	tests := strings.Split(about.tests, "; ")
	one, other := tests[r.IntN(len(tests))], tests[r.IntN(len(tests))]
	return fmt.Sprintf("evt.type in (%s) and %s", about.types, []string{
		one, "not " + one, "(" + one + " or " + other + ")", "not (" + one + " and " + other + ")", "(" + one + " and evt.rawres < 0)",
	}[r.IntN(5)])
}

func randomRules(r *rand.Rand) string {
	var b strings.Builder
	for i := range 3 {
		fmt.Fprintf(&b, "- rule: n%d\n  desc: d\n  priority: info\n  output: \"%%evt.type %%evt.res %%evt.args\"\n  condition: %s\n", i, randomNumbers(r))
	}
	for i := range 1 + r.IntN(2) {
		of := []string{"openat"} // where most can be told apart
		for range r.IntN(4) {
			of = append(of, types[r.IntN(len(types))])
		}
		fmt.Fprintf(&b, "- rule: r%d\n  desc: d\n  priority: info\n  output: \"%%evt.type %%evt.res %%evt.rawres %%fd.num %%fd.name %%evt.args\"\n", i)
		fmt.Fprintf(&b, "  condition: evt.type in (%s) and %s", strings.Join(of, ", "), randomCondition(r, 3))
		if r.IntN(2) == 0 {
			fmt.Fprintf(&b, " and %s", processTests[r.IntN(len(processTests))])
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func randomCondition(r *rand.Rand, depth int) string {
	if depth == 0 || r.IntN(3) == 0 {
		return tests[r.IntN(len(tests))]
	}
	if r.IntN(2) == 0 { // as rules are: few things are so
		return tests[r.IntN(len(tests))] + " and " + tests[r.IntN(len(tests))] + " and not " + tests[r.IntN(len(tests))]
	}
	left, right := randomCondition(r, depth-1), randomCondition(r, depth-1)
	switch r.IntN(3) {
	case 0:
		return "(" + left + " or " + right + ")"
	case 1:
		return "not (" + left + " and " + right + ")"
	}
	return "(" + left + " and " + right + ")"
}
