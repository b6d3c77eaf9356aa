package main

import (
	"io"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"
	"github.com/gofiber/fiber/v2"
	fiberrecover "github.com/gofiber/fiber/v2/middleware/recover"
	"github.com/labstack/echo/v4"
	echomiddleware "github.com/labstack/echo/v4/middleware"
	echov5 "github.com/labstack/echo/v5"
	echov5middleware "github.com/labstack/echo/v5/middleware"
	"github.com/valyala/fasthttp"

	fault "github.com/polyfault/polyfault/core"
	faultecho "github.com/polyfault/polyfault/echo"
	faultechov5 "github.com/polyfault/polyfault/echov5"
	faultfiber "github.com/polyfault/polyfault/fiber"
	faultgin "github.com/polyfault/polyfault/gin"
)

// frameworkScenarios are the adapters, each beside what its framework does by itself.
func frameworkScenarios() []*scenario {
	return slices.Concat(ginScenarios(), echoScenarios(), echov5Scenarios(), fiberScenarios())
}

const (
	ownDefault  = "the framework's default, English"
	ownRecovery = "the framework's own recovery"
	ours        = "polyfault"
	orders      = "/orders/:id"
)

// prepared is the answer that all error contestants of the frameworks give, but for the defaults.
func prepared() (status int, header map[string]string, body []byte) {
	resp := responder(four).Respond(nil, fault.TaskLocked)
	header = map[string]string{}
	for name, values := range resp.Header() {
		header[name] = values[0]
	}
	return resp.Status, header, resp.Body
}

func ginScenarios() []*scenario {
	gin.SetMode(gin.ReleaseMode)
	status, header, body := prepared()
	engine := func(set func(*gin.Engine)) http.Handler {
		e := gin.New()
		set(e)
		return e
	}
	route := func(h gin.HandlerFunc, use ...gin.HandlerFunc) http.Handler {
		return engine(func(e *gin.Engine) { e.Use(use...); e.GET(orders, h) })
	}
	installed := func(h gin.HandlerFunc) http.Handler {
		return engine(func(e *gin.Engine) { faultgin.Install(e, responder(four)); e.GET(orders, h) })
	}
	success := func(c *gin.Context) { c.Status(http.StatusNoContent) }
	boom := func(*gin.Context) { panic("boom") }
	own := gin.CustomRecoveryWithWriter(io.Discard, func(c *gin.Context, _ any) { c.AbortWithStatus(http.StatusInternalServerError) })
	return frameworkTopics("gin", []contestant{
		{name: byHand, role: hand, handler: route(func(c *gin.Context) {
			h := c.Writer.Header()
			for name, value := range header {
				h.Set(name, value)
			}
			c.Writer.WriteHeader(status)
			_, _ = c.Writer.Write(body)
		})},
		{name: ownDefault, role: usual, handler: route(func(c *gin.Context) {
			c.AbortWithStatusJSON(status, gin.H{"error": lockedText})
		}), differs: "English only, as gin services write it"},
		{name: ours, handler: installed(faultgin.Handler(func(*gin.Context) error { return fault.TaskLocked.New() }))},
	}, []contestant{
		{name: "bare", handler: route(success)},
		{name: ownRecovery, role: hand, handler: route(success, own)},
		{name: ours, handler: installed(success)},
	}, []contestant{
		{name: ownRecovery, role: hand, handler: route(boom, own), differs: "500 without a body"},
		{name: ours, handler: installed(boom)},
	})
}

func echoScenarios() []*scenario {
	status, header, body := prepared()
	route := func(h echo.HandlerFunc, use ...echo.MiddlewareFunc) http.Handler {
		e := echo.New()
		e.Logger.SetOutput(io.Discard)
		e.Use(use...)
		e.GET(orders, h)
		return e
	}
	installed := func(h echo.HandlerFunc) http.Handler {
		e := echo.New()
		faultecho.Install(e, responder(four))
		e.GET(orders, h)
		return e
	}
	success := func(c echo.Context) error { return c.NoContent(http.StatusNoContent) }
	boom := func(echo.Context) error { panic("boom") }
	return frameworkTopics("echo", []contestant{
		{name: byHand, role: hand, handler: route(func(c echo.Context) error {
			h := c.Response().Header()
			for name, value := range header {
				h.Set(name, value)
			}
			c.Response().WriteHeader(status)
			_, err := c.Response().Write(body)
			return err
		})},
		{name: ownDefault, role: usual, handler: route(func(echo.Context) error {
			return echo.NewHTTPError(status, lockedText)
		}), differs: "English only, by echo's default error handler"},
		{name: ours, handler: installed(func(echo.Context) error { return fault.TaskLocked.New() })},
	}, []contestant{
		{name: "bare", handler: route(success)},
		{name: ownRecovery, role: hand, handler: route(success, echomiddleware.Recover())},
		{name: ours, handler: installed(success)},
	}, []contestant{
		{name: ownRecovery, role: hand, handler: route(boom, echomiddleware.Recover()), differs: "echo's default body"},
		{name: ours, handler: installed(boom)},
	})
}

