package faulthttp_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// A stack tells where the application was: functions of the adapter do not hide in it under the application's name, as closures
// do when what returns them is inlined.
func TestStacksHaveNoFrameOfTheAdapter(t *testing.T) {
	var log bytes.Buffer
	r, err := fault.NewResponder(fault.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	require.NoError(t, err)
	fails := func(http.ResponseWriter, *http.Request) error { return errors.New("refused") }
	mux := http.NewServeMux()
	mux.Handle("/handler", faulthttp.Handler(r, fails))
	mux.HandleFunc("/panic", func(http.ResponseWriter, *http.Request) { panic("boom") })
	h := faulthttp.Middleware(r)(faulthttp.Mux(r, mux))
	for _, path := range []string{"/handler", "/panic"} {
		log.Reset()
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil))
		assert.Contains(t, log.String(), "stack=", path)
		for _, file := range []string{"middleware.go", "exchange.go", "mux.go", "writer.go"} {
			assert.NotContains(t, log.String(), "nethttp/"+file, path)
		}
	}
}
