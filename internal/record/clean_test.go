package record

import (
	"strings"
	"testing"

	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/event/eventtest"
	"github.com/sakerhq/saker/internal/syscalls"
)

// planted is what no record may say.
const planted = "hun!ter 2words"

// plants are command lines and environments that tell it.
var plants = []struct{ argv, env []string }{
	{argv: []string{"tool", "--password", planted, "-x"}},
	{argv: []string{"tool", "--password=" + planted}},
	{argv: []string{"tool", "-x", "--api-key=" + planted, "y"}},
	{argv: []string{"env", "PGPASSWORD=" + planted, "psql"}},
	{argv: []string{"/bin/sh", "-c", "PGPASSWORD='" + planted + "' psql -h db"}},
	{argv: []string{"/bin/sh", "-c", `tool --password "` + planted + `" -x`}},
	{argv: []string{"curl", "-H", "Authorization: Bearer " + planted, "https://example.com"}},
	{argv: []string{"curl", "-u", "ana:" + planted, "https://example.com"}},
	{argv: []string{"curl", "-d", `{"user": "ana", "password": "` + planted + `"}`, "u"}},
	{argv: []string{"/usr/bin/mysql", "-u", "root", "-p" + planted, "db"}},
	{argv: []string{"sshpass", "-p", planted, "ssh", "host"}},
	{argv: []string{"git", "clone", "https://ana:" + strings.ReplaceAll(planted, " ", "%20") + "@example.com/x"}},
	{argv: []string{"tool", "-----BEGIN RSA " + "PRIVATE KEY-----\n" + planted + "\n-----END"}},
	{argv: []string{"tool"}, env: []string{"HOME=/root", "DB_PASSWORD=" + planted, "PATH=/bin"}},
	{argv: []string{"tool"}, env: []string{"URL=postgres://ana:" + strings.ReplaceAll(planted, " ", "+") + "@db/x"}},
}

// revealed is the first of what is left of the planted secret in a text.
func revealed(text string) string {
	for part := range strings.FieldsFuncSeq(planted, func(r rune) bool { return r == ' ' }) {
		if strings.Contains(text, part) {
			return part
		}
	}
	return ""
}

// tell has every program, its relatives and everything that the event was given
// tell a secret.
func tell(e *event.Event, argv, env []string) {
	for _, leader := range []*event.Process{e.Process.GroupLeader, e.Process.Session} {
		if leader != nil {
			leader.Exe, leader.Args, leader.Env = argv[0], argv[1:], env
		}
	}
	for p := e.Process; p != nil; p = p.Parent {
		p.Exe, p.Args, p.Env = argv[0], argv[1:], env
	}
	script := strings.Join(argv, " ") // what is no list shows no end of an argument
	if strings.Contains(script, planted) && !strings.ContainsAny(script, `"'`) {
		script = ""
	}
	for i := range e.Args {
		switch p := &e.Row.Params[i]; {
		case p.Name == "env":
			e.Args[i].Text = strings.Join(env, "\x00")
		case p.Type == syscalls.CharBufs:
			e.Args[i].Text = strings.Join(argv[1:], "\x00")
		case e.Args[i].Path != "":
			e.Args[i].Path = "/tmp/" + script
			fallthrough
		case e.Args[i].Text != "":
			e.Args[i].Text = script
		}
	}
	if e.FD != nil && e.FD.Name != "" {
		e.FD.Name, e.FD.Origin = "/tmp/"+script, "/srv/"+script
	}
}

// TestNoSecretSurvives: whatever field a record says, and as it says all of them.
func TestNoSecretSurvives(t *testing.T) {
	w := NewWriter(Options{Redactor: newRedactor(t)})
	for n, plant := range plants {
		for i, s := range eventtest.Samples() {
			tell(s.Event, plant.argv, plant.env)
			s.Event.Process.Image = uint64(1000*n + i + 1)
			all := append(everything(t, s.Event), refs(t, "proc.env[DB_PASSWORD]", "proc.env[URL]", "proc.aenv[DB_PASSWORD]", "proc.aenv[URL]")...)
			for range 3 { // it is said anew, remembered, and repeated
				w.Take()
				w.Add(s.Event, all)
			}
			_, lr := only(t, w.Take())
			for key, value := range lr.Attributes().All() {
				if part := revealed(value.AsString()); part != "" {
					t.Errorf("%q: %s: %s says %q: %s", plant, s.Name, key, part, value.AsString())
				}
			}
			if s.Event.Process.Args == nil && plant.env == nil {
				t.Fatalf("%s: nothing was planted", s.Name)
			}
			if _, ok := lr.Attributes().Get(KeyRedacted); !ok {
				t.Errorf("%q: %s: doesn't say that it hides something", plant, s.Name)
			}
		}
	}
}

// TestOffSaysAll: without a redactor a record says what the event does.
func TestOffSaysAll(t *testing.T) {
	e := eventtest.Named("execve")
	tell(e, plants[0].argv, nil)
	lr := NewWriter(Options{}).Add(e, refs(t, "proc.cmdline"))
	if v, _ := lr.Attributes().Get("process.command_line"); !strings.Contains(v.Str(), planted) {
		t.Error(v.Str())
	}
}

// TestCleanLeavesTheEvent: rules go on to see what was there.
func TestCleanLeavesTheEvent(t *testing.T) {
	r := newRedactor(t)
	e := eventtest.Named("execve")
	if r.Clean(e) != e {
		t.Error("an event without secrets is copied")
	}
	tell(e, plants[0].argv, plants[13].env)
	before := e.Process.CommandLine()
	clean := r.Clean(e)
	if clean == e || e.Process.CommandLine() != before || e.Process.Env[1] != plants[13].env[1] {
		t.Error("the event itself changed")
	}
	if got := clean.Process.CommandLine(); got != "ls --password *** -x" {
		t.Error(got)
	}
	if got := clean.Process.Parent.Args[1]; got != mask {
		t.Error(got)
	}
}

// FuzzPlanted: however a line of arguments goes on before and behind a secret,
// no field of the event says it.
func FuzzPlanted(f *testing.F) {
	for _, seed := range []string{"", "tool\x00-x", "sh\x00-c\x00echo 'x", "mysql\x00-u\x00root", "--password", "a=\"b\x00curl\x00-H"} {
		f.Add(seed, seed)
	}
	w := NewWriter(Options{Redactor: newRedactor(f)})
	f.Fuzz(func(t *testing.T, before, behind string) {
		last := strings.ToLower(before[strings.LastIndexByte(before, 0)+1:])
		if revealed(before+behind) != "" || strings.HasPrefix(last, "-") && strings.HasSuffix(last, "c") {
			return // what follows -c is a script, where blanks end a value
		}
		for _, option := range [][]string{{"--password", planted}, {"--token=" + planted}, {"SECRET=" + planted}} {
			argv := append(strings.Split("x\x00"+before, "\x00"), option...)
			e := eventtest.Named("execve")
			e.Process.Exe, e.Process.Args = argv[0], append(argv[1:], strings.Split(behind, "\x00")...)
			lr := w.Add(e, refs(t, "proc.cmdline", "proc.args", "proc.aargs", "proc.acmdline"))
			if text := dump(lr.Attributes()); revealed(text) != "" {
				t.Errorf("%q: %s", e.Process.Args, text)
			}
			w.Take()
		}
	})
}
