package rulesetextension

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/component"

	"github.com/sakerhq/saker/rules"
	"github.com/sakerhq/saker/rules/library"
)

// Config says where rules come from and how they are used.
type Config struct {
	// Sources are loaded in this order, later ones may override and append to
	// items of earlier ones. None given: the stable library.
	Sources []Source `mapstructure:"sources"`
	// Priority is the least urgent priority that is loaded, in Falco's words
	// (emergency … debug).
	Priority string `mapstructure:"priority"`
	// RuleMatching is "first" (a record matches at most one rule, the first in
	// the order of definition) or "all".
	RuleMatching string `mapstructure:"rule_matching"`
	// Select enables and disables rules, in this order, after all sources are
	// loaded.
	Select []Selection `mapstructure:"select"`
	// AppendOutput adds text to the outputs of rules, and attributes to their
	// alerts.
	AppendOutput []OutputAddition `mapstructure:"append_output"`
	// StaticFields are what %static.NAME stands for in outputs.
	StaticFields map[string]string `mapstructure:"static_fields"`
}

// OutputAddition is what the alerts of the rules that match say beside the
// rules' outputs; of all rules when Match is empty. The keys are those of
// falco.yaml.
type OutputAddition struct {
	Match Match `mapstructure:"match"`
	// ExtraOutput is text for the output.
	ExtraOutput string `mapstructure:"extra_output"`
	// ExtraFields become attributes of the alert.
	ExtraFields []ExtraField `mapstructure:"extra_fields"`
	// SuggestedOutput adds the container's and the pod's facts to the output.
	SuggestedOutput bool `mapstructure:"suggested_output"`
}

// ExtraField is an entry of extra_fields: texts with fields in them by the keys
// of their attributes; or a field alone, whose key is its name and whose value
// keeps its type. That one stands under the empty key.
type ExtraField map[string]string

// UnmarshalText takes a field alone.
func (f *ExtraField) UnmarshalText(name []byte) error {
	*f = ExtraField{"": string(name)}
	return nil
}

// Match says which rules are meant: those for which all that is set is so.
type Match struct {
	// Rule is a rule's exact name.
	Rule string `mapstructure:"rule"`
	// Source is a rule's source.
	Source string `mapstructure:"source"`
	// Tags must all be on the rule.
	Tags []string `mapstructure:"tags"`
}

// Selection enables or disables rules. Exactly one of its fields is set.
type Selection struct {
	Enable  *Pick `mapstructure:"enable"`
	Disable *Pick `mapstructure:"disable"`
}

// Pick names rules. With both fields set a rule must satisfy both.
type Pick struct {
	// Rule is a name, with * for any text.
	Rule string `mapstructure:"rule"`
	// Tag is a tag of the rule.
	Tag string `mapstructure:"tag"`
}

// Source is one place of rule files. Exactly one of its fields is set.
type Source struct {
	// Path is a rule file, a directory with *.yaml and *.yml files (read in
	// the order of their names, not the directories below it) or a pattern.
	Path string `mapstructure:"path"`
	// Library is the maturity of the rules that Saker ships.
	Library string `mapstructure:"library"`
}

// The values of RuleMatching.
const (
	matchFirst = "first"
	matchAll   = "all"
)

func createDefaultConfig() component.Config {
	return &Config{Priority: "debug", RuleMatching: matchFirst}
}

// Validate reports everything that is wrong with the configuration. It opens
// no file: what a source holds is checked at start.
func (c *Config) Validate() error {
	var errs []error
	for i, s := range c.Sources {
		if err := s.validate(); err != nil {
			errs = append(errs, fmt.Errorf("sources[%d]: %w", i, err))
		}
	}
	for i, s := range c.Select {
		if err := s.validate(); err != nil {
			errs = append(errs, fmt.Errorf("select[%d]: %w", i, err))
		}
	}
	for i, a := range c.AppendOutput {
		if a.ExtraOutput == "" && len(a.ExtraFields) == 0 && !a.SuggestedOutput {
			errs = append(errs, fmt.Errorf("append_output[%d]: needs extra_output, extra_fields or suggested_output", i))
		}
	}
	if _, known := rules.ParsePriority(c.Priority); !known {
		errs = append(errs, fmt.Errorf("priority: %q is no priority", c.Priority))
	}
	errs = append(errs, oneOf("rule_matching", c.RuleMatching, []string{matchFirst, matchAll}))
	return errors.Join(errs...)
}

func (s Selection) validate() error {
	if (s.Enable == nil) == (s.Disable == nil) {
		return errors.New("needs either enable or disable")
	}
	if pick, _ := s.pick(); pick.Rule == "" && pick.Tag == "" {
		return errors.New("needs a rule or a tag")
	}
	return nil
}

// pick is the rules that s names, and whether they are enabled.
func (s Selection) pick() (Pick, bool) {
	if s.Enable != nil {
		return *s.Enable, true
	}
	return *s.Disable, false
}

func (s Source) validate() error {
	if (s.Path == "") == (s.Library == "") {
		return errors.New("needs either path or library")
	}
	if s.Library == "" {
		return nil
	}
	return oneOf("library", s.Library, library.Maturities())
}

func oneOf(key, word string, words []string) error {
	if slices.Contains(words, word) {
		return nil
	}
	return fmt.Errorf("%s: %q is none of %s", key, word, strings.Join(words, ", "))
}
