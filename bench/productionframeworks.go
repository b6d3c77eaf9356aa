package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"slices"

	"github.com/gin-gonic/gin"
	"github.com/gofiber/fiber/v2"
	fiberrecover "github.com/gofiber/fiber/v2/middleware/recover"
	fiberv3 "github.com/gofiber/fiber/v3"
	fiberv3recover "github.com/gofiber/fiber/v3/middleware/recover"
	"github.com/labstack/echo/v4"
	echomiddleware "github.com/labstack/echo/v4/middleware"
	echov5 "github.com/labstack/echo/v5"
	echov5middleware "github.com/labstack/echo/v5/middleware"

	fault "github.com/polyfault/polyfault/core"
	faultecho "github.com/polyfault/polyfault/echo"
	faultechov5 "github.com/polyfault/polyfault/echov5"
	faultfiber "github.com/polyfault/polyfault/fiber"
	faultfiberv3 "github.com/polyfault/polyfault/fiberv3"
	faultgin "github.com/polyfault/polyfault/gin"
)

// productionFrameworkScenarios are the adapters as in production, beside what is written by hand and what the frameworks
// do by themselves.
func productionFrameworkScenarios() []*scenario {
	return slices.Concat(ginProduction(), echoProduction(), echov5Production(), fiberProduction(), fiberv3Production())
}

// frameworksInProduction are the names of them in the names of their scenarios.
var frameworksInProduction = []string{"gin", "echo", "echo v5", "fiber", "fiber v3"}

// The topics of a framework, behind its name.
const (
	topicStatic  = ", static"
	topicUnknown = ", unknown error"
	topicPanic   = `, panic("boom")`
	topicSuccess = ", success"

	lockedText = "This is not possible because the task is locked."
)

// A frameworkRun has the contestants of one framework by topic.
type frameworkRun struct{ static, unknown, panicking, success []contestant }

func (f frameworkRun) scenarios(name string) []*scenario {
	req := browse("application/json")
	return []*scenario{
		{name: inProduction(name, topicStatic), request: req, contestants: f.static},
		{name: inProduction(name, topicUnknown), request: req, contestants: f.unknown},
		{name: inProduction(name, topicPanic), request: req, contestants: f.panicking},
		{name: inProduction(name, topicSuccess), request: req, contestants: f.success},
	}
}

func inProduction(framework, topic string) string { return "production: " + framework + topic }

const depth = 8 // plain middlewares around what fails

