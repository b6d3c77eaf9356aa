package faulthttp_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/coretest"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// exchange is the suite's view of a request.
type exchange struct {
	http.ResponseWriter
	req *http.Request
}

func (x exchange) Context() context.Context     { return x.req.Context() }
func (x exchange) Body() io.Reader              { return x.req.Body }
func (x exchange) SetHeader(name, value string) { x.Header().Set(name, value) }
func (x exchange) Status(status int)            { x.WriteHeader(status) }
func (x exchange) Flush()                       { _ = http.NewResponseController(x.ResponseWriter).Flush() }

func (x exchange) Hijack() (net.Conn, error) {
	conn, _, err := http.NewResponseController(x.ResponseWriter).Hijack()
	return conn, err
}

// returning registers the suite's handler where a returned error counts.
func returning(r *fault.Responder, route coretest.Route) http.Handler {
	return faulthttp.Handler(r, func(w http.ResponseWriter, req *http.Request) error {
		return route.Handle(exchange{w, req})
	})
}

// calling registers it as a handler that calls Error itself.
func calling(r *fault.Responder, route coretest.Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		faulthttp.Error(r, w, req, route.Handle(exchange{w, req}))
	})
}

type registration func(*fault.Responder, coretest.Route) http.Handler

func onServeMux(register registration) func(*fault.Responder, []coretest.Route) http.Handler {
	return func(r *fault.Responder, routes []coretest.Route) http.Handler {
		mux := http.NewServeMux()
		for _, route := range routes {
			mux.Handle(route.Method+" "+route.Path, register(r, route))
		}
		return faulthttp.Middleware(r)(faulthttp.Mux(r, mux))
	}
}

func twice(build func(*fault.Responder, []coretest.Route) http.Handler) func(*fault.Responder, []coretest.Route) http.Handler {
	return func(r *fault.Responder, routes []coretest.Route) http.Handler {
		return faulthttp.Middleware(r)(faulthttp.Middleware(r)(build(r, routes)))
	}
}

func TestConformance(t *testing.T) {
	for name, c := range map[string]struct {
		build func(*fault.Responder, []coretest.Route) http.Handler
		head  bool
	}{
		"Handler on ServeMux": {onServeMux(returning), true},
		"Error on ServeMux":   {onServeMux(calling), true},
		"Middleware thrice":   {twice(onServeMux(returning)), true},
	} {
		t.Run(name, func(t *testing.T) {
			coretest.Run(t, coretest.Adapter{
				Start: func(r *fault.Responder, routes []coretest.Route) (string, func(), error) {
					server := httptest.NewServer(http.MaxBytesHandler(c.build(r, routes), coretest.BodyLimit))
					return server.Listener.Addr().String(), server.Close, nil
				},
				Features: coretest.Features{HeadRoutes: c.head, Streaming: true, Informational: true, Hijack: true,
					ClientCancel: true, AllMethods: true},
			})
		})
	}
}
