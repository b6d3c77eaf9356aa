package faultfiber_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/requestid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	faultfiber "github.com/polyfault/polyfault/fiber"
)

// What stands outside of Recover sees the status that the client gets: in the response, and in an error of fiber's.
func TestOutsideSeesTheStatus(t *testing.T) {
	r, log := logging(t, fault.WithMembers(fault.MemberTraceID))
	var inResponse, inError int
	var text string
	app := fiber.New(config(r))
	app.Use(func(c *fiber.Ctx) error {
		err := c.Next()
		inResponse, inError, text = c.Response().StatusCode(), 0, ""
		if f, ok := err.(*fiber.Error); ok { // as metrics read it
			inError, text = f.Code, f.Error()
		}
		return err
	}, requestid.New(requestid.Config{Generator: func() string { return "id-of-the-middleware" }}), faultfiber.Recover(r))
	app.Get("/returned", func(*fiber.Ctx) error { return fmt.Errorf("%s: %w", canary, fault.TaskLocked) })
	app.Get("/panicked", func(*fiber.Ctx) error { panic(fault.TaskLocked) })
	app.Get("/unknown", func(*fiber.Ctx) error { return errors.New(canary) })
	app.Get("/fibers", func(*fiber.Ctx) error { return fiber.NewError(409, "mine") })
	app.Get("/bad-error", func(*fiber.Ctx) error { return badText{} })
	addr := serve(t, app)
	for path, status := range map[string]int{"/returned": 423, "/panicked": 423, "/unknown": 500, "/fibers": 409, "/bad-error": 500,
		"/nowhere": 404} {
		resp := get(t, addr, path)
		assertOurs(t, resp, status)
		assert.Equal(t, []int{status, status}, []int{inResponse, inError}, path)
		assert.NotContains(t, text, canary, path)
		assert.Contains(t, resp.body, `"trace_id":"id-of-the-middleware"`, "one response has one id")
		assert.Contains(t, log.Take(t), "trace_id=id-of-the-middleware", path)
	}
}

type badText struct{}

func (badText) Error() string { panic(canary) }

// A foreign error handler answers if Recover has no responder, and not if it has one.
func TestRecoverBesideAnotherErrorHandler(t *testing.T) {
	r, _ := logging(t)
	for _, given := range []*fault.Responder{nil, r} {
		app := fiber.New(fiber.Config{DisableStartupMessage: true, ErrorHandler: func(c *fiber.Ctx, _ error) error {
			return c.Status(418).SendString("mine")
		}})
		app.Use(faultfiber.Recover(given))
		app.Get("/", func(*fiber.Ctx) error { panic(fault.TaskLocked) })
		resp := get(t, serve(t, app), "/")
		if given == nil {
			require.Equal(t, "418 mine", fmt.Sprint(resp.StatusCode, " ", resp.body))
			continue
		}
		assertLocked(t, resp)
	}
}

// What writes over our answer, or more after it, and hands the error on is overwritten by it. What takes the error has the
// last word.
func TestWritingOverTheAnswer(t *testing.T) {
	for name, write := range map[string]func(c *fiber.Ctx) error{
		"more":           func(c *fiber.Ctx) error { _, err := c.WriteString(canary); return err },
		"another body":   func(c *fiber.Ctx) error { return c.SendString(canary) },
		"another status": func(c *fiber.Ctx) error { c.Status(418); return nil },
		"no body":        func(c *fiber.Ctx) error { return c.SendStatus(204) },
		"a stream":       func(c *fiber.Ctx) error { return c.SendStream(strings.NewReader(canary)) },
	} {
		for _, handsOn := range []bool{true, false} {
			r, log := logging(t)
			app := fiber.New(config(r))
			app.Use(func(c *fiber.Ctx) error {
				err := c.Next()
				require.NoError(t, write(c))
				if handsOn {
					return err
				}
				return nil
			}, faultfiber.Recover(r))
			app.Get("/", failing)
			resp := get(t, serve(t, app), "/")
			log.Take(t)
			if handsOn {
				assertLocked(t, resp)
				continue
			}
			assert.False(t, resp.StatusCode == 423 && strings.HasSuffix(resp.body, "}"), "%s: %s", name, resp.body)
		}
	}
}

// Middleware that has called the error handler and panics then has failed, too: the answer stays, the log has both.
func TestPanicAfterTheAnswer(t *testing.T) {
	r, log := logging(t)
	app := newApp(r)
	app.Get("/", func(c *fiber.Ctx) error {
		assert.NoError(t, c.App().ErrorHandler(c, c.Next()))
		panic(canary)
	}, func(*fiber.Ctx) error { return fault.TaskLocked })
	got := ask(t, serve(t, app), http.MethodGet, "/", "")
	assert.Equal(t, http.StatusLocked, got.StatusCode)
	assert.Contains(t, got.body, `"code":"task_locked"`)
	assert.NotContains(t, got.body, canary)
	require.Len(t, log.All(), 2)
	assert.Contains(t, log.All()[0], "task_locked")
	assert.Contains(t, log.All()[1], "panic: "+canary)
}
