package syscallreceiver

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receiverhelper"

	"github.com/sakerhq/saker/receiver/syscallreceiver/internal/metadata"
)

// NewFactory makes the factory of the syscall receiver.
func NewFactory() receiver.Factory {
	return receiver.NewFactory(metadata.Type, createDefaultConfig, receiver.WithLogs(create, metadata.LogsStability))
}

func create(_ context.Context, set receiver.Settings, cfg component.Config, next consumer.Logs) (receiver.Logs, error) {
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	report, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{
		ReceiverID: set.ID, Transport: "kernel", ReceiverCreateSettings: set,
	})
	if err != nil {
		return nil, err
	}
	return &syscallReceiver{config: cfg.(*Config), set: set, next: next, telemetry: telemetry, report: report}, nil
}
