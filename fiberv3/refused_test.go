package faultfiber_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/cors"
	"github.com/gofiber/fiber/v3/middleware/keyauth"
	"github.com/gofiber/fiber/v3/middleware/limiter"
	"github.com/gofiber/fiber/v3/middleware/logger"
	"github.com/gofiber/fiber/v3/middleware/requestid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	faultfiber "github.com/polyfault/polyfault/fiberv3"
)

// customCtx is a context of an application's own.
type customCtx struct{ fiber.DefaultCtx }

func newCustomCtx(app *fiber.App) fiber.CustomCtx {
	return &customCtx{*fiber.NewDefaultCtx(app)}
}

// aroundCtx is one that embeds an interface.
type aroundCtx struct{ fiber.CustomCtx }

func newAroundCtx(app *fiber.App) fiber.CustomCtx { return &aroundCtx{fiber.NewDefaultCtx(app)} }

// What the server refuses is answered with its reason, once, though the middleware of Use runs before it is known, finds
// no route, and fails as it likes.
func TestTheServersReasonWins(t *testing.T) {
	use := func(h ...any) func(fiber.Config, *fault.Responder) *fiber.App {
		return func(cfg fiber.Config, _ *fault.Responder) *fiber.App {
			app := fiber.New(cfg)
			app.Use(cors.New())
			for _, h := range h {
				app.Use(h)
			}
			return app
		}
	}
	for name, build := range map[string]func(fiber.Config, *fault.Responder) *fiber.App{
		"no middleware":    use(),
		"Recover":          use(faultfiber.Recover(nil)),
		"Recover twice":    use(faultfiber.Recover(nil), faultfiber.Recover(nil)),
		"logger":           use(quietLogger("${status} ${error}"), faultfiber.Recover(nil)),
		"logger inside":    use(faultfiber.Recover(nil), quietLogger("${status}")),
		"logger alone":     use(quietLogger("${status}")),
		"ours":             use(faultfiber.Recover(nil), func(fiber.Ctx) error { return fault.Unauthorized }),
		"ours, the logger": use(quietLogger("${status}"), func(fiber.Ctx) error { return fault.Unauthorized }),
		"an unknown error": use(faultfiber.Recover(nil), func(fiber.Ctx) error { return errors.New(canary) }),
		"a panic":          use(faultfiber.Recover(nil), func(fiber.Ctx) error { panic(canary) }),
		"an abort":         use(faultfiber.Recover(nil), func(fiber.Ctx) error { panic(http.ErrAbortHandler) }),
		"an answer":        use(faultfiber.Recover(nil), func(c fiber.Ctx) error { return c.Status(200).SendString(canary) }),
		"refused by a key": use(faultfiber.Recover(nil), keyauth.New(keyauth.Config{
			Validator: func(fiber.Ctx, string) (bool, error) { return false, nil }})),
		"refused by a limiter": use(faultfiber.Recover(nil), limiter.New(limiter.Config{Max: 1, Expiration: time.Hour,
			LimitReached: func(fiber.Ctx) error { return fault.TooManyRequests }})),
		"a context of its own": func(cfg fiber.Config, r *fault.Responder) *fiber.App {
			app := fiber.NewWithCustomCtx(newCustomCtx, cfg)
			app.Use(quietLogger("${status}"), cors.New(), faultfiber.Recover(r))
			return app
		},
		"a context around fiber's": func(cfg fiber.Config, r *fault.Responder) *fiber.App {
			app := fiber.NewWithCustomCtx(newAroundCtx, cfg)
			app.Use(quietLogger("${status}"), cors.New(), faultfiber.Recover(r))
			return app
		},
		"mounted": func(cfg fiber.Config, r *fault.Responder) *fiber.App {
			app, sub := fiber.New(cfg), fiber.New(cfg)
			sub.Use(faultfiber.Recover(r))
			sub.Post("/", func(fiber.Ctx) error { return nil })
			return app.Use(cors.New(), faultfiber.Recover(r)).Use("/sub", sub).(*fiber.App)
		},
	} {
		t.Run(name, func(t *testing.T) {
			observed := 0
			r, log := logging(t, fault.WithForeignMessages(), fault.WithObserver(func(context.Context, *fault.Occurrence) { observed++ }))
			cfg := config(r)
			cfg.ReadTimeout = 100 * time.Millisecond
			app := build(cfg, r)
			app.Post("/here", func(fiber.Ctx) error { return nil })
			app.Get("/here", func(fiber.Ctx) error { return nil })
			addr := serve(t, app)
			for _, c := range []struct {
				request string
				status  int
			}{
				{"POST /here HTTP/1.1\r\nHost: x\r\nOrigin: http://y\r\nContent-Length: 11000\r\n\r\n" + strings.Repeat(canary, 1000), 413},
				{"POST /sub/ HTTP/1.1\r\nHost: x\r\nOrigin: http://y\r\nContent-Length: 11000\r\n\r\n" + strings.Repeat(canary, 1000), 413},
				{"BREW /here HTTP/1.1\r\nHost: x\r\nContent-Length: 11000\r\n\r\n" + strings.Repeat(canary, 1000), 413},
				{"DELETE /here HTTP/1.1\r\nHost: x\r\nContent-Length: 11000\r\n\r\n" + strings.Repeat(canary, 1000), 413},
				{canary + "-and-no-space\r\n\r\n", 400},
				{"GET /" + canary, 408},
			} {
				observed = 0
				resp := parse(t, "POST", raw(t, addr, c.request))
				assertOurs(t, resp, c.status)
				assert.NotContains(t, resp.body, `"message"`)
				assert.Empty(t, resp.Header["Allow"])
				line := log.Take(t)
				assert.Contains(t, line, fmt.Sprintf("status=%d ", c.status))
				if strings.HasPrefix(c.request, "BREW") {
					assert.Contains(t, line, "method=BREW ")
				}
				assert.Equal(t, 1, observed)
				if name != "no middleware" && strings.Contains(c.request, "Origin") {
					assert.Equal(t, "*", resp.Header.Get("Access-Control-Allow-Origin"))
				}
			}
			log.None(t)
			assert.Equal(t, 501, ask(t, addr, "BREW", "/here", "").StatusCode)
		})
	}
}

