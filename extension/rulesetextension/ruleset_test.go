package rulesetextension

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/sakerhq/saker/extension/rulesetextension/internal/metadata"
	"github.com/sakerhq/saker/extension/rulesetextension/internal/metadatatest"
	"github.com/sakerhq/saker/internal/event/eventtest"
	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/rules/library"
)

const twoRules = `
- rule: One
  desc: d
  condition: evt.type = open
  output: o
  priority: INFO
  tags: [first]
- rule: Two
  desc: d
  condition: evt.type = open
  output: o
  priority: DEBUG
`

const broken = `
- rule: One
  desc: d
  condition: evt.type = open and proc.nmae = x
  output: o
  priority: INFO
- rule: Two
  desc: d
  condition: (evt.type = open
  output: o
  priority: INFO
`

func newExtension(t *testing.T, set extension.Settings, change func(*Config), rules string) component.Component {
	t.Helper()
	cfg := createDefaultConfig().(*Config)
	if rules != "" {
		path := filepath.Join(t.TempDir(), "rules.yaml")
		if err := os.WriteFile(path, []byte(rules), 0o644); err != nil {
			t.Fatal(err)
		}
		cfg.Sources = []Source{{Path: path}}
	}
	if change != nil {
		change(cfg)
	}
	ext, err := NewFactory().Create(context.Background(), set, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := ext.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return ext
}

func TestStart(t *testing.T) {
	for _, c := range []struct {
		name, rules string
		change      func(*Config)
		enabled     int
		wrong       []string // all in one error
	}{
		{name: "a file", rules: twoRules, enabled: 2},
		{name: "less urgent rules left out", rules: twoRules, change: func(c *Config) { c.Priority = "info" }, enabled: 1},
		{
			name: "a tag disabled", rules: twoRules, enabled: 1,
			change: func(c *Config) { c.Select = []Selection{{Disable: &Pick{Tag: "first"}}} },
		},
		{
			name: "all disabled but one", rules: twoRules, enabled: 1,
			change: func(c *Config) {
				c.Select = []Selection{{Disable: &Pick{Rule: "*"}}, {Enable: &Pick{Rule: "Two"}}}
			},
		},
		{
			name: "nothing enabled", rules: twoRules, wrong: []string{"no enabled rule"},
			change: func(c *Config) { c.Select = []Selection{{Disable: &Pick{Rule: "*"}}} },
		},
		{name: "all errors at once, with their places", rules: broken, wrong: []string{"rules.yaml:4:", "rules.yaml:9:", "^"}},
		{
			name: "no such file", wrong: []string{"read rules", "/nowhere/rules.yaml"},
			change: func(c *Config) { c.Sources = []Source{{Path: "/nowhere/rules.yaml"}} },
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			ext := newExtension(t, extensiontest.NewNopSettings(metadata.Type), c.change, c.rules)
			err := ext.Start(context.Background(), componenttest.NewNopHost())
			if (err != nil) != (c.wrong != nil) {
				t.Fatalf("error: %v", err)
			}
			for _, want := range c.wrong {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error does not show %q:\n%v", want, err)
				}
			}
			if err == nil {
				if n := enabled(ext.(Ruleset).Set()); n != c.enabled {
					t.Errorf("%d rules enabled, want %d", n, c.enabled)
				}
			}
		})
	}
}

// The library must load without a finding: users get it by default.
func TestLibraryLoads(t *testing.T) {
	for _, maturity := range library.Maturities() {
		set := extensiontest.NewNopSettings(metadata.Type)
		core, logs := observer.New(zap.WarnLevel)
		set.Logger = zap.New(core)
		ext := newExtension(t, set, func(c *Config) { c.Sources = []Source{{Library: maturity}} }, "")
		if err := ext.Start(context.Background(), componenttest.NewNopHost()); err != nil {
			t.Error(err)
		}
		for _, entry := range logs.All() {
			t.Error(entry.Message)
		}
	}
}

