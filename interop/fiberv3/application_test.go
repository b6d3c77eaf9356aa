package fiberv3_test

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"strconv"
	"testing"

	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/compress"
	fiberrecover "github.com/gofiber/fiber/v3/middleware/recover"
	"github.com/gofiber/fiber/v3/middleware/requestid"
	"github.com/gofiber/fiber/v3/middleware/static"
	"github.com/stretchr/testify/assert"

	fault "github.com/polyfault/polyfault/core"
	faultfiber "github.com/polyfault/polyfault/fiberv3"
	"github.com/polyfault/polyfault/interop/compose"
)

// shed is an application that knows nothing of polyfault, but for the error handler that it is given, and for three handlers
// when they are converted.
func shed(handler fiber.ErrorHandler, converted bool) *fiber.App {
	app := fiber.New(fiber.Config{ErrorHandler: handler})
	app.Use(requestid.New(requestid.Config{Generator: func() string { return "r-1" }}), fiberrecover.New(), allowing(), compress.New())
	app.Get("/", func(c fiber.Ctx) error { return c.Redirect().To("/tools") })
	app.Get("/shed.php", func(c fiber.Ctx) error { return c.Redirect().Status(http.StatusMovedPermanently).To("/") })
	app.Get("/tools", listTools)
	app.Get("/tools/:id", oneTool(converted))
	app.Post("/tools", newTool)
	app.Put("/tools/:id", func(c fiber.Ctx) error { return c.SendStatus(http.StatusNoContent) })
	app.Delete("/tools/:id", lendTool(converted))
	app.Options("/*", func(c fiber.Ctx) error {
		c.Set("Allow", "GET, POST, PUT, DELETE")
		return c.SendStatus(http.StatusNoContent)
	})
	app.Get("/assets/*", static.New("testdata", static.Config{ByteRange: true}))
	app.Get("/export.csv", func(c fiber.Ctx) error { return c.Download("testdata/index.html", "tools.csv") })
	app.Get("/events", func(c fiber.Ctx) error {
		c.RequestCtx().SetBodyStreamWriter(func(w *bufio.Writer) {
			for range 3 {
				_, _ = io.WriteString(w, "data: tick\n\n")
				_ = w.Flush()
			}
		})
		return nil
	})
	app.Get("/crash", func(fiber.Ctx) error { panic(compose.Canary) })
	app.Get("/health", func(c fiber.Ctx) error { return c.SendString("ok") })
	app.Get("/shed/*", func(c fiber.Ctx) error { return c.SendFile("testdata/index.html") }) // the browser's own pages
	return app
}

func listTools(c fiber.Ctx) error {
	var query struct{ Limit int }
	if err := c.Bind().Query(&query); err != nil {
		return err
	}
	return c.JSON([]string{"spade", "saw"})
}

func oneTool(converted bool) fiber.Handler {
	return func(c fiber.Ctx) error {
		id, err := strconv.Atoi(c.Params("id"))
		switch {
		case err != nil && converted:
			return fault.BadParamValue.Wrap(err, fault.Detail("id", "number"))
		case err != nil:
			return fiber.NewError(http.StatusBadRequest, "a number, please")
		case id == 13 && converted:
			return fault.IOFailure.Wrap(errors.New(compose.Canary))
		case id == 13:
			return errors.New(compose.Canary)
		case id == 9:
			return c.Status(http.StatusNotFound).JSON(fiber.Map{"reason": "no such tool"})
		}
		return c.JSON(fiber.Map{"id": id})
	}
}

func newTool(c fiber.Ctx) error {
	var tool struct{ Name string }
	if err := c.Bind().Body(&tool); err != nil {
		return err
	}
	if tool.Name == "" {
		return c.Status(http.StatusUnprocessableEntity).JSON(fiber.Map{"fields": fiber.Map{"name": "is missing"}})
	}
	c.Set("Location", "/tools/8")
	return c.Status(http.StatusCreated).JSON(tool)
}

func lendTool(converted bool) fiber.Handler {
	return func(c fiber.Ctx) error {
		switch {
		case c.Params("id") != "1":
			return c.SendStatus(http.StatusNoContent)
		case converted:
			return fault.Conflict.New(fault.Detail("tool", 1))
		}
		return fiber.NewError(http.StatusConflict, "it is lent")
	}
}

// failing are the visits that fail, and how.
var failing = map[string]int{
	"list, a number that is none": 400, "one whose number is none": 400, "one that cannot be read": 500, "new, broken JSON": 400,
	"new, of no known media type": 422, "lend what is lent": 409, "no such method": 405, "a page that is posted to": 405,
	"a file that is not there": 404, "a crash": 500,
}

// One line changes the answers to failures, and nothing else; three handlers that are converted change their three.
func TestApplication(t *testing.T) {
	visited := func(handler func(*fault.Responder) fiber.ErrorHandler, converted bool, opts ...fault.Option) map[string]compose.Answer {
		s := compose.New(t, opts...)
		serve(t, s, shed(handler(s.Responder), converted))
		return s.Visited(t, compose.Shed)
	}
	before := visited(func(*fault.Responder) fiber.ErrorHandler { return nil }, false)
	adopted := visited(faultfiber.ErrorHandler, false)
	compose.Adopted(t, before, adopted, failing)
	assert.Equal(t, []string{"lend what is lent", "one that cannot be read", "one whose number is none"},
		compose.Differences(adopted, visited(faultfiber.ErrorHandler, true)))
	compose.Foreign(t, visited(faultfiber.ErrorHandler, false, fault.WithForeignMessages()), adopted)
}
