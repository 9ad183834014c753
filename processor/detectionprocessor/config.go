package detectionprocessor

import (
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/component"
)

// Config says which rules apply and what becomes of records without a match.
type Config struct {
	// Ruleset names the extension that holds the rules. Its rule_matching says
	// whether a record matches at most one rule or gives one alert for each.
	Ruleset component.ID `mapstructure:"ruleset"`
	// DropUnmatched says which records end here because no rule is true for
	// them:
	//
	//	candidates  those that a receiver with a ruleset emitted only because a
	//	            rule might have become true here (the default)
	//	all         every one, so that nothing but alerts goes on: records that
	//	            tell of losses (saker.loss) end here too, watch the metric
	//	none        no record
	//
	// With "candidates" logs from elsewhere, events that a receiver was told to
	// emit by name, and what tells of losses pass unchanged. Choose "none" where a later stage
	// knows more (k8s attributes added on a gateway).
	DropUnmatched string `mapstructure:"drop_unmatched"`
	// Source is whose rules ("source:" of a rule) are asked about log records
	// that tell no system call and neither themselves nor by their scope or
	// resource have the attribute saker.source. The default is "log".
	Source string `mapstructure:"source"`
}

// The values of DropUnmatched.
const (
	dropCandidates = "candidates"
	dropAll        = "all"
	dropNone       = "none"
)

func createDefaultConfig() component.Config {
	return &Config{Ruleset: component.MustNewID("ruleset"), DropUnmatched: dropCandidates, Source: "log"}
}

// Validate reports what is wrong with the configuration.
func (c *Config) Validate() error {
	switch c.DropUnmatched {
	case dropCandidates, dropAll, dropNone:
		if c.Source == "" {
			return errors.New("source: must not be empty")
		}
		return nil
	}
	return fmt.Errorf("drop_unmatched: %q is none of %s, %s, %s", c.DropUnmatched, dropCandidates, dropAll, dropNone)
}
