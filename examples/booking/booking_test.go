package booking_test

import (
	"context"
	"io/fs"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/examples/booking"
)

func TestCreate(t *testing.T) {
	good := booking.Input{Task: "T-100", Resource: "R41", Date: "2026-11-20", Hours: 7}
	change := func(f func(*booking.Input)) booking.Input {
		in := good
		f(&in)
		return in
	}
	s := booking.New()
	for _, c := range []struct {
		name string
		in   booking.Input
		kind *fault.Kind
	}{
		{"good", good, nil},
		{"only one hour is left", good, booking.HoursLeft},
		{"three bad attributes", booking.Input{Task: "T-9", Resource: "R9", Date: "20.11.2026"}, fault.Transformation},
		{"negative", change(func(in *booking.Input) { in.Hours = -1 }), fault.NegativeLoad},
		{"locked", change(func(in *booking.Input) { in.Task = "T-200" }), fault.TaskLocked},
		{"not synced", change(func(in *booking.Input) { in.Resource = "R42" }), fault.BadRequest},
	} {
		_, err := s.Create(t.Context(), c.in)
		if c.kind == nil {
			require.NoError(t, err, c.name)
			continue
		}
		assert.ErrorIs(t, err, c.kind, c.name)
	}
	b, err := s.Find(t.Context(), "1")
	require.NoError(t, err)
	assert.Equal(t, booking.Booking{ID: 1, Task: "T-100", Resource: "R41", Date: "2026-11-20", Hours: 7}, b)
	assert.Equal(t, []booking.Booking{b}, s.List(t.Context()))
	_, err = s.Find(t.Context(), "one")
	assert.ErrorIs(t, err, booking.NotFound)
	assert.ErrorIs(t, err, fault.NotFound)
	assert.Panics(t, func() { s.Report(t.Context()) })
}

// Every text of the service is there in every language.
func TestLocales(t *testing.T) {
	names, err := fs.Glob(booking.Locales(), "*.toml")
	require.NoError(t, err)
	assert.Len(t, names, 5)
	r, err := fault.NewResponder(fault.WithLocales(booking.Locales()))
	require.NoError(t, err)
	for _, k := range []*fault.Kind{booking.NotFound, booking.UnknownTask, booking.UnknownResource, booking.BadDate, booking.HoursLeft} {
		for _, tag := range []string{"de", "en", "fr", "it", "pt"} {
			resp := r.Respond(request(tag), k)
			assert.Equal(t, tag, resp.Header().Get("Content-Language"), k.Code())
		}
	}
}

// request asks for problem details in the language that it is.
type request string

func (request) Context() context.Context { return context.Background() }
func (request) Method() string           { return http.MethodGet }
func (request) Path() string             { return "/" }

func (r request) Header(name string) string {
	return map[string]string{"Accept": "application/problem+json", "Accept-Language": string(r)}[name]
}
