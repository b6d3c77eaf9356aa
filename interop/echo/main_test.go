// Package echo_test composes faultecho with middleware of others for echo v4, the real ones, on a real listener. Where each may
// stand is a table of docs/middleware.md, which the tests read.
package echo_test

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"github.com/stretchr/testify/assert"

	fault "github.com/polyfault/polyfault/core"
	faultecho "github.com/polyfault/polyfault/echo"
	"github.com/polyfault/polyfault/interop/compose"
)

// watching notes the status outside of all others, as echo's own middleware reads it: that of the error, or else of the response.
func watching(seen *compose.Seen) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			err := next(c)
			status := c.Response().Status
			if he, ok := errors.AsType[*echo.HTTPError](err); ok {
				status = he.Code
			} else if err != nil {
				status = http.StatusInternalServerError
			}
			seen.Note(status)
			return err
		}
	}
}

func cors() echo.MiddlewareFunc {
	return middleware.CORSWithConfig(middleware.CORSConfig{AllowOrigins: []string{compose.Origin}})
}

// corsKept are the headers of that.
func corsKept(more map[string]string) map[string]string {
	kept := map[string]string{"Access-Control-Allow-Origin": compose.Origin, "Vary": "Origin"}
	maps.Copy(kept, more)
	return kept
}

// composed serves an application with middleware outside of ours and inside, CORS first.
func composed(t *testing.T, outside, inside []echo.MiddlewareFunc, opts ...fault.Option) *compose.Service {
	t.Helper()
	s := compose.New(t, opts...)
	e := echo.New()
	e.Logger.SetOutput(io.Discard)
	e.Use(watching(&s.Seen), cors())
	e.Use(outside...)
	faultecho.Install(e, s.Responder)
	e.Use(inside...)
	route(e)
	s.Serve(t, e)
	return s
}

var locked = fault.TaskLocked.New(fault.Detail("task", "R41"), fault.RetryAfter(1))

// route adds handlers that fail in each way there is, and some that do not.
func route(e *echo.Echo) {
	leaking := fmt.Errorf("%s: %w", compose.Canary, locked)
	e.GET("/returned", func(echo.Context) error { return leaking })
	e.GET("/panicked", func(echo.Context) error { panic(leaking) })
	e.GET("/unknown", func(echo.Context) error { return errors.New(compose.Canary) })
	e.GET("/crashed", func(echo.Context) error { panic(compose.Canary) })
	e.GET("/echos", func(echo.Context) error { return echo.NewHTTPError(http.StatusConflict, compose.Canary) })
	e.GET("/spoiled", func(c echo.Context) error {
		for name, value := range map[string]string{"Content-Type": "text/csv", "Content-Length": "5", "Etag": `"` + compose.Canary + `"`,
			"Cache-Control": "public, max-age=60", "Last-Modified": "Mon, 02 Jan 2006 15:04:05 GMT", "Content-Encoding": "br",
			"Content-Disposition": "attachment"} {
			c.Response().Header().Set(name, value)
		}
		return leaking
	})
	e.GET("/cerror", func(c echo.Context) error {
		c.Error(leaking)
		_, _ = c.Response().Write([]byte(compose.Canary))
		return leaking
	})
	e.GET("/fine", func(c echo.Context) error { return c.String(http.StatusOK, "fine") })
	e.POST("/echo", func(c echo.Context) error {
		body, err := io.ReadAll(c.Request().Body)
		if err != nil {
			return err
		}
		return c.Blob(http.StatusOK, "text/plain", body)
	})
	e.GET("/empty", func(c echo.Context) error { return c.NoContent(http.StatusNoContent) })
}

var unhandled = compose.Failure{Err: errors.New(""), Status: 500, Code: "unhandled"}

// refused is the answer to a kind.
func refused(kind *fault.Kind) compose.Failure {
	return compose.Failure{Err: kind, Status: kind.Status(), Code: kind.Code()}
}

// keeping has the headers of CORS.
func keeping(f compose.Failure) compose.Failure {
	f.Kept = corsKept(f.Kept)
	return f
}

// A request, and what must come of it.
type request struct {
	method, path, body string
	headers            []string
	want               compose.Failure
}

