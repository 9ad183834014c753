package detectionprocessor

import (
	"testing"

	"github.com/sakerhq/saker/internal/config/configtest"
)

func TestConfig(t *testing.T) {
	configtest.Run(t, createDefaultConfig, []configtest.Case{
		{"defaults", "", ""},
		{"all keys", "ruleset: ruleset/mine\ndrop_unmatched: all\nsource: logins", ""},
		{"nothing ends", "drop_unmatched: none", ""},
		{"unmatched records that are none", "drop_unmatched: some", `drop_unmatched: "some" is none of candidates, all, none`},
		{"no word for them", "drop_unmatched:", `drop_unmatched: ""`},
		{"no source", "source: ''", "source: must not be empty"},
		{"everything at once", "drop_unmatched: some\nsource: ''", "; source: "},
		{"misspelt key", "rulset: a", "unknown key rulset: did you mean ruleset?"},
	})
}
