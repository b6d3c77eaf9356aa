//go:build !race

package faulthttp_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// discard is a writer that costs nothing.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) WriteHeader(int)             {}
func (d discard) Write(p []byte) (int, error) { return len(p), nil }

func TestAllocations(t *testing.T) {
	r, err := fault.NewResponder(fault.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.Handle("/fine", faulthttp.Handler(r, func(http.ResponseWriter, *http.Request) error { return nil }))
	mux.Handle("/locked", faulthttp.Handler(r, func(http.ResponseWriter, *http.Request) error { return fault.TaskLocked.New() }))
	h := faulthttp.Middleware(r)(faulthttp.Mux(r, mux))
	bare := testing.AllocsPerRun(200, func() {
		http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}).ServeHTTP(discard{}, nil)
	})
	for path, most := range map[string]float64{"/fine": bare + 1, "/locked": bare + 2} {
		req := httptest.NewRequest(http.MethodGet, path, nil)
		w := discard{http.Header{}}
		got := testing.AllocsPerRun(200, func() {
			clear(w.header)
			h.ServeHTTP(&w, req)
		})
		assert.LessOrEqual(t, got, most, path)
	}
}
