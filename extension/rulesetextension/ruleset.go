package rulesetextension

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/sakerhq/saker/extension/rulesetextension/internal/metadata"
	"github.com/sakerhq/saker/rules"
)

// Ruleset is what a receiver or processor sees of the extension.
type Ruleset interface {
	// Set is the compiled rules; never nil once the extension has started,
	// which is before any pipeline does. It may be called concurrently.
	Set() *rules.Set
}

// Find gives the ruleset that a component names in its configuration.
func Find(host component.Host, id component.ID) (Ruleset, error) {
	ext, there := host.GetExtensions()[id]
	if !there {
		return nil, fmt.Errorf("ruleset %q: no such extension; list it under extensions and service::extensions", id)
	}
	r, ok := ext.(Ruleset)
	if !ok {
		return nil, fmt.Errorf("ruleset %q: this extension holds no rules", id)
	}
	return r, nil
}

// ruleset is the extension. Everything is set by Start and only read after it.
type ruleset struct {
	config    *Config
	log       *zap.Logger
	telemetry *metadata.TelemetryBuilder
	set       *rules.Set
}

func (r *ruleset) Set() *rules.Set { return r.set }

// Start loads the rules. Warnings are logged; with an error in some rule the
// error it returns shows every finding.
func (r *ruleset) Start(ctx context.Context, _ component.Host) error {
	files, err := r.config.files()
	if err != nil {
		return err
	}
	set, findings := rules.Load(rules.FalcoSchema(), files, r.config.options())
	r.account(ctx, set, findings)
	if err := findings.Err(); err != nil {
		return err
	}
	for i := range findings {
		r.log.Warn(findings[i].String())
	}
	if enabled(set) == 0 {
		return errors.New("load rules: the sources hold no enabled rule")
	}
	r.set = set
	r.log.Info("Rules loaded", zap.Int("rules", enabled(set)), zap.Int("files", len(files)))
	return nil
}

// Shutdown has nothing to give back: what was loaded lives as long as those
// who use it.
func (r *ruleset) Shutdown(context.Context) error {
	r.telemetry.Shutdown()
	return nil
}

func (r *ruleset) account(ctx context.Context, set *rules.Set, findings rules.Findings) {
	bySeverity := map[string]int64{"error": 0, "warning": 0}
	for _, f := range findings {
		if f.Warning {
			bySeverity["warning"]++
		} else {
			bySeverity["error"]++
		}
	}
	for severity, n := range bySeverity {
		r.telemetry.ExtensionRulesetFindings.Record(ctx, n, metric.WithAttributes(attribute.String("severity", severity)))
	}
	if set != nil {
		r.telemetry.ExtensionRulesetRules.Record(ctx, int64(enabled(set)))
	}
}

func enabled(set *rules.Set) (n int) {
	for _, rule := range set.Rules() {
		if rule.Enabled {
			n++
		}
	}
	return n
}
