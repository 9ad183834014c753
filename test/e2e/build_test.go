package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/sakerhq/saker/test/collector"
)

// root is the repository's, relative to this package.
var root = filepath.Join("..", "..")

// build makes the distribution, as `make build` does for everyone; it is
// quick when nothing changed. Where there is nothing to make it with, a
// variable has its path.
var build = sync.OnceValues(func() (string, error) {
	if made := os.Getenv("SAKER_TEST_COLLECTOR"); made != "" {
		return made, nil
	}
	cmd := exec.Command("make", "-s", "build/saker-collector")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return string(out), err
	}
	return filepath.Abs(filepath.Join(root, "build", "saker-collector"))
})

// distribution gives the path of the collector's program.
func distribution(t *testing.T) string {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatalf("build the distribution: %v\n%s", err, path)
	}
	return path
}

// needKernel skips a test that captures real events where the machine has no
// way to: everything else that keeps a collector from starting is a failure.
func needKernel(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root to load programs into the kernel")
	}
	if _, err := os.Stat("/sys/kernel/btf/vmlinux"); err != nil {
		t.Skip("needs a kernel with type information (CONFIG_DEBUG_INFO_BTF): ", err)
	}
}

// write makes a file of the test and gives its path.
func write(t *testing.T, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// start runs the collector until the test ends or stops it.
func start(t *testing.T, program, config string) *collector.Collector {
	t.Helper()
	return startCommand(t, exec.Command(program, "--config", config))
}

// startCommand is start for a command that is more than the program.
func startCommand(t *testing.T, cmd *exec.Cmd) *collector.Collector {
	t.Helper()
	c, err := collector.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop(t, c)
		if t.Failed() {
			t.Logf("the collector says:\n%s", c.Log())
		}
	})
	return c
}

func stop(t *testing.T, c *collector.Collector) {
	t.Helper()
	if err := c.Stop(); err != nil {
		t.Errorf("stop the collector: %v\n%s", err, c.Log())
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