// failures are those of the handlers and of the router.
var failures = []request{
	{"GET", "/returned", "", nil, compose.Failure{Err: locked, Status: 423, Code: "task_locked", Kept: map[string]string{"Retry-After": "1"}}},
	{"GET", "/panicked", "", nil, compose.Failure{Err: locked, Status: 423, Code: "task_locked"}},
	{"GET", "/unknown", "", nil, unhandled},
	{"GET", "/crashed", "", nil, unhandled},
	{"GET", "/echos", "", nil, refused(fault.Conflict)},
	{"GET", "/spoiled", "", nil, compose.Failure{Err: locked, Status: 423, Code: "task_locked"}},
	{"GET", "/cerror", "", nil, compose.Failure{Err: locked, Status: 423, Code: "task_locked"}},
	{"GET", "/nowhere", "", nil, refused(fault.NotFound)},
	{"PUT", "/fine", "", nil, compose.Failure{Err: fault.MethodNotAllowed, Status: 405, Code: "method_not_allowed",
		Kept: map[string]string{"Allow": "OPTIONS, GET"}}},
}

// A composition is middleware of others and its place.
type composition struct {
	name     string // in the table
	place    compose.Place
	use      func(seen *compose.Seen) []echo.MiddlewareFunc // which notes what it reads of statuses
	headers  []string                                       // without which it refuses
	kept     map[string]string                              // its own headers
	refusals []request                                      // its own
	loses    map[string]bool                                // paths whose Vary from outside it loses
}

func use(m ...echo.MiddlewareFunc) func(*compose.Seen) []echo.MiddlewareFunc {
	return func(*compose.Seen) []echo.MiddlewareFunc { return m }
}

// Each composition, in each order that its place allows: the failures of handlers and of the router, the middleware's own
// refusals, and successes.
func TestCompositions(t *testing.T) {
	for _, c := range compositions {
		for _, at := range []compose.Place{compose.Outside, compose.Inside} {
			if !c.place.Has(at) {
				continue
			}
			t.Run(c.name+", "+string(at), func(t *testing.T) { c.check(t, at) })
		}
	}
}

func (c composition) check(t *testing.T, at compose.Place) {
	var read compose.Seen
	var outside, inside []echo.MiddlewareFunc
	if at == compose.Outside {
		outside = c.use(&read)
	} else {
		inside = c.use(&read)
	}
	s := composed(t, outside, inside)
	for _, r := range slices.Concat(failures, c.refusals) {
		answer := s.Ask(t, r.method, r.path, r.body, slices.Concat(c.headers, r.headers)...)
		if !c.loses[r.path] {
			r.want.Kept = corsKept(r.want.Kept)
		}
		s.Failed(t, answer, r.want)
		if c.kept != nil {
			assert.Subset(t, items(answer.Header), items(header(c.kept)), r.path)
		}
		c.reads(t, &read, r.path, r.want.Status)
	}
	s.Passed(t, s.Ask(t, "GET", "/fine", "", c.headers...), 200, "fine")
	c.reads(t, &read, "/fine", 200)
	s.Passed(t, s.Ask(t, "GET", "/empty", "", c.headers...), 204, "")
	c.reads(t, &read, "/empty", 204)
}

// reads checks the status that the middleware itself has read, when it is one that reads it.
func (c composition) reads(t *testing.T, read *compose.Seen, path string, status int) {
	t.Helper()
	if read.Used() {
		assert.Equal(t, []int{status}, read.Take(), "read by %s at %s", c.name, path)
	}
}

func header(values map[string]string) http.Header {
	h := http.Header{}
	for name, value := range values {
		h.Set(name, value)
	}
	return h
}

// items has a line for each value of a header, and for each item of a list.
func items(h http.Header) (lines []string) {
	for name, values := range h {
		for _, value := range values {
			lines = append(lines, name+": "+value)
			for item := range strings.SplitSeq(value, ",") {
				lines = append(lines, name+": "+strings.TrimSpace(item))
			}
		}
	}
	return lines
}

// The table says of each composition what the tests say.
func TestTable(t *testing.T) {
	documented := compose.Documented(t, "## echo", 1)
	tested := map[string]compose.Place{}
	for _, c := range compositions {
		tested[c.name] = c.place
	}
	maps.DeleteFunc(documented, func(_ string, p compose.Place) bool { return p == compose.Missing })
	assert.Equal(t, tested, documented)
}
