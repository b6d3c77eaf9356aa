// Package api is the time-booking service on echo v5.
package api

import (
	"net/http"

	"github.com/labstack/echo/v5"

	fault "github.com/polyfault/polyfault/core"
	faultecho "github.com/polyfault/polyfault/echov5"
	"github.com/polyfault/polyfault/examples/booking"
)

// New returns the service's echo. Every error ends in r.
func New(r *fault.Responder, s *booking.Service) *echo.Echo {
	e := echo.New()
	faultecho.Install(e, r)
	e.GET("/bookings", func(c *echo.Context) error { return c.JSON(http.StatusOK, s.Bookings()) })
	e.POST("/bookings", func(c *echo.Context) error {
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
	e.GET("/bookings/:id", func(c *echo.Context) error {
		b, err := s.Booking(c.Param("id"))
		if err != nil {
			return err
		}
		return c.JSON(http.StatusOK, b)
	})
	e.DELETE("/bookings/:id", func(c *echo.Context) error {
		if err := s.Delete(c.Param("id")); err != nil {
			return err
		}
		return c.NoContent(http.StatusNoContent)
	})
	e.GET("/report", func(c *echo.Context) error { return c.JSON(http.StatusOK, s.Report()) })
	return e
}