func ginProduction() []*scenario {
	gin.SetMode(gin.ReleaseMode)
	locked, internal := lockedAnswer(), internalError()
	pass := slices.Repeat([]gin.HandlerFunc{func(c *gin.Context) { c.Next() }}, depth)
	engine := func(outer []gin.HandlerFunc, h gin.HandlerFunc) http.Handler {
		e := gin.New()
		e.Use(outer...)
		e.GET(orders, h)
		return e
	}
	installed := func(h gin.HandlerFunc, inner ...gin.HandlerFunc) http.Handler {
		e := gin.New()
		faultgin.Install(e, inFour())
		e.Use(inner...)
		e.GET(orders, h)
		return e
	}
	returning := func(err func() error) gin.HandlerFunc {
		return faultgin.Handler(func(*gin.Context) error { return err() })
	}
	success := func(c *gin.Context) { c.Status(http.StatusNoContent) }
	boom := func(*gin.Context) { panic("boom") }
	counted := func(*gin.Context) { failures.Add(1); panic("boom") }
	own := gin.CustomRecoveryWithWriter(io.Discard, func(c *gin.Context, _ any) { c.AbortWithStatus(http.StatusInternalServerError) })
	recovering := func(c *gin.Context) {
		defer func() {
			if v := recover(); v != nil {
				internal.fail(c.Writer, c.Request, fmt.Sprint(v), debug.Stack())
				c.Abort()
			}
		}()
		c.Next()
	}
	return frameworkRun{
		static: []contestant{
			{name: byHand, role: hand, handler: engine(nil, func(c *gin.Context) { locked.answer(c.Writer, c.Request) })},
			{name: ownDefault, role: usual, differs: "English only, without code and trace id", handler: engine(nil, func(c *gin.Context) {
				failures.Add(1)
				c.AbortWithStatusJSON(http.StatusLocked, gin.H{"error": lockedText})
			})},
			{name: bareKind, handler: installed(returning(func() error { return fault.TaskLocked }))},
			{name: newFault, handler: installed(returning(func() error { return fault.TaskLocked.New() }))},
		},
		unknown: []contestant{
			{name: slogByHand, role: hand, handler: engine(pass, func(c *gin.Context) {
				internal.fail(c.Writer, c.Request, errLost.Error(), debug.Stack())
			})},
			{name: ours, handler: installed(returning(func() error { return errLost }), pass...)},
		},
		panicking: []contestant{
			{name: slogByHand, role: hand, handler: engine(slices.Concat([]gin.HandlerFunc{recovering}, pass), boom)},
			{name: ownRecovery, role: usual, differs: "500 without a body", handler: engine(slices.Concat([]gin.HandlerFunc{own}, pass), counted)},
			{name: ours, handler: installed(boom, pass...)},
		},
		success: []contestant{
			{name: "bare", handler: engine(nil, success)},
			{name: ownRecovery, role: hand, handler: engine([]gin.HandlerFunc{own}, success)},
			{name: ours, handler: installed(success)},
		},
	}.scenarios("gin")
}

func echoProduction() []*scenario {
	locked, internal := lockedAnswer(), internalError()
	pass := slices.Repeat([]echo.MiddlewareFunc{func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error { return next(c) }
	}}, depth)
	route := func(outer []echo.MiddlewareFunc, h echo.HandlerFunc) http.Handler {
		e := echo.New()
		e.Logger.SetOutput(io.Discard)
		e.Use(outer...)
		e.GET(orders, h)
		return e
	}
	installed := func(h echo.HandlerFunc, inner ...echo.MiddlewareFunc) http.Handler {
		e := echo.New()
		faultecho.Install(e, inFour())
		e.Use(inner...)
		e.GET(orders, h)
		return e
	}
	returning := func(err func() error) echo.HandlerFunc { return func(echo.Context) error { return err() } }
	success := func(c echo.Context) error { return c.NoContent(http.StatusNoContent) }
	boom := func(echo.Context) error { panic("boom") }
	counted := func(echo.Context) error { failures.Add(1); panic("boom") }
	recovering := func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			defer func() {
				if v := recover(); v != nil {
					internal.fail(c.Response(), c.Request(), fmt.Sprint(v), debug.Stack())
				}
			}()
			return next(c)
		}
	}
	return frameworkRun{
		static: []contestant{
			{name: byHand, role: hand, handler: route(nil, func(c echo.Context) error { locked.answer(c.Response(), c.Request()); return nil })},
			{name: ownDefault, role: usual, differs: "English only, without code and trace id", handler: route(nil, func(echo.Context) error {
				failures.Add(1)
				return echo.NewHTTPError(http.StatusLocked, lockedText)
			})},
			{name: bareKind, handler: installed(returning(func() error { return fault.TaskLocked }))},
			{name: newFault, handler: installed(returning(func() error { return fault.TaskLocked.New() }))},
		},
		unknown: []contestant{
			{name: slogByHand, role: hand, handler: route(pass, func(c echo.Context) error {
				internal.fail(c.Response(), c.Request(), errLost.Error(), debug.Stack())
				return nil
			})},
			{name: ownDefault, role: usual, differs: "English only, and nothing in the log",
				handler: route(pass, returning(func() error { failures.Add(1); return errLost }))},
			{name: ours, handler: installed(returning(func() error { return errLost }), pass...)},
		},
		panicking: []contestant{
			{name: slogByHand, role: hand, handler: route(slices.Concat([]echo.MiddlewareFunc{recovering}, pass), boom)},
			{name: ownRecovery, role: usual, differs: "echo's default body",
				handler: route(slices.Concat([]echo.MiddlewareFunc{echomiddleware.Recover()}, pass), counted)},
			{name: ours, handler: installed(boom, pass...)},
		},
		success: []contestant{
			{name: "bare", handler: route(nil, success)},
			{name: ownRecovery, role: hand, handler: route([]echo.MiddlewareFunc{echomiddleware.Recover()}, success)},
			{name: ours, handler: installed(success)},
		},
	}.scenarios("echo")
}

