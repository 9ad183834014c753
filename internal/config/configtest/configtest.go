// Package configtest holds how components take what users configure.
//
// It takes YAML and a component's defaults, and gives what is wrong with both
// together, as the Collector finds it out. It owns how that is compared. It never
// knows an option.
package configtest

import (
	"strings"
	"testing"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
)

// Case is a configuration and a part of what must be said of it; empty: nothing is wrong.
type Case = struct{ Name, YAML, Wrong string } // so that a table needs no keys

// Run loads each configuration over the defaults.
func Run(t *testing.T, defaults func() component.Config, cases []Case) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			err := load(t, defaults(), c.YAML)
			switch {
			case c.Wrong == "" && err != nil:
				t.Errorf("unexpected error: %v", err)
			case c.Wrong != "" && (err == nil || !strings.Contains(err.Error(), c.Wrong)):
				t.Errorf("error %v, want one with %q", err, c.Wrong)
			}
		})
	}
}

func load(t *testing.T, cfg component.Config, yaml string) error {
	t.Helper()
	if err := Parse(t, yaml).Unmarshal(&cfg); err != nil {
		return err
	}
	return confmap.Validate(cfg)
}

// Parse gives YAML as a component gets it.
func Parse(t *testing.T, yaml string) *confmap.Conf {
	t.Helper()
	retrieved, err := confmap.NewRetrievedFromYAML([]byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	conf, err := retrieved.AsConf()
	if err != nil {
		t.Fatal(err)
	}
	return conf
}
