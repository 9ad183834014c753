package fields

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/internal/state"
	"github.com/sakerhq/saker/internal/syscalls"
	"github.com/sakerhq/saker/rules"
	"github.com/sakerhq/saker/test/witness"
)

// nest is a script that makes a chain of processes, counted from the last one
// up, of which number 899 runs another program. Each says who it is. The last
// one waits for a line and opens a file.
const nest = `
read -r pid rest </proc/self/stat
echo "$pid"
case $1 in
0) read -r line; : <"$2/bottom" ;;
900) "$2/elder" "$0" 899 "$2"; : ;;
*) sh "$0" $(($1 - 1)) "$2"; : ;;
esac
`

const depth = 1000

// lineageFields are of ancestors near the ends, and where the program changes.
func lineageFields(c *chain) map[string]string {
	return map[string]string{
		"proc.aname[1]": "sh", "proc.aname[899]": "elder", "proc.aname[900]": "sh",
		"proc.aexepath[899]": c.dir + "/elder", "proc.aexepath[900]": c.shell,
		"proc.aexe[899]": c.dir + "/elder", "proc.aexe[1000]": "/bin/sh",
		"proc.acmdline[900]": fmt.Sprintf("sh %s/nest 900 %[1]s", c.dir),
		"proc.apid[1]":       c.pid(1), "proc.apid[899]": c.pid(899), "proc.apid[900]": c.pid(900),
		"proc.apid[1000]": c.pid(1000), "proc.apid[1001]": strconv.Itoa(os.Getpid()),
	}
}

func lineageRules(c *chain) map[string]bool {
	return map[string]bool{
		"proc.aname in (nobody, elder)":                    true,
		"proc.aname in (nobody)":                           false,
		"proc.aname[900] = sh and proc.aname[899] = elder": true,
		"proc.aname[900] = elder":                          false,
		"proc.aexepath endswith /elder":                    true,
		"proc.aexepath endswith /younger":                  false,
		"proc.apid = " + c.pid(900):                        true,
		"proc.apid = 0":                                    false,
		"proc.acmdline contains 'nest 987 '":               true,
	}
}

// TestLongLineage: all is known of each of a thousand ancestors that live.
func TestLongLineage(t *testing.T) {
	sensor := witness.Sensor(t, witness.Options(syscalls.ByName("open"), syscalls.ByName("openat")))
	var c *chain
	checked := false
	w := witness.Follow(t, sensor, state.Options{}, func(ev *event.Event) {
		if c != nil && ev.FD != nil && ev.FD.Name == c.dir+"/bottom" {
			c.pids = <-c.made
			c.check(ev)
			checked = true
		}
	})
	c = startChain(t)
	if !w.Until(t, 5*patience, func() bool { return checked }) {
		t.Error("the last process opened nothing")
	}
}

// chain is a chain of processes, as the script makes it.
type chain struct {
	t          *testing.T
	dir, shell string
	pids       []string // the first one's first
	made       chan []string
}

// startChain starts a chain whose last process opens the file when all are there. All end
// by themselves.
func startChain(t *testing.T) *chain {
	t.Helper()
	dir, errDir := filepath.EvalSymlinks(t.TempDir())
	shell, errShell := filepath.EvalSymlinks("/bin/sh")
	program, errProgram := os.ReadFile(shell)
	if err := errors.Join(errDir, errShell, errProgram, os.WriteFile(dir+"/elder", program, 0o700), os.WriteFile(dir+"/nest", []byte(nest), 0o600),
		os.WriteFile(dir+"/bottom", nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/bin/sh", dir+"/nest", strconv.Itoa(depth), dir)
	cmd.Stderr = os.Stderr
	in, errIn := cmd.StdinPipe()
	out, errOut := cmd.StdoutPipe()
	if err := errors.Join(errIn, errOut, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = errors.Join(in.Close(), cmd.Wait()) })
	c := &chain{t: t, dir: dir, shell: shell, made: make(chan []string, 1)}
	go func() {
		var pids []string
		for lines := bufio.NewScanner(out); len(pids) <= depth && lines.Scan(); {
			pids = append(pids, lines.Text())
		}
		c.made <- pids
		_, _ = io.WriteString(in, "go\n") // if it has ended nobody opens anything
	}()
	return c
}

// pid is the number of the last process's i-th ancestor.
func (c *chain) pid(i int) string { return c.pids[depth-i] }

// check looks at the last process's open.
func (c *chain) check(ev *event.Event) {
	if len(c.pids) != depth+1 {
		c.t.Fatalf("%d processes, want %d", len(c.pids), depth+1)
	}
	for ref, want := range lineageFields(c) {
		if got := text(field.Eval(field.OfEvent{Event: ev}, refOf(c.t, ref))); got != want {
			c.t.Errorf("%s: %q, want %q", ref, got, want)
		}
	}
	for condition, want := range lineageRules(c) {
		rule := fmt.Sprintf("- {rule: r, desc: d, output: o, priority: INFO, condition: %q}", "evt.type in (open, openat) and "+condition)
		set, findings := rules.Load(rules.FalcoSchema(), []rules.File{{Name: "r.yaml", Content: []byte(rule)}}, rules.Options{})
		if set == nil {
			c.t.Fatal(findings.Err())
		}
		m := set.NewMatcher()
		for range 2 { // the second time its words are known
			matches := m.Match(field.OfEvent{Event: ev}, rules.SyscallSource, ev.Row.Name)
			if got := len(matches) == 1 && matches[0].Verdict == rules.True; got != want {
				c.t.Errorf("%s: %v", condition, matches)
			}
		}
	}
}
