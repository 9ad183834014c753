package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestForeignManifest builds a collector as another project would: its own
// manifest, outside the repository, one line for each of our components, and
// nothing on the path but go.
func TestForeignManifest(t *testing.T) {
	repository, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	manifest := write(t, dir, "manifest.yaml", fmt.Sprintf(`
dist: { name: theirs, output_path: %s/out }
receivers:
  - { gomod: github.com/sakerhq/saker v0.0.0, import: github.com/sakerhq/saker/receiver/syscallreceiver }
processors:
  - { gomod: github.com/sakerhq/saker v0.0.0, import: github.com/sakerhq/saker/processor/detectionprocessor }
extensions:
  - { gomod: github.com/sakerhq/saker v0.0.0, import: github.com/sakerhq/saker/extension/rulesetextension }
exporters:
  - { gomod: go.opentelemetry.io/collector/exporter/debugexporter v0.159.0 }
providers:
  - { gomod: go.opentelemetry.io/collector/confmap/provider/fileprovider v1.65.0 }
replaces:
  - github.com/sakerhq/saker => %s
`, dir, repository))
	distribution(t) // which also builds the builder
	builder, err := filepath.Abs(filepath.Join(root, "tools", "bin", "builder"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(builder, "--config", manifest)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+onlyGo(t, dir), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	out, err := exec.Command(filepath.Join(dir, "out", "theirs"), "components").CombinedOutput()
	if err != nil {
		t.Fatalf("list the components: %v\n%s", err, out)
	}
	for _, name := range []string{"syscall", "detection", "ruleset"} {
		if !strings.Contains(string(out), "name: "+name+"\n") {
			t.Errorf("component %s is not listed:\n%s", name, out)
		}
	}
}

// onlyGo makes a directory for PATH that holds nothing but go.
func onlyGo(t *testing.T, dir string) string {
	t.Helper()
	path, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(dir, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(path, filepath.Join(bin, "go")); err != nil {
		t.Fatal(err)
	}
	return bin
}