func echov5Scenarios() []*scenario {
	status, header, body := prepared()
	route := func(h echov5.HandlerFunc, use ...echov5.MiddlewareFunc) http.Handler {
		e := echov5.New()
		e.Use(use...)
		e.GET(orders, h)
		return e
	}
	installed := func(h echov5.HandlerFunc) http.Handler {
		e := echov5.New()
		faultechov5.Install(e, responder(four))
		e.GET(orders, h)
		return e
	}
	success := func(c *echov5.Context) error { return c.NoContent(http.StatusNoContent) }
	boom := func(*echov5.Context) error { panic("boom") }
	return frameworkTopics("echo v5", []contestant{
		{name: byHand, role: hand, handler: route(func(c *echov5.Context) error {
			h := c.Response().Header()
			for name, value := range header {
				h.Set(name, value)
			}
			c.Response().WriteHeader(status)
			_, err := c.Response().Write(body)
			return err
		})},
		{name: ownDefault, role: usual, handler: route(func(*echov5.Context) error {
			return echov5.NewHTTPError(status, lockedText)
		}), differs: "English only, by echo's default error handler"},
		{name: ours, handler: installed(func(*echov5.Context) error { return fault.TaskLocked.New() })},
	}, []contestant{
		{name: "bare", handler: route(success)},
		{name: ownRecovery, role: hand, handler: route(success, echov5middleware.Recover())},
		{name: ours, handler: installed(success)},
	}, []contestant{
		{name: ownRecovery, role: hand, handler: route(boom, echov5middleware.Recover()), differs: "echo's default body"},
		{name: ours, handler: installed(boom)},
	})
}

func fiberScenarios() []*scenario {
	status, header, body := prepared()
	app := func(c contestant, config fiber.Config, h fiber.Handler, use ...fiber.Handler) contestant {
		a := fiber.New(config)
		for _, u := range use {
			a.Use(u)
		}
		a.Get(orders, h)
		return byFiber(c, a)
	}
	installed := func(h fiber.Handler) contestant {
		r := responder(four)
		return app(contestant{name: ours}, fiber.Config{ErrorHandler: faultfiber.ErrorHandler(r)}, h, faultfiber.Recover(r))
	}
	success := func(c *fiber.Ctx) error { c.Status(http.StatusNoContent); return nil }
	boom := func(*fiber.Ctx) error { panic("boom") }
	return frameworkTopics("fiber", []contestant{
		app(contestant{name: byHand, role: hand}, fiber.Config{}, func(c *fiber.Ctx) error {
			for name, value := range header {
				c.Set(name, value)
			}
			return c.Status(status).Send(body)
		}),
		app(contestant{name: ownDefault, role: usual, differs: "English only, by fiber's default error handler"}, fiber.Config{},
			func(*fiber.Ctx) error {
				return fiber.NewError(status, lockedText)
			}),
		installed(func(*fiber.Ctx) error { return fault.TaskLocked.New() }),
	}, []contestant{
		app(contestant{name: "bare"}, fiber.Config{}, success),
		app(contestant{name: ownRecovery, role: hand}, fiber.Config{}, success, fiberrecover.New()),
		installed(success),
	}, []contestant{
		app(contestant{name: ownRecovery, role: hand, differs: "the panic value as the text"}, fiber.Config{}, boom,
			fiberrecover.New(fiberrecover.Config{EnableStackTrace: true, StackTraceHandler: discardStack})),
		installed(boom),
	})
}

// frameworkTopics are the three questions that each framework is asked.
func frameworkTopics(name string, failing, succeeding, panicking []contestant) []*scenario {
	req := browse("application/json")
	return []*scenario{
		{name: name + ", error, 4 languages", request: req, contestants: failing},
		{name: name + ", success", request: req, contestants: succeeding},
		{name: name + `, panic("boom")`, request: req, contestants: panicking},
	}
}

// byFiber sends the browser's request to the app, past the connection, and discards the answer.
func byFiber(c contestant, app *fiber.App) contestant { return byFastHTTP(c, app.Handler()) }

// byFastHTTP is byFiber for a handler of any fiber.
func byFastHTTP(c contestant, handler fasthttp.RequestHandler) contestant {
	exchange := func(seen func(*fasthttp.Response)) {
		fctx := fiberRequests.Get().(*fasthttp.RequestCtx)
		defer fiberRequests.Put(fctx)
		handler(fctx)
		seen(&fctx.Response)
		fctx.Response.Reset()
		fctx.ResetUserValues()
	}
	nobody := func(*fasthttp.Response) {}
	c.op = func() { exchange(nobody) }
	c.sent = func() (answer string) {
		exchange(func(resp *fasthttp.Response) {
			lines := strings.Split(resp.String(), "\r\n")
			slices.Sort(lines) // the order of headers is of no meaning
			isDate := func(line string) bool { return strings.HasPrefix(line, "Date: ") }
			answer = strings.Join(slices.DeleteFunc(lines, isDate), "\n")
		})
		return answer
	}
	return c
}

// fiberRequests are requests as fasthttp would have read them, one for each goroutine that asks.
var fiberRequests = sync.Pool{New: func() any {
	fctx := &fasthttp.RequestCtx{}
	fctx.Request.Header.SetMethod(http.MethodGet)
	fctx.Request.SetRequestURI("/orders/4711")
	for name, values := range browse("application/json").Header {
		fctx.Request.Header.Set(name, values[0])
	}
	return fctx
}}

// discardStack formats the stack, as fiber's own handler does, and prints it nowhere.
func discardStack(_ *fiber.Ctx, v any) {
	_, _ = io.Discard.Write(append(debug.Stack(), v.(string)...))
}
