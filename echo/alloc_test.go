//go:build !race

package faultecho_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	faultecho "github.com/polyfault/polyfault/echo"
)

// discard is a writer that costs nothing.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) WriteHeader(int)             {}
func (d discard) Write(p []byte) (int, error) { return len(p), nil }

func allocations(e *echo.Echo, path string) float64 {
	req := httptest.NewRequest(http.MethodGet, path, nil)
	w := &discard{http.Header{}}
	return testing.AllocsPerRun(200, func() {
		clear(w.header)
		e.ServeHTTP(w, req)
	})
}

// echo makes a new chain for every request, with a closure for each middleware.
func TestAllocations(t *testing.T) {
	r, err := fault.NewResponder(fault.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	without, with := quiet(), quiet()
	without.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error { return next(c) }
	})
	faultecho.Install(with, r)
	for _, e := range []*echo.Echo{without, with} {
		e.GET("/fine", func(c echo.Context) error { return c.NoContent(http.StatusNoContent) })
		e.GET("/locked", returning(fault.TaskLocked))
	}
	assert.LessOrEqual(t, allocations(with, "/fine"), allocations(without, "/fine")+1, "success costs the exchange")
	// the exchange, echo's store for it (a map and its table), echo's error with its text, and the response
	assert.LessOrEqual(t, allocations(with, "/locked"), allocations(without, "/fine")+7)
}
