package recipes

import (
	"log/slog"

	"github.com/rs/zerolog"

	fault "github.com/polyfault/polyfault/core"
)

// Zerolog writes the lines by zerolog. The error of an incident is zerolog's error field.
func Zerolog(logger zerolog.Logger) []fault.Option {
	return []fault.Option{
		fault.WithLogger(slog.New(zerolog.NewSlogHandler(logger))),
		fault.WithLogNames(fault.LogNames{Exception: zerolog.ErrorFieldName}),
	}
}
