// Package nethttp_test composes package faulthttp with the middleware of others.
package nethttp_test

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.uber.org/goleak"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/interop/compose"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// locked is an error with details and with a cause that nobody may see.
var locked = fault.TaskLocked.Wrap(errors.New(compose.Canary), fault.Detail("task", "7"))

var errCanary = errors.New(compose.Canary)

// page is longer than what compressors leave alone.
var page = strings.Repeat("all is fine\n", 300)

// A way is one in which a handler fails.
type way struct {
	handler http.HandlerFunc
	want    compose.Failure
}

var ways = map[string]way{
	"/returned": {faulthttp.Handler(nil, func(http.ResponseWriter, *http.Request) error { return locked }),
		compose.Failure{Err: locked, Status: 423, Code: "task_locked"}},
	"/unknown": {faulthttp.Handler(nil, func(http.ResponseWriter, *http.Request) error { return errCanary }),
		compose.Failure{Err: errCanary, Status: 500, Code: "unhandled"}},
	"/reported": {func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("ETag", `"7"`)
		w.Header().Set("Content-Disposition", "attachment")
		faulthttp.Error(nil, w, req, fmt.Errorf("wrapped: %w", locked))
		_, _ = w.Write([]byte(compose.Canary))
		w.WriteHeader(http.StatusOK)
	}, compose.Failure{Err: locked, Status: 423, Code: "task_locked"}},
	"/panicked": {func(http.ResponseWriter, *http.Request) { panic(locked) },
		compose.Failure{Err: locked, Status: 423, Code: "task_locked"}},
	"/panicked-with-text": {func(http.ResponseWriter, *http.Request) { panic(compose.Canary) },
		compose.Failure{Err: errCanary, Status: 500, Code: "unhandled"}},
}

func paths() []string { return slices.Sorted(maps.Keys(ways)) }

// A middleware is what net/http's others are.
type middleware = func(http.Handler) http.Handler

// A composition is a mux with middleware of others around ours, and inside.
type composition struct {
	outside []middleware      // of Middleware
	between []middleware      // Middleware and Mux
	inside  []middleware      // around the handler of each route
	ask     []string          // headers of the requests
	kept    map[string]string // headers of the middleware that failures keep
}

func (c composition) serve(t *testing.T, routes func(mux *http.ServeMux)) *compose.Service {
	t.Helper()
	s := compose.New(t)
	s.Serve(t, watched(s, c.handler(s, routes)))
	return s
}

func (c composition) handler(s *compose.Service, routes func(mux *http.ServeMux)) http.Handler {
	mux := http.NewServeMux()
	for path, w := range ways {
		mux.Handle("GET "+path, wrapped(w.handler, c.inside))
	}
	mux.Handle("GET /fine", wrapped(http.HandlerFunc(fine), c.inside))
	mux.Handle("GET /empty", wrapped(http.HandlerFunc(empty), c.inside))
	mux.Handle("GET /half", wrapped(http.HandlerFunc(half), c.inside))
	if routes != nil {
		routes(mux)
	}
	h := wrapped(faulthttp.Mux(nil, mux), c.between)
	return wrapped(faulthttp.Middleware(s.Responder)(h), c.outside)
}

func fine(w http.ResponseWriter, _ *http.Request)  { _, _ = w.Write([]byte(page)) }
func empty(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }

func half(w http.ResponseWriter, _ *http.Request) {
	_, _ = w.Write([]byte("half"))
	_ = http.NewResponseController(w).Flush()
	panic(locked)
}

// wrapped puts the middleware around h, the first outermost.
func wrapped(h http.Handler, list []middleware) http.Handler {
	for _, m := range slices.Backward(list) {
		h = m(h)
	}
	return h
}

// watched notes the status of each response.
func watched(s *compose.Service, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		n := &noting{ResponseWriter: w, status: 200}
		h.ServeHTTP(n, req)
		s.Seen.Note(n.status)
	})
}

type noting struct {
	http.ResponseWriter
	status int
}

func (n *noting) Unwrap() http.ResponseWriter { return n.ResponseWriter }
func (n *noting) Flush()                      { n.ResponseWriter.(http.Flusher).Flush() }

func (n *noting) WriteHeader(status int) {
	n.status = status
	n.ResponseWriter.WriteHeader(status)
}

// check asks for all that can fail, and for what does not.
func (c composition) check(t *testing.T) {
	t.Helper()
	s := c.serve(t, nil)
	for _, path := range paths() {
		t.Run(path[1:], func(t *testing.T) {
			want := ways[path].want
			want.Kept = c.kept
			s.Failed(t, s.Ask(t, "GET", path, "", c.ask...), want)
		})
	}
	unrouted := c.kept
	if c.inside != nil {
		unrouted = nil // it is not asked
	}
	t.Run("nowhere", func(t *testing.T) {
		s.Failed(t, s.Ask(t, "GET", "/nowhere", "", c.ask...), compose.Failure{Err: fault.NotFound, Status: 404, Code: "not_found", Kept: unrouted})
	})
	t.Run("wrong method", func(t *testing.T) {
		a := s.Ask(t, "DELETE", "/fine", "", c.ask...)
		s.Failed(t, a, compose.Failure{Err: fault.MethodNotAllowed, Status: 405, Code: "method_not_allowed", Kept: unrouted})
		assert.Equal(t, "GET, HEAD", a.Header.Get("Allow"))
	})
	t.Run("fine", func(t *testing.T) {
		s.Passed(t, s.Ask(t, "GET", "/fine", "", c.ask...), 200, page)
		s.Passed(t, s.Ask(t, "GET", "/empty", "", c.ask...), 204, "")
	})
	t.Run("half", func(t *testing.T) {
		assert.Error(t, s.Ask(t, "GET", "/half", "", c.ask...).Broken)
		assert.Contains(t, s.Log.Take(t), "committed=true")
	})
}
