package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/rules"
	"github.com/sakerhq/saker/rules/library"
	"github.com/sakerhq/saker/test/acts"
)

// pipeline is the configuration of a collector that loads rules of one source,
// as "path: /a/file", and sends alerts to an OTLP receiver.
func pipeline(t *testing.T, dir, endpoint, source string) string {
	return write(t, dir, "collector.yaml", fmt.Sprintf(`
extensions:
  ruleset: { sources: [ { %s } ], rule_matching: all }
receivers:
  syscall: { ruleset: ruleset }
processors:
  detection: { ruleset: ruleset }
exporters:
  otlp_grpc: { endpoint: %q, tls: { insecure: true }, sending_queue: { enabled: false } }
service:
  extensions: [ruleset]
  pipelines: { logs: { receivers: [syscall], processors: [detection], exporters: [otlp_grpc] } }
  telemetry: { metrics: { level: none } }
`, source, endpoint))
}

// secretRule matches reads of one file only, so that nobody else's act does.
func secretRule(t *testing.T, dir, file string) string {
	return write(t, dir, "secret.yaml", fmt.Sprintf(`
- list: watched
  items: [%s]
- macro: opens
  condition: evt.type in (open, openat, openat2)
- rule: Watched file read
  desc: A file of the test was opened for reading.
  condition: opens and evt.is_open_read=true and fd.num>=0 and fd.name in (watched)
  output: "%%proc.name (%%proc.pid) read %%fd.name: %%proc.cmdline"
  priority: CRITICAL
  tags: [filesystem, T1005]
`, file))
}

func TestAlertReachesAnotherProcess(t *testing.T) {
	needKernel(t)
	dir := t.TempDir()
	file := write(t, dir, "secret", "nothing\n")
	other := write(t, dir, "other", "nothing\n")
	endpoint, acted := startReceiver(t), map[string]bool{}
	config := pipeline(t, dir, endpoint.endpoint, "path: "+secretRule(t, dir, file))

	// Stopped and started again, it must work as the first time.
	for round := range 2 {
		c := start(t, distribution(t), config)
		read(t, other)
		var began time.Time
		alert, pid := endpoint.provoke(t, "Watched file read", func() int {
			began = time.Now()
			pid := read(t, file)
			acted[fmt.Sprint(pid)] = true
			return pid
		})
		t.Logf("round %d: the alert took %v", round, alert.At.Sub(began))
		check(t, alert, pid, file)
		stop(t, c)
	}
	for _, alert := range endpoint.alerts() {
		if pid := alert.text("process.pid"); !acted[pid] {
			t.Errorf("an alert about process %s: the rule names a file that nobody else knows", pid)
		}
	}
}

// TestReload changes the rules of a running collector: SIGHUP makes it take
// them, and give back all that it had loaded into the kernel.
func TestReload(t *testing.T) {
	needKernel(t)
	dir := t.TempDir()
	file, other := write(t, dir, "secret", "nothing\n"), write(t, dir, "other", "nothing\n")
	endpoint := startReceiver(t)
	config := pipeline(t, dir, endpoint.endpoint, "path: "+secretRule(t, dir, file))
	c := start(t, distribution(t), config)

	secretRule(t, dir, other)
	if err := c.Reload(); err != nil {
		t.Fatal(err)
	}
	read(t, file)
	alert, pid := endpoint.provoke(t, "Watched file read", func() int { return read(t, other) })
	check(t, alert, pid, other)
	for _, alert := range endpoint.alerts() {
		if path := alert.text("file.path"); path != other {
			t.Errorf("an alert about %s: the old rule still matches", path)
		}
	}
}

