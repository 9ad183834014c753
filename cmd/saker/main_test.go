package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/internal/syscalls"
)

const good = `
- rule: Cat ran
  desc: d
  condition: evt.type = execve and proc.name = cat
  output: "%proc.cmdline"
  priority: INFO
  tags: [mine]
`

const broken = `
- rule: Cat ran
  desc: d
  condition: evt.type = execve and proc.nmae = cat
  output: o
  priority: INFO
`

const doubtful = good + `
- macro: unused
  condition: proc.name = cat
`

const written = `
- rule: Keys written
  desc: d
  condition: evt.type = openat and evt.is_open_write = true and fd.name endswith /authorized_keys
  output: o
  priority: INFO
`

const attached = `
- rule: Attached
  desc: d
  condition: evt.type = ptrace and evt.arg.request in (PTRACE_ATTACH, PTRACE_SEIZE)
  output: o
  priority: INFO
`

const asked = `
- rule: Asked
  desc: d
  condition: evt.type = connect and fd.sport = 53 and fd.snet = 10.0.0.0/8
  output: o
  priority: INFO
`

const logs = `
- rule: Login failed
  desc: d
  condition: log.attr[outcome] = failure
  output: "%log.body"
  priority: ERROR
  source: logins
`

const unread = `
- {rule: Unread, desc: d, priority: info, output: o, condition: evt.type = mkdir and evt.unreadable exists}
`

func TestCommands(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, content := range map[string]string{"good.yaml": good, "broken.yaml": broken, "doubtful.yaml": doubtful, "logs.yaml": logs, "attached.yaml": attached, "asked.yaml": asked, "unread.yaml": unread} {
		if err := os.WriteFile(filepath.Join(".", name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Mkdir("paths", 0o700), os.WriteFile("paths/rules.yaml", []byte(written), 0o600), os.WriteFile("paths/note.txt", nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args string
		code int
		out  string // what standard output shows
		errs string // what standard error shows; empty: nothing
	}{
		{"", exitUsage, "", "usage: saker COMMAND"},
		{"help", exitOK, "usage: saker COMMAND", ""},
		{"chekc", exitUsage, "", `there is no command "chekc"`},

		{"check", exitUsage, "", "name at least one rule file"},
		{"check --jsn x", exitUsage, "", "flag provided but not defined"},
		{"check nowhere.yaml", exitUsage, "", "nowhere.yaml: no such file"},
		{"check good.yaml", exitOK, "1 rules, no errors, 0 warnings", ""},
		{"check doubtful.yaml", exitOK, "doubtful.yaml:9:", ""},
		{"check broken.yaml", exitFindings, "broken.yaml:4:36: error: ", ""},
		{"check broken.yaml", exitFindings, "1 errors, 0 warnings", ""},
		{"check --json good.yaml", exitOK, "[]\n", ""},
		{"check --json broken.yaml", exitFindings, `"line": 4,`, ""},

		{"pushdown", exitUsage, "", "name at least one rule file"},
		{"pushdown broken.yaml", exitFindings, "", "broken.yaml:4:36"},
		{"pushdown good.yaml", exitOK, "execve  tells failed calls (Cat ran)", ""},
		{"pushdown paths", exitOK, "files that no rule names", ""},
		{"pushdown paths", exitOK, "O_WRONLY (Keys written)", ""},
		{"pushdown --json paths", exitOK, `"path_states": `, ""},
		{"pushdown paths", exitOK, "processes that its rules are not about", ""},
		{"pushdown attached.yaml", exitOK, "leaves out any other request  tells ", ""},
		{"pushdown attached.yaml", exitOK, "request PTRACE_ATTACH (Attached), request PTRACE_SEIZE (Attached)", ""},
		{"pushdown asked.yaml", exitOK, "any other remote port, any other remote address, ", ""},
		{"pushdown asked.yaml", exitOK, "remote port 53 (Asked), remote address 10.0.0.0 to 10.255.255.255 (Asked)", ""},
		{"pushdown unread.yaml", exitOK, "mkdir  leaves out calls of which all could be read  tells ", ""},
		{"pushdown missing.yaml", exitUsage, "", "missing.yaml"},
		{"pushdown --json good.yaml", exitOK, `"call": "execve"`, ""},

		{"list good.yaml", exitOK, "Informational  syscall  Cat ran  mine", ""},
		{"list --json good.yaml", exitOK, `"name": "Cat ran"`, ""},
		{"list --json good.yaml", exitOK, `"condition": "(evt.type = execve and proc.name = cat)"`, ""},
		{"check logs.yaml", exitOK, "1 rules, no errors, 0 warnings", ""},
		{"list logs.yaml", exitOK, "Error  logins  Login failed  ", ""},
		{"list --json logs.yaml", exitOK, `"log.attr[outcome]"`, ""},
		{"list", exitOK, "Warning", ""},
		{"list broken.yaml", exitFindings, "", "broken.yaml:4:36: error: "},
		{"list nowhere.yaml", exitUsage, "", "nowhere.yaml: no such file"},

		{"fields", exitOK, "proc.aname[[N]]", ""},
		{"fields", exitOK, "Not answered: ", ""},
		{"fields", exitOK, "log.attr[KEY]", ""},
		{"fields --json", exitOK, `"unserved": "`, ""},
		{"fields x", exitUsage, "", `takes no "x"`},
		{"events", exitOK, "flags:FLAGS32(hex)", ""},
		{"events x", exitUsage, "", `takes no "x"`},
		{"version", exitOK, "saker ", ""},
		{"version x", exitUsage, "", `takes no "x"`},
	} {
		t.Run(c.args, func(t *testing.T) {
			var out, errs bytes.Buffer
			code := run(strings.Fields(c.args), &out, &errs)
			if code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			if !strings.Contains(out.String(), c.out) || (c.out == "" && out.Len() > 0) {
				t.Errorf("standard output, want %q:\n%s", c.out, &out)
			}
			if !strings.Contains(errs.String(), c.errs) || (c.errs == "" && errs.Len() > 0) {
				t.Errorf("standard error, want %q:\n%s", c.errs, &errs)
			}
		})
	}
}

// The lists in JSON have a row for each row of the tables.
func TestJSONLists(t *testing.T) {
	for command, want := range map[string]int{
		"fields": len(field.Falco().Fields()) + len(field.Log().Fields()), "events": len(syscalls.Rows()),
	} {
		var out, errs bytes.Buffer
		if code := run([]string{command, "--json"}, &out, &errs); code != exitOK {
			t.Fatalf("%s: exit code %d: %s", command, code, &errs)
		}
		var rows []map[string]any
		if err := json.Unmarshal(out.Bytes(), &rows); err != nil {
			t.Fatalf("%s: %v", command, err)
		}
		if len(rows) != want {
			t.Errorf("%s: %d rows, want %d", command, len(rows), want)
		}
		for _, row := range rows {
			for key, value := range row {
				if value == "" {
					t.Errorf("%s: %v has an empty %s", command, row["name"], key)
				}
			}
		}
	}
}