func echov5Production() []*scenario {
	locked, internal := lockedAnswer(), internalError()
	pass := slices.Repeat([]echov5.MiddlewareFunc{func(next echov5.HandlerFunc) echov5.HandlerFunc {
		return func(c *echov5.Context) error { return next(c) }
	}}, depth)
	route := func(outer []echov5.MiddlewareFunc, h echov5.HandlerFunc) http.Handler {
		e := echov5.New()
		e.Use(outer...)
		e.GET(orders, h)
		return e
	}
	installed := func(h echov5.HandlerFunc, inner ...echov5.MiddlewareFunc) http.Handler {
		e := echov5.New()
		faultechov5.Install(e, inFour())
		e.Use(inner...)
		e.GET(orders, h)
		return e
	}
	returning := func(err func() error) echov5.HandlerFunc { return func(*echov5.Context) error { return err() } }
	success := func(c *echov5.Context) error { return c.NoContent(http.StatusNoContent) }
	boom := func(*echov5.Context) error { panic("boom") }
	counted := func(*echov5.Context) error { failures.Add(1); panic("boom") }
	recovering := func(next echov5.HandlerFunc) echov5.HandlerFunc {
		return func(c *echov5.Context) error {
			defer func() {
				if v := recover(); v != nil {
					internal.fail(c.Response(), c.Request(), fmt.Sprint(v), debug.Stack())
				}
			}()
			return next(c)
		}
	}
	return frameworkRun{
		static: []contestant{
			{name: byHand, role: hand, handler: route(nil, func(c *echov5.Context) error {
				locked.answer(c.Response(), c.Request())
				return nil
			})},
			{name: ownDefault, role: usual, differs: "English only, without code and trace id", handler: route(nil, func(*echov5.Context) error {
				failures.Add(1)
				return echov5.NewHTTPError(http.StatusLocked, lockedText)
			})},
			{name: bareKind, handler: installed(returning(func() error { return fault.TaskLocked }))},
			{name: newFault, handler: installed(returning(func() error { return fault.TaskLocked.New() }))},
		},
		unknown: []contestant{
			{name: slogByHand, role: hand, handler: route(pass, func(c *echov5.Context) error {
				internal.fail(c.Response(), c.Request(), errLost.Error(), debug.Stack())
				return nil
			})},
			{name: ownDefault, role: usual, differs: "English only, and nothing in the log",
				handler: route(pass, returning(func() error { failures.Add(1); return errLost }))},
			{name: ours, handler: installed(returning(func() error { return errLost }), pass...)},
		},
		panicking: []contestant{
			{name: slogByHand, role: hand, handler: route(slices.Concat([]echov5.MiddlewareFunc{recovering}, pass), boom)},
			{name: ownRecovery, role: usual, differs: "echo's default body, and nothing in the log",
				handler: route(slices.Concat([]echov5.MiddlewareFunc{echov5middleware.Recover()}, pass), counted)},
			{name: ours, handler: installed(boom, pass...)},
		},
		success: []contestant{
			{name: "bare", handler: route(nil, success)},
			{name: ownRecovery, role: hand, handler: route([]echov5.MiddlewareFunc{echov5middleware.Recover()}, success)},
			{name: ours, handler: installed(success)},
		},
	}.scenarios("echo v5")
}

