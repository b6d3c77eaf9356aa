package recipes

import (
	"context"
	"log/slog"

	"go.opentelemetry.io/contrib/bridges/otelslog"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	sdklog "go.opentelemetry.io/otel/sdk/log"

	fault "github.com/polyfault/polyfault/core"
)

// Exported sends the lines to a collector by OTLP. They wait in a queue, so no response waits for the collector. Shut the
// provider down at the end of the program: this sends the rest.
func Exported(ctx context.Context, endpoint string) (*sdklog.LoggerProvider, []fault.Option, error) {
	exporter, err := otlploghttp.New(ctx, otlploghttp.WithEndpointURL(endpoint))
	if err != nil {
		return nil, nil, err
	}
	provider := sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewBatchProcessor(exporter)))
	handler := otelslog.NewHandler("orders", otelslog.WithLoggerProvider(provider))
	return provider, []fault.Option{fault.WithLogger(slog.New(handler)), fault.WithLogNames(fault.OTelNames)}, nil
}
