// Command fiber is the smallest program for fiber.
package main

import (
	"log"

	"github.com/gofiber/fiber/v2"

	fault "github.com/polyfault/polyfault/core"
	faultfiber "github.com/polyfault/polyfault/fiber"
)

func main() {
	app := fiber.New(fiber.Config{ErrorHandler: faultfiber.ErrorHandler(nil)})
	app.Use(faultfiber.Recover(nil))
	app.Get("/orders/:id", func(c *fiber.Ctx) error {
		return fault.EntityNotFound.New(fault.Detail("order", c.Params("id")))
	})
	log.Fatal(app.Listen("127.0.0.1:8080"))
}
