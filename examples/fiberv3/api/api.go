// Package api is the time-booking service on fiber v3.
package api

import (
	"bytes"
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v3"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/openapi"
	"github.com/polyfault/polyfault/examples/booking"
	faultfiber "github.com/polyfault/polyfault/fiberv3"
)

// Operations are the kinds that each operation gives, besides what the framework itself answers. New fills it.
var Operations = openapi.NewOperations(fault.Unhandled)

// New returns the service's app. Every error ends in r.
func New(r *fault.Responder, s *booking.Service) *fiber.App {
	app := fiber.New(fiber.Config{
		ErrorHandler: faultfiber.ErrorHandler(r),
		BodyLimit:    booking.MaxBody,
	})
	app.Use(faultfiber.Recover(r))
	app.Get(Operations.Gives("GET", "/bookings"), func(c fiber.Ctx) error { return c.JSON(s.Bookings()) })
	app.Post(Operations.Gives("POST", "/bookings", booking.CreateGives...), func(c fiber.Ctx) error {
		in, err := booking.Read(bytes.NewReader(c.Body()))
		if err != nil {
			return err
		}
		b, err := s.Create(c.Context(), in)
		if err != nil {
			return err
		}
		return c.Status(http.StatusCreated).JSON(b)
	})
	app.Get(Operations.Gives("GET", "/bookings/:id", booking.FindGives...), func(c fiber.Ctx) error {
		b, err := s.Booking(strings.Clone(c.Params("id"))) // the parameter's bytes are used again
		if err != nil {
			return err
		}
		return c.JSON(b)
	})
	app.Delete(Operations.Gives("DELETE", "/bookings/:id", booking.DeleteGives...), func(c fiber.Ctx) error {
		if err := s.Delete(strings.Clone(c.Params("id"))); err != nil {
			return err
		}
		return c.SendStatus(http.StatusNoContent)
	})
	app.Get(Operations.Gives("GET", "/report"), func(c fiber.Ctx) error { return c.JSON(s.Report()) })
	return app
}
