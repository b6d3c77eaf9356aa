package faultecho_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/labstack/echo/v5"
	"github.com/labstack/echo/v5/middleware"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/coretest"
	faultecho "github.com/polyfault/polyfault/echov5"
)

// exchange is the suite's view of a request.
type exchange struct{ c *echo.Context }

func (x exchange) Context() context.Context     { return x.c.Request().Context() }
func (x exchange) Body() io.Reader              { return x.c.Request().Body }
func (x exchange) SetHeader(name, value string) { x.c.Response().Header().Set(name, value) }
func (x exchange) Status(status int)            { x.c.Response().WriteHeader(status) }
func (x exchange) Write(p []byte) (int, error)  { return x.c.Response().Write(p) }
func (x exchange) Flush()                       { _ = http.NewResponseController(x.c.Response()).Flush() }
func (x exchange) Hijack() (conn net.Conn, err error) {
	conn, _, err = http.NewResponseController(x.c.Response()).Hijack()
	return
}

// adder is an Echo or a Group.
type adder interface {
	Add(method, path string, handler echo.HandlerFunc, middleware ...echo.MiddlewareFunc) echo.RouteInfo
}

func register(to adder, prefix string, routes []coretest.Route) {
	for _, route := range routes {
		to.Add(route.Method, route.Path[len(prefix):], func(c *echo.Context) error { return route.Handle(exchange{c}) })
	}
}

var (
	maxBytes  = func(e *echo.Echo) http.Handler { return http.MaxBytesHandler(e, coretest.BodyLimit) }
	bodyLimit = middleware.BodyLimit(coretest.BodyLimit)
)

// A setup is a way to build an application around Install.
type setup struct {
	before, after func(*echo.Echo, *fault.Responder) // Install
	prefix        string                             // of a group
	limit         func(*echo.Echo) http.Handler
}

func use(m ...echo.MiddlewareFunc) func(*echo.Echo, *fault.Responder) {
	return func(e *echo.Echo, _ *fault.Responder) { e.Use(m...) }
}

func (s setup) start(r *fault.Responder, routes []coretest.Route) (addr string, stop func(), err error) {
	e := quiet()
	if s.before != nil {
		s.before(e, r)
	}
	faultecho.Install(e, r)
	if s.after != nil {
		s.after(e, r)
	}
	if s.prefix != "" {
		register(e.Group(s.prefix), s.prefix, routes)
	} else {
		register(e, "", routes)
	}
	server := httptest.NewServer(s.limit(e))
	return server.Listener.Addr().String(), server.Close, nil
}

// quiet is an Echo that logs nothing.
func quiet() *echo.Echo {
	e := echo.New()
	e.Logger = slog.New(slog.DiscardHandler)
	return e
}

// passing is middleware of net/http.
func passing(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { next.ServeHTTP(w, req) })
}

// tracing does what otelecho does: it hands the error to the error handler and returns it as well.
func tracing(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c *echo.Context) error {
		err := next(c)
		if err != nil {
			fail(c, err)
		}
		return err
	}
}

func loggers() []echo.MiddlewareFunc {
	return []echo.MiddlewareFunc{
		middleware.RequestLogger(),
		middleware.RequestLoggerWithConfig(middleware.RequestLoggerConfig{
			HandleError:   true,
			LogStatus:     true,
			LogValuesFunc: func(*echo.Context, middleware.RequestLoggerValues) error { return nil },
		}),
		tracing,
	}
}

func TestConformance(t *testing.T) {
	for name, s := range map[string]setup{
		"Install":                {limit: maxBytes},
		"echo's Recover outside": {limit: maxBytes, before: use(middleware.Recover())},
		"loggers outside":        {limit: maxBytes, before: use(loggers()...)},
		"much inside":            {limit: maxBytes, after: use(append(loggers(), echo.WrapMiddleware(passing))...)},
		"BodyLimit, in a group":  {limit: func(e *echo.Echo) http.Handler { return e }, after: use(bodyLimit), prefix: "/coretest"},
		"in Pre and in Use, too": {limit: maxBytes, before: func(e *echo.Echo, r *fault.Responder) {
			e.Pre(faultecho.Recover(r))
			e.Use(faultecho.Recover(r), echo.WrapMiddleware(passing))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			coretest.Run(t, coretest.Adapter{
				Start: s.start,
				Features: coretest.Features{Streaming: true, Informational: true, Hijack: true, ClientCancel: true, AllMethods: true,
					FrameworkError: func(status int, message string) error { return echo.NewHTTPError(status, message) }},
			})
		})
	}
}
