// Package fiber_test composes faultfiber with middleware of others for fiber v2, the real ones, on a real listener. Where each
// may stand is a table of docs/middleware.md, which the tests read.
package fiber_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/cors"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	faultfiber "github.com/polyfault/polyfault/fiber"
	"github.com/polyfault/polyfault/interop/compose"
)

// watching notes the status outside of all others, as such middleware reads it: that of the error, or else of the response.
func watching(seen *compose.Seen) fiber.Handler {
	return func(c *fiber.Ctx) error {
		err := c.Next()
		status := c.Response().StatusCode()
		if f, ok := err.(*fiber.Error); ok {
			status = f.Code
		} else if err != nil {
			status = http.StatusInternalServerError
		}
		seen.Note(status)
		return err
	}
}

func allowing() fiber.Handler { return cors.New(cors.Config{AllowOrigins: compose.Origin}) }

// composed serves an application with middleware outside of ours and inside, CORS first.
func composed(t *testing.T, outside, inside []fiber.Handler, opts ...fault.Option) *compose.Service {
	t.Helper()
	s := compose.New(t, opts...)
	app := fiber.New(config(s))
	app.Use(watching(&s.Seen), allowing())
	use(app, outside)
	app.Use(faultfiber.Recover(s.Responder))
	use(app, inside)
	route(app)
	serve(t, s, app)
	return s
}

func config(s *compose.Service) fiber.Config {
	return fiber.Config{ErrorHandler: faultfiber.ErrorHandler(s.Responder), DisableStartupMessage: true}
}

func use(app *fiber.App, handlers []fiber.Handler) {
	for _, h := range handlers {
		app.Use(h)
	}
}

func serve(t *testing.T, s *compose.Service, app *fiber.App) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.Addr = listener.Addr().String()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = app.Listener(listener)
	}()
	t.Cleanup(func() {
		_ = app.ShutdownWithTimeout(time.Second)
		_ = listener.Close()
		<-done
	})
}

var (
	locked     = fault.TaskLocked.New(fault.Detail("task", "R41"), fault.RetryAfter(1))
	errLeaking = fmt.Errorf("%s: %w", compose.Canary, locked)
)

// route adds handlers that fail in each way there is, and some that do not.
func route(app fiber.Router) {
	app.Get("/returned", func(*fiber.Ctx) error { return errLeaking })
	app.Get("/panicked", func(*fiber.Ctx) error { panic(errLeaking) })
	app.Get("/unknown", func(*fiber.Ctx) error { return errors.New(compose.Canary) })
	app.Get("/crashed", func(*fiber.Ctx) error { panic(compose.Canary) })
	app.Get("/fibers", func(*fiber.Ctx) error { return fiber.NewError(http.StatusConflict, compose.Canary) })
	app.Get("/spoiled", func(c *fiber.Ctx) error {
		for name, value := range map[string]string{"Content-Type": "text/csv", "Content-Length": "5", "Etag": `"` + compose.Canary + `"`,
			"Cache-Control": "public, max-age=60", "Last-Modified": "Mon, 02 Jan 2006 15:04:05 GMT", "Content-Encoding": "br",
			"Content-Disposition": "attachment"} {
			c.Set(name, value)
		}
		_ = c.SendString(compose.Canary)
		return errLeaking
	})
	app.Get("/handled", func(c *fiber.Ctx) error {
		_ = c.App().ErrorHandler(c, errLeaking)
		_, _ = c.Status(http.StatusTeapot).WriteString(compose.Canary)
		return errLeaking
	})
	app.Get("/fine", func(c *fiber.Ctx) error { return c.SendString("fine") })
	app.Post("/echo", func(c *fiber.Ctx) error { return c.Send(c.Body()) })
	app.Get("/empty", func(c *fiber.Ctx) error { return c.SendStatus(http.StatusNoContent) })
}

type (
	composition = compose.Composition[fiber.Handler]
	request     = compose.Request
)

// failures are those of the handlers and of the router.
var failures = []request{
	{Method: "GET", Path: "/returned", Want: compose.Failure{Err: locked, Status: 423, Code: "task_locked",
		Kept: map[string]string{"Retry-After": "1"}}},
	{Method: "GET", Path: "/panicked", Want: compose.Failure{Err: locked, Status: 423, Code: "task_locked"}},
	{Method: "GET", Path: "/unknown", Want: compose.Unhandled},
	{Method: "GET", Path: "/crashed", Want: compose.Unhandled},
	{Method: "GET", Path: "/fibers", Want: compose.Refused(fault.Conflict)},
	{Method: "GET", Path: "/spoiled", Want: compose.Failure{Err: locked, Status: 423, Code: "task_locked"}},
	{Method: "GET", Path: "/handled", Want: compose.Failure{Err: locked, Status: 423, Code: "task_locked"}},
	{Method: "GET", Path: "/nowhere", Want: compose.Refused(fault.NotFound)},
	{Method: "PUT", Path: "/fine", Want: compose.Failure{Err: fault.MethodNotAllowed, Status: 405, Code: "method_not_allowed",
		Kept: map[string]string{"Allow": "GET, HEAD"}}},
}

func TestCompositions(t *testing.T) { compose.Compositions(t, compositions, failures, composed) }

func TestTable(t *testing.T) { compose.Tabled(t, "## fiber", 1, compositions) }
