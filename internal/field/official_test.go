package field

import (
	"os"
	"strings"
	"testing"
)

// TestOfficialRules: everything that the rules which are published for Falco
// name in conditions and outputs.
func TestOfficialRules(t *testing.T) {
	text, err := os.ReadFile("testdata/official.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, ref := range strings.Fields(string(text)) {
		if _, err := Falco().Ref(ref); err != nil {
			t.Error(err)
		}
	}
}
