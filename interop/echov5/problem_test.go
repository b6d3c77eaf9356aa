// Package echov5_test runs the adapter for echo v5 with what only newer versions have than the lowest one it works with.
package echov5_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/labstack/echo/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	faultecho "github.com/polyfault/polyfault/echov5"
)

const canary = "canary-7f3a"

// own becomes a problem by itself.
type own struct{ problem *echo.ProblemError }

func (own) Error() string                      { return canary }
func (o own) ProblemError() *echo.ProblemError { return o.problem }

// coded has a status, too.
type coded struct{ own }

func (coded) StatusCode() int { return http.StatusGone }

type panicking struct{}

func (panicking) Error() string                    { return canary }
func (panicking) ProblemError() *echo.ProblemError { panic(canary) }

// other has a method of that name, and is none of echo's.
type other struct{}

func (other) Error() string           { return canary }
func (other) ProblemError(int) string { return canary }

func serve(t *testing.T, err error, opts ...fault.Option) *httptest.ResponseRecorder {
	t.Helper()
	r, wrong := fault.NewResponder(append(opts, fault.WithLogger(slog.New(slog.DiscardHandler)))...)
	require.NoError(t, wrong)
	e := echo.New()
	e.HTTPErrorHandler = echo.ProblemDetailsHTTPErrorHandler(true) // exposes errors
	faultecho.Install(e, r)
	e.GET("/", func(*echo.Context) error { return err })
	w := httptest.NewRecorder()
	e.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", http.NoBody))
	return w
}

func TestProblems(t *testing.T) {
	sentinel := &echo.ProblemError{
		Type: "https://example.com/credit", Title: "Out of credit", Status: http.StatusConflict, Detail: "Top up.", Instance: canary,
	}
	for name, c := range map[string]struct {
		err     error
		status  int
		code    string
		message any
	}{
		"problem":                   {sentinel, 409, "conflict", "Top up."},
		"wrapped":                   {fmt.Errorf("%s: %w", canary, sentinel), 409, "conflict", "Top up."},
		"title only":                {&echo.ProblemError{Status: 409, Title: "Out of credit"}, 409, "conflict", "Out of credit"},
		"status only":               {&echo.ProblemError{Status: 409}, 409, "conflict", nil},
		"the status's name":         {&echo.ProblemError{Status: 409, Title: "Conflict"}, 409, "conflict", nil},
		"without a status":          {&echo.ProblemError{Detail: canary}, 500, "unhandled", nil},
		"no error status":           {&echo.ProblemError{Status: 200, Detail: canary}, 500, "unhandled", nil},
		"of somebody's error":       {own{sentinel}, 409, "conflict", "Top up."},
		"of somebody's, wrapped":    {fmt.Errorf("%s: %w", canary, own{sentinel}), 409, "conflict", "Top up."},
		"of somebody's with status": {coded{own{sentinel}}, 410, "gone", "Top up."},
		"of somebody's, nothing":    {own{}, 500, "unhandled", nil},
		"in another of echo's":      {echo.ErrForbidden.Wrap(sentinel), 403, "forbidden", nil},
		"around ours":               {errors.Join(sentinel, fault.TaskLocked), 423, "task_locked", nil},
		"panicking":                 {panicking{}, 500, "unhandled", nil},
		"of that name":              {other{}, 500, "unhandled", nil},
		"nil":                       {errors.Join((*echo.ProblemError)(nil), echo.ErrForbidden), 403, "forbidden", nil},
	} {
		t.Run(name, func(t *testing.T) {
			before := *sentinel
			w := serve(t, c.err, fault.WithForeignMessages())
			assert.Equal(t, c.status, w.Code)
			assert.Equal(t, "application/json", w.Header().Get("Content-Type"))
			assert.NotContains(t, w.Body.String(), canary)
			var body struct {
				Code    string
				Details map[string]any
			}
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &body), w.Body)
			assert.Equal(t, c.code, body.Code)
			assert.Equal(t, c.message, body.Details["message"])
			w = serve(t, c.err)
			assert.Equal(t, c.status, w.Code)
			assert.NotContains(t, w.Body.String(), "Top up.", "not without being told so")
			assert.Equal(t, before, *sentinel)
		})
	}
}

// Of GET and of the HEAD that echo makes of it the headers are the same.
func TestHeadByGet(t *testing.T) {
	r, err := fault.NewResponder(fault.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	e := echo.NewWithConfig(echo.Config{Router: echo.NewRouter(echo.RouterConfig{AutoHandleHEAD: true})})
	faultecho.Install(e, r)
	e.GET("/returned", func(*echo.Context) error { return fault.TaskLocked })
	e.GET("/panicked", func(*echo.Context) error { panic(fault.TaskLocked) })
	e.GET("/handled", func(c *echo.Context) error { e.HTTPErrorHandler(c, fault.TaskLocked); return nil })
	e.GET("/fine", func(c *echo.Context) error { return c.String(http.StatusOK, "fine") })
	server := httptest.NewServer(e)
	defer server.Close()
	for _, path := range []string{"/returned", "/panicked", "/handled", "/fine", "/nowhere"} {
		get, err := http.Get(server.URL + path)
		require.NoError(t, err)
		body, err := io.ReadAll(get.Body)
		require.NoError(t, err)
		_ = get.Body.Close()
		head, err := http.Head(server.URL + path)
		require.NoError(t, err)
		_ = head.Body.Close()
		assert.Equal(t, get.StatusCode, head.StatusCode, path)
		get.Header.Del("Date")
		head.Header.Del("Date")
		assert.Equal(t, get.Header, head.Header, path)
		assert.EqualValues(t, len(body), head.ContentLength, path)
	}
}