func fiberProduction() []*scenario {
	locked, internal := lockedAnswer(), internalError()
	pass := slices.Repeat([]fiber.Handler{func(c *fiber.Ctx) error { return c.Next() }}, depth)
	app := func(c contestant, config fiber.Config, h fiber.Handler, use ...fiber.Handler) contestant {
		a := fiber.New(config)
		for _, u := range use {
			a.Use(u)
		}
		a.Get(orders, h)
		return byFastHTTP(c, a.Handler())
	}
	plain := fiber.Config{}
	installed := func(name string, h fiber.Handler, inner ...fiber.Handler) contestant {
		r := inFour()
		use := slices.Concat([]fiber.Handler{faultfiber.Recover(r)}, inner)
		return app(contestant{name: name}, fiber.Config{ErrorHandler: faultfiber.ErrorHandler(r)}, h, use...)
	}
	returning := func(err func() error) fiber.Handler { return func(*fiber.Ctx) error { return err() } }
	success := func(c *fiber.Ctx) error { c.Status(http.StatusNoContent); return nil }
	boom := func(*fiber.Ctx) error { panic("boom") }
	counted := func(*fiber.Ctx) error { failures.Add(1); panic("boom") }
	answer := func(c *fiber.Ctx, a handAnswer) error {
		failures.Add(1)
		return c.Status(a.status).Send(a.build(c.Get("Traceparent"), func(name, value string) { c.Set(name, value) }))
	}
	fail := func(c *fiber.Ctx, cause string) error {
		logFailure(context.Background(), jsonLogger, c.Method(), c.Path(), traceOf(c.Get("Traceparent")), cause, debug.Stack())
		return answer(c, internal)
	}
	recovering := func(c *fiber.Ctx) (err error) {
		defer func() {
			if v := recover(); v != nil {
				err = fail(c, fmt.Sprint(v))
			}
		}()
		return c.Next()
	}
	own := fiberrecover.New(fiberrecover.Config{EnableStackTrace: true, StackTraceHandler: discardStack})
	return frameworkRun{
		static: []contestant{
			app(contestant{name: byHand, role: hand}, plain, func(c *fiber.Ctx) error { return answer(c, locked) }),
			app(contestant{name: ownDefault, role: usual, differs: "English only, without code and trace id"}, plain, func(*fiber.Ctx) error {
				failures.Add(1)
				return fiber.NewError(http.StatusLocked, lockedText)
			}),
			installed(bareKind, returning(func() error { return fault.TaskLocked })),
			installed(newFault, returning(func() error { return fault.TaskLocked.New() })),
		},
		unknown: []contestant{
			app(contestant{name: slogByHand, role: hand}, plain, func(c *fiber.Ctx) error { return fail(c, errLost.Error()) }, pass...),
			app(contestant{name: ownDefault, role: usual, differs: "the text of the error, and nothing in the log"}, plain,
				returning(func() error { failures.Add(1); return errLost }), pass...),
			installed(ours, returning(func() error { return errLost }), pass...),
		},
		panicking: []contestant{
			app(contestant{name: slogByHand, role: hand}, plain, boom, slices.Concat([]fiber.Handler{recovering}, pass)...),
			app(contestant{name: ownRecovery, role: usual, differs: "the panic value as the text"}, plain, counted,
				slices.Concat([]fiber.Handler{own}, pass)...),
			installed(ours, boom, pass...),
		},
		success: []contestant{
			app(contestant{name: "bare"}, plain, success),
			app(contestant{name: ownRecovery, role: hand}, plain, success, own),
			installed(ours, success),
		},
	}.scenarios("fiber")
}

