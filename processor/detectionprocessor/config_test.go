package detectionprocessor

import (
	"strings"
	"testing"

	"go.opentelemetry.io/collector/confmap"
)

func TestConfig(t *testing.T) {
	for _, c := range []struct{ name, yaml, wrong string }{
		{"defaults", "", ""},
		{"all keys", "ruleset: ruleset/mine\ndrop_unmatched: all\nsource: logins", ""},
		{"nothing ends", "drop_unmatched: none", ""},
		{"unmatched records that are none", "drop_unmatched: some", `drop_unmatched: "some" is none of candidates, all, none`},
		{"no word for them", "drop_unmatched:", `drop_unmatched: ""`},
		{"no source", "source: ''", "source: must not be empty"},
		{"everything at once", "drop_unmatched: some\nsource: ''", "; source: "},
		{"misspelt key", "rulset: a", "unknown key rulset: did you mean ruleset?"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := load(t, c.yaml)
			switch {
			case c.wrong == "" && err != nil:
				t.Errorf("unexpected error: %v", err)
			case c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong)):
				t.Errorf("error %v, want one with %q", err, c.wrong)
			}
		})
	}
}

func load(t *testing.T, yaml string) error {
	t.Helper()
	retrieved, err := confmap.NewRetrievedFromYAML([]byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	conf, err := retrieved.AsConf()
	if err != nil {
		t.Fatal(err)
	}
	cfg := createDefaultConfig()
	if err := conf.Unmarshal(&cfg); err != nil {
		return err
	}
	return confmap.Validate(cfg)
}
