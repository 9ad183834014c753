package record

import (
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/sakerhq/saker/internal/event/eventtest"
)

// TestLimits: a record that says less than its event says so.
func TestLimits(t *testing.T) {
	for _, test := range []struct {
		name    string
		opts    Options
		fields  []string
		want    string
		dropped uint32
	}{
		{"no limit", Options{}, []string{"proc.cmdline"}, "process.command_line: ls -l ä /tmp\n", 0},
		{
			"length",
			Options{Limits: Limits{ValueLength: 7}},
			[]string{"evt.type", "proc.cmdline", "proc.args"},
			`process.command_args: ["/bin/ls","-l","ä","/tmp"]
process.command_line: ls -l ä
saker.evt.type: execve
saker.record.truncated: ["process.command_line"]
`, 0,
		},
		{"length before a character of two bytes", Options{Limits: Limits{ValueLength: 6}}, []string{"proc.cmdline"}, `process.command_line: ls -l ` + `
saker.record.truncated: ["process.command_line"]
`, 0},
		{
			"elements",
			Options{Limits: Limits{ArrayLength: 2, ValueLength: 3}},
			[]string{"proc.args"},
			`process.command_args: ["/bi","-l"]
saker.record.truncated: ["process.command_args"]
`, 0,
		},
		{"count", Options{Limits: Limits{Attributes: 2}}, []string{"evt.type", "proc.name", "fd.name", "proc.cmdline", "user.uid"}, `saker.evt.type: execve
saker.proc.name: ls
`, 2},
	} {
		e := eventtest.Named("execve")
		e.Process.Args = []string{"-l", "ä", "/tmp"}
		w := NewWriter(test.opts)
		lr := w.Add(e, refs(t, test.fields...))
		if got := dump(lr.Attributes()); got != test.want || lr.DroppedAttributesCount() != test.dropped {
			t.Errorf("%s: %d dropped, got\n%s", test.name, lr.DroppedAttributesCount(), got)
		}
		if w.Altered() != (test.name != "no limit") {
			t.Errorf("%s: altered: %v", test.name, w.Altered())
		}
		w.Add(e, refs(t, "evt.num"))
		if w.Altered() {
			t.Errorf("%s: the next record is said to lack something too", test.name)
		}
	}
}

// TestRedactedRecord: no attribute of a record says a secret.
func TestRedactedRecord(t *testing.T) {
	e := eventtest.Named("execve")
	e.Process.Args = []string{"--password", "hunter2", "-x", "--token=hunter2"}
	e.Process.Env = []string{"HOME=/home/ana", "DB_PASSWORD=hunter2", "OTHER=x"}
	for p := e.Process.Parent; p != nil; p = p.Parent {
		p.Args = []string{"--api-key", "hunter2"}
		p.Env = []string{"SECRET=hunter2"}
	}
	for i, p := range e.Row.Params {
		switch p.Name {
		case "args":
			e.Args[i].Text = strings.Join(e.Process.Args, "\x00")
		case "env":
			e.Args[i].Text = strings.Join(e.Process.Env, "\x00")
		}
	}
	w := NewWriter(Options{Redactor: newRedactor(t)})
	fields := []string{
		"proc.args", "proc.env", "proc.env[DB_PASSWORD]", "proc.env[OTHER]", "proc.pcmdline", "proc.acmdline",
		"proc.aargs", "proc.aenv", "proc.aenv[SECRET]", "evt.args", "evt.arg.args", "evt.arg.env", "evt.rawarg.env",
	}
	lr := w.Add(e, refs(t, fields...))
	text := dump(lr.Attributes())
	if strings.Contains(text, "hunter2") || !strings.Contains(text, "process.environment_variable.OTHER: x\n") ||
		!strings.Contains(text, "process.environment_variable.DB_PASSWORD: ***\n") {
		t.Error(text)
	}
	if v, _ := lr.Attributes().Get(KeyRedacted); v.Slice().Len() != len(fields)-1 {
		t.Errorf("redacted: %s", v.AsString())
	}
	if n := w.Redacted(); n != uint64(len(fields)-1) {
		t.Errorf("%d attributes are said to hide something", n)
	}
	if v, _ := lr.Attributes().Get("process.command_args"); v.AsString() != `["/bin/ls","--password","***","-x","--token=***"]` {
		t.Error(v.AsString())
	}
}

func TestMatched(t *testing.T) {
	lr := plog.NewLogRecord()
	all := func() (names []string) {
		Matched(lr, func(name string) { names = append(names, name) })
		return names
	}
	MarkMatched(lr, nil)
	if lr.Attributes().Len() != 0 || all() != nil {
		t.Error("marked without a rule")
	}
	MarkMatched(lr, []string{"a", "b c"})
	if got := all(); !slices.Equal(got, []string{"a", "b c"}) {
		t.Error(got)
	}
	lr.Attributes().PutStr(keyMatched, "a")
	if all() != nil {
		t.Error("a foreign attribute is taken for a mark")
	}
}
