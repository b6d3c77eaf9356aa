// Package conformance_test runs all adapters in one process, with the newest versions of their frameworks, and
// looks for goroutines that are left. What each does in other set-ups is tested beside it.
package conformance_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/gofiber/fiber/v2"
	fiberv3 "github.com/gofiber/fiber/v3"
	"github.com/labstack/echo/v4"
	echov5 "github.com/labstack/echo/v5"
	"github.com/stretchr/testify/assert"
	"go.uber.org/goleak"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/coretest"
	faultecho "github.com/polyfault/polyfault/echo"
	faultechov5 "github.com/polyfault/polyfault/echov5"
	faultfiber "github.com/polyfault/polyfault/fiber"
	faultfiberv3 "github.com/polyfault/polyfault/fiberv3"
	faultgin "github.com/polyfault/polyfault/gin"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"), // one for the process: the Date header's clock
	)
}

// exchange is the suite's view of a request to net/http, gin and echo, which all have its writer.
type exchange struct {
	w   http.ResponseWriter
	req *http.Request
}

func (x exchange) Context() context.Context     { return x.req.Context() }
func (x exchange) Body() io.Reader              { return x.req.Body }
func (x exchange) SetHeader(name, value string) { x.w.Header().Set(name, value) }
func (x exchange) Status(status int)            { x.w.WriteHeader(status) }
func (x exchange) Write(p []byte) (int, error)  { return x.w.Write(p) }
func (x exchange) Flush()                       { _ = http.NewResponseController(x.w).Flush() }

func (x exchange) Hijack() (net.Conn, error) {
	conn, _, err := http.NewResponseController(x.w).Hijack()
	return conn, err
}

// fiberExchange is that of fiber.
type fiberExchange struct{ *fiber.Ctx }

func (x fiberExchange) Context() context.Context     { return x.UserContext() }
func (x fiberExchange) Body() io.Reader              { return bytes.NewReader(x.Ctx.Body()) }
func (x fiberExchange) SetHeader(name, value string) { x.Set(name, value) }
func (x fiberExchange) Status(status int)            { x.Ctx.Status(status) }
func (x fiberExchange) Flush()                       {}
func (x fiberExchange) Hijack() (net.Conn, error)    { return nil, errors.ErrUnsupported }

// fiberV3Exchange is that of fiber v3.
type fiberV3Exchange struct{ fiberv3.Ctx }

func (x fiberV3Exchange) Context() context.Context     { return x.Ctx.Context() }
func (x fiberV3Exchange) Body() io.Reader              { return bytes.NewReader(x.Ctx.Body()) }
func (x fiberV3Exchange) SetHeader(name, value string) { x.Set(name, value) }
func (x fiberV3Exchange) Status(status int)            { x.Ctx.Status(status) }
func (x fiberV3Exchange) Flush()                       {}
func (x fiberV3Exchange) Hijack() (net.Conn, error)    { return nil, errors.ErrUnsupported }

func onNetHTTP(r *fault.Responder, routes []coretest.Route) http.Handler {
	mux := http.NewServeMux()
	for _, route := range routes {
		mux.Handle(route.Method+" "+route.Path,
			faulthttp.Handler(r, func(w http.ResponseWriter, req *http.Request) error { return route.Handle(exchange{w, req}) }))
	}
	return faulthttp.Middleware(r)(faulthttp.Mux(r, mux))
}

func onGin(r *fault.Responder, routes []coretest.Route) http.Handler {
	e := gin.New()
	e.HandleMethodNotAllowed = true
	faultgin.Install(e, r)
	for _, route := range routes {
		e.Handle(route.Method, route.Path, faultgin.Handler(func(c *gin.Context) error { return route.Handle(exchange{c.Writer, c.Request}) }))
	}
	return e
}

func onEcho(r *fault.Responder, routes []coretest.Route) http.Handler {
	e := echo.New()
	e.Logger.SetOutput(io.Discard)
	faultecho.Install(e, r)
	for _, route := range routes {
		e.Add(route.Method, route.Path, func(c echo.Context) error { return route.Handle(exchange{c.Response(), c.Request()}) })
	}
	return e
}

func onEchoV5(config func() echov5.Config) func(*fault.Responder, []coretest.Route) http.Handler {
	return func(r *fault.Responder, routes []coretest.Route) http.Handler {
		e := echov5.NewWithConfig(config())
		e.Logger = slog.New(slog.DiscardHandler)
		faultechov5.Install(e, r)
		for _, route := range routes {
			e.Add(route.Method, route.Path, func(c *echov5.Context) error { return route.Handle(exchange{c.Response(), c.Request()}) })
		}
		return e
	}
}

