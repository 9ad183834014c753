package main

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// The CPUs of who acts and who watches.
const (
	watchCPU = 0
	actCPU   = 1
)

const collectorConfig = `
extensions: { ruleset: { sources: [%s] } }
receivers: { syscall: { ruleset: ruleset, hooks: %s } }
processors: { detection: { ruleset: ruleset } }
exporters: { debug: { verbosity: normal, use_internal_logger: false } }
service:
  extensions: [ruleset]
  pipelines: { logs: { receivers: [syscall], processors: [detection], exporters: [debug] } }
  telemetry:
    logs: { level: warn }
    metrics: { readers: [ { pull: { exporter: { prometheus: { host: 127.0.0.1, port: %d } } } } ] }
`

// startSaker runs the collector as people run it: rules, detection, an exporter.
func startSaker(c *config) (*product, error) {
	dir, err := os.MkdirTemp("", "saker-bench-")
	if err != nil {
		return nil, err
	}
	source := "{ library: stable }"
	if c.rules != "" {
		path, err := filepath.Abs(c.rules)
		if err != nil {
			return nil, err
		}
		source = fmt.Sprintf("{ path: %q }", path)
	}
	if c.extra != "" {
		source += fmt.Sprintf(", { path: %q }", c.extra)
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "collector.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, collectorConfig, source, cmp.Or(c.hooks, "auto"), port), 0o600); err != nil {
		return nil, err
	}
	p, err := launch(exec.Command(c.collector, "--config", file), watchCPU)
	if err != nil {
		return nil, err
	}
	p.leaves(func() error { return os.RemoveAll(dir) })
	p.losses = func() (float64, float64, error) { return sakerLosses(port) }
	return p, nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

// sakerLosses reads the collector's own accounts.
func sakerLosses(port int) (lost, all float64, err error) {
	answer, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/metrics", port))
	if err != nil {
		return 0, 0, err
	}
	defer answer.Body.Close()
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), " ")
		n, _ := strconv.ParseFloat(value[strings.LastIndexByte(value, ' ')+1:], 64)
		switch {
		case strings.HasPrefix(name, "otelcol_receiver_syscall_lost_records"):
			lost += n
		case strings.HasPrefix(name, "otelcol_receiver_syscall_emitted_records"):
			all += n
		}
	}
	return lost, all, nil
}

// falcoConfig is the Falco to measure, none if program is empty.
type falcoConfig struct{ program, rules, config string }

// falcoRules are the rules that Falco has where nobody says which.
const falcoRules = "/etc/falco/falco_rules.yaml"

// startFalco runs Falco with its rules, its alerts to standard output at once.
func startFalco(c *config) (*product, error) {
	dir, err := os.MkdirTemp("", "saker-bench-")
	if err != nil {
		return nil, err
	}
	metrics := filepath.Join(dir, "metrics.json")
	args := []string{
		"-U", "-o", "stdout_output.enabled=true", "-o", "metrics.enabled=true", "-o", "metrics.interval=1s",
		"-o", "metrics.kernel_event_counters_enabled=true", "-o", "metrics.output_file=" + metrics,
	}
	if c.falco.config != "" {
		args = append(args, "-c", c.falco.config)
	}
	if c.falco.rules != "" {
		args = append(args, "-r", c.falco.rules)
	}
	if c.extra != "" {
		if c.falco.rules == "" { // -r replaces what the configuration names
			args = append(args, "-r", falcoRules)
		}
		args = append(args, "-r", c.extra)
	}
	p, err := launch(exec.Command(c.falco.program, args...), watchCPU)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	p.leaves(func() error { return os.RemoveAll(dir) })
	p.losses = func() (float64, float64, error) { return falcoLosses(metrics) }
	return p, nil
}

// falcoLosses reads the last line of Falco's metrics that is complete. A count
// that is not there is 0.
func falcoLosses(file string) (lost, all float64, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, 0, fmt.Errorf("metrics of Falco: %w", err)
	}
	text = text[:bytes.LastIndexByte(text, '\n')+1]
	text = bytes.TrimSpace(text)
	var line struct {
		Fields map[string]any `json:"output_fields"`
	}
	if err := json.Unmarshal(text[bytes.LastIndexByte(text, '\n')+1:], &line); err != nil {
		return 0, 0, fmt.Errorf("read Falco's metrics: %w", err)
	}
	lost, _ = line.Fields["scap.n_drops"].(float64)
	all, _ = line.Fields["scap.n_evts"].(float64)
	return lost, all, nil
}
