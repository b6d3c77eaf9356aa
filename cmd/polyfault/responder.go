package main

import (
	"fmt"
	"log/slog"
	"os"

	fault "github.com/polyfault/polyfault/core"
)

// responder makes a responder with the built-in texts and those in the folder.
func responder(locales string, languages []string, more ...fault.Option) (*fault.Responder, error) {
	opts := append([]fault.Option{fault.WithLogger(slog.New(slog.DiscardHandler))}, more...)
	if locales != "" {
		opts = append(opts, fault.WithLocales(os.DirFS(locales)))
	}
	if len(languages) > 0 {
		opts = append(opts, fault.WithLanguages(languages...))
	}
	r, err := fault.NewResponder(opts...)
	if err != nil && locales != "" {
		return nil, fmt.Errorf("folder %s: %w", locales, err)
	}
	return r, err
}