// served starts a server of net/http.
func served(build func(*fault.Responder, []coretest.Route) http.Handler) func(*fault.Responder, []coretest.Route) (string, func(), error) {
	return func(r *fault.Responder, routes []coretest.Route) (string, func(), error) {
		server := httptest.NewUnstartedServer(http.MaxBytesHandler(build(r, routes), coretest.BodyLimit))
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.Start()
		return server.Listener.Addr().String(), server.Close, nil
	}
}

func onFiber(r *fault.Responder, routes []coretest.Route) (string, func(), error) {
	app := fiber.New(fiber.Config{ErrorHandler: faultfiber.ErrorHandler(r), BodyLimit: coretest.BodyLimit, DisableStartupMessage: true})
	app.Use(faultfiber.Recover(r))
	for _, route := range routes {
		add := app.Get
		if route.Method != fiber.MethodGet {
			add = func(path string, h ...fiber.Handler) fiber.Router { return app.Add(route.Method, path, h...) }
		}
		add(route.Path, func(c *fiber.Ctx) error { return route.Handle(fiberExchange{c}) })
	}
	app.Server().MaxIdleWorkerDuration = 20 * time.Millisecond // of fasthttp's pool: not to be taken for a leak
	return listening(app.Listener, app.ShutdownWithTimeout)
}

func onFiberV3(r *fault.Responder, routes []coretest.Route) (string, func(), error) {
	app := fiberv3.New(fiberv3.Config{ErrorHandler: faultfiberv3.ErrorHandler(r), BodyLimit: coretest.BodyLimit})
	app.Use(faultfiberv3.Recover(r))
	for _, route := range routes {
		handle := func(c fiberv3.Ctx) error { return route.Handle(fiberV3Exchange{c}) }
		if route.Method == fiberv3.MethodGet {
			app.Get(route.Path, handle) // for HEAD, too
			continue
		}
		app.Add([]string{route.Method}, route.Path, handle)
	}
	app.Server().MaxIdleWorkerDuration = 20 * time.Millisecond
	return listening(func(l net.Listener) error {
		return app.Listener(l, fiberv3.ListenConfig{DisableStartupMessage: true})
	}, app.ShutdownWithTimeout)
}

// listening serves an app of fiber's.
func listening(serve func(net.Listener) error, shutdown func(time.Duration) error) (string, func(), error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = serve(listener)
	}()
	return listener.Addr().String(), func() {
		_ = shutdown(5 * time.Second)
		_ = listener.Close()
		<-done
	}, nil
}

func TestConformance(t *testing.T) {
	streaming := coretest.Features{Streaming: true, Informational: true, Hijack: true, ClientCancel: true, AllMethods: true}
	withHead := streaming
	withHead.HeadRoutes = true
	ofEcho, ofEchoV5, headOfEchoV5 := streaming, streaming, withHead
	ofEcho.FrameworkError = func(status int, message string) error { return echo.NewHTTPError(status, message) }
	ofEchoV5.FrameworkError = func(status int, message string) error { return echov5.NewHTTPError(status, message) }
	headOfEchoV5.FrameworkError = ofEchoV5.FrameworkError
	for name, a := range map[string]coretest.Adapter{
		"net/http": {Start: served(onNetHTTP), Features: withHead},
		"gin":      {Start: served(onGin), Features: streaming},
		"echo":     {Start: served(onEcho), Features: ofEcho},
		"echo v5":  {Start: served(onEchoV5(func() echov5.Config { return echov5.Config{} })), Features: ofEchoV5},
		"echo v5, HEAD by GET": {Start: served(onEchoV5(func() echov5.Config {
			return echov5.Config{
				HTTPErrorHandler: echov5.ProblemDetailsHTTPErrorHandler(true), // Install replaces it
				Router:           echov5.NewRouter(echov5.RouterConfig{AutoHandleHEAD: true}),
			}
		})), Features: headOfEchoV5},
		"fiber": {Start: onFiber, Features: coretest.Features{HeadRoutes: true,
			FrameworkError: func(status int, message string) error { return fiber.NewError(status, message) }}},
		"fiber v3": {Start: onFiberV3, Features: coretest.Features{HeadRoutes: true,
			FrameworkError: func(status int, message string) error { return fiberv3.NewError(status, message) }}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // one process serves them all
			assert.NoError(t, coretest.Check(a))
		})
	}
}
