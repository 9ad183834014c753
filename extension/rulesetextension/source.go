package rulesetextension

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/sakerhq/saker/rules"
	"github.com/sakerhq/saker/rules/library"
)

// files reads all sources, in their order.
func (c *Config) files() ([]rules.File, error) {
	sources := c.Sources
	if len(sources) == 0 {
		sources = []Source{{Library: library.Maturities()[0]}}
	}
	var out []rules.File
	for _, s := range sources {
		files, err := s.files()
		if err != nil {
			return nil, fmt.Errorf("read rules: %w", err)
		}
		out = append(out, files...)
	}
	return out, nil
}

// options gives what the rule engine is told of the configuration.
func (c *Config) options() rules.Options {
	threshold, _ := rules.ParsePriority(c.Priority) // Validate has seen it
	opts := rules.Options{All: c.RuleMatching == MatchAll, Threshold: &threshold, Static: c.StaticFields}
	for _, s := range c.Select {
		pick, enable := s.pick()
		opts.Select = append(opts.Select, rules.Selection{Enable: enable, Rule: pick.Rule, Tag: pick.Tag})
	}
	for _, a := range c.AppendOutput {
		opts.Append = append(opts.Append, a.addition())
	}
	return opts
}

func (a *OutputAddition) addition() rules.OutputAddition {
	out := rules.OutputAddition{
		Rule: a.Match.Rule, Source: a.Match.Source, Tags: a.Match.Tags, Text: a.ExtraOutput, Suggested: a.SuggestedOutput,
	}
	for _, entry := range a.ExtraFields {
		for _, key := range slices.Sorted(maps.Keys(entry)) {
			out.Fields = append(out.Fields, rules.ExtraField{Key: key, Format: entry[key]})
		}
	}
	return out
}

func (s Source) files() ([]rules.File, error) {
	if s.Library != "" {
		return library.Files(s.Library)
	}
	names, err := s.names()
	if err != nil {
		return nil, err
	}
	out := make([]rules.File, len(names))
	for i, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		out[i] = rules.File{Name: name, Content: content}
	}
	return out, nil
}

// names gives the files that Path means. A file's own name wins over its
// reading as a pattern.
func (s Source) names() ([]string, error) {
	info, err := os.Stat(s.Path)
	switch {
	case err == nil && info.IsDir():
		return inDirectory(s.Path)
	case err == nil:
		return []string{s.Path}, nil
	}
	names, badPattern := filepath.Glob(s.Path)
	if badPattern != nil {
		return nil, fmt.Errorf("pattern %s: %w", s.Path, badPattern)
	}
	if len(names) == 0 {
		return nil, err
	}
	return names, nil
}

func inDirectory(dir string) (names []string, err error) {
	for _, pattern := range []string{"*.yaml", "*.yml"} {
		found, err := filepath.Glob(filepath.Join(escape(dir), pattern))
		if err != nil {
			return nil, err
		}
		names = append(names, found...)
	}
	slices.Sort(names)
	return names, nil
}

// escape makes a pattern of a name that matches only this name.
func escape(name string) string {
	var out []byte
	for i := range len(name) {
		switch name[i] {
		case '*', '?', '[', '\\':
			out = append(out, '\\')
		}
		out = append(out, name[i])
	}
	return string(out)
}