func fiberv3Production() []*scenario {
	locked, internal := lockedAnswer(), internalError()
	pass := slices.Repeat([]fiberv3.Handler{func(c fiberv3.Ctx) error { return c.Next() }}, depth)
	app := func(c contestant, config fiberv3.Config, h fiberv3.Handler, use ...fiberv3.Handler) contestant {
		a := fiberv3.New(config)
		for _, u := range use {
			a.Use(u)
		}
		a.Get(orders, h)
		return byFastHTTP(c, a.Handler())
	}
	plain := fiberv3.Config{}
	installed := func(name string, h fiberv3.Handler, inner ...fiberv3.Handler) contestant {
		r := inFour()
		use := slices.Concat([]fiberv3.Handler{faultfiberv3.Recover(r)}, inner)
		return app(contestant{name: name}, fiberv3.Config{ErrorHandler: faultfiberv3.ErrorHandler(r)}, h, use...)
	}
	returning := func(err func() error) fiberv3.Handler { return func(fiberv3.Ctx) error { return err() } }
	success := func(c fiberv3.Ctx) error { c.Status(http.StatusNoContent); return nil }
	boom := func(fiberv3.Ctx) error { panic("boom") }
	counted := func(fiberv3.Ctx) error { failures.Add(1); panic("boom") }
	answer := func(c fiberv3.Ctx, a handAnswer) error {
		failures.Add(1)
		return c.Status(a.status).Send(a.build(c.Get("Traceparent"), func(name, value string) { c.Set(name, value) }))
	}
	fail := func(c fiberv3.Ctx, cause string) error {
		logFailure(context.Background(), jsonLogger, c.Method(), c.Path(), traceOf(c.Get("Traceparent")), cause, debug.Stack())
		return answer(c, internal)
	}
	recovering := func(c fiberv3.Ctx) (err error) {
		defer func() {
			if v := recover(); v != nil {
				err = fail(c, fmt.Sprint(v))
			}
		}()
		return c.Next()
	}
	own := fiberv3recover.New(fiberv3recover.Config{EnableStackTrace: true, StackTraceHandler: func(_ fiberv3.Ctx, v any) {
		_, _ = io.Discard.Write(append(debug.Stack(), v.(string)...))
	}})
	return frameworkRun{
		static: []contestant{
			app(contestant{name: byHand, role: hand}, plain, func(c fiberv3.Ctx) error { return answer(c, locked) }),
			app(contestant{name: ownDefault, role: usual, differs: "English only, without code and trace id"}, plain, func(fiberv3.Ctx) error {
				failures.Add(1)
				return fiberv3.NewError(http.StatusLocked, lockedText)
			}),
			installed(bareKind, returning(func() error { return fault.TaskLocked })),
			installed(newFault, returning(func() error { return fault.TaskLocked.New() })),
		},
		unknown: []contestant{
			app(contestant{name: slogByHand, role: hand}, plain, func(c fiberv3.Ctx) error { return fail(c, errLost.Error()) }, pass...),
			app(contestant{name: ownDefault, role: usual, differs: "the text of the error, and nothing in the log"}, plain,
				returning(func() error { failures.Add(1); return errLost }), pass...),
			installed(ours, returning(func() error { return errLost }), pass...),
		},
		panicking: []contestant{
			app(contestant{name: slogByHand, role: hand}, plain, boom, slices.Concat([]fiberv3.Handler{recovering}, pass)...),
			app(contestant{name: ownRecovery, role: usual, differs: "the panic value as the text"}, plain, counted,
				slices.Concat([]fiberv3.Handler{own}, pass)...),
			installed(ours, boom, pass...),
		},
		success: []contestant{
			app(contestant{name: "bare"}, plain, success),
			app(contestant{name: ownRecovery, role: hand}, plain, success, own),
			installed(ours, success),
		},
	}.scenarios("fiber v3")
}

// build is answer for frameworks with headers of their own, which set Content-Length by themselves.
func (a handAnswer) build(parent string, set func(name, value string)) []byte {
	set("Content-Type", a.contentType)
	set("X-Content-Type-Options", "nosniff")
	set("Cache-Control", "no-store")
	set("Content-Language", a.languages)
	set("Vary", a.vary)
	return a.text.with(traceOf(parent))
}
