package evasions

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// evasion is an act, the condition that is true for it, and the output that
// its alert must have. {dir} stands for the act's own directory, {tool} for a
// program there, {base} for the directory's last name, {self} and {name} for the
// program that acts, {pid} for its process, {ino} for the inode of the file
// "secret". The process says on its standard output how often it did the act;
// nothing: once.
type evasion struct {
	name, act         string
	condition, output string
	want              string
}

const (
	// opened is an open that succeeded, of a file below {dir}.
	opened  = `evt.type in (open, openat, openat2, creat) and fd.num >= 0 and `
	started = `evt.type in (execve, execveat) and evt.rawres = 0 and `
	secret  = `fd.name = "{dir}/secret"`
)

var evasions = []evasion{
	{
		"the path changes while the call runs", "swap while it blocks",
		opened + `evt.is_open_read = true and fd.name = "{dir}/pipe"`,
		"%fd.name as %fd.nameraw", "{dir}/pipe as {dir}/decoy-as-long",
	},
	{
		"the path's page goes away while the call runs", "unmap while it blocks",
		opened + `evt.is_open_read = true and fd.name = "{dir}/pipe"`,
		"%fd.name", "{dir}/pipe",
	},
	{
		"a second thread swaps the path all the time", "swap",
		opened + secret, "%fd.name", "{dir}/secret",
	},
	{
		"a second thread drops the path's page all the time", "drop page",
		opened + secret, "%fd.name", "{dir}/secret",
	},
	{
		"a second thread swaps the address all the time", "swap address",
		`evt.type = connect and evt.rawres = 0 and fd.sip = 127.83.75.1`, "%fd.sip", "127.83.75.1",
	},
	{
		"a hard link is laid over the file", "hard link",
		`evt.type in (link, linkat) and evt.arg.oldpath = "{dir}/secret"`,
		"%evt.arg.newpath", "{dir}/alias",
	},
	{
		"the file is opened through a hard link", "hard link",
		opened + `fd.ino = {ino}`, "%fd.name", "{dir}/alias",
	},
	{"openat2 that keeps below a root", "in root", opened + secret, "%evt.type %fd.name", "openat2 {dir}/secret"},
	{"openat2 that resolves no link", "no links", opened + secret, "%evt.type %fd.name", "openat2 {dir}/secret"},
	{"creat", "creat", opened + secret, "%evt.type %fd.name", "creat {dir}/secret"},
	{
		"fcntl in place of dup, for a rule on dup", "fcntl",
		`evt.type in (dup, dup2, dup3) and evt.rawres >= 0 and fd.name = "{dir}/secret"`,
		"%evt.type %fd.num", "dup 100",
	},
	{
		"fcntl in place of dup", "fcntl",
		`evt.type = fcntl and evt.arg.cmd = F_DUPFD and fd.name = "{dir}/secret"`,
		"%fd.name to %evt.rawres", "{dir}/secret to 100",
	},
	{
		"a script", "script",
		started + `evt.arg.filename = "{dir}/script"`,
		"%proc.name %proc.exepath %proc.args", "script {sh} {dir}/script an argument",
	},
	{
		"a program that ld.so runs", "ld.so",
		opened + `fd.name = "{tool}"`, "%proc.exepath runs %proc.args", "{ld.so} runs {tool}",
	},
	{
		"a long argument before the interesting one", "long argument",
		started + `proc.args contains "{dir}/needle"`, "%proc.name", "tool",
	},
	{
		"arguments that control a console", "escape codes",
		started + `proc.exepath = "{tool}"`, "%proc.args",
		`a\nb \u001b[2J\u001b]0;title\u0007 \r` + "\uFFFD" + ` \u007f`,
	},
	{
		"3,000 forks before the act", "forks",
		opened + secret, "%proc.name < %proc.aname[1] < %proc.aname[2] %proc.apid[2]", "cat < sh < {name} {pid}",
	},
	{
		"namespaces of its own", "namespaces",
		opened + `fd.name = "{dir}/over/secret"`, "%proc.vpid %proc.name %proc.ppid", "1 cat {pid}",
	},
	{
		"another name", "rename",
		opened + secret, "%proc.name %proc.exepath", "innocent {self}",
	},
	{
		"a process that exits at once", "short",
		started + `proc.exepath = "{tool}"`, "%proc.name < %proc.pname %proc.ppid", "tool < {name} {pid}",
	},
	{
		"a parent that exits at once", "orphan",
		opened + secret, "%proc.name %proc.exepath", "cat {cat}",
	},
	{
		"vfork's flags without exec", "clone vfork",
		opened + secret, "%proc.ppid %proc.exepath", "{pid} {self}",
	},
	{
		"clone that shares the descriptors", "clone files",
		opened + secret, "%proc.ppid %proc.exepath", "{pid} {self}",
	},
	{
		"clone3 with odd flags that tells nobody of its end", "clone3",
		opened + secret, "%proc.ppid %proc.exepath", "{pid} {self}",
	},
	{
		"clone that makes a sibling", "clone parent",
		opened + secret, "%proc.exepath", "{self}",
	},
	{
		"a thread without exec", "thread",
		opened + secret, "%proc.pid %proc.exepath", "{pid} {self}",
	},
	{
		"exec by a thread that is no leader", "thread exec",
		started + `proc.exepath = "{tool}"`, "%proc.pid %proc.name", "{pid} tool",
	},
}

