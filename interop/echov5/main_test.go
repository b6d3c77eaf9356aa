package echov5_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"testing"

	"github.com/labstack/echo/v5"
	"github.com/labstack/echo/v5/middleware"

	fault "github.com/polyfault/polyfault/core"
	faultecho "github.com/polyfault/polyfault/echov5"
	"github.com/polyfault/polyfault/interop/compose"
)

// watching notes the status outside of all others, as echo's own middleware reads it: that of the error, or else of the response.
func watching(seen *compose.Seen) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c *echo.Context) error {
			err := next(c)
			_, status := echo.ResolveResponseStatus(c.Response(), err)
			seen.Note(status)
			return err
		}
	}
}

func cors() echo.MiddlewareFunc {
	return middleware.CORSWithConfig(middleware.CORSConfig{AllowOrigins: []string{compose.Origin}})
}

// composed serves an application with middleware outside of ours and inside, CORS first.
func composed(t *testing.T, outside, inside []echo.MiddlewareFunc, opts ...fault.Option) *compose.Service {
	t.Helper()
	s := compose.New(t, opts...)
	e := echo.New()
	e.Logger = slog.New(slog.DiscardHandler)
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
func route(e interface {
	GET(path string, h echo.HandlerFunc, m ...echo.MiddlewareFunc) echo.RouteInfo
	POST(path string, h echo.HandlerFunc, m ...echo.MiddlewareFunc) echo.RouteInfo
}) {
	leaking := fmt.Errorf("%s: %w", compose.Canary, locked)
	e.GET("/returned", func(*echo.Context) error { return leaking })
	e.GET("/panicked", func(*echo.Context) error { panic(leaking) })
	e.GET("/unknown", func(*echo.Context) error { return errors.New(compose.Canary) })
	e.GET("/crashed", func(*echo.Context) error { panic(compose.Canary) })
	e.GET("/echos", func(*echo.Context) error { return echo.NewHTTPError(http.StatusConflict, compose.Canary) })
	e.GET("/spoiled", func(c *echo.Context) error {
		for name, value := range map[string]string{"Content-Type": "text/csv", "Content-Length": "5", "Etag": `"` + compose.Canary + `"`,
			"Cache-Control": "public, max-age=60", "Last-Modified": "Mon, 02 Jan 2006 15:04:05 GMT", "Content-Encoding": "br",
			"Content-Disposition": "attachment"} {
			c.Response().Header().Set(name, value)
		}
		return leaking
	})
	e.GET("/cerror", func(c *echo.Context) error {
		c.Echo().HTTPErrorHandler(c, leaking)
		_, _ = c.Response().Write([]byte(compose.Canary))
		return leaking
	})
	e.GET("/fine", func(c *echo.Context) error { return c.String(http.StatusOK, "fine") })
	e.POST("/echo", func(c *echo.Context) error {
		body, err := io.ReadAll(c.Request().Body)
		if err != nil {
			return err
		}
		return c.Blob(http.StatusOK, "text/plain", body)
	})
	e.GET("/empty", func(c *echo.Context) error { return c.NoContent(http.StatusNoContent) })
}

type (
	composition = compose.Composition[echo.MiddlewareFunc]
	request     = compose.Request
)

// failures are those of the handlers and of the router.
var failures = []request{
	{Method: "GET", Path: "/returned", Want: compose.Failure{Err: locked, Status: 423, Code: "task_locked",
		Kept: map[string]string{"Retry-After": "1"}}},
	{Method: "GET", Path: "/panicked", Want: compose.Failure{Err: locked, Status: 423, Code: "task_locked"}},
	{Method: "GET", Path: "/unknown", Want: compose.Unhandled},
	{Method: "GET", Path: "/crashed", Want: compose.Unhandled},
	{Method: "GET", Path: "/echos", Want: compose.Refused(fault.Conflict)},
	{Method: "GET", Path: "/spoiled", Want: compose.Failure{Err: locked, Status: 423, Code: "task_locked"}},
	{Method: "GET", Path: "/cerror", Want: compose.Failure{Err: locked, Status: 423, Code: "task_locked"}},
	{Method: "GET", Path: "/nowhere", Want: compose.Refused(fault.NotFound)},
	{Method: "PUT", Path: "/fine", Want: compose.Failure{Err: fault.MethodNotAllowed, Status: 405, Code: "method_not_allowed",
		Kept: map[string]string{"Allow": "OPTIONS, GET"}}},
}

func TestCompositions(t *testing.T) { compose.Compositions(t, compositions, failures, composed) }

func TestTable(t *testing.T) { compose.Tabled(t, "## echo", 2, compositions) }