func TestWarningsAreLogged(t *testing.T) {
	set := extensiontest.NewNopSettings(metadata.Type)
	core, logs := observer.New(zap.WarnLevel)
	set.Logger = zap.New(core)
	ext := newExtension(t, set, nil, twoRules+"- macro: unused\n  condition: evt.type = open\n")
	if err := ext.Start(context.Background(), componenttest.NewNopHost()); err != nil {
		t.Fatal(err)
	}
	if n := logs.FilterMessageSnippet("rules.yaml:13:").Len(); n != 1 {
		t.Errorf("%d warnings about line 13, want 1; all: %v", n, logs.All())
	}
}

func TestTelemetry(t *testing.T) {
	reader := componenttest.NewTelemetry()
	defer func() { _ = reader.Shutdown(context.Background()) }()
	ext := newExtension(t, metadatatest.NewSettings(reader), nil, broken)
	if err := ext.Start(context.Background(), componenttest.NewNopHost()); err == nil {
		t.Fatal("broken rules load")
	}
	metadatatest.AssertEqualExtensionRulesetFindings(t, reader, []metricdata.DataPoint[int64]{
		{Attributes: attribute.NewSet(attribute.String("severity", "error")), Value: 2},
		{Attributes: attribute.NewSet(attribute.String("severity", "warning")), Value: 0},
	}, metricdatatest.IgnoreTimestamp())
}

type hostWith map[component.ID]component.Component

func (h hostWith) GetExtensions() map[component.ID]component.Component { return h }

func TestFind(t *testing.T) {
	id, other := component.MustNewID("ruleset"), component.MustNewID("zpages")
	ext := newExtension(t, extensiontest.NewNopSettings(metadata.Type), nil, twoRules)
	host := hostWith{id: ext, other: nil}
	if found, err := Find(host, id); err != nil || found != ext.(Ruleset) {
		t.Errorf("found %v, %v", found, err)
	}
	if _, err := Find(host, other); err == nil || !strings.Contains(err.Error(), "holds no rules") {
		t.Errorf("error for another extension: %v", err)
	}
	if _, err := Find(host, component.MustNewIDWithName("ruleset", "x")); err == nil || !strings.Contains(err.Error(), `"ruleset/x"`) {
		t.Errorf("error for no extension: %v", err)
	}
}

// TestOutputs: what the configuration adds to outputs is in what rules say.
func TestOutputs(t *testing.T) {
	e := newExtension(t, extensiontest.NewNopSettings(metadata.Type), func(c *Config) {
		c.StaticFields = map[string]string{"site": "north"}
		c.AppendOutput = []OutputAddition{
			{ExtraOutput: "at %static.site"},
			{Match: Match{Tags: []string{"first"}}, ExtraOutput: "(tagged)"},
			{Match: Match{Rule: "One", Source: "other"}, ExtraOutput: "never"},
			{Match: Match{Rule: "Two"}, ExtraFields: []ExtraField{{"": "evt.type"}, {"b": "at %static.site", "a": "%evt.type"}}},
			{Match: Match{Rule: "Two"}, SuggestedOutput: true},
		}
	}, twoRules)
	if err := e.Start(context.Background(), componenttest.NewNopHost()); err != nil {
		t.Fatal(err)
	}
	src := field.OfEvent{Event: eventtest.Named("execve")}
	for i, want := range []string{
		"o at north (tagged)",
		"o at north container_id=host container_name=host container_image_repository=<NA> container_image_tag=<NA> " +
			"k8s_pod_name=<NA> k8s_ns_name=<NA> site=north evt.type=execve a=execve b=at north",
	} {
		rule := e.(Ruleset).Set().Rules()[i]
		got := string(rule.AppendOutput(nil, src))
		for key, value := range rule.Extras(src) {
			got += " " + key + "=" + value.Text()
		}
		if got != want {
			t.Errorf("%s says %q, want %q", rule.Name, got, want)
		}
	}
}
