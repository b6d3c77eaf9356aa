package faultfiber_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/adaptor"
	"github.com/gofiber/fiber/v3/middleware/compress"
	"github.com/gofiber/fiber/v3/middleware/etag"
	"github.com/gofiber/fiber/v3/middleware/logger"
	fiberrecover "github.com/gofiber/fiber/v3/middleware/recover"
	"github.com/gofiber/fiber/v3/middleware/requestid"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/coretest"
	faultfiber "github.com/polyfault/polyfault/fiberv3"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// exchange is the suite's view of a request.
type exchange struct{ fiber.Ctx }

func (x exchange) Context() context.Context     { return x.Ctx.Context() }
func (x exchange) Body() io.Reader              { return bytes.NewReader(x.Ctx.Body()) }
func (x exchange) SetHeader(name, value string) { x.Set(name, value) }
func (x exchange) Status(status int)            { x.Ctx.Status(status) }
func (x exchange) Flush()                       {}
func (x exchange) Hijack() (net.Conn, error)    { return nil, errors.ErrUnsupported }

// httpExchange is the suite's view of a net/http handler's.
type httpExchange struct {
	http.ResponseWriter
	req *http.Request
}

func (x httpExchange) Context() context.Context     { return x.req.Context() }
func (x httpExchange) Body() io.Reader              { return x.req.Body }
func (x httpExchange) SetHeader(name, value string) { x.Header().Set(name, value) }
func (x httpExchange) Status(status int)            { x.WriteHeader(status) }
func (x httpExchange) Flush()                       {}
func (x httpExchange) Hijack() (net.Conn, error)    { return nil, errors.ErrUnsupported }

const prefix = "/coretest"

// register registers the routes below their common prefix.
func register(to fiber.Router, routes []coretest.Route) {
	for _, route := range routes {
		add(to, route.Method, strings.TrimPrefix(route.Path, prefix), func(c fiber.Ctx) error { return route.Handle(exchange{c}) })
	}
}

// add registers a handler as applications do: app.Get is for HEAD, too, app.Add is not.
func add(to fiber.Router, method, path string, h fiber.Handler) {
	if method == fiber.MethodGet {
		to.Get(path, h)
		return
	}
	to.Add([]string{method}, path, h)
}

// config is what an app under test is set up with.
func config(r *fault.Responder) fiber.Config {
	return fiber.Config{ErrorHandler: faultfiber.ErrorHandler(r), BodyLimit: coretest.BodyLimit}
}

type setup func(*fault.Responder, []coretest.Route) *fiber.App

// behind registers the routes in a group, behind the middleware and Recover.
func behind(before ...fiber.Handler) setup {
	return func(r *fault.Responder, routes []coretest.Route) *fiber.App {
		app := fiber.New(config(r))
		for _, h := range before {
			app.Use(h)
		}
		app.Use(faultfiber.Recover(r))
		register(app.Group(prefix), routes)
		return app
	}
}

// quietLogger is fiber's logger. With ${error} in its format it calls the error's own Error.
func quietLogger(format string) fiber.Handler {
	return logger.New(logger.Config{Format: format, Stream: io.Discard})
}

// compressErrors is fiber's compress without a route that succeeds: it adds Vary there, which is not ours to judge.
func compressErrors() fiber.Handler {
	return compress.New(compress.Config{Next: func(c fiber.Ctx) bool { return c.Path() == prefix+"/success" }})
}

func TestConformance(t *testing.T) {
	buffered := coretest.Features{HeadRoutes: true,
		FrameworkError: func(status int, message string) error { return fiber.NewError(status, message) }}
	for name, c := range map[string]struct {
		build    setup
		features coretest.Features
	}{
		"ErrorHandler and Recover": {behind(), buffered},
		"logger in front":          {behind(quietLogger("${status} ${path}")), buffered},
		"Recover, logger, compress, etag and request ids in front": {func(r *fault.Responder, routes []coretest.Route) *fiber.App {
			app := fiber.New(config(r))
			app.Use(faultfiber.Recover(r), quietLogger("${error}"), compressErrors(), etag.New(),
				requestid.New(requestid.Config{Header: "X-Ours"}), faultfiber.Recover(r))
			register(app.Group(prefix), routes)
			return app
		}, buffered},
		"fiber's recover outside": {behind(fiberrecover.New()), buffered},
		"mounted, with a handler of its own": {func(r *fault.Responder, routes []coretest.Route) *fiber.App {
			app, sub := fiber.New(config(r)), fiber.New(config(r))
			sub.Use(faultfiber.Recover(r))
			register(sub, routes)
			app.Use(prefix, sub)
			return app
		}, buffered},
		"mounted, with the handler of the parent": {func(r *fault.Responder, routes []coretest.Route) *fiber.App {
			app, sub := fiber.New(config(r)), fiber.New()
			app.Use(faultfiber.Recover(r))
			register(sub, routes)
			app.Use(prefix, sub)
			return app
		}, buffered},
		// A handler of net/http takes what it has written for sent: the rules of streams hold.
		"net/http's handlers": {func(r *fault.Responder, routes []coretest.Route) *fiber.App {
			app := fiber.New(config(r))
			app.Use(faultfiber.Recover(r))
			for _, route := range routes {
				add(app, route.Method, route.Path, adaptor.HTTPHandler(faulthttp.Handler(r, func(w http.ResponseWriter, req *http.Request) error {
					return route.Handle(httpExchange{w, req})
				})))
			}
			return app
		}, coretest.Features{HeadRoutes: true, Streaming: true}},
		"net/http's handlers, without the adaptor": {func(r *fault.Responder, routes []coretest.Route) *fiber.App {
			app := fiber.New(config(r))
			app.Use(faultfiber.Recover(r))
			for _, route := range routes {
				methods := []string{route.Method}
				if route.Method == fiber.MethodGet {
					methods = append(methods, fiber.MethodHead)
				}
				app.Add(methods, route.Path, faulthttp.Handler(r, func(w http.ResponseWriter, req *http.Request) error {
					return route.Handle(httpExchange{w, req})
				}))
			}
			return app
		}, coretest.Features{HeadRoutes: true, Streaming: true}},
		"a context of the application's own": {func(r *fault.Responder, routes []coretest.Route) *fiber.App {
			app := fiber.NewWithCustomCtx(newCustomCtx, config(r))
			app.Use(quietLogger("${status}"), faultfiber.Recover(r))
			register(app.Group(prefix), routes)
			return app
		}, buffered},
		"Immutable, and header names as they come": {func(r *fault.Responder, routes []coretest.Route) *fiber.App {
			cfg := config(r)
			cfg.Immutable, cfg.DisableHeaderNormalizing = true, true
			app := fiber.New(cfg)
			app.Use(faultfiber.Recover(r))
			register(app.Group(prefix), routes)
			return app
		}, buffered},
	} {
		t.Run(name, func(t *testing.T) {
			coretest.Run(t, coretest.Adapter{
				Start: func(r *fault.Responder, routes []coretest.Route) (string, func(), error) {
					return start(c.build(r, routes))
				},
				Features: c.features,
			})
		})
	}
}

// start serves the app on a listener; stop waits for its end.
func start(app *fiber.App) (addr string, stop func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	app.Server().MaxIdleWorkerDuration = 20 * time.Millisecond // of fasthttp's pool: not to be taken for a leak
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = app.Listener(listener, fiber.ListenConfig{DisableStartupMessage: true})
	}()
	return listener.Addr().String(), func() {
		_ = app.ShutdownWithTimeout(5 * time.Second)
		_ = listener.Close() // when Listener had not begun yet
		<-done
	}, nil
}
