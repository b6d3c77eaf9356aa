package recipes

import (
	"log/slog"

	"go.uber.org/zap"
	"go.uber.org/zap/exp/zapslog"

	fault "github.com/polyfault/polyfault/core"
)

// Zap writes the lines by zap. The error of an incident is zap's "error" field.
func Zap(logger *zap.Logger) []fault.Option {
	return []fault.Option{
		fault.WithLogger(slog.New(zapslog.NewHandler(logger.Core()))),
		fault.WithLogNames(fault.LogNames{Exception: "error"}),
	}
}