// TestTwoCapabilitiesSuffice runs the collector as the error without
// privileges advises: an ordinary user with CAP_BPF and CAP_PERFMON.
func TestTwoCapabilitiesSuffice(t *testing.T) {
	needKernel(t)
	dir := publicDir(t)
	file := write(t, dir, "secret", "nothing\n")
	endpoint := startReceiver(t)
	config := pipeline(t, dir, endpoint.endpoint, "path: "+secretRule(t, dir, file))
	cmd := exec.Command(publicProgram(t, dir), "--config", config)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Credential:  &syscall.Credential{Uid: nobody, Gid: nobody},
		AmbientCaps: []uintptr{unix.CAP_BPF, unix.CAP_PERFMON},
	}
	startCommand(t, cmd)
	alert, pid := endpoint.provoke(t, "Watched file read", func() int { return read(t, file) })
	check(t, alert, pid, file)
}

// read lets a child read a file and gives the child's id.
func read(t *testing.T, file string) (pid int) {
	t.Helper()
	cmd := exec.Command("cat", file)
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	return cmd.Process.Pid
}

func check(t *testing.T, alert received, pid int, file string) {
	t.Helper()
	for key, want := range map[string]string{
		"process.pid":               fmt.Sprint(pid),
		"saker.proc.name":           "cat",
		"process.command_line":      "cat " + file,
		"file.path":                 file,
		"security_rule.name":        "Watched file read",
		"security_rule.description": "A file of the test was opened for reading.",
	} {
		if got := alert.text(key); got != want {
			t.Errorf("attribute %s is %q, want %q", key, got, want)
		}
	}
	if got, want := alert.Body().AsString(), fmt.Sprintf("cat (%d) read %s: cat %s", pid, file, file); got != want {
		t.Errorf("the body is %q, want %q", got, want)
	}
	if alert.SeverityNumber() != plog.SeverityNumberError2 {
		t.Errorf("the severity is %d, want 18 for a critical rule", alert.SeverityNumber())
	}
	if !strings.HasPrefix(alert.EventName(), "syscall.open") {
		t.Errorf("the event's name is %q", alert.EventName())
	}
	if host, ok := alert.Resource.Attributes().Get("host.name"); !ok || host.Str() == "" {
		t.Error("the resource names no host")
	}
}

// TestOfficialRules does what the rules that people already have must see.
func TestOfficialRules(t *testing.T) {
	needKernel(t)
	official, err := filepath.Abs(filepath.Join(root, "..", "shared", "rules-official", "falco_rules.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if !exists(official) {
		t.Skip("Falco's rules do not lie beside the repository (../shared/rules-official)")
	}
	perform(t, "path: "+official, func(act acts.Act) string { return act.Falco })
}

// TestShippedRules does the same with the rules that Saker ships, and wants an
// act for each of them.
func TestShippedRules(t *testing.T) {
	needKernel(t)
	files, err := library.Files("stable")
	if err != nil {
		t.Fatal(err)
	}
	set, findings := rules.Load(rules.FalcoSchema(), files, rules.Options{})
	if err := findings.Err(); err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	for _, act := range acts.All() {
		shown[act.Shipped] = true
	}
	for _, rule := range set.Rules() {
		if !shown[rule.Name] {
			t.Errorf("no act shows that %q works", rule.Name)
		}
	}
	perform(t, "library: stable", func(act acts.Act) string { return act.Shipped })
}

// perform does all acts that there is a rule for and awaits their alerts.
func perform(t *testing.T, source string, ruleOf func(acts.Act) string) {
	endpoint := startReceiver(t)
	c := start(t, distribution(t), pipeline(t, t.TempDir(), endpoint.endpoint, source))
	for _, act := range acts.All() {
		if ruleOf(act) == "" {
			continue
		}
		t.Run(act.Name, func(t *testing.T) {
			alert, _ := endpoint.provoke(t, ruleOf(act), func() int {
				pid, err := act.Do(t.TempDir())
				if err != nil {
					t.Fatal(err)
				}
				return pid
			})
			t.Log(alert.Body().AsString())
		})
	}
	if kib := residentKiB(t, c.Pid()); kib > 100<<10 {
		t.Errorf("the collector takes %d MiB, 100 at most", kib>>10)
	}
}

// residentKiB is the memory that a process holds.
func residentKiB(t *testing.T, pid int) (kib int) {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		t.Fatalf("read VmRSS: %v", err)
	}
	return kib
}
