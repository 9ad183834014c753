package e2e

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sakerhq/saker/test/collector"
)

// nobody is a user without any privilege.
const nobody = 65534

// mustEnd starts a collector that has to give up, and returns how it did.
func mustEnd(t *testing.T, cmd *exec.Cmd) *collector.Ended {
	t.Helper()
	c, err := collector.Start(cmd)
	if err == nil {
		stop(t, c)
		t.Fatal("the collector started")
	}
	var ended *collector.Ended
	if !errors.As(err, &ended) {
		t.Fatal(err)
	}
	if ended.Code <= 0 {
		t.Errorf("the exit code is %d", ended.Code)
	}
	if strings.Contains(ended.Stderr, "goroutine ") || strings.Contains(ended.Stderr, "\t/") {
		t.Errorf("there is a stack trace:\n%s", ended.Stderr)
	}
	return ended
}

func oneLine(t *testing.T, ended *collector.Ended) {
	t.Helper()
	if lines := strings.Count(strings.TrimSpace(ended.Stderr), "\n") + 1; lines != 1 {
		t.Errorf("%d lines, want one:\n%s", lines, ended.Stderr)
	}
	t.Log(strings.TrimSpace(ended.Stderr))
}

// TestWithoutPrivileges starts the quick start as somebody who may not load
// programs into the kernel: one line must say what is missing and the cure.
func TestWithoutPrivileges(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root to become a user without privileges")
	}
	dir := publicDir(t)
	program := publicProgram(t, dir)
	config := filepath.Join(dir, "quickstart.yaml")
	clone(t, filepath.Join(root, "configs", "quickstart.yaml"), config)

	cmd := exec.Command(program, "--config", config)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "SAKER_OUT="+dir, "SAKER_LOG="+filepath.Join(dir, "log"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	ended := mustEnd(t, cmd)
	oneLine(t, ended)
	for _, want := range []string{"CAP_BPF", "CAP_PERFMON", "setcap", "AmbientCapabilities"} {
		if !strings.Contains(ended.Stderr, want) {
			t.Errorf("the error does not name %s:\n%s", want, ended.Stderr)
		}
	}
}

// TestWithoutTypeInformation hides the kernel's from the collector.
func TestWithoutTypeInformation(t *testing.T) {
	needKernel(t)
	if _, err := exec.LookPath("unshare"); err != nil {
		t.Skip("needs unshare for a mount of its own")
	}
	cmd := exec.Command("unshare", "--mount", "sh", "-ec", `mount -t tmpfs none /sys/kernel/btf; exec "$0" "$@"`,
		distribution(t), "--config", filepath.Join(root, "configs", "quickstart.yaml"))
	dir := t.TempDir()
	cmd.Env = append(os.Environ(), "SAKER_OUT="+dir, "SAKER_LOG="+filepath.Join(dir, "log"))
	ended := mustEnd(t, cmd)
	oneLine(t, ended)
	if !strings.Contains(ended.Stderr, "CONFIG_DEBUG_INFO_BTF") {
		t.Errorf("the error does not say what the kernel lacks:\n%s", ended.Stderr)
	}
}

// TestBadRule needs no privileges: rules load before anything else happens.
func TestBadRule(t *testing.T) {
	dir := t.TempDir()
	file := write(t, dir, "bad.yaml", `
- rule: First
  desc: d
  condition: evt.type = open and proc.nmae = cat
  output: o
  priority: INFO
- rule: Second
  desc: d
  condition: evt.type = open and (proc.name = cat
  output: o
  priority: INFO
`)
	config := pipeline(t, dir, "127.0.0.1:1", "path: "+file)
	ended := mustEnd(t, exec.Command(distribution(t), "--config", config))
	for _, want := range []string{
		file + ":4:", "proc.nmae", "proc.name", // with what was probably meant
		file + ":9:", // every finding, not only the first
		"^",
	} {
		if !strings.Contains(ended.Stderr, want) {
			t.Errorf("the error does not show %q:\n%s", want, ended.Stderr)
		}
	}
}

// TestUnknownRuleset names an extension that the configuration lacks.
func TestUnknownRuleset(t *testing.T) {
	config := write(t, t.TempDir(), "collector.yaml", `
receivers: { syscall: { ruleset: ruleset/mine } }
exporters: { debug: {} }
service: { pipelines: { logs: { receivers: [syscall], exporters: [debug] } } }
`)
	ended := mustEnd(t, exec.Command(distribution(t), "--config", config))
	if !strings.Contains(ended.Stderr, `ruleset "ruleset/mine"`) {
		t.Errorf("the error does not name the extension:\n%s", ended.Stderr)
	}
}

// TestBadConfiguration: of each mistake the collector says where it is and what
// could be there instead, and of several at once.
func TestBadConfiguration(t *testing.T) {
	for _, c := range []struct {
		name, receiver, extension string
		want                      []string
	}{
		{"unknown keys", "event: [openat], batch: { max: 1 }", "", []string{
			`configuration for "syscall"`, "unknown key batch::max: there are max_delay, max_records; unknown key event: did you mean events?",
		}},
		{"wrong type", "events: [openat], ring_bytes: 8MiB", "", []string{
			`configuration for "syscall"`, "'ring_bytes' expected type 'int', got unconvertible type 'string'",
		}},
		{
			"out of range", "events: [opnat], enrich_timeout: 500, batch: { max_records: 0 }, runtimes: { cri: [a] }",
			"priority: high, sources: [{ path: a, library: b }]",
			[]string{
				`receivers::syscall: events: there is no event "opnat": did you mean openat?; enrich_timeout: 500ns is less than 1ms: `,
				"\nreceivers::syscall::batch: max_records: 0 is less than 1\n",
				"\nreceivers::syscall::runtimes: cri: \"a\" is not an absolute path, as /run/docker.sock\n",
				`extensions::ruleset: priority: "high" is none of emergency, `,
				"\nextensions::ruleset::sources::0: needs either path or library\n",
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := write(t, t.TempDir(), "collector.yaml", `
extensions: { ruleset: { `+c.extension+` } }
receivers: { syscall: { `+c.receiver+` } }
exporters: { debug: {} }
service: { extensions: [ruleset], pipelines: { logs: { receivers: [syscall], exporters: [debug] } } }
`)
			ended := mustEnd(t, exec.Command(distribution(t), "validate", "--config", config))
			for _, want := range c.want {
				if !strings.Contains(ended.Stderr, want) {
					t.Errorf("the error does not show %q:\n%s", want, ended.Stderr)
				}
			}
		})
	}
}

// publicDir is a directory that every user may enter and write.
func publicDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "saker-e2e-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	return dir
}

// publicProgram is the distribution where every user can run it.
func publicProgram(t *testing.T, dir string) string {
	t.Helper()
	program := filepath.Join(dir, "saker-collector")
	clone(t, distribution(t), program)
	return program
}

// clone copies a file with its mode, so that every user can reach it.
func clone(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}