func TestGETOnly(t *testing.T) {
	for name, h := range map[string]fiber.Handler{
		"logger": quietLogger("${status}"), "Recover": faultfiber.Recover(nil), "nothing": func(c fiber.Ctx) error { return c.Next() },
	} {
		t.Run(name, func(t *testing.T) {
			r, log := logging(t)
			cfg := config(r)
			cfg.GETOnly = true
			app := fiber.New(cfg)
			app.Use(h)
			app.Get("/", func(fiber.Ctx) error { return nil })
			assertOurs(t, ask(t, serve(t, app), "POST", "/", "x"), 405)
			log.Take(t)
		})
	}
}

// What stands outside sees the same while the reason is unknown as without us.
func TestOutsideOfARefusedRequest(t *testing.T) {
	var out strings.Builder
	var seen error
	r, _ := logging(t)
	app := newApp(r, logger.New(logger.Config{Format: "${status}\n", Stream: &out}), func(c fiber.Ctx) error {
		seen = c.Next()
		return seen
	})
	addr := serve(t, app)
	assertOurs(t, ask(t, addr, "POST", "/", strings.Repeat("x", 5000)), 413)
	assert.Equal(t, "404\n", out.String())
	assert.ErrorIs(t, seen, fiber.ErrNotFound)
}

// The id that middleware gave a refused request is in the answer and in the log.
func TestIDOfARefusedRequest(t *testing.T) {
	r, log := logging(t, fault.WithMembers(fault.MemberTraceID))
	app := newApp(r, requestid.New(requestid.Config{Generator: func() string { return "id-of-the-middleware" }}))
	resp := ask(t, serve(t, app), "POST", "/", strings.Repeat("x", 5000))
	assertOurs(t, resp, 413)
	require.Contains(t, resp.body, `"trace_id":"id-of-the-middleware"`)
	assert.Contains(t, log.Take(t), "trace_id=id-of-the-middleware")
}
