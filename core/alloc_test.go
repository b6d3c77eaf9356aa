//go:build !race

package fault_test

import (
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
)

// Allocations are part of the design's budget; the race detector adds its own.
func TestAllocations(t *testing.T) {
	r, err := fault.NewResponder(
		fault.WithLocales(files("active.en.toml", "x = \"A {{.A}} and {{.B}}.\"\ny = \"Static.\"", "active.de.toml",
			"x = \"A {{.A}} und {{.B}}.\"\ny = \"Statisch.\"")),
		fault.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	shared := fault.Gone.New(fault.Text("x"), fault.Arg("A", 1), fault.Arg("B", "b"))
	browser := with("Accept", "application/json", "Accept-Language", "de-DE,de;q=0.9,en;q=0.8")
	for _, c := range []struct {
		name string
		err  func() error
		most float64
	}{
		{"kind", func() error { return fault.TaskLocked }, 0},
		{"fault", func() error { return fault.TaskLocked.New() }, 1},
		{"fault with a text", func() error { return fault.TaskLocked.New(fault.Text("y")) }, 4},
		{"shared fault with arguments", func() error { return shared }, 2},
	} {
		for _, req := range []fault.Request{browser, with(), nil} {
			got := testing.AllocsPerRun(200, func() { r.Respond(req, c.err()) })
			assert.LessOrEqual(t, got, c.most, c.name)
		}
	}
	var fields []fault.Attr
	for i := range 20 {
		fields = append(fields, fault.Field(fault.InBody(fmt.Sprintf("/items/%d/qty", i)), "max", fault.Arg("Limit", 10)))
	}
	failed := fault.ValidationFailed.New(fields...)
	withFields := func(languages ...string) float64 {
		r, err := fault.NewResponder(fault.WithLogger(slog.New(slog.DiscardHandler)), fault.WithLanguages(languages...))
		require.NoError(t, err)
		return testing.AllocsPerRun(100, func() { r.Respond(browser, failed) })
	}
	assert.LessOrEqual(t, withFields("en"), 3.0, "20 field errors, once they are made")
	assert.LessOrEqual(t, withFields("de", "en", "fr", "pt"), withFields("en")+1,
		"no allocation per language; Content-Length beyond 4095 is one")
	few := testing.AllocsPerRun(100, func() { r.Respond(browser, shared) })
	many, err := fault.NewResponder(fault.WithLogger(slog.New(slog.DiscardHandler)), fault.WithLocales(twentyLanguages()))
	require.NoError(t, err)
	assert.Equal(t, few, testing.AllocsPerRun(100, func() { many.Respond(browser, shared) }), "no allocation per language")
}
