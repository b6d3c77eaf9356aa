package fault_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"

	fault "github.com/polyfault/polyfault/core"
)

// An option serves any number of responders, made at a time: what it was given is not changed.
func TestOptionsServeSeveralResponders(t *testing.T) {
	locales := fstest.MapFS{"active.en.toml": {Data: []byte(`own = "Own."`)}}
	opts := []fault.Option{
		fault.WithLocales(locales), fault.WithLanguages("en", "de"), fault.WithDefaultLanguage("de"), fault.WithNegotiatedLanguage(),
		fault.WithFormats(fault.Multilingual{}, fault.Problem{}), fault.WithMembers(fault.MemberCode), fault.WithMembers(fault.MemberTraceID),
		fault.WithMapper(fault.SQLMappers()...), fault.WithExposure(fault.ExposeException), fault.WithLogger(slog.New(slog.DiscardHandler)),
		fault.WithObserver(func(context.Context, *fault.Occurrence) {}), fault.WithTraceID(func(fault.Request) string { return "" }),
		fault.WithStatus(fault.TaskLocked, 409), fault.WithDefaultKind(fault.BadGateway), fault.WithChallenge("Bearer"),
		fault.WithClientErrorLevel(slog.LevelInfo), fault.WithForeignMessages(), fault.WithRetryable(func(*fault.Kind) bool { return true }),
		fault.WithLogNames(fault.LogNames{Exception: "err"}), fault.WithBodyLimit(8 << 10),
	}
	var group sync.WaitGroup
	bodies := make([]string, 4)
	for i := range bodies {
		group.Go(func() {
			r, err := fault.NewResponder(opts...)
			if assert.NoError(t, err) {
				bodies[i] = string(r.Respond(nil, fault.TaskLocked.New(fault.TraceID("x"))).Body)
			}
		})
	}
	group.Wait()
	for _, body := range bodies {
		assert.Equal(t, bodies[0], body)
	}
}
