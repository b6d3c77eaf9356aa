package main

import (
	"net"
	"net/http"
	"time"

	fiberv3 "github.com/gofiber/fiber/v3"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/examples/booking"
	chiapi "github.com/polyfault/polyfault/examples/chi/api"
	echoapi "github.com/polyfault/polyfault/examples/echo/api"
	echov5api "github.com/polyfault/polyfault/examples/echov5/api"
	fiberapi "github.com/polyfault/polyfault/examples/fiber/api"
	fiberv3api "github.com/polyfault/polyfault/examples/fiberv3/api"
	ginapi "github.com/polyfault/polyfault/examples/gin/api"
	"github.com/polyfault/polyfault/examples/nethttp/api"
)

// A framework serves the booking service on a listener until stop is called.
type framework struct {
	name  string
	serve func(net.Listener, *fault.Responder, *booking.Service) (stop func())
}

// frameworks are those that the tour runs, side by side.
var frameworks = []framework{
	{"net/http", func(l net.Listener, r *fault.Responder, s *booking.Service) func() {
		return serveHTTP(l, api.New(r, s))
	}},
	{"chi", func(l net.Listener, r *fault.Responder, s *booking.Service) func() {
		return serveHTTP(l, chiapi.New(r, s))
	}},
	{"gin", func(l net.Listener, r *fault.Responder, s *booking.Service) func() {
		return serveHTTP(l, ginapi.New(r, s))
	}},
	{"echo", func(l net.Listener, r *fault.Responder, s *booking.Service) func() {
		return serveHTTP(l, echoapi.New(r, s))
	}},
	{"echo v5", func(l net.Listener, r *fault.Responder, s *booking.Service) func() {
		return serveHTTP(l, echov5api.New(r, s))
	}},
	{"fiber", func(l net.Listener, r *fault.Responder, s *booking.Service) func() {
		app := fiberapi.New(r, s)
		go func() { _ = app.Listener(l) }()
		return func() { _ = app.Shutdown() }
	}},
	{"fiber v3", func(l net.Listener, r *fault.Responder, s *booking.Service) func() {
		app := fiberv3api.New(r, s)
		go func() { _ = app.Listener(l, fiberv3.ListenConfig{DisableStartupMessage: true}) }()
		return func() { _ = app.Shutdown() }
	}},
}

func serveHTTP(l net.Listener, h http.Handler) func() {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(l) }()
	return func() { _ = server.Close() }
}
