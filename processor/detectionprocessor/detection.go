package detectionprocessor

import (
	"context"
	"strings"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor/processorhelper"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/sakerhq/saker/extension/rulesetextension"
	"github.com/sakerhq/saker/internal/record"
	"github.com/sakerhq/saker/processor/detectionprocessor/internal/metadata"
	"github.com/sakerhq/saker/rules"
)

// detection is the processor. Batches may come concurrently: each borrows a
// worker.
type detection struct {
	config    *Config
	telemetry *metadata.TelemetryBuilder
	workers   sync.Pool // of *worker
	labels    map[*rules.Rule]metric.MeasurementOption
}

func (d *detection) start(_ context.Context, host component.Host) error {
	ruleset, err := rulesetextension.Find(host, d.config.Ruleset)
	if err != nil {
		return err
	}
	set := ruleset.Set()
	d.labels = map[*rules.Rule]metric.MeasurementOption{}
	alerts := map[*rules.Rule]*record.Annotation{}
	byName := map[string]*rules.Rule{}
	for _, rule := range set.Rules() {
		if rule.Enabled {
			byName[rule.Name] = rule
		}
		d.labels[rule] = metric.WithAttributeSet(attribute.NewSet(
			attribute.String("rule", rule.Name), attribute.String("priority", rule.Priority.String())))
		alerts[rule] = alertOf(rule)
	}
	d.workers.New = func() any {
		return &worker{
			matcher: set.NewMatcher(), events: record.NewReader(), logs: record.NewLogReader(), alerts: alerts, rules: byName,
		}
	}
	return nil
}

// alertOf is what every alert of a rule says.
func alertOf(rule *rules.Rule) *record.Annotation {
	alert := record.Alert{
		Rule:        rule.Name,
		Description: strings.TrimSpace(rule.Desc),
		Ruleset:     rule.Ruleset,
		UUID:        rule.UUID(),
		Priority:    rule.Priority.String(),
		Tags:        rule.Tags,
	}
	return alert.Annotation()
}

func (d *detection) shutdown(context.Context) error {
	d.telemetry.Shutdown()
	return nil
}

// process annotates the records for which a rule is true and drops those that
// are to be dropped.
func (d *detection) process(ctx context.Context, logs plog.Logs) (plog.Logs, error) {
	w := d.workers.Get().(*worker)
	defer d.workers.Put(w)
	seen, dropped := logs.LogRecordCount(), 0
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			w.begin(resource.Resource(), record.ScopeSource(resource.Resource(), scope.Scope(), d.config.Source), d.drops(scope))
			dropped += w.scope(scope.LogRecords(), func(rule *rules.Rule) {
				d.telemetry.ProcessorDetectionMatches.Add(ctx, 1, d.labels[rule])
			})
		}
	}
	d.telemetry.ProcessorDetectionRecords.Add(ctx, int64(seen))
	if dropped == 0 {
		return logs, nil
	}
	d.telemetry.ProcessorDetectionDroppedRecords.Add(ctx, int64(dropped))
	if removeEmpty(logs); logs.ResourceLogs().Len() == 0 {
		return logs, processorhelper.ErrSkipProcessingData
	}
	return logs, nil
}

// drops says whether records of the scope end here without a match.
func (d *detection) drops(scope plog.ScopeLogs) bool {
	switch d.config.DropUnmatched {
	case DropAll:
		return true
	case DropNone:
		return false
	}
	return record.Candidates(scope.Scope())
}

// removeEmpty takes out scopes and resources that have no record left.
func removeEmpty(logs plog.Logs) {
	logs.ResourceLogs().RemoveIf(func(resource plog.ResourceLogs) bool {
		resource.ScopeLogs().RemoveIf(func(scope plog.ScopeLogs) bool { return scope.LogRecords().Len() == 0 })
		return resource.ScopeLogs().Len() == 0
	})
}
