// Package api is the time-booking service on gin.
package api

import (
	"net/http"

	"github.com/gin-gonic/gin"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/openapi"
	"github.com/polyfault/polyfault/examples/booking"
	faultgin "github.com/polyfault/polyfault/gin"
)

// Operations are the kinds that each operation gives, besides what the framework itself answers. New fills it.
var Operations = openapi.NewOperations(fault.Unhandled)

// New returns the service's engine. Every error ends in r.
func New(r *fault.Responder, s *booking.Service) *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	e.HandleMethodNotAllowed = true // else gin calls a wrong method 404
	faultgin.Install(e, r)          // before the routes
	e.GET(Operations.Gives("GET", "/bookings"), func(c *gin.Context) { c.JSON(http.StatusOK, s.Bookings()) })
	e.POST(Operations.Gives("POST", "/bookings", booking.CreateGives...), faultgin.Handler(func(c *gin.Context) error {
		in, err := booking.Read(http.MaxBytesReader(c.Writer, c.Request.Body, booking.MaxBody))
		if err != nil {
			return err
		}
		b, err := s.Create(c.Request.Context(), in)
		if err != nil {
			return err
		}
		c.JSON(http.StatusCreated, b)
		return nil
	}))
	e.GET(Operations.Gives("GET", "/bookings/:id", booking.FindGives...), faultgin.Handler(func(c *gin.Context) error {
		b, err := s.Booking(c.Param("id"))
		if err != nil {
			return err
		}
		c.JSON(http.StatusOK, b)
		return nil
	}))
	e.DELETE(Operations.Gives("DELETE", "/bookings/:id", booking.DeleteGives...), faultgin.Handler(func(c *gin.Context) error {
		if err := s.Delete(c.Param("id")); err != nil {
			return err
		}
		c.Status(http.StatusNoContent)
		return nil
	}))
	e.GET(Operations.Gives("GET", "/report"), func(c *gin.Context) { c.JSON(http.StatusOK, s.Report()) })
	return e
}
