package faultfiber_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/basicauth"
	"github.com/gofiber/fiber/v3/middleware/cache"
	"github.com/gofiber/fiber/v3/middleware/cors"
	"github.com/gofiber/fiber/v3/middleware/csrf"
	"github.com/gofiber/fiber/v3/middleware/idempotency"
	"github.com/gofiber/fiber/v3/middleware/keyauth"
	"github.com/gofiber/fiber/v3/middleware/limiter"
	"github.com/stretchr/testify/assert"

	fault "github.com/polyfault/polyfault/core"
	faultfiber "github.com/polyfault/polyfault/fiberv3"
)

// F-14: what middleware answers by itself, and how it leaves that to us.
func TestMiddlewareThatAnswers(t *testing.T) {
	nobody := func(fiber.Ctx, string) (bool, error) { return false, nil }
	app := newApp(nil, cors.New())
	app.Get("/own", keyauth.New(keyauth.Config{Validator: nobody}))
	app.Get("/key", keyauth.New(keyauth.Config{Validator: nobody, ErrorHandler: func(c fiber.Ctx, err error) error {
		c.Status(http.StatusUnauthorized) // by which keyauth knows that a challenge is due
		return fault.Unauthorized.Wrap(err)
	}}))
	app.Get("/basic", basicauth.New(basicauth.Config{Unauthorized: func(c fiber.Ctx) error {
		c.Set(fiber.HeaderWWWAuthenticate, "Basic")
		return fault.Unauthorized
	}}))
	app.Get("/limit", limiter.New(limiter.Config{Max: 1, Expiration: time.Hour, LimitReached: func(fiber.Ctx) error {
		return fault.TooManyRequests
	}}), func(fiber.Ctx) error { return nil })
	app.Post("/csrf", csrf.New())
	addr := serve(t, app)
	assert.Equal(t, "missing or invalid API Key", get(t, addr, "/own").body)
	resp := get(t, addr, "/key")
	assertOurs(t, resp, 401)
	assert.True(t, strings.HasPrefix(resp.Header.Get("WWW-Authenticate"), "Bearer"), resp.Header)
	resp = get(t, addr, "/basic")
	assertOurs(t, resp, 401)
	assert.Equal(t, "Basic", resp.Header.Get("WWW-Authenticate"))
	assert.Equal(t, 200, get(t, addr, "/limit").StatusCode)
	resp = get(t, addr, "/limit", "Origin", "http://y")
	assertOurs(t, resp, 429)
	assert.NotEmpty(t, resp.Header.Get("Retry-After"))
	assert.Equal(t, "*", resp.Header.Get("Access-Control-Allow-Origin"))
	assertOurs(t, ask(t, addr, "POST", "/csrf", ""), 403)
}

// Class K: what keeps answers keeps none of ours for others. Behind the logger it sees errors; in front of it the cache
// heeds no-store.
func TestMiddlewareThatKeepsAnswers(t *testing.T) {
	for name, before := range map[string][]any{
		"cache":                     {cache.New(), faultfiber.Recover(nil)},
		"cache, behind Recover":     {faultfiber.Recover(nil), cache.New()},
		"cache before the logger":   {cache.New(), quietLogger("${status}"), faultfiber.Recover(nil)},
		"cache behind the logger":   {quietLogger("${status}"), cache.New(), faultfiber.Recover(nil)},
		"idempotency":               {idempotency.New(), faultfiber.Recover(nil)},
		"idempotency, logger first": {quietLogger("${status}"), idempotency.New(), faultfiber.Recover(nil)},
	} {
		t.Run(name, func(t *testing.T) {
			app := fiber.New(config(nil))
			for _, h := range before {
				app.Use(h)
			}
			app.All("/", failing)
			addr := serve(t, app)
			for _, method := range []string{"GET", "POST"} {
				for _, language := range []string{"de", "fr"} {
					resp := ask(t, addr, method, "/", "", "Accept", "application/problem+json", "Accept-Language", language,
						"X-Idempotency-Key", "00000000-0000-0000-0000-000000000000")
					assert.Equal(t, http.StatusLocked, resp.StatusCode)
					assert.Equal(t, language, resp.Header.Get("Content-Language"), method)
				}
			}
		})
	}
}
