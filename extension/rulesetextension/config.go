package rulesetextension

import (
	"errors"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"

	"github.com/sakerhq/saker/internal/config"
	"github.com/sakerhq/saker/rules"
	"github.com/sakerhq/saker/rules/library"
)

// Config says where rules come from and how they are used. The page
// docs/configuration.md is made of these comments.
type Config struct {
	// Sources are where rules come from, in this order: later ones may override and
	// append to items of earlier ones. None named: the stable library. A list
	// replaces that, so name the library in it to keep its rules.
	Sources []Source `mapstructure:"sources"`
	// Priority is the least urgent priority whose rules are loaded: one of emergency,
	// alert, critical, error, warning, notice, informational (or info) and debug,
	// which loads all.
	Priority string `mapstructure:"priority"`
	// RuleMatching says how many alerts a record can become.
	RuleMatching Matching `mapstructure:"rule_matching"`
	// Select enables and disables rules, in this order, after all sources are
	// loaded. Each entry has either enable or disable.
	Select []Selection `mapstructure:"select"`
	// AppendOutput adds text to the outputs of rules, and attributes to their
	// alerts. The keys are those of falco.yaml.
	AppendOutput []OutputAddition `mapstructure:"append_output"`
	// StaticFields are what %static.NAME stands for in outputs, by NAME: what all
	// alerts of this collector say, as of its site.
	StaticFields map[string]string `mapstructure:"static_fields"`
}

// Matching says how many alerts a record can become.
type Matching string

const (
	// MatchFirst: one, of the first rule that matches in the order of definition.
	MatchFirst Matching = "first"
	// MatchAll: one for each rule that matches.
	MatchAll Matching = "all"
)

// OutputAddition is what the alerts of some rules say beside the rules' outputs.
type OutputAddition struct {
	// Match says which rules are meant: those for which all that is set is so;
	// nothing set: all rules.
	Match Match `mapstructure:"match"`
	// ExtraOutput is text to put behind the output, with fields as there.
	ExtraOutput string `mapstructure:"extra_output"`
	// ExtraFields become attributes of the alert: a field alone (proc.sname), which
	// keeps its type, or texts with fields in them by the keys of their attributes
	// (who: "%user.name").
	ExtraFields []ExtraField `mapstructure:"extra_fields"`
	// SuggestedOutput adds the container's and the pod's facts to the output, and
	// all static fields.
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
	// Source is a rule's source, as syscall.
	Source string `mapstructure:"source"`
	// Tags must all be on the rule.
	Tags []string `mapstructure:"tags"`
}

// Selection enables or disables rules. Exactly one of its fields is set.
type Selection struct {
	// Enable names rules to enable. As in Falco, one that was disabled goes behind
	// all others.
	Enable *Pick `mapstructure:"enable"`
	// Disable names rules to disable.
	Disable *Pick `mapstructure:"disable"`
}

// Pick names rules. With both fields set a rule must satisfy both.
type Pick struct {
	// Rule is a name, with * for any text.
	Rule string `mapstructure:"rule"`
	// Tag is a tag of the rule. With a name as well, rules must have both.
	Tag string `mapstructure:"tag"`
}

// Source is one place of rule files. Exactly one of its fields is set.
type Source struct {
	// Path is a rule file, a directory with *.yaml and *.yml files (read in the
	// order of their names, not the directories below it) or a pattern. Either
	// this or [Source.Library].
	Path string `mapstructure:"path"`
	// Library is the maturity of the rules that Saker ships: stable.
	Library string `mapstructure:"library"`
}

func createDefaultConfig() component.Config {
	return &Config{Priority: "debug", RuleMatching: MatchFirst}
}

// Unmarshal reads the configuration; the Collector calls it.
func (c *Config) Unmarshal(conf *confmap.Conf) error { return config.Unmarshal(conf, c) }

// Validate reports what is wrong beside what its sections report themselves. It
// opens no file: what a source holds is checked at start.
func (c *Config) Validate() error {
	return config.Join(
		validatePriority(c.Priority),
		config.OneOf("rule_matching", c.RuleMatching, MatchFirst, MatchAll),
	)
}

func validatePriority(name string) error {
	if _, known := rules.ParsePriority(name); known {
		return nil
	}
	var names []string
	for p := rules.Emergency; p <= rules.Debug; p++ {
		names = append(names, strings.ToLower(p.String()))
	}
	return config.OneOf("priority", name, names...)
}

// Validate reports an addition of nothing.
func (a OutputAddition) Validate() error {
	if a.ExtraOutput == "" && len(a.ExtraFields) == 0 && !a.SuggestedOutput {
		return errors.New("needs extra_output, extra_fields or suggested_output")
	}
	return nil
}

// Validate reports a selection of nothing, or of two things.
func (s Selection) Validate() error {
	if (s.Enable == nil) == (s.Disable == nil) {
		return errors.New("needs either enable or disable")
	}
	return nil
}

// Validate reports that no rule is named.
func (p Pick) Validate() error {
	if p.Rule == "" && p.Tag == "" {
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

// Validate reports a source that is no place, or two.
func (s Source) Validate() error {
	switch {
	case (s.Path == "") == (s.Library == ""):
		return errors.New("needs either path or library")
	case s.Library != "":
		return config.OneOf("library", s.Library, library.Maturities()...)
	}
	return nil
}
