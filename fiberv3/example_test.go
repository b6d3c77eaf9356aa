package faultfiber_test

import (
	"fmt"
	"log/slog"
	"net/http/httptest"

	"github.com/gofiber/fiber/v3"

	fault "github.com/polyfault/polyfault/core"
	faultfiber "github.com/polyfault/polyfault/fiberv3"
)

// show sends a request to the app and prints status and Content-Language.
func show(app *fiber.App, method, path string) {
	resp, err := app.Test(httptest.NewRequest(method, path, nil))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	fmt.Println(resp.StatusCode, resp.Header.Get("Content-Language"))
}

func ExampleErrorHandler() {
	app := fiber.New(fiber.Config{ErrorHandler: faultfiber.ErrorHandler(nil)})
	app.Use(faultfiber.Recover(nil))
	app.Get("/orders/:id", func(c fiber.Ctx) error {
		var order struct {
			ID int `uri:"id"`
		}
		if err := c.Bind().URI(&order); err != nil {
			return err
		}
		return fault.EntityNotFound.New(fault.Detail("order", order.ID))
	})
	show(app, "GET", "/orders/7")
	show(app, "GET", "/orders/seven")
	show(app, "DELETE", "/orders/7")
	// Output:
	// 404 de, en, fr, pt
	// 400 de, en, fr, pt
	// 405 de, en, fr, pt
}

func ExampleRecover() {
	r, _ := fault.NewResponder(fault.WithLogger(slog.New(slog.DiscardHandler)))
	app := fiber.New(fiber.Config{ErrorHandler: faultfiber.ErrorHandler(r)})
	app.Use(faultfiber.Recover(r))
	app.Get("/", func(fiber.Ctx) error { panic("the text of the panic stays inside") })
	show(app, "GET", "/")
	// Output: 500 de, en, fr, pt
}
