package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// standIn makes this test's program the stand-in: a program that behaves at its
// command line, on its output and in its file of metrics as Falco 0.44 does, and
// sees opens of the marker by inotify. It measures nothing and stands for nothing:
// it shows that the bench can drive the real one.
const standIn = "SAKER_BENCH_FALCO_STAND_IN"

// texts is a flag that may be given several times.
type texts []string

func (t *texts) String() string { return strings.Join(*t, " ") }

func (t *texts) Set(s string) error { *t = append(*t, s); return nil }

// standInArgs are Falco's own flags, of those that the bench uses; others end it.
type standInArgs struct {
	config         string
	rules, options texts
}

func playFalco(args []string, out io.Writer) error {
	var a standInArgs
	f := flag.NewFlagSet("falco", flag.ContinueOnError)
	f.Bool("U", false, "")
	f.StringVar(&a.config, "c", "/etc/falco/falco.yaml", "")
	f.Var(&a.rules, "r", "")
	f.Var(&a.options, "o", "")
	if err := f.Parse(args); err != nil {
		return err
	}
	say := func(format string, args ...any) {
		fmt.Fprintf(out, "%s: %s\n", time.Now().Format(time.ANSIC), fmt.Sprintf(format, args...))
	}
	say("Falco version: 0.44.1 (x86_64)")
	say("Falco initialized with configuration files:")
	say("   %s | schema validation: ok", a.config)
	say("Loading rules from:")
	for _, name := range a.rules {
		text, err := os.ReadFile(name)
		if err != nil {
			return fmt.Errorf("Error: Could not read rules file %s", name)
		}
		say("   %s | schema validation: ok", name)
		if !strings.Contains(string(text), "- rule:") && !strings.Contains(string(text), marker) {
			return fmt.Errorf("Error: %s has no rules", name)
		}
	}
	say("The chosen syscall buffer dimension is: 8388608 bytes (8 MBs)")
	say("Loaded event sources: syscall")
	say("Enabled event sources: syscall")
	say("Opening 'syscall' source with modern BPF probe.")
	time.Sleep(300 * time.Millisecond) // loading takes it its time
	say("One ring buffer every '2' CPUs.")
	return a.watch(out)
}

// watch tells of opens of the marker until it is ended, as Falco does with the
// rule for it.
func (a *standInArgs) watch(out io.Writer) error {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC)
	if err != nil {
		return err
	}
	if _, err := unix.InotifyAddWatch(fd, marker, unix.IN_OPEN); err != nil {
		return err
	}
	go func() {
		for buf := make([]byte, 4096); ; {
			if _, err := unix.Read(fd, buf); err == nil {
				fmt.Fprintf(out, "%s: Warning Sensitive file opened for reading by non-trusted program | file=%s\n",
					time.Now().Format("15:04:05.000000000"), marker)
			}
		}
	}()
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM, syscall.SIGINT)
	for events := 1000; ; events += 1000 {
		if err := a.snapshot(events); err != nil {
			return err
		}
		select {
		case <-asked:
			return nil
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// snapshot writes a line of metrics. As Falco does, it leaves out counts of 0.
func (a *standInArgs) snapshot(events int) error {
	name := ""
	for _, option := range a.options {
		if value, ok := strings.CutPrefix(option, "metrics.output_file="); ok {
			name = value
		}
	}
	if name == "" || !slices.Contains(a.options, "metrics.enabled=true") {
		return nil
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	drops := ""
	if events > 3000 {
		drops = fmt.Sprintf(`"scap.n_drops":%d,`, events/10)
	}
	_, err = fmt.Fprintf(f, `{"hostname":"host","output":"Falco metrics snapshot","output_fields":{"falco.num_evts":1,`+
		`"scap.engine_name":"modern_bpf",%s"scap.n_drops_perc":0.0,"scap.n_evts":%d},"priority":"Informational",`+
		`"rule":"Falco internal: metrics snapshot","source":"internal"}`+"\n", drops, events)
	return errors.Join(err, f.Close())
}

// startStandIn starts it as the Falco of a configuration.
func startStandIn(t *testing.T, c config) (*product, error) {
	t.Helper()
	f, err := os.Open(marker)
	if err != nil {
		t.Skip("needs root: ", err)
	}
	f.Close()
	if c.falco.program, err = os.Executable(); err != nil {
		t.Fatal(err)
	}
	t.Setenv(standIn, "1")
	return startFalco(&c)
}

// TestFalcoIsDriven: the bench starts a Falco, waits until it tells, reads what it
// lost, and ends it.
func TestFalcoIsDriven(t *testing.T) {
	rules := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(rules, []byte("- rule: reads "+marker+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", t.TempDir())
	p, err := startStandIn(t, config{falco: falcoConfig{rules: rules, config: "falco.yaml"}, extra: rules})
	if err != nil {
		t.Fatal(err)
	}
	before, err := p.account()
	if err != nil {
		t.Fatal(err)
	}
	if after, err := p.account(); err != nil || after.events <= before.events || after.lossSince(before) <= 0 {
		t.Errorf("%+v and %+v, %v", before, after, err)
	}
	if p.started <= 0 || p.cpu() <= 0 || p.memory() <= 0 {
		t.Errorf("started in %v, %v ns of CPU, %v MiB", p.started, p.cpu(), p.memory())
	}
	if err := p.stop(); err != nil {
		t.Error(err)
	}
	if left, err := filepath.Glob(filepath.Join(os.TempDir(), "saker-bench-*")); err != nil || len(left) > 0 {
		t.Errorf("%v stays (%v)", left, err)
	}
}

// What Falco says when it ends at once reaches who asked for the bench.
func TestFalcoThatEnds(t *testing.T) {
	_, err := startStandIn(t, config{falco: falcoConfig{rules: "/nowhere.yaml"}})
	if err == nil || !strings.Contains(err.Error(), "Could not read rules file /nowhere.yaml") {
		t.Errorf("%v", err)
	}
}

// TestFalcoLosses: lines of metrics may be incomplete, and counts may be missing.
func TestFalcoLosses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "metrics")
	for _, c := range []struct {
		text      string
		lost, all float64
		bad       bool
	}{
		{"", 0, 0, true},
		{`{"output_fields":{"scap.n_evts":7}}` + "\n", 0, 7, false},
		{`{"output_fields":{}}` + "\n" + `{"output_fields":{"scap.n_evts":9,"scap.n_drops":2}}` + "\n", 2, 9, false},
		{`{"output_fields":{"scap.n_evts":9}}` + "\n" + `{"output_fi`, 0, 9, false},
		{"no JSON\n", 0, 0, true},
	} {
		if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if lost, all, err := falcoLosses(file); lost != c.lost || all != c.all || (err != nil) != c.bad {
			t.Errorf("%q: %v of %v, %v", c.text, lost, all, err)
		}
	}
}
