// Package frameworks has the time-booking service on each framework, for the examples that run them side by side.
package frameworks

import (
	"net"
	"net/http"
	"time"

	fiberv3 "github.com/gofiber/fiber/v3"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/openapi"
	"github.com/polyfault/polyfault/examples/booking"
	chiapi "github.com/polyfault/polyfault/examples/chi/api"
	echoapi "github.com/polyfault/polyfault/examples/echo/api"
	echov5api "github.com/polyfault/polyfault/examples/echov5/api"
	fiberapi "github.com/polyfault/polyfault/examples/fiber/api"
	fiberv3api "github.com/polyfault/polyfault/examples/fiberv3/api"
	ginapi "github.com/polyfault/polyfault/examples/gin/api"
	"github.com/polyfault/polyfault/examples/nethttp/api"
)

// A Framework serves the booking service.
type Framework struct {
	Name string // as people write it: "net/http"

	// Serve serves on the listener until stop is called, and does not wait for that.
	Serve func(net.Listener, *fault.Responder, *booking.Service) (stop func())

	// Operations are the kinds that the operations give, once Serve has been called.
	Operations *openapi.Operations
}

// All are the frameworks, net/http first.
var All = []Framework{
	{"net/http", func(l net.Listener, r *fault.Responder, s *booking.Service) func() {
		return serveHTTP(l, api.New(r, s))
	}, api.Operations},
	{"chi", func(l net.Listener, r *fault.Responder, s *booking.Service) func() {
		return serveHTTP(l, chiapi.New(r, s))
	}, chiapi.Operations},
	{"gin", func(l net.Listener, r *fault.Responder, s *booking.Service) func() {
		return serveHTTP(l, ginapi.New(r, s))
	}, ginapi.Operations},
	{"echo", func(l net.Listener, r *fault.Responder, s *booking.Service) func() {
		return serveHTTP(l, echoapi.New(r, s))
	}, echoapi.Operations},
	{"echo v5", func(l net.Listener, r *fault.Responder, s *booking.Service) func() {
		return serveHTTP(l, echov5api.New(r, s))
	}, echov5api.Operations},
	{"fiber", func(l net.Listener, r *fault.Responder, s *booking.Service) func() {
		app := fiberapi.New(r, s)
		go func() { _ = app.Listener(l) }()
		return func() { _ = app.Shutdown() }
	}, fiberapi.Operations},
	{"fiber v3", func(l net.Listener, r *fault.Responder, s *booking.Service) func() {
		app := fiberv3api.New(r, s)
		go func() { _ = app.Listener(l, fiberv3.ListenConfig{DisableStartupMessage: true}) }()
		return func() { _ = app.Shutdown() }
	}, fiberv3api.Operations},
}

func serveHTTP(l net.Listener, h http.Handler) func() {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(l) }()
	return func() { _ = server.Close() }
}