// possible are the evasions that this machine has the calls and programs for.
func possible() []evasion {
	var all []evasion
	for _, kind := range kinds {
		all = append(all, kind.rows...)
	}
	return slices.DeleteFunc(all, func(e evasion) bool {
		return e.act == "creat" && len(creatNumber()) == 0 || e.act == "ld.so" && interpreter() == "" ||
			e.act == "replace unix descriptor" && !hasUnixHooks()
	})
}

// performWhole performs an evasion's act, again where records were lost: that
// proves nothing.
func (w *watch) performWhole(e evasion, dir string) (pid, times int) {
	w.t.Helper()
	for range 5 {
		delete(w.alerts, e.name) // other acts may make the rule true, too
		before := w.lost()
		pid, times = w.perform(e.act, dir, func(n int) bool { return len(w.alerts[e.name]) >= n })
		lost := w.lost() - before
		if lost == 0 {
			return pid, times
		}
		w.t.Logf("%d records were lost; in all: %+v", lost, w.counts())
	}
	w.t.Fatal("records were lost each time, so that nothing is proven")
	return 0, 0
}

func TestEvasions(t *testing.T) {
	evasions := possible()
	fixtures := make([]*strings.Replacer, len(evasions))
	dirs := make([]string, len(evasions))
	var text strings.Builder
	for i, e := range evasions {
		fixtures[i], dirs[i] = fixture(t)
		fmt.Fprintf(&text, "- rule: %q\n  desc: d\n  condition: >-\n    %s\n  output: %q\n  priority: INFO\n",
			e.name, fixtures[i].Replace(e.condition), e.output)
	}
	w := startWatch(t, text.String())
	all := w.t
	for i, e := range evasions {
		t.Run(e.name, func(t *testing.T) {
			w.t = t
			defer func() { w.t = all }()
			if missing := w.lacks(e); missing != "" {
				t.Skip("not to be seen here: ", missing)
			}
			pid, times := w.performWhole(e, dirs[i])
			want := strings.ReplaceAll(fixtures[i].Replace(e.want), "{pid}", strconv.Itoa(pid))
			got := w.alerts[e.name]
			if times == 0 {
				t.Error("the act never came to be")
			}
			if len(got) != times {
				t.Errorf("done %d times, seen %d times", times, len(got))
			}
			for _, output := range slices.Compact(got) {
				if output != want {
					t.Errorf("told as %q, want %q", output, want)
				}
			}
		})
	}
}

// lacks is what this kernel lacks, if an evasion can't be seen without it.
func (w *watch) lacks(e evasion) string {
	missing := strings.Join(w.sensor.Missing(), "; ")
	if slices.Contains(bySocket, e) && strings.Contains(missing, "hooks of sockets") ||
		e.act == "chown that changes" && strings.Contains(missing, "hook of chown") ||
		slices.Contains(byLookup, e) && strings.Contains(missing, "hooks of paths") ||
		slices.Contains(byRing, e) && strings.Contains(missing, "io_uring") {
		return missing
	}
	return ""
}

// perform runs an act and gives its process and how often it says it did it.
func (w *watch) perform(act, dir string, seen func(times int) bool) (pid, times int) {
	w.t.Helper()
	self, err := os.Executable()
	if err != nil {
		w.t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), actVariable+"="+act, dirVariable+"="+dir)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	running := true
	w.readUntil(func() bool {
		select {
		case err = <-ended:
			running = false
		default:
		}
		return !running
	}, 10*time.Minute) // thousands of forks, where the machine is emulated
	if running {
		_ = cmd.Process.Kill()
		w.t.Fatalf("the act did not end: %s", &errs)
	}
	if cmd.ProcessState.ExitCode() == lacking {
		w.t.Skipf("this machine can't: %s", &errs)
	}
	if err != nil {
		w.t.Fatalf("%v: %s", err, &errs)
	}
	times = 1
	if out.Len() > 0 {
		if times, err = strconv.Atoi(strings.TrimSpace(out.String())); err != nil {
			w.t.Fatal(err)
		}
	}
	// What a grandchild does may come later.
	w.readUntil(func() bool { return seen(times) }, 20*time.Second)
	w.readUntil(func() bool { return true }, time.Second)
	return cmd.Process.Pid, times
}

// fixture is a directory with all that an act may need, and the words of the
// table that stand for it.
func fixture(t *testing.T) (*strings.Replacer, string) {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, content string, mode os.FileMode) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), mode); err != nil {
			t.Fatal(err)
		}
	}
	tool, err := os.ReadFile("/bin/true")
	if err != nil {
		t.Fatal(err)
	}
	write("secret", "x", 0o600)
	write("public", "x", 0o600)
	write("shared", "x", 0o644)
	write("script", "#!/bin/sh\n:\n", 0o700)
	write("tool", string(tool), 0o700)
	if err := os.Mkdir(filepath.Join(dir, "over"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	var st unix.Stat_t
	if err := unix.Stat(filepath.Join(dir, "secret"), &st); err != nil {
		t.Fatal(err)
	}
	self := resolved(t, "/proc/self/exe")
	name := filepath.Base(self)
	return strings.NewReplacer("{dir}", dir, "{base}", filepath.Base(dir), "{tool}", dir+"/tool", "{ino}", strconv.FormatUint(st.Ino, 10),
		"{self}", self, "{name}", name[:min(len(name), 15)], "{sh}", resolved(t, "/bin/sh"), "{cat}", resolved(t, program(t, "cat")),
		"{ld.so}", interpreter()), dir
}

func resolved(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}
