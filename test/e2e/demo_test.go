package e2e

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/sakerhq/saker/test/acts"
)

// TestDemo runs `make demo` as a visitor does.
func TestDemo(t *testing.T) {
	needKernel(t)
	distribution(t)
	cmd := exec.Command("make", "-s", "demo")
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, act := range acts.All() {
		if !strings.Contains(string(out), "* "+act.Name+"\n") {
			t.Errorf("it shows no alert for %q:\n%s", act.Name, out)
		}
	}
}
