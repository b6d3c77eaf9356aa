// Package adapters starts one service on each adapter, in one process, with the newest versions of their frameworks: for
// tests of what must be the same on all of them.
package adapters

import (
	"bytes"
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
	"github.com/stretchr/testify/require"
	"github.com/valyala/fasthttp"

	fault "github.com/polyfault/polyfault/core"
	faultecho "github.com/polyfault/polyfault/echo"
	faultechov5 "github.com/polyfault/polyfault/echov5"
	faultfiber "github.com/polyfault/polyfault/fiber"
	faultfiberv3 "github.com/polyfault/polyfault/fiberv3"
	faultgin "github.com/polyfault/polyfault/gin"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// A Route is a handler of a test.
type Route struct {
	Method, Path string
	Handle       func(Exchange) error
}

// An Exchange is a request and its response as the handlers of tests use them.
type Exchange interface {
	Header(name string) string // of the request
	Body() io.Reader
	SetHeader(name, value string)
	Status(status int)
	Write(p []byte) (int, error)
	Flush() // nothing on fiber, which sends when the handler has returned
}

// An Adapter starts services.
type Adapter struct {
	Name  string
	HTTP2 bool // it speaks HTTP/2 without TLS, too
	Fast  bool // it stands on fasthttp

	serve func(r *fault.Responder, routes []Route, listener net.Listener) (stop func())
}

// Start serves the routes until the test is over, and returns the address.
func (a Adapter) Start(tb testing.TB, r *fault.Responder, routes []Route) (addr string) {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(tb, err)
	tb.Cleanup(a.serve(r, routes, listener))
	return listener.Addr().String()
}

// All are the adapters, those of fiber with request bodies as streams, too.
func All() []Adapter {
	gin.SetMode(gin.TestMode)
	return []Adapter{
		{Name: "net/http", HTTP2: true, serve: overHTTP(onNetHTTP)},
		{Name: "gin", HTTP2: true, serve: overHTTP(onGin)},
		{Name: "echo", HTTP2: true, serve: overHTTP(onEcho)},
		{Name: "echo v5", HTTP2: true, serve: overHTTP(onEchoV5)},
		{Name: "fiber", Fast: true, serve: onFiber(fiber.Config{})},
		{Name: "fiber v3", Fast: true, serve: onFiberV3(fiberv3.Config{})},
		{Name: "fiber, body as a stream", Fast: true, serve: onFiber(fiber.Config{StreamRequestBody: true})},
		{Name: "fiber v3, body as a stream", Fast: true, serve: onFiberV3(fiberv3.Config{StreamRequestBody: true})},
	}
}

// httpExchange is that of net/http, gin and echo, which all have its writer.
type httpExchange struct {
	w   http.ResponseWriter
	req *http.Request
}

// Request is there on these only.
func (x httpExchange) Request() *http.Request       { return x.req }
func (x httpExchange) Header(name string) string    { return x.req.Header.Get(name) }
func (x httpExchange) Body() io.Reader              { return x.req.Body }
func (x httpExchange) SetHeader(name, value string) { x.w.Header().Set(name, value) }
func (x httpExchange) Status(status int)            { x.w.WriteHeader(status) }
func (x httpExchange) Write(p []byte) (int, error)  { return x.w.Write(p) }
func (x httpExchange) Flush()                       { _ = http.NewResponseController(x.w).Flush() }

// fiberExchange is that of fiber.
type fiberExchange struct{ *fiber.Ctx }

func (x fiberExchange) Header(name string) string    { return x.Get(name) }
func (x fiberExchange) Body() io.Reader              { return body(x.Context()) }
func (x fiberExchange) SetHeader(name, value string) { x.Set(name, value) }
func (x fiberExchange) Status(status int)            { x.Ctx.Status(status) }
func (x fiberExchange) Flush()                       {}

// fiberV3Exchange is that of fiber v3.
type fiberV3Exchange struct{ fiberv3.Ctx }

func (x fiberV3Exchange) Header(name string) string    { return x.Get(name) }
func (x fiberV3Exchange) Body() io.Reader              { return body(x.RequestCtx()) }
func (x fiberV3Exchange) SetHeader(name, value string) { x.Set(name, value) }
func (x fiberV3Exchange) Status(status int)            { x.Ctx.Status(status) }
func (x fiberV3Exchange) Flush()                       {}

func body(ctx *fasthttp.RequestCtx) io.Reader {
	if stream := ctx.RequestBodyStream(); stream != nil {
		return stream
	}
	return bytes.NewReader(ctx.Request.Body())
}

func onNetHTTP(r *fault.Responder, routes []Route) http.Handler {
	mux := http.NewServeMux()
	for _, route := range routes {
		mux.Handle(route.Method+" "+route.Path,
			faulthttp.Handler(r, func(w http.ResponseWriter, req *http.Request) error { return route.Handle(httpExchange{w, req}) }))
	}
	return faulthttp.Middleware(r)(faulthttp.Mux(r, mux))
}

func onGin(r *fault.Responder, routes []Route) http.Handler {
	e := gin.New()
	e.HandleMethodNotAllowed = true
	faultgin.Install(e, r)
	for _, route := range routes {
		e.Handle(route.Method, route.Path,
			faultgin.Handler(func(c *gin.Context) error { return route.Handle(httpExchange{c.Writer, c.Request}) }))
	}
	return e
}

func onEcho(r *fault.Responder, routes []Route) http.Handler {
	e := echo.New()
	e.Logger.SetOutput(io.Discard)
	faultecho.Install(e, r)
	for _, route := range routes {
		e.Add(route.Method, route.Path, func(c echo.Context) error { return route.Handle(httpExchange{c.Response(), c.Request()}) })
	}
	return e
}

func onEchoV5(r *fault.Responder, routes []Route) http.Handler {
	e := echov5.New()
	e.Logger = slog.New(slog.DiscardHandler)
	faultechov5.Install(e, r)
	for _, route := range routes {
		e.Add(route.Method, route.Path, func(c *echov5.Context) error { return route.Handle(httpExchange{c.Response(), c.Request()}) })
	}
	return e
}

func overHTTP(build func(*fault.Responder, []Route) http.Handler) func(*fault.Responder, []Route, net.Listener) func() {
	return func(r *fault.Responder, routes []Route, listener net.Listener) func() {
		return serve(build(r, routes), listener)
	}
}

// Serve serves a handler by HTTP/1.1 and HTTP/2 until the test is over, and returns the address.
func Serve(tb testing.TB, h http.Handler) (addr string) {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(tb, err)
	tb.Cleanup(serve(h, listener))
	return listener.Addr().String()
}

// ServeOn is Serve on a listener, until stop is called.
func ServeOn(h http.Handler, listener net.Listener) (stop func()) { return serve(h, listener) }

func serve(h http.Handler, listener net.Listener) (stop func()) {
	server := httptest.NewUnstartedServer(h)
	_ = server.Listener.Close()
	server.Listener = listener
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Config.Protocols = &http.Protocols{}
	server.Config.Protocols.SetHTTP1(true)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	return server.Close
}

// idle is how long fasthttp's workers wait for work: they are not to be taken for leaks.
const idle = 20 * time.Millisecond

func onFiber(cfg fiber.Config) func(*fault.Responder, []Route, net.Listener) func() {
	return func(r *fault.Responder, routes []Route, listener net.Listener) func() {
		cfg := cfg
		cfg.ErrorHandler, cfg.DisableStartupMessage = faultfiber.ErrorHandler(r), true
		app := fiber.New(cfg)
		app.Use(faultfiber.Recover(r))
		for _, route := range routes {
			app.Add(route.Method, route.Path, func(c *fiber.Ctx) error { return route.Handle(fiberExchange{c}) })
		}
		app.Server().MaxIdleWorkerDuration = idle
		return run(func() { _ = app.Listener(listener) }, func() { _ = app.ShutdownWithTimeout(5 * time.Second) }, listener)
	}
}

func onFiberV3(cfg fiberv3.Config) func(*fault.Responder, []Route, net.Listener) func() {
	return func(r *fault.Responder, routes []Route, listener net.Listener) func() {
		cfg := cfg
		cfg.ErrorHandler = faultfiberv3.ErrorHandler(r)
		app := fiberv3.New(cfg)
		app.Use(faultfiberv3.Recover(r))
		for _, route := range routes {
			app.Add([]string{route.Method}, route.Path, func(c fiberv3.Ctx) error { return route.Handle(fiberV3Exchange{c}) })
		}
		app.Server().MaxIdleWorkerDuration = idle
		quiet := fiberv3.ListenConfig{DisableStartupMessage: true}
		return run(func() { _ = app.Listener(listener, quiet) }, func() { _ = app.ShutdownWithTimeout(5 * time.Second) }, listener)
	}
}

// run serves in the background; stop waits for the end.
func run(serve, shutdown func(), listener net.Listener) (stop func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		serve()
	}()
	return func() {
		shutdown()
		_ = listener.Close() // when serve had not begun yet
		<-done
	}
}
