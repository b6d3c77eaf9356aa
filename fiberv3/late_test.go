package faultfiber_test

import (
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/timeout"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	faultfiber "github.com/polyfault/polyfault/fiberv3"
)

// fiber's timeout gives up a handler that goes on. The client gets an answer of ours, once, and what the handler does then
// reaches nobody: neither its own client nor another one.
func TestTimeouts(t *testing.T) {
	for name, c := range map[string]struct {
		onTimeout fiber.Handler
		handler   fiber.Handler
		status    int
	}{
		"fiber's own":      {nil, func(fiber.Ctx) error { return nil }, 408},
		"an error of ours": {func(fiber.Ctx) error { return fault.GatewayTimeout }, func(fiber.Ctx) error { return nil }, 504},
		"answered by the hook": {func(c fiber.Ctx) error { return c.App().ErrorHandler(c, fault.GatewayTimeout) },
			func(fiber.Ctx) error { return nil }, 504},
		"a late body":  {nil, func(c fiber.Ctx) error { return c.SendString(canary) }, 408},
		"a late error": {nil, func(fiber.Ctx) error { return fault.TaskLocked }, 408},
		"a late panic": {nil, func(fiber.Ctx) error { panic(canary) }, 408},
		"a late abort": {nil, func(fiber.Ctx) error { panic(http.ErrAbortHandler) }, 408},
	} {
		for place, before := range map[string][]any{"": nil, ", the logger outside": {quietLogger("${status}")}} {
			t.Run(name+place, func(t *testing.T) {
				r, log := logging(t)
				app := fiber.New(config(r))
				for _, h := range before {
					app.Use(h)
				}
				app.Use(faultfiber.Recover(r))
				var ends sync.WaitGroup
				ends.Add(1)
				release := make(chan struct{})
				app.Get("/slow", timeout.New(func(ctx fiber.Ctx) error {
					defer ends.Done()
					<-release
					return c.handler(ctx)
				}, timeout.Config{Timeout: 5 * time.Millisecond, OnTimeout: c.onTimeout}))
				app.Get("/other", failing)
				addr := serve(t, app)
				assertOurs(t, get(t, addr, "/slow", "X-Request-Id", "7"), c.status)
				log.Take(t)
				close(release)
				ends.Wait()
				assertLocked(t, get(t, addr, "/other"))
				log.Take(t)
			})
		}
	}
}

// A handler that has ended in time is answered as usual.
func TestWithinTheTimeout(t *testing.T) {
	r, log := logging(t)
	app := newApp(r)
	app.Get("/error", timeout.New(failing, timeout.Config{Timeout: time.Minute}))
	app.Get("/panic", timeout.New(func(fiber.Ctx) error { panic(canary) }, timeout.Config{Timeout: time.Minute}))
	addr := serve(t, app)
	assertLocked(t, get(t, addr, "/error"))
	log.Take(t)
	assertOurs(t, get(t, addr, "/panic"), 500) // fiber logs the panic, and returns an error without it
	log.Take(t)
}

// Recover inside of the timeout: fiber would not say that the handler that it has given up panicked.
func TestRecoverInsideOfTheTimeout(t *testing.T) {
	r, log := logging(t)
	app := fiber.New(config(r))
	release, ended := make(chan struct{}), make(chan struct{})
	app.Use(timeout.New(func(c fiber.Ctx) error {
		defer close(ended)
		return faultfiber.Recover(r)(c)
	}, timeout.Config{Timeout: 5 * time.Millisecond}))
	app.Get("/slow", func(fiber.Ctx) error { <-release; panic(canary) })
	assertOurs(t, get(t, serve(t, app), "/slow"), 408)
	log.Take(t)
	close(release)
	<-ended
	assert.Contains(t, log.Take(t), "panic=true")
}

// fiber decides by chance whether a handler that heeds its context has ended in time.
func TestTimeoutOfAHandlerThatHeedsIt(t *testing.T) {
	app := newApp(nil)
	app.Get("/", timeout.New(func(c fiber.Ctx) error {
		<-c.Context().Done()
		return c.Context().Err()
	}, timeout.Config{Timeout: time.Millisecond}))
	addr := serve(t, app)
	for range 20 {
		resp, err := http.Get("http://" + addr)
		require.NoError(t, err)
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		assertOurs(t, response{resp, string(body)}, 408)
	}
}
