package faultfiber_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/adaptor"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	faultfiber "github.com/polyfault/polyfault/fiberv3"
)

// adaptor.FiberApp hands a context on to the next request with its marks of hijacking, which mean nothing there.
func TestFiberAppOnNetHTTP(t *testing.T) {
	app := newApp(nil)
	app.Get("/error", failing)
	app.Get("/fine", func(c fiber.Ctx) error { return c.SendString("fine") })
	app.Get("/abort", func(fiber.Ctx) error { panic(http.ErrAbortHandler) })
	server := httptest.NewServer(adaptor.FiberApp(app))
	defer server.Close()
	ask := func(path string) response {
		resp, err := http.Get(server.URL + path)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		_ = resp.Body.Close()
		return response{resp, string(body)}
	}
	for range 20 {
		assertLocked(t, ask("/error"))
		assert.Equal(t, "fine", ask("/fine").body)
		assert.Equal(t, 500, ask("/abort").StatusCode)
		assertOurs(t, ask("/nowhere"), 404)
	}
}

// Middleware of net/http in front of and behind Recover.
func TestMiddlewareOfNetHTTP(t *testing.T) {
	passes := adaptor.HTTPMiddleware(func(next http.Handler) http.Handler { return next })
	for name, before := range map[string][]any{"in front": {passes, faultfiber.Recover(nil)}, "behind": {faultfiber.Recover(nil), passes}} {
		t.Run(name, func(t *testing.T) {
			app := fiber.New(config(nil))
			for _, h := range before {
				app.Use(h)
			}
			app.Get("/", failing)
			app.Get("/panic", func(fiber.Ctx) error { panic(canary) })
			addr := serve(t, app)
			assertLocked(t, get(t, addr, "/"))
			assertOurs(t, get(t, addr, "/panic"), 500)
			assertOurs(t, get(t, addr, "/nowhere"), 404)
		})
	}
}

type service struct{}

func (service) Start(context.Context) error           { return nil }
func (service) String() string                        { return "service" }
func (service) State(context.Context) (string, error) { return "running", nil }
func (service) Terminate(context.Context) error       { return nil }

// Services and state are the application's.
func TestServices(t *testing.T) {
	cfg := config(nil)
	cfg.Services = []fiber.Service{service{}}
	app := fiber.New(cfg)
	app.State().Set("error", error(badText{}))
	app.Use(faultfiber.Recover(nil))
	app.Get("/", func(c fiber.Ctx) error {
		err, _ := fiber.GetState[error](c.App().State(), "error")
		return err
	})
	assertOurs(t, get(t, serve(t, app), "/"), 500)
}
