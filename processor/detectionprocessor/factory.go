package detectionprocessor

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processorhelper"

	"github.com/sakerhq/saker/processor/detectionprocessor/internal/metadata"
)

// NewFactory makes the factory of the detection processor.
func NewFactory() processor.Factory {
	return processor.NewFactory(metadata.Type, createDefaultConfig, processor.WithLogs(create, metadata.LogsStability))
}

func create(ctx context.Context, set processor.Settings, cfg component.Config, next consumer.Logs) (processor.Logs, error) {
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	d := &detection{config: cfg.(*Config), telemetry: telemetry}
	return processorhelper.NewLogs(ctx, set, cfg, next, d.process,
		processorhelper.WithStart(d.start),
		processorhelper.WithShutdown(d.shutdown),
		processorhelper.WithCapabilities(consumer.Capabilities{MutatesData: true}))
}
