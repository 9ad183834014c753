package detectionprocessor

import (
	"errors"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"

	"github.com/sakerhq/saker/internal/config"
)

// Config says which rules apply and what becomes of records without a match. The
// page docs/configuration.md is made of these comments.
type Config struct {
	// Ruleset names the extension that holds the rules. Its rule_matching says
	// whether a record matches at most one rule or gives one alert for each.
	Ruleset component.ID `mapstructure:"ruleset"`
	// DropUnmatched says which records end here because no rule is true for them.
	DropUnmatched Drop `mapstructure:"drop_unmatched"`
	// Source is whose rules ("source:" of a rule) are asked about log records that
	// tell no system call and neither themselves nor by their scope or resource
	// have the attribute saker.source. Give each pipeline of other logs its own.
	Source string `mapstructure:"source"`
}

// Drop says which records without a match go no further.
type Drop string

const (
	// DropCandidates: those that a receiver with a ruleset emitted only because a
	// rule might have become true here. Logs from elsewhere, events that a receiver
	// was told to emit by name, and what tells of losses pass unchanged.
	DropCandidates Drop = "candidates"
	// DropAll: every one, so that nothing but alerts goes on. Records that tell of
	// losses (saker.loss) end here too: watch the metric receiver_syscall_lost_records.
	DropAll Drop = "all"
	// DropNone: no record. For a collector behind which another one knows more, as by
	// k8s_attributes on a gateway, and asks the rules again.
	DropNone Drop = "none"
)

func createDefaultConfig() component.Config {
	return &Config{Ruleset: component.MustNewID("ruleset"), DropUnmatched: DropCandidates, Source: "log"}
}

// Unmarshal reads the configuration; the Collector calls it.
func (c *Config) Unmarshal(conf *confmap.Conf) error { return config.Unmarshal(conf, c) }

// Validate reports what is wrong with the configuration.
func (c *Config) Validate() error {
	var noSource error
	if c.Source == "" {
		noSource = errors.New("source: must not be empty; leave it out for log")
	}
	return config.Join(config.OneOf("drop_unmatched", c.DropUnmatched, DropCandidates, DropAll, DropNone), noSource)
}
