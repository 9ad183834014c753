// Command demo shows what the collector detects, without a second shell.
//
// It takes the distribution and its quick-start configuration, does the acts
// of test/acts as its own children, and prints the alert of each. It owns the
// collector it starts. It prints no alert about any other process.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/sakerhq/saker/test/acts"
	"github.com/sakerhq/saker/test/collector"
)

// patience is how long an alert may take. It is far more than one needs: the
// machine may be busy.
const patience = 30 * time.Second

func main() {
	acts.Main()
	program := flag.String("collector", "build/saker-collector", "the distribution's program")
	config := flag.String("config", "configs/quickstart.yaml", "its configuration, with a file exporter below SAKER_OUT")
	flag.Parse()
	if err := run(*program, *config); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(program, config string) (err error) {
	dir, err := os.MkdirTemp("", "saker-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	cmd := exec.Command(program, "--config", config)
	cmd.Env = append(os.Environ(), "SAKER_OUT="+dir)
	began := time.Now()
	c, err := collector.Start(cmd)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Stop()) }()
	fmt.Printf("saker-collector is ready after %d ms; doing harmless things:\n\n", time.Since(began).Milliseconds())
	return doAll(dir, filepath.Join(dir, "alerts.json"))
}

// doAll does every act and waits for its alert. It reports the acts without one.
func doAll(dir, alerts string) error {
	var missing error
	for i, act := range acts.All() {
		own := filepath.Join(dir, fmt.Sprint(i))
		if err := os.Mkdir(own, 0o700); err != nil {
			return err
		}
		pid, err := act.Do(own)
		if err != nil {
			return err
		}
		alert, err := await(alerts, pid)
		if err != nil {
			missing = errors.Join(missing, fmt.Errorf("%s: %w", act.Name, err))
			continue
		}
		fmt.Printf("* %s\n  %s: %s\n  %s\n\n", act.Name, alert.severity, alert.rule, alert.body)
	}
	return missing
}
