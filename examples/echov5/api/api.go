// Package api is the time-booking service on echo v5.
package api

import (
	"net/http"

	"github.com/labstack/echo/v5"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/openapi"
	faultecho "github.com/polyfault/polyfault/echov5"
	"github.com/polyfault/polyfault/examples/booking"
)

// Operations are the kinds that each operation gives, besides what the framework itself answers. New fills it.
var Operations = openapi.NewOperations(fault.Unhandled)

// New returns the service's echo. Every error ends in r.
func New(r *fault.Responder, s *booking.Service) *echo.Echo {
	e := echo.New()
	faultecho.Install(e, r)
	e.GET(Operations.Gives("GET", "/bookings"), func(c *echo.Context) error { return c.JSON(http.StatusOK, s.Bookings()) })
	e.POST(Operations.Gives("POST", "/bookings", booking.CreateGives...), func(c *echo.Context) error {
		in, err := booking.Read(http.MaxBytesReader(c.Response(), c.Request().Body, booking.MaxBody))
		if err != nil {
			return err
		}
		b, err := s.Create(c.Request().Context(), in)
		if err != nil {
			return err
		}
		return c.JSON(http.StatusCreated, b)
	})
	e.GET(Operations.Gives("GET", "/bookings/:id", booking.FindGives...), func(c *echo.Context) error {
		b, err := s.Booking(c.Param("id"))
		if err != nil {
			return err
		}
		return c.JSON(http.StatusOK, b)
	})
	e.DELETE(Operations.Gives("DELETE", "/bookings/:id", booking.DeleteGives...), func(c *echo.Context) error {
		if err := s.Delete(c.Param("id")); err != nil {
			return err
		}
		return c.NoContent(http.StatusNoContent)
	})
	e.GET(Operations.Gives("GET", "/report"), func(c *echo.Context) error { return c.JSON(http.StatusOK, s.Report()) })
	return e
}
