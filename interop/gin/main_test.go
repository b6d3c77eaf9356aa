// Package gin_test composes package faultgin with the middleware of others.
package gin_test

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"go.uber.org/goleak"

	fault "github.com/polyfault/polyfault/core"
	faultgin "github.com/polyfault/polyfault/gin"
	"github.com/polyfault/polyfault/interop/compose"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	goleak.VerifyTestMain(m)
}

// locked is an error with details and with a cause that nobody may see.
var locked = fault.TaskLocked.Wrap(errors.New(compose.Canary), fault.Detail("task", "7"))

var errCanary = errors.New(compose.Canary)

// page is longer than what compressors leave alone.
var page = strings.Repeat("all is fine\n", 300)

// A way is one in which a handler fails.
type way struct {
	handler gin.HandlerFunc
	want    compose.Failure
}

var ways = map[string]way{
	"/returned": {faultgin.Handler(func(*gin.Context) error { return locked }),
		compose.Failure{Err: locked, Status: 423, Code: "task_locked"}},
	"/aborted": {func(c *gin.Context) {
		c.Header("ETag", `"7"`)
		c.Header("Content-Disposition", "attachment")
		faultgin.Abort(c, fmt.Errorf("wrapped: %w", locked))
		c.String(http.StatusOK, compose.Canary)
	}, compose.Failure{Err: locked, Status: 423, Code: "task_locked"}},
	"/collected": {func(c *gin.Context) { _ = c.Error(errCanary) },
		compose.Failure{Err: errCanary, Status: 500, Code: "unhandled"}},
	"/with-error": {func(c *gin.Context) { _ = c.AbortWithError(409, errCanary) },
		compose.Failure{Err: fault.Conflict, Status: 409, Code: "conflict"}},
	"/with-status": {func(c *gin.Context) { c.AbortWithStatus(403) },
		compose.Failure{Err: fault.Forbidden, Status: 403, Code: "forbidden"}},
	"/unencodable": {func(c *gin.Context) { c.JSON(200, make(chan int)) },
		compose.Failure{Err: errCanary, Status: 500, Code: "unhandled"}},
	"/panicked": {func(*gin.Context) { panic(locked) },
		compose.Failure{Err: locked, Status: 423, Code: "task_locked"}},
	"/panicked-with-text": {func(*gin.Context) { panic(compose.Canary) },
		compose.Failure{Err: errCanary, Status: 500, Code: "unhandled"}},
}

func paths() []string { return slices.Sorted(maps.Keys(ways)) }

// A composition is an engine with middleware of others around ours, and inside.
type composition struct {
	outside, inside []gin.HandlerFunc
	ask             []string          // headers of the requests
	kept            map[string]string // headers of the middleware that failures keep
	except          map[string]string // paths that go another way, and why
}

func (c composition) serve(t *testing.T, routes func(e *gin.Engine)) *compose.Service {
	t.Helper()
	s := compose.New(t)
	e := gin.New()
	e.HandleMethodNotAllowed = true
	e.Use(func(c *gin.Context) { c.Next(); s.Seen.Note(c.Writer.Status()) })
	e.Use(c.outside...)
	faultgin.Install(e, s.Responder)
	e.Use(c.inside...)
	for path, w := range ways {
		e.GET(path, w.handler)
	}
	e.GET("/fine", func(c *gin.Context) { c.String(200, page) })
	e.GET("/empty", func(c *gin.Context) { c.Status(204) })
	if routes != nil {
		routes(e)
	}
	s.Serve(t, e)
	return s
}

// check asks for all that can fail, and for what does not.
func (c composition) check(t *testing.T) {
	t.Helper()
	s := c.serve(t, nil)
	for _, path := range paths() {
		if c.except[path] != "" {
			continue
		}
		t.Run(path[1:], func(t *testing.T) {
			want := ways[path].want
			want.Kept = c.kept
			s.Failed(t, s.Ask(t, "GET", path, "", c.ask...), want)
		})
	}
	t.Run("nowhere", func(t *testing.T) {
		s.Failed(t, s.Ask(t, "GET", "/nowhere", "", c.ask...), compose.Failure{Err: fault.NotFound, Status: 404, Code: "not_found", Kept: c.kept})
	})
	t.Run("wrong method", func(t *testing.T) {
		a := s.Ask(t, "DELETE", "/fine", "", c.ask...)
		s.Failed(t, a, compose.Failure{Err: fault.MethodNotAllowed, Status: 405, Code: "method_not_allowed", Kept: c.kept})
		assert.Equal(t, "GET", a.Header.Get("Allow"))
	})
	t.Run("fine", func(t *testing.T) {
		s.Passed(t, s.Ask(t, "GET", "/fine", "", c.ask...), 200, page)
		s.Passed(t, s.Ask(t, "GET", "/empty", "", c.ask...), 204, "")
	})
}
